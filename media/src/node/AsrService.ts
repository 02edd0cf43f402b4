import { join } from 'node:path';
import type { AsrContract, AsrInit, AsrModel } from '../asr/contract/asrContract.js';
import { capabilitiesOf, type RecognizerCapabilities } from '../asr/contract/capabilities.js';
import type { Load } from '../asr/contract/load.js';
import { TOO_SLOW_FOR_INTERIMS_MS } from '../asr/contract/load.js';
import type { RecognitionKind } from '../asr/contract/recognition.js';
import type { AsrServerLimits } from '../asr/contract/serverLimits.js';
import type { AsrProcessStats } from '../asr/contract/serverStats.js';
import type { ChildLauncher } from '../process/childLauncher.js';
import { Emitter } from '../process/Emitter.js';
import type { RestartLimits } from '../process/RestartPolicy.js';
import {
  type ChildLogger,
  SupervisedProcess,
  type SupervisedProcessOptions,
  type SupervisionLimits,
} from '../process/SupervisedProcess.js';
import type { EngineChoice, ModelProfile } from '../settings/modelProfile.js';
import type { RecognizerStatus } from './RecognizerStatus.js';

/** `sun_path` of Linux, its end included; other systems have less (104). */
const MAX_SOCKET_PATH_BYTES = 103;

export interface AsrServiceOptions {
  /** E.g. what `ModelStore.resolve` gives. */
  model: AsrModel;
  /**
   * A smaller model for interims, e.g. what `ModelStore.resolveInterim` gives; it takes its share of memory. Without it, or where
   * it cannot be loaded, interims take `model`. The same file as that of `model` counts as none.
   */
  interimModel?: AsrModel;
  device: 'auto' | 'cpu' | 'cuda';
  /** Default `auto`. */
  engine?: EngineChoice;
  /** Where graphs of encoders are kept, e.g. `<cache>/encoders`; absent: whisper.cpp's own encoder does the work. */
  encoderDirectory?: string;
  lanes?: number;
  threadsPerLane?: number;
  /** Owned by the account of the process; made when missing, with mode 0700. One service a directory and `name`. */
  socketDirectory: string;
  /** Part of the socket's name, for several devices. Default `asr`. */
  name?: string;
  launcher?: ChildLauncher;
  logger: ChildLogger;
  limits?: Partial<SupervisionLimits>;
  restart?: Partial<RestartLimits>;
  serverLimits?: Partial<AsrServerLimits>;
  /** For tests: another entry that calls `runAsrChild`. */
  entry?: URL;
}

/** Model load from a cold disk and warm-up of a large model on a small CPU included. */
const INIT_TIMEOUT_MS = 300_000;

const NO_LOAD: Load = { level: 0, reason: 'recovered', interimIntervalMs: 0 };

const NO_ENGINE: RecognizerStatus['engine'] = { name: 'none', encoder: 'none', device: 'none', deviceName: '' };

/** One ASR process under supervision, as the server process sees it: where it listens and how it is. */
export class AsrService {
  readonly socketPath: string;
  readonly #process: SupervisedProcess<AsrContract>;
  readonly #events = new Emitter<{ status: RecognizerStatus; load: Load }>();
  readonly #model: ModelProfile;
  readonly #interimModel: ModelProfile | undefined;
  #status: RecognizerStatus;
  #stats: AsrProcessStats | undefined;
  #load: Load = NO_LOAD;
  #capabilities: RecognizerCapabilities;
  /** Of whisper.cpp, in the process that is or was ready last. */
  #engineVersion = '';

  /**
   * Starts the process and returns: a model may load for long, and a missing engine is a state, not an error.
   * `settled()` waits for the first outcome.
   * @throws Error when the socket's path is too long for the system
   */
  static async create(options: AsrServiceOptions): Promise<AsrService> {
    const socketPath = join(options.socketDirectory, `${options.name ?? 'asr'}.sock`);
    if (Buffer.byteLength(socketPath) > MAX_SOCKET_PATH_BYTES) {
      throw new Error(
        `The socket path ${socketPath} is longer than the ${MAX_SOCKET_PATH_BYTES} bytes that the system takes. ` +
          'Choose a shorter data directory.',
      );
    }
    return new AsrService(options, socketPath);
  }

  private constructor(options: AsrServiceOptions, socketPath: string) {
    this.socketPath = socketPath;
    this.#model = options.model.profile;
    this.#status = { state: 'starting', model: this.#model, engine: NO_ENGINE };
    const interimModel = options.interimModel?.path === options.model.path ? undefined : options.interimModel;
    this.#interimModel = interimModel?.profile;
    this.#capabilities = capabilitiesOf({
      final: options.model,
      ...(interimModel === undefined ? {} : { interim: interimModel }),
    });
    const init: AsrInit = {
      model: bare(options.model),
      ...(interimModel === undefined ? {} : { interimModel: bare(interimModel) }),
      device: options.device,
      engine: options.engine ?? 'auto',
      ...(options.encoderDirectory === undefined ? {} : { encoderDirectory: options.encoderDirectory }),
      socketPath,
      ...(options.lanes === undefined ? {} : { lanes: options.lanes }),
      ...(options.threadsPerLane === undefined ? {} : { threadsPerLane: options.threadsPerLane }),
      ...(options.serverLimits === undefined ? {} : { limits: options.serverLimits }),
    };
    const supervised: SupervisedProcessOptions<AsrContract> = {
      name: options.name ?? 'asr',
      entry: options.entry ?? new URL('../asr/asrProcess.js', import.meta.url),
      init,
      logger: options.logger,
      limits: { initTimeoutMs: INIT_TIMEOUT_MS, ...options.limits },
      ...(options.restart === undefined ? {} : { restart: options.restart }),
      ...(options.launcher === undefined ? {} : { launcher: options.launcher }),
    };
    this.#process = SupervisedProcess.create(supervised);
    this.#process.on('ready', ({ info, capabilities, interimEngine, interimFailure, encoderFailure, usualMs }) => {
      this.#engineVersion = info.engineVersion;
      this.#capabilities = capabilities;
      const reasons = [
        info.fallbackReason,
        encoderFailure === undefined ? undefined : encoderFailureOf(encoderFailure),
        slownessOf({ final: this.#model, interim: this.#interimModel ?? this.#model }, usualMs),
        interimFailure === undefined || interimModel === undefined
          ? undefined
          : `The model for interims, ${interimModel.profile.name}, cannot be used ` +
            `(${interimFailure.replace(/\.$/, '')}); ${this.#model.name} does its work.`,
      ].filter((reason) => reason !== undefined);
      this.#setStatus({
        state: 'ready',
        model: this.#model,
        ...(interimEngine && interimModel !== undefined ? { interimModel: interimModel.profile } : {}),
        engine: {
          // It may have been loaded, and have failed at its first run.
          ...(encoderFailure === undefined
            ? { name: nameOf(info), encoder: info.encoder }
            : { name: decoderOf(info.engineVersion), encoder: 'whispercpp' }),
          device: info.device,
          deviceName: info.deviceName,
        },
        ...(reasons.length === 0 ? {} : { reason: reasons.join(' ') }),
      });
    });
    this.#process.on('exited', ({ expected }) => {
      // The next process begins without a load; what was waiting is what its status tells of.
      this.#setLoad(NO_LOAD);
      if (!expected) this.#setStatus({ state: 'starting', model: this.#model, engine: NO_ENGINE });
    });
    this.#process.on('unavailable', ({ reason }) => {
      this.#setStatus({ state: 'unavailable', model: this.#model, engine: NO_ENGINE, reason });
    });
    this.#process.on('message', (message) => {
      if (message.type === 'stats') this.#stats = message.stats;
      else if (message.type === 'load') this.#setLoad(message.load);
      else if (message.type === 'encoderFailed') this.#noteEncoderFailure(message.reason);
      else options.logger({ process: options.name ?? 'asr', source: 'supervisor', text: message.reason });
    });
  }

  get status(): RecognizerStatus {
    return this.#status;
  }

  /** Of the process that runs now; absent while none does. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  get restarts(): number {
    return this.#process.restarts;
  }

  /** The process's own numbers, at most 1 s old; absent before the first. */
  get stats(): AsrProcessStats | undefined {
    return this.#stats;
  }

  /** How busy the device is, and why; normal while no process runs. */
  get load(): Load {
    return this.#load;
  }

  /** As the process has said; before, and while a process starts that may say otherwise, what the models have been chosen for. */
  get capabilities(): RecognizerCapabilities {
    return this.#capabilities;
  }

  /** Called when the level changes. @returns takes the listener off again */
  onLoad(listener: (load: Load) => void): () => void {
    return this.#events.on('load', listener);
  }

  /** @returns takes the listener off again */
  onStatus(listener: (status: RecognizerStatus) => void): () => void {
    return this.#events.on('status', listener);
  }

  /** The first status that is not `starting`. */
  settled(): Promise<RecognizerStatus> {
    if (this.#status.state !== 'starting') return Promise.resolve(this.#status);
    return new Promise((resolve) => {
      const off = this.onStatus((status) => {
        if (status.state === 'starting') return;
        off();
        resolve(status);
      });
    });
  }

  async close(): Promise<void> {
    await this.#process.close();
    if (this.#status.reason !== CLOSED) {
      this.#setStatus({ state: 'unavailable', model: this.#model, engine: NO_ENGINE, reason: CLOSED });
    }
    this.#events.clear();
  }

  #setLoad(load: Load): void {
    const { level, reason } = this.#load;
    this.#load = load;
    if (load.level !== level || load.reason !== reason) this.#events.emit('load', load);
  }

  #noteEncoderFailure(reason: string): void {
    const { engine } = this.#status;
    // Each of two engines may tell, and each lane once.
    if (engine.encoder !== 'onnx') return;
    const sentences = [this.#status.reason, encoderFailureOf(reason)].filter((sentence) => sentence !== undefined);
    const name = decoderOf(this.#engineVersion);
    this.#setStatus({
      ...this.#status,
      engine: { ...engine, name, encoder: 'whispercpp' },
      reason: sentences.join(' '),
    });
  }

  #setStatus(status: RecognizerStatus): void {
    this.#status = status;
    this.#events.emit('status', status);
  }
}

function nameOf({ engineVersion, encoderVersion }: AsrContract['ready']['info']): string {
  const decoder = decoderOf(engineVersion);
  return encoderVersion === undefined ? decoder : `${decoder} with ONNX Runtime ${encoderVersion}`;
}

function decoderOf(engineVersion: string): string {
  return `whisper.cpp ${engineVersion}`;
}

function encoderFailureOf(reason: string): string {
  return `ONNX Runtime cannot encode (${reason.replace(/\.$/, '')}); whisper.cpp does it, more slowly.`;
}

/** Slower than people speak. */
const TOO_SLOW_FOR_FINALS_MS = 4_000;

/** What an engine that is too slow for this machine means, and what to choose instead; undefined where it is quick enough. */
function slownessOf(
  models: Record<RecognitionKind, ModelProfile>,
  usualMs: Record<RecognitionKind, number>,
): string | undefined {
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  if (usualMs.final > TOO_SLOW_FOR_FINALS_MS) {
    const { name } = models.final;
    return (
      `${name} needs ${seconds(usualMs.final)} on this machine for 4 s of speech: text comes only once an utterance is over, ` +
      `late, and with gaps where several people speak. Choose a smaller model${quickerThan(name)}.`
    );
  }
  if (usualMs.interim > TOO_SLOW_FOR_INTERIMS_MS) {
    const { name } = models.interim;
    return (
      `${name} needs ${seconds(usualMs.interim)} on this machine for 4 s of speech while somebody speaks: text comes only once ` +
      `an utterance is over. A smaller model${quickerThan(name)} shows it while people speak.`
    );
  }
  return undefined;
}

function quickerThan(name: string): string {
  if (name.startsWith('tiny')) return '';
  return name.startsWith('base') ? ' (tiny.en-q8_0, for English)' : ' (base-q8_0)';
}

/** Without what else its owner knows of it. */
function bare({ path, profile }: AsrModel): AsrModel {
  return { path, profile };
}

const CLOSED = 'speech recognition was ended';

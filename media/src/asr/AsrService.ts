import { join } from 'node:path';
import { Emitter } from '../process/Emitter.js';
import type { RestartLimits } from '../process/RestartPolicy.js';
import {
  type ChildLogger,
  SupervisedProcess,
  type SupervisedProcessOptions,
  type SupervisionLimits,
} from '../process/SupervisedProcess.js';
import type { AsrServerLimits } from './AsrServer.js';
import type { AsrContract, AsrInit, AsrProcessStats } from './asrContract.js';
import type { ModelProfile, RecognizerStatus } from './types.js';

/** `sun_path` of Linux, its end included; other systems have less (104). */
const MAX_SOCKET_PATH_BYTES = 103;

export interface AsrServiceOptions {
  model: { path: string; profile: ModelProfile };
  device: 'auto' | 'cpu' | 'cuda';
  lanes?: number;
  threadsPerLane?: number;
  /** Owned by this account; made when missing, with mode 0700. One service a directory and `name`. */
  socketDirectory: string;
  /** Part of the socket's name, for several devices. Default `asr`. */
  name?: string;
  logger: ChildLogger;
  limits?: Partial<SupervisionLimits>;
  restart?: Partial<RestartLimits>;
  serverLimits?: Partial<AsrServerLimits>;
  /** For tests: another entry that calls `runAsrChild`. */
  entry?: URL;
}

/** Model load from a cold disk and warm-up of a large model on a small CPU included. */
const INIT_TIMEOUT_MS = 300_000;

const NO_ENGINE: RecognizerStatus['engine'] = { name: 'none', device: 'none', deviceName: '' };

/** One ASR process under supervision, as the server process sees it: where it listens and how it is. */
export class AsrService {
  readonly socketPath: string;
  readonly #process: SupervisedProcess<AsrContract>;
  readonly #events = new Emitter<{ status: RecognizerStatus }>();
  readonly #model: ModelProfile;
  #status: RecognizerStatus;
  #stats: AsrProcessStats | undefined;

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
    const init: AsrInit = {
      modelPath: options.model.path,
      profile: options.model.profile,
      device: options.device,
      socketPath,
      ...(options.lanes === undefined ? {} : { lanes: options.lanes }),
      ...(options.threadsPerLane === undefined ? {} : { threadsPerLane: options.threadsPerLane }),
      ...(options.serverLimits === undefined ? {} : { limits: options.serverLimits }),
    };
    const supervised: SupervisedProcessOptions<AsrContract> = {
      name: options.name ?? 'asr',
      entry: options.entry ?? new URL('./asrProcess.js', import.meta.url),
      init,
      logger: options.logger,
      limits: { initTimeoutMs: INIT_TIMEOUT_MS, ...options.limits },
      ...(options.restart === undefined ? {} : { restart: options.restart }),
    };
    this.#process = SupervisedProcess.create(supervised);
    this.#process.on('ready', ({ info }) => {
      this.#setStatus({
        state: 'ready',
        model: this.#model,
        engine: { name: `whisper.cpp ${info.engineVersion}`, device: info.device, deviceName: info.deviceName },
        ...(info.fallbackReason === undefined ? {} : { reason: info.fallbackReason }),
      });
    });
    this.#process.on('exited', ({ expected }) => {
      if (!expected) this.#setStatus({ state: 'starting', model: this.#model, engine: NO_ENGINE });
    });
    this.#process.on('unavailable', ({ reason }) => {
      this.#setStatus({ state: 'unavailable', model: this.#model, engine: NO_ENGINE, reason });
    });
    this.#process.on('message', (message) => {
      if (message.type === 'stats') this.#stats = message.stats;
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

  /** The process's own numbers, at most 5 s old; absent before the first. */
  get stats(): AsrProcessStats | undefined {
    return this.#stats;
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

  #setStatus(status: RecognizerStatus): void {
    this.#status = status;
    this.#events.emit('status', status);
  }
}

const CLOSED = 'speech recognition was ended';

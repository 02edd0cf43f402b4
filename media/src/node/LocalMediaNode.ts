import type { Load } from '../asr/contract/load.js';
import type { AsrProcessStats } from '../asr/contract/serverStats.js';
import type { ChildLauncher, ChildLogger } from '../process/index.js';
import type { ModelProfile } from '../settings/modelProfile.js';
import type { SpeechSettings } from '../settings/speechSettings.js';
import type { WakeWordModels } from '../worker/contract/messages.js';
import { AsrService, type AsrServiceOptions } from './AsrService.js';
import { LocalRoomPipeline } from './LocalRoomPipeline.js';
import type { MediaNode, PipelineOptions, RoomPipeline } from './MediaNode.js';
import { MediaWorkerPool } from './MediaWorkerPool.js';
import type { RecognizerStatus } from './RecognizerStatus.js';
import {
  type ListenAddress,
  LocalSfuRoom,
  MediasoupWorkerPool,
  type SfuRoom,
  type SfuRoomEvent,
  type WorkerPoolEvent,
} from './sfu/index.js';

export interface LocalMediaNodeOptions {
  sfu: {
    workerBinary?: string;
    workers?: number;
    addresses: ListenAddress[];
    /** Whether ICE listens on TCP, too. Default true. */
    tcp?: boolean;
    port: number;
  };
  pipelineWorkers: number;
  recognizer: Pick<
    AsrServiceOptions,
    'device' | 'engine' | 'encoderDirectory' | 'lanes' | 'threadsPerLane' | 'socketDirectory'
  > & {
    model: { path: string; profile: ModelProfile };
    /** For interims; the main one does both without. */
    interimModel?: { path: string; profile: ModelProfile };
  };
  settings: SpeechSettings;
  /** Files of a detector of wake words by their sound, in the format of openWakeWord. */
  wakeWord?: WakeWordModels;
  /** What all child processes are started through. Default: none. */
  launcher?: ChildLauncher;
  logger: ChildLogger;
  onEvent?: (event: WorkerPoolEvent) => void;
}

/** A large model may load for longer; the node then starts without, and its status changes when it is there. */
const RECOGNIZER_WAIT_MS = 30_000;

/** Media on this machine: the SFU's workers, the media workers and the ASR process, started and ended together. */
export class LocalMediaNode implements MediaNode {
  readonly #options: LocalMediaNodeOptions;
  readonly #sfuWorkers: MediasoupWorkerPool;
  readonly #mediaWorkers: MediaWorkerPool;
  readonly #asr: AsrService;

  private constructor(
    options: LocalMediaNodeOptions,
    parts: { sfuWorkers: MediasoupWorkerPool; mediaWorkers: MediaWorkerPool; asr: AsrService },
  ) {
    this.#options = options;
    this.#sfuWorkers = parts.sfuWorkers;
    this.#mediaWorkers = parts.mediaWorkers;
    this.#asr = parts.asr;
  }

  /** @throws SfuError when no SFU worker can be started. A recogniser that cannot run is a status, not an error. */
  static async create(options: LocalMediaNodeOptions): Promise<LocalMediaNode> {
    const { sfu, recognizer, logger, onEvent } = options;
    const launcher = options.launcher === undefined ? {} : { launcher: options.launcher };
    const closing = new AsyncDisposableStack();
    try {
      const sfuWorkers = await MediasoupWorkerPool.create({
        addresses: sfu.addresses,
        firstPort: sfu.port,
        ...(sfu.tcp === undefined ? {} : { tcp: sfu.tcp }),
        ...(sfu.workerBinary === undefined ? {} : { workerBinary: sfu.workerBinary }),
        ...(sfu.workers === undefined ? {} : { workers: sfu.workers }),
        ...(onEvent === undefined ? {} : { onEvent }),
        ...launcher,
      });
      closing.defer(() => sfuWorkers.close());
      const asr = await AsrService.create({ ...recognizer, ...launcher, logger });
      closing.defer(() => asr.close());
      const mediaWorkers = new MediaWorkerPool({
        count: options.pipelineWorkers,
        asrSocketPath: asr.socketPath,
        ...(options.wakeWord === undefined ? {} : { wakeWord: options.wakeWord }),
        ...launcher,
        logger,
      });
      closing.defer(() => mediaWorkers.close());
      await Promise.all([mediaWorkers.started(), within({ promise: asr.settled(), limitMs: RECOGNIZER_WAIT_MS })]);
      return new LocalMediaNode(options, { sfuWorkers, mediaWorkers, asr });
    } catch (error) {
      await closing.disposeAsync();
      throw error;
    }
  }

  get recognizerStatus(): RecognizerStatus {
    return this.#asr.status;
  }

  onRecognizerStatus(listener: (status: RecognizerStatus) => void): () => void {
    return this.#asr.onStatus(listener);
  }

  get recognizerLoad(): Load {
    return this.#asr.load;
  }

  onRecognizerLoad(listener: (load: Load) => void): () => void {
    return this.#asr.onLoad(listener);
  }

  get recognizerStats(): AsrProcessStats | undefined {
    return this.#asr.stats;
  }

  get ready(): boolean {
    return this.#sfuWorkers.pids.length > 0 && this.#mediaWorkers.ready;
  }

  get pids(): { sfu: number[]; media: number[]; asr: number | undefined } {
    return { sfu: this.#sfuWorkers.pids, media: this.#mediaWorkers.pids, asr: this.#asr.pid };
  }

  createSfuRoom(options: { onEvent: (event: SfuRoomEvent) => void }): Promise<SfuRoom> {
    return LocalSfuRoom.create({ workers: this.#sfuWorkers, onEvent: options.onEvent });
  }

  createPipeline(options: PipelineOptions): RoomPipeline {
    return new LocalRoomPipeline({
      workers: this.#mediaWorkers,
      settings: this.#options.settings,
      longestWindowMs: () => this.#asr.capabilities.longestWindowMs.interim,
      reading: this.#options.recognizer.model.profile.reading,
      ...options,
    });
  }

  mediaWorkerResources(): ReturnType<MediaWorkerPool['resources']> {
    return this.#mediaWorkers.resources();
  }

  /** Ends all child processes. Rooms should have been closed before. */
  async close(): Promise<void> {
    await this.#mediaWorkers.close();
    await this.#asr.close();
    this.#sfuWorkers.close();
  }
}

async function within({ promise, limitMs }: { promise: Promise<unknown>; limitMs: number }): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([promise, limit]);
  clearTimeout(timer);
}

import { type ChildLauncher, type ChildLogger, SupervisedProcess } from '../process/index.js';
import type {
  MediaWorkerContract,
  MediaWorkerResources,
  PipelineEvent,
  WakeWordModels,
} from '../worker/contract/messages.js';

/** One media worker process, as a room sees it. */
export interface MediaWorker {
  readonly process: SupervisedProcess<MediaWorkerContract>;
  /** By room id. */
  readonly rooms: Map<string, MediaWorkerRoom>;
}

/** What a room wants to hear of its worker. */
export interface MediaWorkerRoom {
  onEvent(event: PipelineEvent): void;
  /** The worker died; what it held of the room is gone. */
  onLost(): void;
  /** A new one is there. */
  onRestored(): void;
}

export interface MediaWorkerPoolOptions {
  count: number;
  asrSocketPath: string;
  wakeWord?: WakeWordModels;
  launcher?: ChildLauncher;
  logger: ChildLogger;
}

/** The media worker processes of this node. A room stays with its worker; a dead one is replaced under the same name. */
export class MediaWorkerPool {
  readonly #workers: MediaWorker[];

  constructor(options: MediaWorkerPoolOptions) {
    const { count, asrSocketPath, wakeWord, launcher, logger } = options;
    this.#workers = Array.from({ length: count }, (_, index) => {
      const process = SupervisedProcess.create<MediaWorkerContract>({
        name: `media worker ${index + 1}`,
        entry: new URL('../worker/mediaWorkerProcess.js', import.meta.url),
        init: { asrSocketPath, ...(wakeWord === undefined ? {} : { wakeWord }) },
        logger,
        ...(launcher === undefined ? {} : { launcher }),
      });
      const rooms = new Map<string, MediaWorkerRoom>();
      process.on('message', (event) => rooms.get(event.meetingId)?.onEvent(event));
      process.on('exited', ({ expected }) => {
        if (!expected) for (const room of rooms.values()) room.onLost();
      });
      process.on('ready', () => {
        for (const room of rooms.values()) room.onRestored();
      });
      return { process, rooms };
    });
  }

  get pids(): number[] {
    return this.#workers.flatMap(({ process }) => process.pid ?? []);
  }

  get ready(): boolean {
    return this.#workers.some(({ process }) => process.state === 'ready');
  }

  /** Resolves when every worker has started, or has failed to. */
  async started(): Promise<void> {
    await Promise.all(
      this.#workers.map(
        ({ process }) =>
          new Promise<void>((resolve) => {
            if (process.state === 'ready') return resolve();
            process.on('ready', () => resolve());
            process.on('unavailable', () => resolve());
          }),
      ),
    );
  }

  /** The worker with the fewest rooms; one that runs before one that does not. */
  place(): MediaWorker {
    const rank = ({ process, rooms }: MediaWorker) => rooms.size + (process.state === 'ready' ? 0 : 1e6);
    const [worker] = this.#workers.toSorted((a, b) => rank(a) - rank(b));
    if (worker === undefined) {
      throw new Error('a media worker pool has at least one worker');
    }
    return worker;
  }

  async resources(): Promise<MediaWorkerResources> {
    const sum: MediaWorkerResources = { rooms: 0, pipelines: 0, timers: 0, descriptors: 0 };
    for (const { process } of this.#workers.filter((worker) => worker.process.state === 'ready')) {
      const own = await process.request('resources', { payload: {} });
      for (const key of Object.keys(sum) as (keyof MediaWorkerResources)[]) sum[key] += own[key];
    }
    return sum;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map(({ process }) => process.close()));
  }
}

import { cpus } from 'node:os';
import * as mediasoup from 'mediasoup';
import type { Router, TransportListenInfo, WebRtcServer, Worker } from 'mediasoup/types';
import { type ChildLauncher, childEnvironment } from '../../process/index.js';
import { SfuError } from './errors.js';
import { ROUTER_CODECS } from './routerOptions.js';

/** Where browsers reach the media of this machine. */
export interface ListenAddress {
  /** Address to bind. */
  ip: string;
  /** Address to put into ICE candidates, when it is not the bound one (NAT, 0.0.0.0). */
  announcedAddress?: string;
}

export interface MediasoupWorkerPoolOptions {
  /** Path of the mediasoup-worker binary; unset takes the one that mediasoup finds. */
  workerBinary?: string;
  /** Number of processes. Default: half the cores, at least 1. */
  workers?: number;
  addresses: ListenAddress[];
  /** Whether to listen on TCP, too. Default true. */
  tcp?: boolean;
  /** First UDP and TCP port; worker n takes this + n. 0 = any free ones. */
  firstPort: number;
  /** Default: none; the workers have the rights of this process. */
  launcher?: ChildLauncher;
  onEvent?: (event: WorkerPoolEvent) => void;
}

export type WorkerPoolEvent =
  | { type: 'workerDied'; pid: number; reason: string }
  | { type: 'workerStarted'; pid: number }
  | { type: 'workerStartFailed'; reason: string };

interface PooledWorker {
  worker: Worker;
  webRtcServer: WebRtcServer;
  index: number;
  routers: number;
}

export interface PlacedRouter {
  router: Router;
  webRtcServer: WebRtcServer;
}

/** Restart back-off of a worker that died, by deaths in the last minute; after the last it stays at that. */
const RESTART_BACK_OFF_MS = [0, 300, 1_200, 2_700, 4_800, 7_000];

/**
 * The mediasoup-worker processes of this node, each with one `WebRtcServer` (one UDP and one TCP port a worker, so that
 * joining can never run out of ports). A worker that dies is replaced; its routers are gone, and their owners hear it by the
 * router's own `workerclose`.
 */
export class MediasoupWorkerPool {
  readonly #options: MediasoupWorkerPoolOptions;
  readonly #workers: PooledWorker[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  #deathsAtMs: number[] = [];
  #closed = false;

  private constructor(options: MediasoupWorkerPoolOptions) {
    this.#options = options;
  }

  /** @throws SfuError `WORKER_UNAVAILABLE` when a worker cannot be started, `PORT_IN_USE` when its port is taken */
  static async create(options: MediasoupWorkerPoolOptions): Promise<MediasoupWorkerPool> {
    const pool = new MediasoupWorkerPool(options);
    const count = options.workers ?? Math.max(1, Math.floor(cpus().length / 2));
    try {
      for (let index = 0; index < count; index++) {
        await pool.#start(index);
      }
    } catch (error) {
      pool.close();
      throw error;
    }
    return pool;
  }

  get pids(): number[] {
    return this.#workers.map(({ worker }) => worker.pid);
  }

  /** A router on the worker that carries the fewest. @throws SfuError `WORKER_UNAVAILABLE` */
  async createRouter(): Promise<PlacedRouter> {
    // One that has just died is closed before it is taken out.
    const [pooled] = this.#workers.filter(({ worker }) => !worker.closed).sort((a, b) => a.routers - b.routers);
    if (this.#closed || pooled === undefined) {
      throw new SfuError('WORKER_UNAVAILABLE', 'No media worker is running.');
    }
    // Counted before it is there, so that rooms that open at once spread, too.
    pooled.routers += 1;
    try {
      const router = await pooled.worker.createRouter({ mediaCodecs: ROUTER_CODECS });
      router.observer.once('close', () => {
        pooled.routers -= 1;
      });
      return { router, webRtcServer: pooled.webRtcServer };
    } catch (error) {
      pooled.routers -= 1;
      throw new SfuError('WORKER_UNAVAILABLE', `The media worker gave no router: ${message(error)}`, { cause: error });
    }
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) {
      clearTimeout(timer);
    }
    this.#timers.clear();
    for (const { worker } of this.#workers.splice(0)) {
      worker.close();
    }
  }

  async #start(index: number): Promise<void> {
    const { workerBinary, addresses, firstPort, launcher = [], tcp = true } = this.#options;
    const protocols = tcp ? (['udp', 'tcp'] as const) : (['udp'] as const);
    const port = firstPort === 0 ? 0 : firstPort + index;
    const worker = await createWorkerWithoutSignalHandlers({ workerBinary, launcher });
    const listenInfos = addresses.flatMap(({ ip, announcedAddress }) =>
      protocols.map(
        (protocol): TransportListenInfo => ({
          protocol,
          ip,
          ...(announcedAddress === undefined ? {} : { announcedAddress }),
          ...(port === 0 ? {} : { port }),
        }),
      ),
    );
    let webRtcServer: WebRtcServer;
    try {
      webRtcServer = await worker.createWebRtcServer({ listenInfos });
    } catch (error) {
      worker.close();
      const where = addresses.map(({ ip }) => `${ip}:${port === 0 ? 'any' : port}`).join(', ');
      throw new SfuError(
        'PORT_IN_USE',
        `The media port cannot be opened (${where}): ${message(error)}. Choose another with media.port, or stop the program that holds it.`,
        { cause: error },
      );
    }
    if (this.#closed) {
      worker.close();
      throw new SfuError('WORKER_UNAVAILABLE', 'The media workers are closed.');
    }
    const pooled: PooledWorker = { worker, webRtcServer, index, routers: 0 };
    this.#workers.push(pooled);
    worker.once('died', (error) => this.#replace(pooled, error));
    this.#options.onEvent?.({ type: 'workerStarted', pid: worker.pid });
  }

  #replace(dead: PooledWorker, error: Error): void {
    this.#workers.splice(this.#workers.indexOf(dead), 1);
    this.#options.onEvent?.({ type: 'workerDied', pid: dead.worker.pid, reason: error.message });
    if (this.#closed) {
      return;
    }
    const now = performance.now();
    this.#deathsAtMs = [...this.#deathsAtMs.filter((at) => now - at < 60_000), now];
    this.#restartLater(dead.index, this.#deathsAtMs.length - 1);
  }

  #restartLater(index: number, attempt: number): void {
    const delayMs = RESTART_BACK_OFF_MS[Math.min(attempt, RESTART_BACK_OFF_MS.length - 1)] ?? 0;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#start(index).catch((error: unknown) => {
        this.#options.onEvent?.({ type: 'workerStartFailed', reason: message(error) });
        if (!this.#closed) {
          this.#restartLater(index, attempt + 1);
        }
      });
    }, delayMs);
    this.#timers.add(timer);
  }
}

/**
 * mediasoup makes each worker close on SIGINT and SIGTERM of this process, before anything could be drained. The server ends
 * its workers itself, so exactly the listeners that `createWorker` added are taken off again.
 */
async function createWorkerWithoutSignalHandlers(options: {
  workerBinary: string | undefined;
  launcher: ChildLauncher;
}): Promise<Worker> {
  const { workerBinary, launcher } = options;
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const before = new Map(signals.map((signal) => [signal, new Set(process.listeners(signal))]));
  let worker: Worker;
  try {
    worker = await withChildEnvironment(launcher, () =>
      mediasoup.createWorker({
        logLevel: 'error',
        ...(workerBinary === undefined ? {} : { workerBin: workerBinary }),
      }),
    );
  } catch (error) {
    throw new SfuError('WORKER_UNAVAILABLE', `The media worker does not start: ${message(error)}`, { cause: error });
  }
  for (const signal of signals) {
    for (const listener of process.listeners(signal)) {
      if (!before.get(signal)?.has(listener)) {
        process.off(signal, listener);
      }
    }
  }
  return worker;
}

/**
 * mediasoup passes its workers the whole environment of this process, secrets included, and starts them before `start` returns. It can start
 * them through another program, which it calls valgrind.
 */
function withChildEnvironment<T>(launcher: ChildLauncher, start: () => T): T {
  const whole = process.env;
  const [program, ...args] = launcher;
  process.env = {
    ...childEnvironment(whole),
    ...(program === undefined
      ? {}
      : {
          MEDIASOUP_USE_VALGRIND: 'true',
          MEDIASOUP_VALGRIND_BIN: program,
          MEDIASOUP_VALGRIND_OPTIONS: args.join(' '),
        }),
  };
  try {
    return start();
  } finally {
    process.env = whole;
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { MediasoupWorkerPool } from './MediasoupWorkerPool.js';

/** A worker process of mediasoup as far as the pool goes. */
class FakeWorker extends EventEmitter {
  readonly pid = workers.length;
  readonly webRtcServer = { ofWorker: this.pid };
  closed = false;

  async createWebRtcServer() {
    await started;
    return this.webRtcServer;
  }

  async createRouter() {
    if (refusing) throw new Error('no');
    return { observer: new EventEmitter() };
  }

  close(): void {
    this.closed = true;
  }
}

const workers: FakeWorker[] = [];
let refusing: boolean;
let started: Promise<void>;
vi.mock('mediasoup', () => ({
  createWorker: async () => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker;
  },
}));

beforeEach(() => {
  workers.length = 0;
  refusing = false;
  started = Promise.resolve();
});

const open = (count: number) =>
  MediasoupWorkerPool.create({ workers: count, addresses: [{ ip: '127.0.0.1' }], firstPort: 0 });

describe('the workers of a pool', () => {
  test('H2 share rooms that open at once as evenly as those that open one by one', async () => {
    const pool = await open(4);
    const placed = await Promise.all(Array.from({ length: 40 }, () => pool.createRouter()));
    const loads = workers.map(({ webRtcServer }) =>
      placed.filter((each) => each.webRtcServer === (webRtcServer as unknown)),
    );
    expect(loads.map(({ length }) => length)).toEqual([10, 10, 10, 10]);
    pool.close();
  });

  test('H2 that give no router carry none', async () => {
    const pool = await open(2);
    refusing = true;
    await expect(pool.createRouter()).rejects.toMatchObject({ code: 'WORKER_UNAVAILABLE' });
    refusing = false;
    const placed = await Promise.all([pool.createRouter(), pool.createRouter()]);
    expect(new Set(placed.map(({ webRtcServer }) => webRtcServer)).size).toBe(2);
    pool.close();
  });

  test('H2 are closed when the pool was closed while they started', async () => {
    const pool = await open(1);
    const [dead] = workers;
    let start = () => {};
    started = new Promise((resolve) => {
      start = resolve;
    });
    vi.useFakeTimers();
    dead?.emit('died', new Error('gone'));
    await vi.advanceTimersByTimeAsync(1);
    vi.useRealTimers();
    expect(workers).toHaveLength(2);
    pool.close();
    start();
    await vi.waitFor(() => expect(workers[1]?.closed).toBe(true));
  });
});

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ConnectionMonitor } from './ConnectionMonitor.js';
import { defaults } from './defaults.js';
import type { MediaCounts, StreamCounts } from './media/mediaCounts.js';

const INTERVAL_MS = 1_000;
let counts: MediaCounts | undefined;
let selfId: string | undefined;
let sending: Set<string>;
let told: string[];
let monitor: ConnectionMonitor;
beforeEach(() => {
  vi.useFakeTimers();
  counts = { received: [], connected: true };
  selfId = 'me';
  sending = new Set(['me', 'ben']);
  told = [];
  monitor = new ConnectionMonitor({
    intervalMs: INTERVAL_MS,
    measure: async () => counts,
    selfId: () => selfId,
    sends: (participantId) => sending.has(participantId),
    onChange: ({ participantId, quality }) => told.push(`${participantId} ${quality?.level ?? 'unknown'}`),
  });
  monitor.start();
});
afterEach(() => {
  monitor.stop();
  vi.useRealTimers();
});

const stream = (packets: number, lost = 0, jitterMs = 0): StreamCounts => ({ packets, lost, jitterMs });
const pass = (intervals = 1) => vi.advanceTimersByTimeAsync(intervals * INTERVAL_MS);

function sends(sent: StreamCounts & { rttMs?: number }, connected = true): Promise<unknown> {
  counts = { sent, received: [], connected };
  return pass();
}
function hears(ben: StreamCounts): Promise<unknown> {
  counts = { received: [{ participantId: 'ben', ...ben }], connected: true };
  return pass();
}

describe("one's own connection", () => {
  test('is what the server says of the last interval, not of the whole call', async () => {
    await sends({ ...stream(1_000, 500, 40), rttMs: 120 });
    expect(monitor.qualityOf('me')).toEqual({ level: 'poor', lossShare: 0.5, jitterMs: 40, rttMs: 120 });
    await sends({ ...stream(1_100, 501, 10), rttMs: 100 });
    expect(monitor.qualityOf('me')).toEqual({ level: 'excellent', lossShare: 0.01, jitterMs: 10, rttMs: 100 });
    expect(told).toEqual(['me poor', 'me excellent']);
  });

  test('is lost while no way to the server is open, and while the client reconnects', async () => {
    await sends(stream(100));
    await sends(stream(200), false);
    await sends(stream(300));
    expect(told).toEqual(['me excellent', 'me lost', 'me excellent']);
    monitor.suspend();
    expect(told.at(-1)).toBe('me lost');
    monitor.start();
    // The new connection counts from zero.
    await sends(stream(10, 0));
    expect([told.at(-1), monitor.qualityOf('me')?.lossShare]).toEqual(['me excellent', 0]);
  });

  test('has no jitter while it is muted, whatever was measured before', async () => {
    await sends(stream(100, 0, 200));
    expect(told).toEqual(['me poor']);
    sending.delete('me');
    await sends(stream(100, 0, 200));
    expect([told, monitor.qualityOf('me')?.jitterMs]).toEqual([['me poor', 'me excellent'], 0]);
    sending.add('me');
    await sends(stream(150, 0, 200));
    expect(told.at(-1)).toBe('me poor');
  });

  test('is unknown while nothing is sent', async () => {
    await pass();
    expect(monitor.qualityOf('me')).toBeUndefined();
    await sends(stream(100));
    counts = { received: [], connected: true };
    await pass();
    expect(monitor.qualityOf('me')).toBeUndefined();
  });
});

describe("somebody else's", () => {
  test('is how much of theirs arrives here', async () => {
    await hears(stream(90, 10, 5));
    expect(monitor.qualityOf('ben')).toEqual({ level: 'poor', lossShare: 0.1, jitterMs: 5 });
    await hears(stream(190, 10, 5));
    expect(told).toEqual(['ben poor', 'ben excellent']);
  });

  test('is lost when nothing at all has come for a while', async () => {
    await hears(stream(100));
    await pass(defaults.lostAfterMs / INTERVAL_MS - 1);
    expect(told).toEqual(['ben excellent']);
    await pass();
    expect(told).toEqual(['ben excellent', 'ben lost']);
    await hears(stream(150));
    expect(told.at(-1)).toBe('ben excellent');
  });

  test('is not lost because they are muted', async () => {
    await hears(stream(100));
    sending.delete('ben');
    await pass(10 * (defaults.lostAfterMs / INTERVAL_MS));
    expect(told).toEqual(['ben excellent']);
  });

  test('counts anew when their audio comes by a new stream', async () => {
    await hears(stream(1_000, 0));
    await hears(stream(60, 20));
    expect(monitor.qualityOf('ben')?.lossShare).toBe(0.25);
  });

  test('is forgotten when they are gone', async () => {
    await hears(stream(100));
    counts = { received: [], connected: true };
    await pass();
    expect(monitor.qualityOf('ben')).toBeUndefined();
    await pass();
    expect(told).toEqual(['ben excellent', 'ben unknown']);
  });
});

describe('measuring', () => {
  test('ends with the room', async () => {
    await hears(stream(100));
    monitor.stop();
    expect([monitor.qualityOf('ben'), vi.getTimerCount()]).toEqual([undefined, 0]);
  });

  test('comes to nothing when the answer is late', async () => {
    let answer: () => void = () => {};
    const late = new ConnectionMonitor({
      intervalMs: INTERVAL_MS,
      measure: () =>
        new Promise((resolve) => {
          asked += 1;
          answer = () => resolve({ received: [{ participantId: 'ben', ...stream(1) }], connected: true });
        }),
      selfId: () => selfId,
      sends: () => true,
      onChange: () => told.push('changed'),
    });
    let asked = 0;
    late.start();
    await pass(5);
    expect(asked).toBe(1);
    late.stop();
    answer();
    await pass();
    expect([told, late.qualityOf('ben')]).toEqual([[], undefined]);
  });

  test('has nothing to say where there is nothing to count', async () => {
    counts = undefined;
    await pass(3);
    counts = { sent: stream(1), received: [], connected: true };
    selfId = undefined;
    await pass(3);
    expect(told).toEqual([]);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MESSAGE_OVERHEAD_BYTES, OUTBOX_LIMITS, Outbox, type SlowReason } from './Outbox.js';

const { dropMessages, dropBytes, mostBytes, stalledMs } = OUTBOX_LIMITS;
/** With the rest of its message, a payload of `bytes`. */
const ofBytes = (bytes: number) => ({ text: 'x'.repeat(Math.max(0, bytes - MESSAGE_OVERHEAD_BYTES - 64)) });

/** A socket as engine.io has it: a queue, and one lot at a time with the transport. */
class FakeSocket {
  readonly sent: string[] = [];
  readonly slow: SlowReason[] = [];
  readonly outbox: Outbox;
  nowMs = 0;
  #queued = 0;
  #inFlight = 0;

  constructor() {
    this.outbox = new Outbox({
      send: ({ name, payload }) => {
        this.sent.push(name);
        this.hand(JSON.stringify([name, payload]).length + 1);
      },
      onSlow: (reason) => this.slow.push(reason),
      now: () => this.nowMs,
    });
  }

  /** Something that did not come by the outbox: an answer, a ping. */
  hand(bytes: number): void {
    this.outbox.handedOver(bytes);
    this.#queued += 1;
    if (this.#inFlight === 0) this.#flush();
  }

  /** The operating system has taken what the transport had. */
  drain(): void {
    if (this.#inFlight === 0) return;
    this.#inFlight = 0;
    this.outbox.drained();
    if (this.#queued > 0) this.#flush();
  }

  push(name: string, options: { droppable?: boolean; payload?: object } = {}): boolean {
    return this.outbox.push({ name, payload: options.payload ?? {}, droppable: options.droppable ?? false });
  }

  #flush(): void {
    this.#inFlight = this.#queued;
    this.#queued = 0;
    this.outbox.flushed();
  }
}

describe('a client that keeps up', () => {
  test('is sent everything', () => {
    const socket = new FakeSocket();
    for (let count = 0; count < 3_000; count += 1) {
      expect(socket.push(count % 2 === 0 ? 'segmentCommitted' : 'interimUpdated', { droppable: count % 2 === 1 })).toBe(
        true,
      );
      socket.drain();
    }
    expect(socket.sent).toHaveLength(3_000);
    expect(socket.outbox).toMatchObject({ waitingMessages: 0, waitingBytes: 0, dropped: 0 });
  });

  test('is not taken for a slow one after a long silence', () => {
    const socket = new FakeSocket();
    socket.push('segmentCommitted');
    socket.drain();
    socket.nowMs += 10 * stalledMs;
    expect(socket.push('segmentCommitted')).toBe(true);
    expect(socket.slow).toEqual([]);
  });
});

describe('a client that is behind', () => {
  test.each<[string, number, number]>([
    ['messages', dropMessages, 10],
    ['bytes', 20, dropBytes / 20],
  ])('by too many %s gets no interims until it has caught up, and all the rest', (_, count, bytes) => {
    const socket = new FakeSocket();
    for (let sent = 0; sent < count; sent += 1) socket.push('segmentCommitted', { payload: ofBytes(bytes) });
    const droppable = { droppable: true, payload: ofBytes(bytes) };
    expect([socket.push('interimUpdated', droppable), socket.push('segmentCommitted')]).toEqual([false, true]);
    expect(socket.outbox.dropped).toBe(1);
    // The first lot was one message alone.
    socket.drain();
    socket.drain();
    expect(socket.push('interimUpdated', droppable)).toBe(true);
    expect(socket.slow).toEqual([]);
  });

  test('is given up before more waits for it than may, once, and is sent nothing any more', () => {
    const socket = new FakeSocket();
    const payload = ofBytes(100_000);
    let sent = 0;
    while (socket.push('segmentCommitted', { payload })) sent += 1;
    expect(sent).toBeGreaterThanOrEqual(49);
    expect(socket.outbox.waitingBytes).toBeLessThanOrEqual(mostBytes);
    expect(socket.push('segmentCommitted')).toBe(false);
    socket.drain();
    expect(socket.push('segmentCommitted'), 'however it goes on').toBe(false);
    expect(socket.slow).toEqual(['bytes']);
  });

  test('is given up for short messages, too: each has its price in memory', () => {
    const socket = new FakeSocket();
    let sent = 0;
    while (socket.push('speechStarted')) sent += 1;
    expect(sent).toBeLessThan(mostBytes / MESSAGE_OVERHEAD_BYTES);
    expect(socket.slow).toEqual(['bytes']);
  });

  test('is given up for the answers that it asks for and does not read', () => {
    const socket = new FakeSocket();
    const page = 1_500_000;
    for (let asked = 0; asked < 3; asked += 1) socket.hand(page);
    expect(socket.slow).toEqual([]);
    socket.hand(page);
    expect(socket.slow).toEqual(['bytes']);
    expect(socket.outbox.waitingBytes, 'one answer above the bound at most').toBeLessThan(mostBytes + page);
  });
});

describe('a client that takes nothing in', () => {
  test('is given up after half a minute: at the next message, also a ping', () => {
    for (const next of [(socket: FakeSocket) => socket.push('speechStarted'), (socket: FakeSocket) => socket.hand(0)]) {
      const socket = new FakeSocket();
      socket.nowMs = 1_000;
      socket.push('segmentCommitted');
      socket.nowMs += stalledMs - 1;
      next(socket);
      expect(socket.slow).toEqual([]);
      socket.nowMs += 1;
      next(socket);
      expect(socket.slow).toEqual(['stalled']);
    }
  });

  test('is not given up as long as it takes something in now and then', () => {
    const socket = new FakeSocket();
    for (let round = 0; round < 10; round += 1) {
      socket.push('segmentCommitted');
      socket.push('segmentCommitted');
      socket.nowMs += stalledMs - 1;
      socket.drain();
    }
    expect(socket.outbox.waitingMessages).toBeGreaterThan(0);
    expect(socket.slow).toEqual([]);
  });
});

test('whatever is pushed, answered and taken in, no more waits than may, and the books are right', () => {
  const push = fc.record({
    kind: fc.constant('push' as const),
    bytes: fc.integer({ min: 0, max: 400_000 }),
    droppable: fc.boolean(),
    text: fc.constantFrom('x', 'é', '日', '\n'),
  });
  const step = fc.oneof(
    { weight: 8, arbitrary: push },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('answer' as const), bytes: fc.nat({ max: 1_500_000 }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('drain' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: stalledMs }) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const lots: number[][] = [[], []];
      let nowMs = 0;
      let progressAtMs = 0;
      const slow: SlowReason[] = [];
      const hand = (bytes: number) => {
        const [queued, inFlight] = lots as [number[], number[]];
        if (queued.length + inFlight.length === 0) progressAtMs = nowMs;
        outbox.handedOver(bytes);
        queued.push(bytes + MESSAGE_OVERHEAD_BYTES);
        if (inFlight.length === 0) flush();
      };
      const flush = () => {
        lots[1] = lots[0] as number[];
        lots[0] = [];
        outbox.flushed();
      };
      const waiting = () => lots.flat().reduce((sum, bytes) => sum + bytes, 0);
      const outbox: Outbox = new Outbox({
        send: ({ name, payload }) => hand(Buffer.byteLength(`42${JSON.stringify([name, payload])}`)),
        onSlow: (reason) => slow.push(reason),
        now: () => nowMs,
      });
      for (const each of steps) {
        const before = waiting();
        const overdue = lots.flat().length > 0 && nowMs - progressAtMs >= stalledMs;
        switch (each.kind) {
          case 'push': {
            const payload = { text: each.text.repeat(each.bytes / Buffer.byteLength(each.text)) };
            const { droppable } = each;
            const sent = outbox.push({ name: droppable ? 'interimUpdated' : 'segmentCommitted', payload, droppable });
            if (sent) {
              expect(overdue).toBe(false);
              expect(waiting()).toBeGreaterThan(before);
              expect(waiting()).toBeLessThanOrEqual(droppable ? dropBytes : mostBytes);
            } else expect(waiting()).toBe(before);
            // Nothing but interims is left out without the end.
            if (!sent && !droppable) expect(slow).toHaveLength(1);
            break;
          }
          case 'answer':
            // After the end nobody answers any more.
            if (slow.length === 0) hand(each.bytes);
            if (overdue || waiting() > mostBytes) expect(slow).toHaveLength(1);
            break;
          case 'drain':
            if (lots[1]?.length === 0) break;
            lots[1] = [];
            progressAtMs = nowMs;
            outbox.drained();
            if (lots[0]?.length !== 0) flush();
            break;
          case 'wait':
            nowMs += each.ms;
        }
        expect(outbox.waitingBytes).toBe(waiting());
        expect(outbox.waitingMessages).toBe(lots.flat().length);
        expect(slow.length).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 200 },
  );
});

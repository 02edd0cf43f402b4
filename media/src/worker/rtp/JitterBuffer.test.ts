import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JitterBuffer } from './JitterBuffer.js';

interface Item {
  name: number;
}

function setUp(options: { maxWaitMs?: number; capacity?: number } = {}) {
  const seen: string[] = [];
  const buffer = new JitterBuffer<Item>({
    maxWaitMs: options.maxWaitMs ?? 150,
    capacity: options.capacity ?? 512,
    onItem: (sequence, item) => {
      expect(item.name).toBe(sequence);
      seen.push(`${sequence}`);
    },
    onHole: (first, count, next) => seen.push(`hole ${first}x${count}>${next.name}`),
  });
  const push = (sequence: number, nowMs: number) => buffer.push(sequence, { name: sequence }, nowMs);
  return { seen, buffer, push };
}

describe('JitterBuffer', () => {
  it('passes what is in order at once', () => {
    const { seen, push } = setUp();
    expect(push(5, 0)).toBe('inOrder');
    expect(push(6, 20)).toBe('inOrder');
    expect(seen).toEqual(['5', '6']);
  });

  it('waits for a hole and delivers in order when it is filled', () => {
    const { seen, push } = setUp();
    push(5, 0);
    expect(push(7, 40)).toBe('buffered');
    push(8, 60);
    expect(seen).toEqual(['5']);
    expect(push(6, 189)).toBe('filledHole');
    expect(seen).toEqual(['5', '6', '7', '8']);
  });

  it('gives a hole up after the longest wait, not before', () => {
    const { seen, buffer, push } = setUp();
    push(5, 0);
    push(8, 40);
    buffer.tick(189);
    expect(seen).toEqual(['5']);
    buffer.tick(190);
    expect(seen).toEqual(['5', 'hole 6x2>8', '8']);
  });

  it('gives no hole up before all is read that has come: what fills it may lie behind other packets', () => {
    const { seen, buffer, push } = setUp();
    push(5, 0);
    push(7, 10);
    // Nothing was read for a while.
    expect(push(8, 400)).toBe('buffered');
    expect(push(9, 400)).toBe('buffered');
    expect(push(6, 400)).toBe('filledHole');
    buffer.tick(400);
    expect(seen).toEqual(['5', '6', '7', '8', '9']);
  });

  it('lets each packet wait its own time when there are several holes', () => {
    const { seen, buffer, push } = setUp();
    push(1, 0);
    push(3, 10);
    push(5, 100);
    buffer.tick(160);
    expect(seen).toEqual(['1', 'hole 2x1>3', '3']);
    buffer.tick(249);
    expect(seen).toHaveLength(3);
    buffer.tick(250);
    expect(seen.slice(3)).toEqual(['hole 4x1>5', '5']);
  });

  it('drops what comes after its hole was given up as late, and what was there before as duplicate', () => {
    const { seen, buffer, push } = setUp();
    push(5, 0);
    push(7, 0);
    expect(push(7, 1)).toBe('duplicate');
    buffer.tick(150);
    expect(push(6, 151)).toBe('late');
    expect(push(5, 152)).toBe('duplicate');
    expect(push(7, 153)).toBe('duplicate');
    expect(push(4, 154)).toBe('late');
    expect(seen).toEqual(['5', 'hole 6x1>7', '7']);
  });

  it('gives up its holes when a packet does not fit any more', () => {
    const { seen, buffer, push } = setUp({ capacity: 4 });
    push(0, 0);
    push(2, 0);
    push(6, 0);
    expect(buffer.overflows).toBe(1);
    expect(seen).toEqual(['0', 'hole 1x1>2', '2']);
    push(20, 0);
    expect(buffer.overflows).toBe(2);
    expect(seen.slice(3)).toEqual(['hole 3x3>6', '6', 'hole 7x13>20', '20']);
  });

  it('delivers everything on flush, and goes on afterwards', () => {
    const { seen, buffer, push } = setUp();
    push(1, 0);
    push(3, 0);
    push(6, 0);
    buffer.flush();
    buffer.flush();
    expect(seen).toEqual(['1', 'hole 2x1>3', '3', 'hole 4x2>6', '6']);
    push(7, 1);
    expect(seen.at(-1)).toBe('7');
  });

  it('works without any wait', () => {
    const { seen, buffer, push } = setUp({ maxWaitMs: 0 });
    push(1, 0);
    push(3, 0);
    buffer.tick(0);
    expect(seen).toEqual(['1', 'hole 2x1>3', '3']);
  });

  it('delivers nothing twice, nothing out of order, leaves nothing out, and holds nothing too long', () => {
    const arrival = fc.record({ step: fc.integer({ min: -20, max: 20 }), waitMs: fc.nat(80) });
    fc.assert(
      fc.property(fc.array(arrival, { maxLength: 200 }), fc.integer({ min: 2, max: 64 }), (arrivals, capacity) => {
        const times = new Map<number, number>();
        let next: number | undefined;
        let nowMs = 0;
        const buffer = new JitterBuffer<Item>({
          maxWaitMs: 150,
          capacity,
          onItem: (sequence) => {
            expect(sequence).toBe(next ?? sequence);
            next = sequence + 1;
            // 80 ms between two ticks.
            expect(nowMs - (times.get(sequence) ?? nowMs)).toBeLessThanOrEqual(150 + 80);
          },
          onHole: (first, count, item) => {
            expect(first).toBe(next ?? first);
            expect(count).toBeGreaterThan(0);
            next = first + count;
            expect(item.name).toBe(next);
          },
        });
        let base = 1_000;
        for (const { step, waitMs } of arrivals) {
          nowMs += waitMs;
          const sequence = base + step;
          base += 1;
          if (next === undefined) next = sequence;
          if (!times.has(sequence)) times.set(sequence, nowMs);
          buffer.push(sequence, { name: sequence }, nowMs);
          buffer.tick(nowMs);
        }
        buffer.flush();
        expect(buffer.waiting).toBe(0);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PcmRing } from './PcmRing.js';

const ramp = (start: number, length: number) =>
  Int16Array.from({ length }, (_, index) => ((start + index) % 30_000) + 1);

describe('PcmRing', () => {
  it('gives back what was written, as a copy', () => {
    const ring = new PcmRing({ capacitySamples: 10 });
    ring.write(0, ramp(0, 6));
    const read = ring.read(2, 5);
    expect([...read]).toEqual([3, 4, 5]);
    expect(ring.missingSamples).toBe(0);
    ring.write(6, ramp(6, 10));
    expect([...read]).toEqual([3, 4, 5]);
  });

  it('keeps the newest samples and says what is missing instead of padding', () => {
    const ring = new PcmRing({ capacitySamples: 10 });
    ring.write(0, ramp(0, 6));
    ring.write(6, ramp(6, 6));
    expect([ring.startSample, ring.endSample]).toEqual([2, 12]);
    expect([...ring.read(0, 14)]).toEqual([...ramp(2, 10)]);
    expect(ring.missingSamples).toBe(4);
    expect(ring.slice(0, 14).startSample).toBe(2);
    expect(ring.read(20, 30).length).toBe(0);
    expect(ring.missingSamples).toBe(10);
    expect(ring.read(5, 5).length).toBe(0);
    expect(ring.missingSamples).toBe(0);
  });

  it('fills a gap with zeros', () => {
    const ring = new PcmRing({ capacitySamples: 10 });
    ring.write(0, ramp(0, 3));
    ring.write(5, ramp(5, 2));
    expect([...ring.read(0, 7)]).toEqual([1, 2, 3, 0, 0, 6, 7]);
    ring.write(12, ramp(12, 1));
    expect([...ring.read(3, 13)]).toEqual([0, 0, 6, 7, 0, 0, 0, 0, 0, 13]);
  });

  it('starts over after a gap as long as itself, and before everything that it holds', () => {
    const ring = new PcmRing({ capacitySamples: 10 });
    ring.write(0, ramp(0, 3));
    ring.write(13, ramp(13, 2));
    expect([ring.startSample, ring.endSample]).toEqual([13, 15]);
    ring.write(4, ramp(4, 2));
    expect([ring.startSample, ring.endSample]).toEqual([4, 6]);
    ring.reset();
    expect(ring.read(0, 5).length).toBe(0);
    ring.write(100, ramp(100, 1));
    expect(ring.startSample).toBe(100);
  });

  it('H1 takes memory as it fills, and keeps what it holds while that grows', () => {
    const capacity = 64 * 16_000;
    const ring = new PcmRing();
    expect(ring.allocatedSamples).toBe(0);
    ring.write(500_000, ramp(0, 320));
    expect(ring.allocatedSamples).toBeLessThanOrEqual(16_000);
    // Past several sizes of the memory, and once around the last one.
    for (let at = 320; at < 1_500_000; at += 7_777) ring.write(500_000 + at, ramp(at, 7_777));
    expect(ring.allocatedSamples).toBe(capacity);
    const end = ring.endSample;
    expect(ring.startSample).toBe(end - capacity);
    expect(ring.read(ring.startSample, end)).toEqual(ramp(ring.startSample - 500_000, capacity));
  });

  it('H1 keeps what it holds where a gap makes it grow', () => {
    const ring = new PcmRing();
    ring.write(0, ramp(0, 9_000));
    ring.write(40_000, ramp(40_000, 10));
    expect(ring.read(0, 9_000)).toEqual(ramp(0, 9_000));
    expect(ring.read(9_000, 40_000)).toEqual(new Int16Array(31_000));
    expect(ring.read(40_000, 40_010)).toEqual(ramp(40_000, 10));
  });

  it('takes the end of what is longer than itself', () => {
    const ring = new PcmRing({ capacitySamples: 4 });
    ring.write(3, ramp(3, 11));
    expect([ring.startSample, ring.endSample]).toEqual([10, 14]);
    expect([...ring.read(10, 14)]).toEqual([11, 12, 13, 14]);
  });

  it('agrees with a plain list for any continuous writing', () => {
    const write = fc.record({ gap: fc.nat(6), length: fc.integer({ min: 1, max: 30 }) });
    fc.assert(
      fc.property(fc.array(write, { maxLength: 60 }), fc.integer({ min: 7, max: 40 }), (writes, capacity) => {
        const ring = new PcmRing({ capacitySamples: capacity });
        const truth: number[] = [];
        for (const [index, { gap, length }] of writes.entries()) {
          if (index > 0) truth.push(...new Array<number>(gap).fill(0));
          const start = truth.length;
          const pcm = ramp(start, length);
          ring.write(start, pcm);
          truth.push(...pcm);
          const from = Math.max(0, truth.length - capacity);
          expect([...ring.read(0, truth.length)]).toEqual(truth.slice(from));
          expect(ring.missingSamples).toBe(from);
        }
      }),
    );
  });
});

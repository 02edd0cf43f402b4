import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimestampUnwrapper } from './TimestampUnwrapper.js';

describe('TimestampUnwrapper', () => {
  it('counts on over a wrap', () => {
    const unwrapper = new TimestampUnwrapper();
    expect([0xffff_fc40, 0, 960].map((timestamp) => unwrapper.unwrap(timestamp))).toEqual([
      0xffff_fc40, 0x1_0000_0000, 0x1_0000_03c0,
    ]);
  });

  it('follows steps of up to twelve hours in both directions', () => {
    const step = fc.integer({ min: -0x7fff_ffff, max: 0x7fff_ffff });
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), fc.array(step, { maxLength: 100 }), (start, steps) => {
        const unwrapper = new TimestampUnwrapper();
        let truth = start;
        expect(unwrapper.unwrap(start)).toBe(start);
        for (const ticks of steps) {
          truth += ticks;
          const wrapped = ((truth % 2 ** 32) + 2 ** 32) % 2 ** 32;
          expect(unwrapper.unwrap(wrapped)).toBe(truth);
        }
      }),
    );
  });
});

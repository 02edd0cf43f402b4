import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SequenceUnwrapper } from './SequenceUnwrapper.js';

function run(numbers: number[]) {
  const unwrapper = new SequenceUnwrapper();
  return numbers.map((number) => {
    const verdict = unwrapper.unwrap(number & 0xffff);
    return verdict === 'accepted' ? unwrapper.extended : verdict;
  });
}

describe('SequenceUnwrapper', () => {
  it('counts on over a wrap', () => {
    expect(run([65_534, 65_535, 0, 1])).toEqual([65_534, 65_535, 65_536, 65_537]);
  });

  it('puts a packet from before the wrap where it belongs', () => {
    expect(run([65_535, 1, 0, 65_534, 2])).toEqual([65_535, 65_537, 65_536, 65_534, 65_538]);
  });

  it('takes a step below 3,000 for loss and accepts it at once', () => {
    expect(run([10, 10 + 2_999])).toEqual([10, 3_009]);
  });

  it('suspects a step of 3,000 and believes it when the next number follows', () => {
    expect(run([10, 3_010, 3_011, 3_012])).toEqual([10, 'suspect', 'resync', 3_012]);
  });

  it('takes 99 back for reordering and suspects 100', () => {
    expect(run([500, 401])).toEqual([500, 401]);
    expect(run([500, 400])).toEqual([500, 'suspect']);
  });

  it('does not restart a healthy stream for two late duplicates that come between good packets', () => {
    expect(run([500, 300, 501, 301, 502])).toEqual([500, 'suspect', 501, 'suspect', 502]);
  });

  it('starts counting at the new number after a restart', () => {
    const unwrapper = new SequenceUnwrapper();
    for (const number of [60_000, 100, 101]) unwrapper.unwrap(number);
    unwrapper.unwrap(102);
    // 60,000 + 5,636 is a step of more than 3,000: a restart, not a wrap.
    expect(unwrapper.extended).toBe(102);
  });

  it('gives back the true number for any walk within the bounds', () => {
    fc.assert(
      fc.property(
        fc.nat(65_535),
        fc.array(fc.integer({ min: -99, max: 2_999 }), { maxLength: 300 }),
        (start, steps) => {
          const unwrapper = new SequenceUnwrapper();
          unwrapper.unwrap(start);
          let highest = start;
          for (const step of steps) {
            const sequence = highest + step;
            expect(unwrapper.unwrap(((sequence % 65_536) + 65_536) % 65_536)).toBe('accepted');
            expect(unwrapper.extended).toBe(sequence);
            highest = Math.max(highest, sequence);
          }
        },
      ),
    );
  });
});

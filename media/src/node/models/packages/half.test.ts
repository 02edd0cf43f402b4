import { describe, expect, it } from 'vitest';
import { floatToHalf, halfToFloat } from './half.js';

describe('halves', () => {
  it('come back as they were, each of them', () => {
    for (let half = 0; half < 0x1_0000; half += 1) {
      const value = halfToFloat(half);
      if (Number.isNaN(value)) expect(Number.isNaN(halfToFloat(floatToHalf(value)))).toBe(true);
      else if (floatToHalf(value) !== half) expect.fail(`${half} came back as ${floatToHalf(value)}`);
    }
  });

  it.each([
    // Ties go to the even one, above and below the smallest normal half.
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [1 + 2 ** -11 + 2 ** -20, 0x3c01],
    [2 ** -25, 0x0000],
    [3 * 2 ** -25, 0x0002],
    [2 ** -25 + 2 ** -40, 0x0001],
    [2 ** -14 - 2 ** -26, 0x0400],
    // Rounding may carry into the exponent, and over the end.
    [2 - 2 ** -12, 0x4000],
    [65_504, 0x7bff],
    [65_519.9, 0x7bff],
    [65_520, 0x7c00],
    [1e10, 0x7c00],
    [-1e10, 0xfc00],
    [1e-10, 0x0000],
    [-0, 0x8000],
  ])('%s becomes the nearest half', (value, half) => {
    expect(floatToHalf(value)).toBe(half);
  });
});

import { describe, expect, it } from 'vitest';
import { percentile } from './percentile.js';

describe('a percentile', () => {
  it('is a value of all, the upper one where two would do', () => {
    expect(percentile([30, 10, 20], 0.5)).toBe(20);
    expect(percentile([30, 10], 0.5)).toBe(30);
    const hundred = Array.from({ length: 100 }, (_, index) => index);
    expect([0, 0.5, 0.95, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([0, 50, 95, 99, 99]);
  });

  it('does not exist without values', () => {
    expect(percentile([], 0.5)).toBeNull();
  });
});

import { expect, test } from 'vitest';
import { Backoff } from './Backoff.js';

test('doubles up to its limit and begins anew after a reset', () => {
  const backoff = new Backoff({ minMs: 500, maxMs: 3_000, random: () => 0.5 });
  expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([500, 1_000, 2_000, 3_000, 3_000]);
  backoff.reset();
  expect(backoff.next()).toBe(500);
});

test('scatters by its jitter and no further', () => {
  const delays = [0, 1].map((value) => new Backoff({ minMs: 1_000, maxMs: 1_000, random: () => value }).next());
  expect(delays).toEqual([500, 1_500]);
});

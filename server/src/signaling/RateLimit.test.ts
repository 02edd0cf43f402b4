import { expect, test } from 'vitest';
import { RateLimit } from './RateLimit.js';

test('lets so many through in any window, and says when there is room again', () => {
  let now = 0;
  const limit = new RateLimit({ count: 3, windowMs: 1_000, now: () => now });
  for (now of [0, 100, 200]) limit.take();
  now = 300;
  expect(() => limit.take()).toThrow(
    expect.objectContaining({ code: 'RATE_LIMITED', retryable: true, retryAfterMs: 700 }),
  );
  now = 999;
  expect(() => limit.take()).toThrow(expect.objectContaining({ retryAfterMs: 1 }));
  now = 1_000;
  limit.take();
  expect(() => limit.take()).toThrow();
  now = 1_100;
  expect(() => limit.take()).not.toThrow();
});

test('is not used up by what it refused', () => {
  let now = 0;
  const limit = new RateLimit({ count: 1, windowMs: 10, now: () => now });
  limit.take();
  for (now = 1; now < 10; now++) expect(() => limit.take()).toThrow();
  now = 10;
  expect(() => limit.take()).not.toThrow();
});

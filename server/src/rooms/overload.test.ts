import { expect, test } from 'vitest';
import { overloadOf } from './overload.js';

test('new rooms are taken as long as finals do not wait, also where there are no interims', () => {
  for (const load of [0, 1, 2, 3] as const) expect(overloadOf({ load })).toBeUndefined();
});

test('at the last level they are refused, with times to come back that are not the same for all', () => {
  const at = (random: number) => overloadOf({ load: 4, random: () => random });
  expect(at(0)).toMatchObject({ code: 'SERVER_OVERLOADED', retryable: true, retryAfterMs: 10_000 });
  expect(at(0.5)?.retryAfterMs).toBe(15_000);
  expect(new Set(Array.from({ length: 50 }, () => overloadOf({ load: 4 })?.retryAfterMs)).size).toBeGreaterThan(5);
});

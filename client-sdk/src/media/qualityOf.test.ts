import { expect, test } from 'vitest';
import { type ConnectionLevel, qualityOf } from './qualityOf.js';

const CLEAN = { lossShare: 0, jitterMs: 2, rttMs: 20 };

test.each([
  ['nothing wrong', {}, 'excellent'],
  ['a packet in a hundred lost', { lossShare: 0.01 }, 'excellent'],
  ['five in a hundred lost', { lossShare: 0.05 }, 'good'],
  ['twenty in a hundred lost', { lossShare: 0.2 }, 'poor'],
  ['everything lost', { lossShare: 1 }, 'poor'],
  ['some jitter', { jitterMs: 50 }, 'good'],
  ['much jitter', { jitterMs: 120 }, 'poor'],
  ['the other side of the world', { rttMs: 300 }, 'good'],
  ['a satellite', { rttMs: 700 }, 'poor'],
  ['a fine path that loses much', { lossShare: 0.1, jitterMs: 1, rttMs: 5 }, 'poor'],
] as const)('%s is judged by the worst of the three numbers', (_, numbers, level) => {
  expect(qualityOf({ measured: { ...CLEAN, ...numbers } })).toBe(level);
});

test('a round trip that nobody has measured is not held against a connection', () => {
  expect(qualityOf({ measured: { lossShare: 0, jitterMs: 0 } })).toBe('excellent');
});

test.each([
  // Between 1.5 % and 2 % nothing changes, between 6 % and 8 % neither.
  ['excellent', 0.018, 'excellent'],
  ['good', 0.018, 'good'],
  ['poor', 0.018, 'good'],
  ['good', 0.014, 'excellent'],
  ['good', 0.07, 'good'],
  ['poor', 0.07, 'poor'],
  ['lost', 0.07, 'poor'],
  ['poor', 0.05, 'good'],
  ['poor', 0, 'excellent'],
  ['excellent', 0.5, 'poor'],
] as [ConnectionLevel, number, ConnectionLevel][])('after %s, a loss of %d is %s', (previous, lossShare, level) => {
  expect(qualityOf({ measured: { ...CLEAN, lossShare }, previous })).toBe(level);
});

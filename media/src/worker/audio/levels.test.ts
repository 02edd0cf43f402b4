import { expect, it } from 'vitest';
import { dbfs, rms, SILENCE_DBFS } from './levels.js';

it('measures a full-scale square wave as 0 dBFS and half of it as -6', () => {
  expect(rms(Int16Array.from([-32_768, -32_768]))).toBe(1);
  expect(dbfs(1)).toBe(0);
  expect(dbfs(rms(Int16Array.from([16_384, -16_384])))).toBeCloseTo(-6.02, 2);
});

it('measures silence and nothing as silence', () => {
  expect(rms(new Int16Array(0))).toBe(0);
  expect(rms(new Int16Array(320))).toBe(0);
  expect(dbfs(0)).toBe(SILENCE_DBFS);
  expect(dbfs(1e-9)).toBe(SILENCE_DBFS);
});

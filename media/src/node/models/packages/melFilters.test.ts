import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { melFilters } from './melFilters.js';

it('hears through the filters of the published files, bit for bit', () => {
  const { bands, bins, weights } = melFilters(80);
  expect([bands, bins]).toEqual([80, 201]);
  expect(createHash('sha1').update(new Uint8Array(weights.buffer)).digest('hex')).toBe(
    '62112822d7d0fd04b443ddb20d18cde62da25003',
  );
});

it('hears in more bands where a model asks for them, each over the same range', () => {
  const { bands, bins, weights } = melFilters(128);
  expect([bands, bins, weights.length]).toEqual([128, 201, 128 * 201]);
  const rows = Array.from({ length: bands }, (_, band) => weights.subarray(band * bins, (band + 1) * bins));
  expect(rows.every((row) => row.some((weight) => weight > 0))).toBe(true);
  const peaks = rows.map((row) => row.indexOf(Math.max(...row)));
  expect(peaks).toEqual(peaks.toSorted((a, b) => a - b));
});

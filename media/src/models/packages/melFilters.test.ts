import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { melFilters } from './melFilters.js';

it('hears through the filters of the published files, bit for bit', () => {
  const { bands, bins, weights } = melFilters();
  expect([bands, bins]).toEqual([80, 201]);
  expect(createHash('sha1').update(new Uint8Array(weights.buffer)).digest('hex')).toBe(
    '62112822d7d0fd04b443ddb20d18cde62da25003',
  );
});

import { PAGE_BUDGET } from '@parley/demo';
import { describe, expect, it } from 'vitest';
import { resultOf } from './resultOf.js';

const { table, figures } = resultOf({
  firstLoads: [
    { requests: 4, transferredBytes: 200_000, interactiveMs: 300.4 },
    { requests: 5, transferredBytes: 204_800, interactiveMs: 900.6 },
    { requests: 4, transferredBytes: 200_000, interactiveMs: 400 },
  ],
  transcript: {
    segments: 10_000,
    catchUpMs: 1_234.5,
    longestTaskMs: { catchUp: 80.2, scroll: 0, update: 51 },
    frameMs: { p50: 16.7, p95: 33.3 },
    updates: { scroll: 12, update: 9 },
  },
});

describe('the result of the page benchmark', () => {
  it('has the worst of the loads, and the median of their times', () => {
    expect(figures.firstLoad).toEqual({
      requests: 5,
      transferredBytes: 204_800,
      interactiveMs: { p50: 400, max: 901 },
    });
    expect(figures.budget).toEqual(PAGE_BUDGET);
  });

  it('is a table with the budget beside each figure that has one', () => {
    expect(table.rows.slice(0, 2)).toEqual([
      ['first load, 5 requests', '200 KiB', '250 KiB'],
      ['first load, interactive, p50 / worst of 3', '400 / 901 ms', '1000 ms'],
    ]);
    expect(table.rows).toContainEqual(['longest task while scrolled, 12 updates', 'none of 50 ms', '100 ms']);
    expect(table.rows).toContainEqual(['longest task while read along, 9 updates', '51 ms', '100 ms']);
  });
});

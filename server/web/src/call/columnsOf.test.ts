import { describe, expect, test } from 'vitest';
import { columnsOf } from './columnsOf.js';

const desktop = { width: 1_000, height: 480, gap: 12 };
const phone = { width: 336, height: 260, gap: 8 };

describe('the tiles of the participants', () => {
  test('are as large as the room that they have lets them be', () => {
    expect([1, 2, 3, 4, 5, 6, 9, 12].map((count) => columnsOf({ count, ...desktop }))).toEqual([
      1, 2, 2, 2, 3, 3, 3, 4,
    ]);
  });

  test('stand above or beside each other on a phone', () => {
    expect([1, 2, 3, 4].map((count) => columnsOf({ count, ...phone }))).toEqual([1, 1, 2, 2]);
  });

  test('keep a size that can be read where there are too many for the window', () => {
    expect(columnsOf({ count: 50, ...phone })).toBe(2);
    expect(columnsOf({ count: 200, ...desktop })).toBe(7);
  });

  test('have one column at least, also before anything has been measured', () => {
    expect(columnsOf({ count: 5, width: 0, height: 0, gap: 8 })).toBe(1);
    expect(columnsOf({ count: 0, ...desktop })).toBe(1);
  });
});

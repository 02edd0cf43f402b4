import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { percentile } from './percentile.js';
import { commonWords, wordEdits } from './words.js';

describe('edits between word lists', () => {
  it('counts each substitution, insertion and deletion once', () => {
    expect(wordEdits(['a', 'b', 'c'], ['a', 'x', 'c'])).toBe(1);
    expect(wordEdits(['a', 'b', 'c'], ['a', 'b', 'b', 'c'])).toBe(1);
    expect(wordEdits(['a', 'b', 'c'], ['a', 'c'])).toBe(1);
    expect(wordEdits(['a', 'b', 'c'], [])).toBe(3);
    expect(wordEdits([], ['a', 'b'])).toBe(2);
  });

  it('is zero for equal lists only, the same both ways, and never more than the longer list', () => {
    const list = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 8 });
    fc.assert(
      fc.property(list, list, (a, b) => {
        const edits = wordEdits(a, b);
        expect(edits === 0).toBe(a.join(' ') === b.join(' '));
        expect(wordEdits(b, a)).toBe(edits);
        expect(edits).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(edits).toBeGreaterThanOrEqual(Math.max(a.length, b.length) - commonWords(a, b));
      }),
    );
  });
});

describe('common words', () => {
  it('counts what stands in both in the same order', () => {
    expect(commonWords(['a', 'b', 'c'], ['x', 'a', 'y', 'c'])).toBe(2);
    expect(commonWords(['a', 'b'], ['b', 'a'])).toBe(1);
    expect(commonWords([], ['a'])).toBe(0);
  });
});

describe('a percentile', () => {
  it('is the value at the nearest rank', () => {
    expect(percentile([30, 10, 20], 0.5)).toBe(20);
    expect(percentile([30, 10, 20], 0.95)).toBe(30);
    expect(percentile([7], 0.5)).toBe(7);
  });

  it('does not exist without values', () => {
    expect(percentile([], 0.5)).toBeNull();
  });
});

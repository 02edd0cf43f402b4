import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { align } from './align.js';

describe('the places of words in another list', () => {
  it('are those of the alignment with the fewest edits', () => {
    expect(align(['a', 'b', 'c'], ['a', 'x', 'c']).matches).toEqual([0, undefined, 2]);
    expect(align(['a', 'b', 'c'], ['x', 'a', 'b', 'c']).matches).toEqual([1, 2, 3]);
    expect(align(['a', 'b', 'c'], ['c']).matches).toEqual([undefined, undefined, 0]);
    expect(align(['a', 'b'], []).matches).toEqual([undefined, undefined]);
    expect(align([], ['a']).matches).toEqual([]);
  });

  it('hold the same word, go forwards, and leave what the edits explain', () => {
    const list = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 8 });
    fc.assert(
      fc.property(list, list, (from, to) => {
        const pairs = align(from, to).matches.flatMap((match, index) =>
          match === undefined ? [] : [{ match, index }],
        );
        expect(pairs.map(({ match }) => to[match])).toEqual(pairs.map(({ index }) => from[index]));
        expect(pairs.every(({ match }, at) => match > (pairs[at - 1]?.match ?? -1))).toBe(true);
        expect(from.length - pairs.length).toBeLessThanOrEqual(align(from, to).edits);
        // Between two matches, each word of the longer side is one edit.
        const ends = [{ match: -1, index: -1 }, ...pairs, { match: to.length, index: from.length }];
        const explained = ends.slice(1).map(({ match, index }, at) => {
          const before = ends[at] ?? { match: -1, index: -1 };
          return Math.max(match - before.match, index - before.index) - 1;
        });
        expect(explained.reduce((sum, edits) => sum + edits, 0)).toBe(align(from, to).edits);
      }),
    );
  });
});

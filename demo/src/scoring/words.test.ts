import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { percentile } from './percentile.js';
import { commonWords, matchWords, wordEdits, wordsOf } from './words.js';

describe('words', () => {
  it('are lower case, without punctuation, with the apostrophes inside them', () => {
    expect(wordsOf(" 'Okay', Parley: let's re-open the client's file... \n")).toEqual([
      'okay',
      'parley',
      "let's",
      're',
      'open',
      'the',
      "client's",
      'file',
    ]);
    expect(wordsOf('Präsentation, año 2026!')).toEqual(['präsentation', 'año', '2026']);
    expect(wordsOf(' ... - ')).toEqual([]);
  });
});

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

describe('the places of words in another list', () => {
  it('are those of the alignment with the fewest edits', () => {
    expect(matchWords(['a', 'b', 'c'], ['a', 'x', 'c'])).toEqual([0, undefined, 2]);
    expect(matchWords(['a', 'b', 'c'], ['x', 'a', 'b', 'c'])).toEqual([1, 2, 3]);
    expect(matchWords(['a', 'b', 'c'], ['c'])).toEqual([undefined, undefined, 0]);
    expect(matchWords(['a', 'b'], [])).toEqual([undefined, undefined]);
    expect(matchWords([], ['a'])).toEqual([]);
  });

  it('hold the same word, go forwards, and leave what the edits explain', () => {
    const list = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 8 });
    fc.assert(
      fc.property(list, list, (from, to) => {
        const pairs = matchWords(from, to).flatMap((match, index) => (match === undefined ? [] : [{ match, index }]));
        expect(pairs.map(({ match }) => to[match])).toEqual(pairs.map(({ index }) => from[index]));
        expect(pairs.every(({ match }, at) => match > (pairs[at - 1]?.match ?? -1))).toBe(true);
        expect(from.length - pairs.length).toBeLessThanOrEqual(wordEdits(from, to));
        // Between two matches, each word of the longer side is one edit.
        const ends = [{ match: -1, index: -1 }, ...pairs, { match: to.length, index: from.length }];
        const explained = ends.slice(1).map(({ match, index }, at) => {
          const before = ends[at] ?? { match: -1, index: -1 };
          return Math.max(match - before.match, index - before.index) - 1;
        });
        expect(explained.reduce((sum, edits) => sum + edits, 0)).toBe(wordEdits(from, to));
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

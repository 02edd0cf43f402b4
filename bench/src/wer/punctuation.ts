import { plainWord, splitWords } from '@parley/media/asr';
import { align } from '@parley/media/testing';

export interface PunctuationCounts {
  /** Marks in the recognised text, at words that were said. */
  written: number;
  /** Marks in the reference, at words that were recognised. */
  expected: number;
  /** The same kind of mark after the same word. */
  right: number;
}

type Mark = 'end' | 'pause' | undefined;

/** Marks after words that both texts have: the end of a sentence (`. ? !`) or a pause (`, ; :`). */
export function countPunctuation(reference: string, heard: string): PunctuationCounts {
  const from = marked(reference);
  const to = marked(heard);
  const { matches } = align(
    from.map(({ word }) => word),
    to.map(({ word }) => word),
  );
  const counts = { written: 0, expected: 0, right: 0 };
  for (const [index, match] of matches.entries()) {
    if (match === undefined) continue;
    const expected = from[index]?.mark;
    const written = to[match]?.mark;
    if (expected !== undefined) counts.expected += 1;
    if (written !== undefined) counts.written += 1;
    if (expected !== undefined && expected === written) counts.right += 1;
  }
  return counts;
}

/** Over all marks: the share of written ones that are right, and of expected ones that are there; null if there are none. */
export function punctuationScore(all: readonly PunctuationCounts[]): {
  precision: number | null;
  recall: number | null;
} {
  const sum = (key: keyof PunctuationCounts) => all.reduce((total, counts) => total + counts[key], 0);
  const share = (whole: number) => (whole === 0 ? null : Number((sum('right') / whole).toFixed(4)));
  return { precision: share(sum('written')), recall: share(sum('expected')) };
}

function marked(text: string): { word: string; mark: Mark }[] {
  return splitWords(text)
    .map((word) => ({ word: plainWord(word), mark: markOf(word) }))
    .filter(({ word }) => word !== '');
}

function markOf(word: string): Mark {
  const mark = word.match(/([.?!。？！]|[,;:，、；：])["'”’)]*$/u)?.[1];
  if (mark === undefined) return undefined;
  return /[.?!。？！]/u.test(mark) ? 'end' : 'pause';
}

import { align } from '@parley/media/testing';
import type { Span } from '../meeting/Meeting.js';

/** How far a word may lie outside a text's time and still be looked for in it. */
const NEAR_MS = 300;

/** A word that was said, as it is compared; milliseconds on the script's time line. */
export interface SpokenWord extends Span {
  text: string;
}

/** A text that was shown, for the stretch of audio that it is about; milliseconds on the script's time line. */
export interface ShownText extends Span {
  words: readonly string[];
  arrivedAtMs: number;
}

/** A word that was said, and when the first text arrived that has it at its place. */
export interface SeenWord {
  word: SpokenWord;
  arrivedAtMs: number;
}

/**
 * The words of one speaker that became visible; those that never did are left out. Each text is aligned with the words of
 * its time, so that a word counts where it was said and not where another like it was.
 *
 * @param shown interims and finals of the same speaker, in order of arrival
 */
export function findSeenWords(spoken: readonly SpokenWord[], shown: readonly ShownText[]): SeenWord[] {
  const seenAtMs = new Map<SpokenWord, number>();
  for (const { startMs, endMs, words, arrivedAtMs } of shown) {
    const near = spoken.filter((word) => word.endMs > startMs - NEAR_MS && word.startMs < endMs + NEAR_MS);
    const { matches } = align(
      near.map(({ text }) => text),
      words,
    );
    for (const [index, word] of near.entries()) {
      if (matches[index] !== undefined && !seenAtMs.has(word)) seenAtMs.set(word, arrivedAtMs);
    }
  }
  return [...seenAtMs].map(([word, arrivedAtMs]) => ({ word, arrivedAtMs }));
}

import { align } from '@parley/media/testing';
import type { Span } from '../meeting/Meeting.js';

/** How far outside a text's time a word may be to be searched for in it. */
const NEAR_MS = 300;

/** A spoken word in the form used to compare words; milliseconds on the script's time line. */
export interface SpokenWord extends Span {
  text: string;
}

/** A shown text, for its part of the audio; milliseconds on the script's time line. */
export interface ShownText extends Span {
  words: readonly string[];
  arrivedAtMs: number;
}

/** A spoken word, and the arrival of the first text that has it at its place. */
export interface SeenWord {
  word: SpokenWord;
  arrivedAtMs: number;
}

/**
 * The words of one speaker that became visible, without those that never did. Each text is aligned with the words of its time, so that a
 * word counts at its own place, not where the same word was said before.
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

import { align } from './align.js';
import { comparableWords } from './comparableWords.js';

export interface SeamCount {
  seams: number;
  /** Seams with a missing, doubled or extra word beside them, by alignment with the spoken words. */
  broken: number;
}

/** How far from a seam a word is searched for, on either side. */
const REACH = 4;

/**
 * Checks every cut between two texts of one speaker: between the nearest certain words on either side there must be as many words as were
 * spoken there. If there is no certain word within reach, the seam counts as broken.
 * @param options.texts in the order of speech
 * @param options.spoken the words that were said, compared without case and punctuation
 */
export function countSeams(options: { texts: readonly string[]; spoken: readonly string[] }): SeamCount {
  const texts = options.texts.map(comparableWords).filter((words) => words.length > 0);
  const spoken = options.spoken.flatMap(comparableWords);
  const { matches } = align(texts.flat(), spoken);
  let before = 0;
  let broken = 0;
  for (const words of texts.slice(0, -1)) {
    before += words.length;
    const left = nearestMatch(matches, { from: before - 1, step: -1 });
    const right = nearestMatch(matches, { from: before, step: 1 });
    if (left === undefined || right === undefined) broken += 1;
    else if (right.heard - left.heard !== right.spoken - left.spoken) broken += 1;
  }
  return { seams: Math.max(0, texts.length - 1), broken };
}

function nearestMatch(
  matches: readonly (number | undefined)[],
  { from, step }: { from: number; step: 1 | -1 },
): { heard: number; spoken: number } | undefined {
  for (let heard = from; Math.abs(heard - from) < REACH; heard += step) {
    const spoken = matches[heard];
    if (spoken !== undefined) return { heard, spoken };
  }
  return undefined;
}

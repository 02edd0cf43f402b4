import { align } from './align.js';
import { comparableWords } from './comparableWords.js';

export interface SeamCount {
  seams: number;
  /** Seams beside which a word is missing, stands twice or is too much, by the alignment with what was said. */
  broken: number;
}

/** A word is looked for so far from a seam on either side. */
const REACH = 4;

/**
 * Looks at every cut between two texts of one speaker: the nearest words on either side that are certain must have as many words
 * between them as were spoken there. Where none is certain within reach, nothing speaks for the seam, and it counts as broken.
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

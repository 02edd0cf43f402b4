import { align } from '@parley/media/testing';

export interface WordErrors {
  /** Words of the reference. */
  words: number;
  substitutions: number;
  insertions: number;
  deletions: number;
}

/** Errors of the cheapest alignment. */
export function countErrors(reference: readonly string[], heard: readonly string[]): WordErrors {
  const { substitutions, matches } = align(reference, heard);
  const paired = substitutions + matches.filter((match) => match !== undefined).length;
  const words = reference.length;
  return { words, substitutions, insertions: heard.length - paired, deletions: words - paired };
}

export function sumErrors(all: readonly WordErrors[]): WordErrors {
  const sum = { words: 0, substitutions: 0, insertions: 0, deletions: 0 };
  for (const each of all) {
    for (const key of Object.keys(sum) as (keyof WordErrors)[]) sum[key] += each[key];
  }
  return sum;
}

/** Word error rate, 1 = as many errors as words; 0 if both are empty. */
export function werOf({ words, substitutions, insertions, deletions }: WordErrors): number {
  const errors = substitutions + insertions + deletions;
  if (words === 0) return errors === 0 ? 0 : 1;
  return Number((errors / words).toFixed(4));
}

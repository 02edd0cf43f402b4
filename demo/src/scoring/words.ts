import { align } from '@parley/media/testing';

/** Substitutions, insertions and deletions from the reference to the hypothesis (Levenshtein over words). */
export function wordEdits(reference: readonly string[], hypothesis: readonly string[]): number {
  return align(reference, hypothesis).edits;
}

/** Reference words that are in the hypothesis in the same order, with anything between them. */
export function commonWords(reference: readonly string[], hypothesis: readonly string[]): number {
  let row = new Array<number>(hypothesis.length + 1).fill(0);
  for (const word of reference) {
    const next = [0];
    for (const [j, heard] of hypothesis.entries()) {
      next.push(word === heard ? (row[j] ?? 0) + 1 : Math.max(row[j + 1] ?? 0, next[j] ?? 0));
    }
    row = next;
  }
  return row[hypothesis.length] ?? 0;
}

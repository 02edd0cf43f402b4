export interface WordErrors {
  /** Of the reference. */
  words: number;
  substitutions: number;
  insertions: number;
  deletions: number;
}

/** What the cheapest way to a cell of the table has cost. */
type Cost = [edits: number, substitutions: number, insertions: number, deletions: number];

/** Levenshtein over words. Of ways that cost the same, the one with more substitutions counts. */
export function countErrors(reference: readonly string[], heard: readonly string[]): WordErrors {
  let row: Cost[] = [...heard, ''].map((_, insertions) => [insertions, 0, insertions, 0]);
  for (const [index, word] of reference.entries()) {
    const next: Cost[] = [[index + 1, 0, 0, index + 1]];
    for (const [place, other] of heard.entries()) {
      const diagonal = row[place] as Cost;
      const above = row[place + 1] as Cost;
      const left = next[place] as Cost;
      if (word === other) next.push(diagonal);
      else if (diagonal[0] <= above[0] && diagonal[0] <= left[0]) next.push(plus(diagonal, 1));
      else if (left[0] <= above[0]) next.push(plus(left, 2));
      else next.push(plus(above, 3));
    }
    row = next;
  }
  const [, substitutions, insertions, deletions] = row.at(-1) as Cost;
  return { words: reference.length, substitutions, insertions, deletions };
}

export function sumErrors(all: readonly WordErrors[]): WordErrors {
  const sum = { words: 0, substitutions: 0, insertions: 0, deletions: 0 };
  for (const each of all) {
    for (const key of Object.keys(sum) as (keyof WordErrors)[]) sum[key] += each[key];
  }
  return sum;
}

/** Word error rate, 1 = as many errors as words; 0 of nothing. */
export function werOf({ words, substitutions, insertions, deletions }: WordErrors): number {
  const errors = substitutions + insertions + deletions;
  if (words === 0) return errors === 0 ? 0 : 1;
  return Number((errors / words).toFixed(4));
}

function plus(cost: Cost, kind: 1 | 2 | 3): Cost {
  const next: Cost = [...cost];
  next[0] += 1;
  next[kind] += 1;
  return next;
}

/**
 * The words of a text as they are compared: lower case, punctuation is space, apostrophes stay inside words
 * (`Let's` is `let's`, `'tis'` is `tis`).
 */
export function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_' ]+/gu, ' ')
    .split(' ')
    .map((word) => word.replace(/^'+|'+$/g, ''))
    .filter((word) => word !== '');
}

/** Substitutions, insertions and deletions that lead from the reference to the hypothesis (Levenshtein over words). */
export function wordEdits(reference: readonly string[], hypothesis: readonly string[]): number {
  return lastCell(reference, hypothesis, {
    border: (i, j) => i + j,
    cell: ({ same, diagonal, above, left }) => Math.min(diagonal + (same ? 0 : 1), above + 1, left + 1),
  });
}

/** Reference words that stand in the hypothesis in the same order, whatever stands between them. */
export function commonWords(reference: readonly string[], hypothesis: readonly string[]): number {
  return lastCell(reference, hypothesis, {
    border: () => 0,
    cell: ({ same, diagonal, above, left }) => (same ? diagonal + 1 : Math.max(above, left)),
  });
}

interface Recurrence {
  border: (i: number, j: number) => number;
  cell: (at: { same: boolean; diagonal: number; above: number; left: number }) => number;
}

/** Fills the table of two word lists row by row and returns its last cell. */
function lastCell(reference: readonly string[], hypothesis: readonly string[], recurrence: Recurrence): number {
  let row = [recurrence.border(0, 0), ...hypothesis.map((_, j) => recurrence.border(0, j + 1))];
  for (const [i, word] of reference.entries()) {
    let left = recurrence.border(i + 1, 0);
    const next = [left];
    for (const [j, heard] of hypothesis.entries()) {
      left = recurrence.cell({ same: word === heard, diagonal: row[j] ?? 0, above: row[j + 1] ?? 0, left });
      next.push(left);
    }
    row = next;
  }
  return row[hypothesis.length] ?? 0;
}

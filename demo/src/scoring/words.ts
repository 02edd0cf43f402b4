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
  return lastCell(reference, hypothesis, EDITS);
}

/**
 * The place in `to` of each word of `from` in the alignment with the fewest edits, or undefined for a word that is not
 * there. Where several alignments are as cheap, a replaced word goes before a removed one and that before an added one.
 */
export function matchWords(from: readonly string[], to: readonly string[]): (number | undefined)[] {
  const rows = [firstRow(to, EDITS)];
  for (const [i, word] of from.entries()) rows.push(nextRow({ above: rows[i] ?? [], i, word, hypothesis: to }, EDITS));
  const cost = (i: number, j: number) => rows[i]?.[j] ?? 0;
  const matches = new Array<number | undefined>(from.length).fill(undefined);
  let i = from.length;
  let j = to.length;
  while (i > 0 && j > 0) {
    const same = from[i - 1] === to[j - 1];
    if (cost(i, j) === cost(i - 1, j - 1) + (same ? 0 : 1)) {
      i -= 1;
      j -= 1;
      if (same) matches[i] = j;
    } else if (cost(i, j) === cost(i - 1, j) + 1) i -= 1;
    else j -= 1;
  }
  return matches;
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

const EDITS: Recurrence = {
  border: (i, j) => i + j,
  cell: ({ same, diagonal, above, left }) => Math.min(diagonal + (same ? 0 : 1), above + 1, left + 1),
};

/** Fills the table of two word lists row by row and returns its last cell. */
function lastCell(reference: readonly string[], hypothesis: readonly string[], recurrence: Recurrence): number {
  let row = firstRow(hypothesis, recurrence);
  for (const [i, word] of reference.entries()) row = nextRow({ above: row, i, word, hypothesis }, recurrence);
  return row[hypothesis.length] ?? 0;
}

function firstRow(hypothesis: readonly string[], recurrence: Recurrence): number[] {
  return [recurrence.border(0, 0), ...hypothesis.map((_, j) => recurrence.border(0, j + 1))];
}

/** The row of the table that belongs to `word`, the reference word number `i` (from 0). */
function nextRow(
  { above, i, word, hypothesis }: { above: readonly number[]; i: number; word: string; hypothesis: readonly string[] },
  recurrence: Recurrence,
): number[] {
  let left = recurrence.border(i + 1, 0);
  const row = [left];
  for (const [j, heard] of hypothesis.entries()) {
    left = recurrence.cell({ same: word === heard, diagonal: above[j] ?? 0, above: above[j + 1] ?? 0, left });
    row.push(left);
  }
  return row;
}

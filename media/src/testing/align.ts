/**
 * Levenshtein over words: the cheapest alignment, and of several the one with more substitutions at the end.
 * @returns `matches`: the word of `to` that each word of `from` is; undefined for words that are not there
 */
export function align(
  from: readonly string[],
  to: readonly string[],
): { edits: number; substitutions: number; matches: (number | undefined)[] } {
  const width = to.length + 1;
  const cost = new Uint32Array((from.length + 1) * width);
  for (let i = 0; i <= from.length; i += 1) {
    for (let j = 0; j <= to.length; j += 1) {
      const at = i * width + j;
      if (i === 0 || j === 0) cost[at] = i + j;
      else {
        const replaced = (cost[at - width - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
        cost[at] = Math.min(replaced, (cost[at - width] as number) + 1, (cost[at - 1] as number) + 1);
      }
    }
  }
  let substitutions = 0;
  const matches = new Array<number | undefined>(from.length).fill(undefined);
  for (let i = from.length, j = to.length; i > 0 && j > 0; ) {
    const at = i * width + j;
    const same = from[i - 1] === to[j - 1];
    if (cost[at] === (cost[at - width - 1] as number) + (same ? 0 : 1)) {
      if (same) matches[i - 1] = j - 1;
      else substitutions += 1;
      i -= 1;
      j -= 1;
    } else if (cost[at] === (cost[at - width] as number) + 1) i -= 1;
    else j -= 1;
  }
  return { edits: cost[from.length * width + to.length] ?? 0, substitutions, matches };
}

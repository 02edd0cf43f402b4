/**
 * A value that at least a share of all do not exceed; where two would do, the upper one.
 * @param values in any order
 * @param share from 0 to 1
 * @returns null of none
 */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null;
}

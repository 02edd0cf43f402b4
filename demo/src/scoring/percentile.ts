/** The nearest-rank percentile (`share` from 0 to 1) of values in any order, or null when there are none: the lower one where two would do. */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? null;
}

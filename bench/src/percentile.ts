import { percentile } from '@parley/media/testing';

export interface Percentiles {
  p50: number | null;
  p95: number | null;
}

/** Whole numbers. */
export function percentiles(values: readonly number[]): Percentiles {
  const whole = (share: number) => {
    const value = percentile(values, share);
    return value === null ? null : Math.round(value);
  };
  return { p50: whole(0.5), p95: whole(0.95) };
}

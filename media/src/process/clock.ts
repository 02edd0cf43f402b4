/**
 * Milliseconds of the machine's monotonic clock. The same origin in every process of the machine (CLOCK_MONOTONIC), so times
 * may cross the borders of processes, but not of machines; never goes back, knows nothing of dates.
 */
export function monotonicNowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Where a class takes the time from, so that tests can hold it. */
export type Clock = () => number;

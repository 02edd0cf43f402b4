/**
 * Milliseconds of the machine's monotonic clock. The same origin in every process of the machine (CLOCK_MONOTONIC), so times may be sent
 * between processes, but not between machines; never goes back, has no date.
 */
export function monotonicNowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** The time source of a class, so that tests can replace it. */
export type Clock = () => number;

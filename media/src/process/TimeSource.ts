import { monotonicNowMs } from './clock.js';

/** Stops a timer; a second call, or one after it has fired, does nothing. */
export type CancelTimer = () => void;

/** Time as a dependency: what a class needs of it, so that tests can hold and move it. */
export interface TimeSource {
  /** Monotonic milliseconds, see `monotonicNowMs`. */
  now(): number;
  /** Calls once, after `delayMs` at the earliest. Never calls in the same tick. */
  after(delayMs: number, callback: () => void): CancelTimer;
}

/** `setTimeout` counts in 32 bits; more would fire at once. */
const LONGEST_DELAY_MS = 2_147_483_647;

/** The machine's own time. */
export const systemTime: TimeSource = {
  now: monotonicNowMs,
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), LONGEST_DELAY_MS));
    return () => clearTimeout(timer);
  },
};

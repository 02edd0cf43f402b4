import { ParleyError } from '@parley/client-sdk/protocol';

export interface RateLimitOptions {
  /** So many within any `windowMs`. */
  count: number;
  windowMs: number;
  /** Milliseconds on a clock that never goes back. */
  now?: () => number;
}

/** How often somebody may do something: a sliding window. */
export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #now: () => number;
  /** Of those within the window, the oldest first. */
  #takenAtMs: number[] = [];

  constructor(options: RateLimitOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** @throws ParleyError `RATE_LIMITED`, saying when there will be room again */
  take(): void {
    const { count, windowMs } = this.#options;
    const now = this.#now();
    this.#takenAtMs = this.#takenAtMs.filter((atMs) => atMs > now - windowMs);
    const [oldest] = this.#takenAtMs;
    if (oldest !== undefined && this.#takenAtMs.length >= count) {
      throw new ParleyError('RATE_LIMITED', { retryAfterMs: Math.max(1, Math.ceil(oldest + windowMs - now)) });
    }
    this.#takenAtMs.push(now);
  }
}

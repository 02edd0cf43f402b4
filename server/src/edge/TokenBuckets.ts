export interface TokenBucketsOptions {
  /** So many at once. */
  burst: number;
  /** So many in the long run. */
  perSecond: number;
  /** Milliseconds on a clock that never goes back. */
  now?: () => number;
}

/** Buckets that are full again are forgotten when there are so many. */
const SWEEP_AT = 1_000;

/**
 * One token bucket for each key. Unlike a count in fixed windows, which lets twice as much through around the end of one, it holds over
 * any stretch of time: in t seconds no more than burst + t * perSecond.
 */
export class TokenBuckets {
  readonly #options: TokenBucketsOptions;
  readonly #now: () => number;
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();
  #sweepAt = SWEEP_AT;

  constructor(options: TokenBucketsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Buckets that are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** @returns 0 where there were so many tokens; else milliseconds until there are, and none was taken */
  take(key: string, count = 1): number {
    const { perSecond } = this.#options;
    const now = this.#now();
    const tokens = this.#tokensOf(key, now);
    if (tokens < count) return Math.max(1, Math.ceil(((count - tokens) / perSecond) * 1_000));
    this.#sweep(now);
    this.#buckets.set(key, { tokens: tokens - count, atMs: now });
    return 0;
  }

  #tokensOf(key: string, now: number): number {
    const { burst, perSecond } = this.#options;
    const bucket = this.#buckets.get(key);
    return bucket === undefined ? burst : Math.min(burst, bucket.tokens + ((now - bucket.atMs) / 1_000) * perSecond);
  }

  /** A full bucket is one that was never used. */
  #sweep(now: number): void {
    if (this.#buckets.size < this.#sweepAt) return;
    for (const key of this.#buckets.keys()) {
      if (this.#tokensOf(key, now) >= this.#options.burst) this.#buckets.delete(key);
    }
    this.#sweepAt = Math.max(SWEEP_AT, this.#buckets.size * 2);
  }
}

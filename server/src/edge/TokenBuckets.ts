export interface TokenBucketsOptions {
  /** Size of a burst. */
  burst: number;
  /** Long-term rate. */
  perSecond: number;
  /** Milliseconds of a monotonic clock. */
  now?: () => number;
}

/** Full buckets are removed when there are this many. */
const SWEEP_AT = 1_000;

/**
 * One token bucket per key. Unlike a count in fixed windows, which allows twice as many around the end of a window, the limit holds for any
 * time span: in t seconds at most burst + t * perSecond.
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

  /** Number of stored buckets. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Takes `count` tokens, or none. @returns 0 if they were taken, otherwise milliseconds until there are enough */
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

  /** A full bucket is equivalent to an unused one. */
  #sweep(now: number): void {
    if (this.#buckets.size < this.#sweepAt) return;
    for (const key of this.#buckets.keys()) {
      if (this.#tokensOf(key, now) >= this.#options.burst) this.#buckets.delete(key);
    }
    this.#sweepAt = Math.max(SWEEP_AT, this.#buckets.size * 2);
  }
}

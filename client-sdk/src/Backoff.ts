export interface BackoffOptions {
  minMs: number;
  maxMs: number;
  /** 0 to 1: how far a delay may be off, so that clients of one lost server do not come back as one. Default 0.5. */
  jitter?: number;
  /** For tests. Default `Math.random`. */
  random?: () => number;
}

/** Delays between attempts: each twice the one before, up to a limit, scattered. */
export class Backoff {
  readonly #options: Required<BackoffOptions>;
  #attempts = 0;

  constructor(options: BackoffOptions) {
    this.#options = { jitter: 0.5, random: Math.random, ...options };
  }

  next(): number {
    const { minMs, maxMs, jitter, random } = this.#options;
    const delayMs = Math.min(maxMs, minMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return Math.round(delayMs * (1 - jitter + 2 * jitter * random()));
  }

  reset(): void {
    this.#attempts = 0;
  }
}

export interface BackoffOptions {
  minMs: number;
  maxMs: number;
  /** 0 to 1: relative spread of delays, so that clients of a restarted server do not all reconnect at once. Default 0.5. */
  jitter?: number;
  /** For tests. Default `Math.random`. */
  random?: () => number;
}

/** Delays between attempts: each twice the previous one, up to a limit, randomized. */
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

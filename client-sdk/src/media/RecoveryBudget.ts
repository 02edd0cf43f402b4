import { Backoff } from '../Backoff.js';

export interface RecoveryBudgetOptions {
  /** Recoveries allowed within `withinMs`. */
  max: number;
  withinMs: number;
  /** Delay between attempts to open a busy device, doubled each time. */
  retryDelayMs: { min: number; max: number };
  /** Attempts after one loss. */
  retries: number;
}

/** Limits how often a lost microphone is reopened. A broken device fails each time it is opened; a busy one is retried, but not forever. */
export class RecoveryBudget {
  readonly #options: RecoveryBudgetOptions;
  readonly #backoff: Backoff;
  /** Times of the latest recoveries, at most `max`. */
  #recoveredAtMs: number[] = [];
  #retries = 0;

  constructor(options: RecoveryBudgetOptions) {
    this.#options = options;
    const { min, max } = options.retryDelayMs;
    this.#backoff = new Backoff({ minMs: min, maxMs: max, jitter: 0 });
  }

  /** An open device is gone. If it had lasted, the count starts again. */
  onLoss(nowMs: number): void {
    const last = this.#recoveredAtMs.at(-1);
    if (last !== undefined && nowMs - last < this.#options.withinMs) return;
    this.#retries = 0;
    this.#backoff.reset();
  }

  /** Whether a device may be opened now. */
  allows(nowMs: number): boolean {
    const { max, withinMs } = this.#options;
    return this.#recoveredAtMs.filter((atMs) => nowMs - atMs < withinMs).length < max;
  }

  onRecovery(nowMs: number): void {
    this.#recoveredAtMs = [...this.#recoveredAtMs, nowMs].slice(-this.#options.max);
  }

  /** Delay before the next attempt; undefined if there have been enough. */
  nextRetryMs(): number | undefined {
    if (this.#retries >= this.#options.retries) return undefined;
    this.#retries += 1;
    return this.#backoff.next();
  }
}

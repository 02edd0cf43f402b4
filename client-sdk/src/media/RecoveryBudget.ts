import { Backoff } from '../Backoff.js';

export interface RecoveryBudgetOptions {
  /** Recoveries that are allowed within `withinMs`. */
  max: number;
  withinMs: number;
  /** Between attempts to open a device that is busy, doubled each time. */
  retryDelayMs: { min: number; max: number };
  /** Attempts after one loss. */
  retries: number;
}

/**
 * How often a microphone that is gone may be opened again. A broken device ends every time that it is opened, and a busy one is to be
 * asked for again, but not for ever.
 */
export class RecoveryBudget {
  readonly #options: RecoveryBudgetOptions;
  readonly #backoff: Backoff;
  /** Of the newest recoveries, at most `max`. */
  #recoveredAtMs: number[] = [];
  #retries = 0;

  constructor(options: RecoveryBudgetOptions) {
    this.#options = options;
    const { min, max } = options.retryDelayMs;
    this.#backoff = new Backoff({ minMs: min, maxMs: max, jitter: 0 });
  }

  /** A device that had been open is gone. After one that has lasted, everything begins anew. */
  onLoss(nowMs: number): void {
    const last = this.#recoveredAtMs.at(-1);
    if (last !== undefined && nowMs - last < this.#options.withinMs) return;
    this.#retries = 0;
    this.#backoff.reset();
  }

  /** Whether a device may be opened at this moment. */
  allows(nowMs: number): boolean {
    const { max, withinMs } = this.#options;
    return this.#recoveredAtMs.filter((atMs) => nowMs - atMs < withinMs).length < max;
  }

  onRecovery(nowMs: number): void {
    this.#recoveredAtMs = [...this.#recoveredAtMs, nowMs].slice(-this.#options.max);
  }

  /** How long to wait before the next attempt; undefined when there were enough. */
  nextRetryMs(): number | undefined {
    if (this.#retries >= this.#options.retries) return undefined;
    this.#retries += 1;
    return this.#backoff.next();
  }
}

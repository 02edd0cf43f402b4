/** Numbers of a restart policy. */
export interface RestartLimits {
  /** Wait before the n-th restart in a row; the last one repeats. The first is immediate and without jitter. */
  backOffMs: readonly number[];
  /** Up to this much is added to every wait but the first, so that many nodes do not restart in step. */
  jitterMs: number;
  /** This many deaths ... */
  intensityDeaths: number;
  /** ... within this time open the circuit ... */
  intensityWindowMs: number;
  /** ... for this long; then one start is tried. */
  circuitOpenMs: number;
  /** A child that was ready for this long has recovered: the back-off starts over. */
  stableAfterMs: number;
}

export const DEFAULT_RESTART_LIMITS: RestartLimits = {
  backOffMs: [0, 300, 1_200, 2_700, 4_800, 7_000],
  jitterMs: 1_000,
  intensityDeaths: 5,
  intensityWindowMs: 60_000,
  circuitOpenMs: 30_000,
  stableAfterMs: 60_000,
};

export interface RestartDecision {
  delayMs: number;
  /** The circuit is open: nothing runs until the delay is over, then one start is tried. */
  circuitOpen: boolean;
}

/**
 * Decides when a dead child may start again: growing waits, and a circuit breaker so that a child that cannot live does not burn the CPU.
 * Pure: the caller brings the time.
 */
export class RestartPolicy {
  readonly #limits: RestartLimits;
  readonly #random: () => number;
  #deaths: number[] = [];
  #inARow = 0;
  #readyAtMs: number | undefined;
  #halfOpen = false;

  constructor(options: { limits?: Partial<RestartLimits>; random?: () => number } = {}) {
    this.#limits = { ...DEFAULT_RESTART_LIMITS, ...options.limits };
    this.#random = options.random ?? Math.random;
  }

  /** The child is ready. If it was the trial start, the circuit closes. */
  ready(nowMs: number): void {
    this.#readyAtMs = nowMs;
    if (this.#halfOpen) {
      this.#halfOpen = false;
      this.#deaths = [];
    }
  }

  /** The child died, or did not get ready. */
  died(nowMs: number): RestartDecision {
    const limits = this.#limits;
    if (this.#readyAtMs !== undefined && nowMs - this.#readyAtMs >= limits.stableAfterMs) this.#inARow = 0;
    this.#readyAtMs = undefined;

    this.#deaths = this.#deaths.filter((at) => nowMs - at < limits.intensityWindowMs);
    this.#deaths.push(nowMs);
    if (this.#halfOpen || this.#deaths.length >= limits.intensityDeaths) {
      this.#halfOpen = true;
      return { delayMs: limits.circuitOpenMs, circuitOpen: true };
    }

    const step = Math.min(this.#inARow, limits.backOffMs.length - 1);
    this.#inARow += 1;
    const wait = limits.backOffMs[step] ?? 0;
    return { delayMs: step === 0 ? wait : wait + this.#random() * limits.jitterMs, circuitOpen: false };
  }
}

/** Numbers of a restart policy. */
export interface RestartLimits {
  /** Wait before the n-th restart in a row; the last one repeats. The first is at once and without jitter. */
  backOffMs: readonly number[];
  /** Up to this much is added to every wait but the first, so that many nodes do not move in step. */
  jitterMs: number;
  /** So many deaths ... */
  intensityDeaths: number;
  /** ... within this time open the circuit ... */
  intensityWindowMs: number;
  /** ... for this long; then one start is tried. */
  circuitOpenMs: number;
  /** A child that was ready for so long has recovered: the back-off begins again. */
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
  /** The circuit is open: nothing runs until the delay is over, then one probe is started. */
  circuitOpen: boolean;
}

/**
 * Decides when a dead child may start again: growing waits, and a circuit breaker over them so that a child which cannot
 * live does not burn the machine. Pure: the caller brings the time.
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

  /** The child reports ready. A probe that gets this far closes the circuit. */
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

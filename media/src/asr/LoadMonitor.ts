import type { Clock } from '../process/clock.js';
import type { Load, LoadLevel } from './types.js';

/** When a device counts as busy, and when as calm again. All in milliseconds. */
export interface LoadLimits {
  /** Something waits longer than this ... */
  busyMs: number;
  /** ... for so long: one level up. */
  busyForMs: number;
  /** Everything waits less than this ... */
  calmMs: number;
  /** ... for so long: one level down ... */
  calmForMs: number;
  /** ... and further levels down as long as it stays so. */
  calmAgainForMs: number;
  /** What an interim had to wait counts for so long: the next one may be that far away. */
  holdMs: number;
}

export const DEFAULT_LOAD_LIMITS: LoadLimits = {
  busyMs: 1_000,
  busyForMs: 3_000,
  calmMs: 300,
  calmForMs: 10_000,
  calmAgainForMs: 3_000,
  holdMs: 1_000,
};

/** A pause of the whole process says nothing of the time in it. */
const LONGEST_STEP_MS = 1_000;

const HIGHEST: LoadLevel = 3;

/**
 * How busy a device is, from what has to wait. Two thresholds and two times lie between up and down, so that a load at the
 * edge does not make the level swing with every job; between the thresholds both times stand still.
 *
 * Waiting counts, not the engine's own time: stretching interims makes a slow engine no faster.
 */
export class LoadMonitor {
  readonly #clock: Clock;
  readonly #limits: LoadLimits;
  #level: LoadLevel = 0;
  #sampledAtMs: number;
  #busyMs = 0;
  #calmMs = 0;
  /** The last change was one down. */
  #descending = false;
  #interims: { atMs: number; pressureMs: number }[] = [];

  constructor(options: { clock: Clock; limits?: Partial<LoadLimits> }) {
    this.#clock = options.clock;
    this.#limits = { ...DEFAULT_LOAD_LIMITS, ...options.limits };
    this.#sampledAtMs = this.#clock();
  }

  get level(): LoadLevel {
    return this.#level;
  }

  /**
   * An interim was answered, or given up for its deadline.
   * @param interim.waitMs its part of the time in which the engine did not work on it
   */
  noteInterim(interim: { waitMs: number; delayMs: number }): void {
    const { waitMs, delayMs } = interim;
    const pressureMs = waitMs < this.#limits.calmMs ? waitMs : Math.max(waitMs, delayMs);
    const now = this.#clock();
    // Only what is not outlived by a later, longer wait can decide: the list stays short.
    this.#interims = this.#interims.filter((other) => this.#counts(other.atMs, now) && other.pressureMs > pressureMs);
    this.#interims.push({ atMs: now, pressureMs });
  }

  /**
   * To be called a few times a second.
   * @param oldest age of the job of each kind that has waited longest; 0 = none waits
   * @returns the new load where it has changed
   */
  sample(oldest: { finalMs: number; interimMs: number }): Load | undefined {
    const now = this.#clock();
    const step = Math.min(LONGEST_STEP_MS, Math.max(0, now - this.#sampledAtMs));
    this.#sampledAtMs = now;
    this.#interims = this.#interims.filter(({ atMs }) => this.#counts(atMs, now));
    const interimMs = Math.max(oldest.interimMs, ...this.#interims.map(({ pressureMs }) => pressureMs));
    const pressureMs = Math.max(oldest.finalMs, interimMs);
    const { busyMs, busyForMs, calmMs, calmForMs, calmAgainForMs } = this.#limits;
    if (pressureMs > busyMs) {
      this.#busyMs += step;
      this.#calmMs = 0;
      this.#descending = false;
    } else if (pressureMs < calmMs) {
      this.#calmMs += step;
      this.#busyMs = 0;
    }
    if (this.#busyMs >= busyForMs && this.#level < HIGHEST) {
      return this.#change(1, oldest.finalMs >= interimMs ? 'finalsWait' : 'interimsWait');
    }
    if (this.#level > 0 && this.#calmMs >= (this.#descending ? calmAgainForMs : calmForMs)) {
      return this.#change(-1, 'recovered');
    }
    return undefined;
  }

  #change(by: 1 | -1, reason: Load['reason']): Load {
    this.#level = (this.#level + by) as LoadLevel;
    this.#busyMs = 0;
    this.#calmMs = 0;
    this.#descending = by < 0;
    return { level: this.#level, reason };
  }

  #counts(atMs: number, nowMs: number): boolean {
    return nowMs - atMs <= this.#limits.holdMs;
  }
}

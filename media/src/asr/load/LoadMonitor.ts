import type { Clock } from '../../process/clock.js';
import type { InterimPace, Load, LoadLevel } from '../contract/load.js';
import { DEFAULT_LOAD_LIMITS, type LoadLimits, NO_INTERIMS } from '../contract/load.js';

export interface LoadSample {
  /** Age of the final that has waited longest; 0 = none is waiting. */
  oldestFinalMs: number;
  /** Engine time of a typical final; 0 = unknown. */
  finalMs: number;
  interimIntervalMs: InterimPace;
}

/** A longer step means that the process stood still; that time says nothing about the load. */
const LONGEST_STEP_MS = 1_000;
/** Below this share of the threshold, the device is calm. */
const CALM_SHARE = { finals: 0.5, interims: 0.8 };

const NO_NEW_ROOMS: LoadLevel = 4;

/**
 * The load level of a device. It does not oscillate: going up and going down have different thresholds and times.
 *
 * A slow engine alone is no load: it is as slow on an idle machine. Nor are interims, which are requested at the pace that the device can
 * sustain; levels 1 and 2 report how far apart that puts them. Finals that wait longer than several of them take are: interims stop first,
 * and if finals still wait, the device takes no further rooms.
 */
export class LoadMonitor {
  readonly #clock: Clock;
  readonly #limits: LoadLimits;
  readonly #finals: Steps;
  readonly #interims: Steps;
  #load: Omit<Load, 'interimIntervalMs'> = { level: 0, reason: 'recovered' };
  #sampledAtMs: number;

  constructor(options: { clock: Clock; limits?: Partial<LoadLimits> }) {
    this.#clock = options.clock;
    this.#limits = { ...DEFAULT_LOAD_LIMITS, ...options.limits };
    this.#finals = new Steps(this.#limits);
    this.#interims = new Steps(this.#limits);
    this.#sampledAtMs = this.#clock();
  }

  get level(): LoadLevel {
    return this.#load.level;
  }

  /** Call it a few times a second. @returns level and reason if the level has changed */
  sample(sample: LoadSample): Omit<Load, 'interimIntervalMs'> | undefined {
    const now = this.#clock();
    const stepMs = Math.min(LONGEST_STEP_MS, Math.max(0, now - this.#sampledAtMs));
    this.#sampledAtMs = now;
    const finals = this.#finals.step({ stepMs, ...this.#finalsWish(sample) });
    const interims = this.#interims.step({ stepMs, ...this.#interimsWish(sample.interimIntervalMs) });
    const level = Math.max(finals, interims) as LoadLevel;
    if (level === this.#load.level) return undefined;
    const reason =
      level < this.#load.level && level === 0
        ? 'recovered'
        : finals >= interims
          ? 'finalsWait'
          : sample.interimIntervalMs === null
            ? 'slowModel'
            : 'manySpeak';
    this.#load = { level, reason };
    return this.#load;
  }

  #finalsWish({ oldestFinalMs, finalMs }: LoadSample): { atLeast: LoadLevel; atMost: LoadLevel } {
    const busyMs = Math.max(this.#limits.finalMs, this.#limits.finalCosts * finalMs);
    const next = this.#finals.level === 0 ? NO_INTERIMS : NO_NEW_ROOMS;
    if (oldestFinalMs > busyMs) return { atLeast: next, atMost: NO_NEW_ROOMS };
    const before = this.#finals.level === NO_NEW_ROOMS ? NO_INTERIMS : 0;
    return { atLeast: 0, atMost: oldestFinalMs < CALM_SHARE.finals * busyMs ? before : this.#finals.level };
  }

  #interimsWish(intervalMs: InterimPace): { atLeast: LoadLevel; atMost: LoadLevel } {
    if (intervalMs === null) return { atLeast: NO_INTERIMS, atMost: NO_INTERIMS };
    const { seldom, verySeldom } = this.#limits.intervalMs;
    const levelOf = (ms: number): LoadLevel => (ms > verySeldom ? 2 : ms > seldom ? 1 : 0);
    return { atLeast: levelOf(intervalMs), atMost: levelOf(intervalMs / CALM_SHARE.interims) };
  }
}

/** A level that goes up after it was too low for some time, and down by one step after it was too high for a longer time. */
class Steps {
  readonly #limits: LoadLimits;
  #level: LoadLevel = 0;
  #lowMs = 0;
  #highMs = 0;
  /** The last change was downwards. */
  #descending = false;

  constructor(limits: LoadLimits) {
    this.#limits = limits;
  }

  get level(): LoadLevel {
    return this.#level;
  }

  /** @param wish the range in which the level should be */
  step(wish: { stepMs: number; atLeast: LoadLevel; atMost: LoadLevel }): LoadLevel {
    const { busyForMs, calmForMs, calmAgainForMs } = this.#limits;
    this.#lowMs = this.#level < wish.atLeast ? this.#lowMs + wish.stepMs : 0;
    this.#highMs = this.#level > wish.atMost ? this.#highMs + wish.stepMs : 0;
    if (wish.atLeast > 0 && this.#level <= wish.atLeast) this.#descending = false;
    if (this.#lowMs >= busyForMs) this.#change(wish.atLeast, false);
    else if (this.#highMs >= (this.#descending ? calmAgainForMs : calmForMs)) this.#change(wish.atMost, true);
    return this.#level;
  }

  #change(level: LoadLevel, descending: boolean): void {
    this.#level = level;
    this.#lowMs = 0;
    this.#highMs = 0;
    this.#descending = descending;
  }
}

import type { WindowProfile } from '../../settings/modelProfile.js';
import type { RecognitionKind } from '../contract/recognition.js';
import { encoderFrames } from '../jobOptions.js';

/** Weight of a new measurement in the estimate. */
const WEIGHT = 0.2;
/** Assumed gain from more threads until it is measured: time falls with this power of their number. */
const THREAD_EXPONENT = 0.8;
/** More threads are not worth their cores unless they bring the time below this share. */
const WORTHWHILE = 0.9;
/** A measurement older than this may no longer hold: it is tried again. */
const FORGET_AFTER_MS = 60_000;

interface Measurement {
  msPerFrame: number;
  atMs: number;
}

/**
 * Learns how long an engine takes for one kind of request. The time depends on the number of encoded frames and of threads, and includes
 * the effect of other programs on the same cores.
 */
export class CostEstimate {
  readonly #kind: RecognitionKind;
  readonly #profile: WindowProfile;
  readonly #clock: () => number;
  /** Keyed by number of threads. */
  readonly #measured = new Map<number, Measurement>();

  constructor(options: { kind: RecognitionKind; profile: WindowProfile; clock: () => number }) {
    this.#kind = options.kind;
    this.#profile = options.profile;
    this.#clock = options.clock;
  }

  learn(run: { samples: number; engineMs: number; threads: number }): void {
    const msPerFrame = run.engineMs / this.#frames(run.samples);
    const before = this.#measured.get(run.threads)?.msPerFrame ?? msPerFrame;
    this.#measured.set(run.threads, { msPerFrame: before + WEIGHT * (msPerFrame - before), atMs: this.#clock() });
  }

  /** Learns from a run of either kind: only the number of frames differs. */
  learnFrom(kind: RecognitionKind, run: { samples: number; engineMs: number; threads: number }): void {
    const frames = encoderFrames({ samples: run.samples, kind, profile: this.#profile });
    this.learn({ ...run, engineMs: (run.engineMs * this.#frames(run.samples)) / frames });
  }

  forget(): void {
    this.#measured.clear();
  }

  /** A run that was stopped early gives a lower bound. */
  learnAtLeast(run: { samples: number; engineMs: number; threads: number }): void {
    if (run.engineMs > this.msFor(run)) this.learn(run);
  }

  /** 0 = unknown. */
  msFor({ samples, threads }: { samples: number; threads: number }): number {
    return this.#msPerFrame(threads) * this.#frames(samples);
  }

  /**
   * How many threads (at most `most`) still make a job quicker.
   * @param jobs that want them; if running them one after another with all threads is as quick as in parallel with a share each, they get
   * all
   */
  threadsWorthwhile(most: number, jobs = 1): number {
    const share = Math.max(1, Math.floor(most / jobs));
    if (share === most) return this.#quickest(most);
    const atATime = most / share;
    return atATime * this.#msPerFrame(most) <= this.#msPerFrame(share) ? this.#quickest(most) : share;
  }

  #quickest(most: number): number {
    const now = this.#clock();
    let threads = most;
    while (threads > 1) {
      const { msPerFrame, atMs } = this.#measured.get(threads) ?? { msPerFrame: 0, atMs: 0 };
      const fewer = Math.floor(threads / 2);
      if (now - atMs > FORGET_AFTER_MS || msPerFrame <= WORTHWHILE * this.#msPerFrame(fewer)) return threads;
      threads = fewer;
    }
    return threads;
  }

  #msPerFrame(threads: number): number {
    const known = this.#measured.get(threads);
    if (known !== undefined) return known.msPerFrame;
    let nearest: [number, Measurement] | undefined;
    for (const entry of this.#measured) {
      if (nearest === undefined || Math.abs(entry[0] - threads) < Math.abs(nearest[0] - threads)) nearest = entry;
    }
    if (nearest === undefined) return 0;
    return nearest[1].msPerFrame * (nearest[0] / threads) ** THREAD_EXPONENT;
  }

  #frames(samples: number): number {
    return encoderFrames({ samples, kind: this.#kind, profile: this.#profile });
  }
}

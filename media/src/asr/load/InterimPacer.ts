import type { InterimPace } from '../contract/load.js';
import { TOO_SLOW_FOR_INTERIMS_MS } from '../contract/load.js';
import type { RecognitionKind } from '../contract/recognition.js';

export interface InterimPacerOptions {
  clock: () => number;
  /** Threads that all jobs together have. */
  cores: number;
}

/** Share of a new measurement in the cost of an interim. */
const WEIGHT = 0.2;
/** The load by finals is a mean over so long. */
const FINALS_OVER_MS = 5_000;
/** Interims get this share of the cores at least, whatever finals take: those are bursts. */
const LEAST_SHARE = 0.25;
/** One speaker's interims take this share of one core at most. */
const SHARE_OF_SPEAKER = 0.6;
/** Who has not asked for so long does not speak. */
const SPEAKS_FOR_MS = 1_500;
/** Where interims had ended, one that takes less is worth having again. */
const QUICK_ENOUGH_MS = 1_200;
/** Pace is told in steps of so much. */
const STEP_MS = 50;

/**
 * How often interims of one speaker are worth asking for, from what they cost, how many speak, and what finals leave. Whoever keeps to
 * it finds a free core, and its interim has heard what was said last; who asks more often has only waited longer.
 */
export class InterimPacer {
  readonly #options: InterimPacerOptions;
  /** When each speaker asked last. */
  readonly #speakers = new Map<string, number>();
  /** Cores times milliseconds. */
  #costMs = 0;
  #finalsMs = 0;
  #finalsShare = 0;
  #sampledAtMs: number;
  #pace: InterimPace = 0;

  constructor(options: InterimPacerOptions) {
    this.#options = options;
    this.#sampledAtMs = options.clock();
  }

  get pace(): InterimPace {
    return this.#pace;
  }

  asked(speaker: string): void {
    this.#speakers.set(speaker, this.#options.clock());
  }

  /** @param run.done false: it was ended before, so that it takes longer than that */
  ran(run: { kind: RecognitionKind; engineMs: number; threads: number; done: boolean }): void {
    const ms = run.engineMs * run.threads;
    if (run.kind === 'final') this.#finalsMs += ms;
    else if (this.#costMs === 0) this.#costMs = ms;
    else if (run.done || ms > this.#costMs) this.#costMs += WEIGHT * (ms - this.#costMs);
  }

  /**
   * To be called a few times a second.
   * @param interimMs what a usual interim takes, alone on the device; 0 = unknown
   */
  sample(interimMs: number): InterimPace {
    const now = this.#options.clock();
    const passedMs = now - this.#sampledAtMs;
    if (passedMs > 0) {
      const weight = 1 - Math.exp(-passedMs / FINALS_OVER_MS);
      this.#finalsShare += weight * (this.#finalsMs / passedMs - this.#finalsShare);
      this.#finalsMs = 0;
      this.#sampledAtMs = now;
    }
    const speaksForMs = Math.max(SPEAKS_FOR_MS, 2 * (this.#pace ?? 0));
    for (const [speaker, atMs] of this.#speakers) if (now - atMs > speaksForMs) this.#speakers.delete(speaker);

    const tooSlowMs = this.#pace === null ? QUICK_ENOUGH_MS : TOO_SLOW_FOR_INTERIMS_MS;
    this.#pace = interimMs > tooSlowMs ? null : this.#interval();
    return this.#pace;
  }

  #interval(): number {
    const { cores } = this.#options;
    const left = Math.max(LEAST_SHARE * cores, cores - this.#finalsShare);
    const shared = (this.#costMs * this.#speakers.size) / left;
    return STEP_MS * Math.round(Math.max(shared, this.#costMs / SHARE_OF_SPEAKER) / STEP_MS);
  }
}

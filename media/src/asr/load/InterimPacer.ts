import type { InterimPace } from '../contract/load.js';
import { TOO_SLOW_FOR_INTERIMS_MS } from '../contract/load.js';
import type { RecognitionKind } from '../contract/recognition.js';

export interface InterimPacerOptions {
  clock: () => number;
  /** Threads of all jobs together. */
  cores: number;
}

/** Weight of a new measurement in the cost of an interim. */
const WEIGHT = 0.2;
/** The load by finals is averaged over this time. */
const FINALS_OVER_MS = 5_000;
/** Interims get at least this share of the cores even if finals take more: finals come in bursts. */
const LEAST_SHARE = 0.25;
/** One speaker's interims use at most this share of one core. */
const SHARE_OF_SPEAKER = 0.6;
/** A speaker without a request for this long is not speaking. */
const SPEAKS_FOR_MS = 1_500;
/** After interims were stopped, they start again once one takes less than this. */
const QUICK_ENOUGH_MS = 1_200;
/** The pace is reported in steps of this size. */
const STEP_MS = 50;

/**
 * How far apart one speaker's interims should be, from their cost, the number of speakers, and the cores that finals leave. At this pace,
 * an interim finds a free core and includes the newest words; asking more often only means waiting longer.
 */
export class InterimPacer {
  readonly #options: InterimPacerOptions;
  /** When each speaker last asked. */
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

  /** @param run.done false: it was stopped early, so it takes longer than that */
  ran(run: { kind: RecognitionKind; engineMs: number; threads: number; done: boolean }): void {
    const ms = run.engineMs * run.threads;
    if (run.kind === 'final') this.#finalsMs += ms;
    else if (this.#costMs === 0) this.#costMs = ms;
    else if (run.done || ms > this.#costMs) this.#costMs += WEIGHT * (ms - this.#costMs);
  }

  /**
   * Call it a few times a second.
   * @param interimMs time of a typical interim, alone on the device; 0 = unknown
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

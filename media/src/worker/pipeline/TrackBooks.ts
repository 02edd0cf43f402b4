import type { PcmOrigin } from '../audio/index.js';
import type { AudioLedgerTotals } from '../contract/messages.js';
import { AudioLedger } from './AudioLedger.js';
import type { Timeline } from './Timeline.js';

export interface TrackBooksOptions {
  muted: boolean;
  now: () => number;
  /** The books have changed; every few seconds at most, and at the end. */
  onTotals: (totals: AudioLedgerTotals) => void;
}

const SAMPLES_PER_MS = 16;
/** The books are told so often while they change. */
const TELL_MS = 5_000;
/** Muted time is booked up to so long ago, so that what is said at once after it still finds its place. */
const MUTED_LAG_MS = 300;

/** The books of one track: its ledger, with muted time by the clock, told now and then. */
export class TrackBooks {
  /** Where utterances are opened, held and released. */
  readonly ledger = new AudioLedger();
  readonly #options: TrackBooksOptions;
  #muted: boolean;
  /** Muted, or not yet heard of since: what is missing was never said. */
  #absent: boolean;
  /** Where the newest sample lies on its time line, and when it came. */
  #newest: { timeline: Timeline; endSample: number; atMs: number } | undefined;
  #toldAtMs: number;
  #told = JSON.stringify(this.ledger.totals);
  #finished = false;

  constructor(options: TrackBooksOptions) {
    this.#options = options;
    this.#muted = options.muted;
    this.#absent = options.muted;
    this.#toldAtMs = options.now();
  }

  get totals(): AudioLedgerTotals {
    this.#bookMuted(this.#options.now() - MUTED_LAG_MS);
    return this.ledger.totals;
  }

  set muted(muted: boolean) {
    this.#muted = muted;
    if (muted) this.#absent = true;
  }

  /** The next samples, as decoded or filled. */
  append(span: { timeline: Timeline; startSample: number; samples: number; origin: PcmOrigin }): void {
    const { timeline, startSample, samples } = span;
    if (span.origin === 'audio' && !this.#muted) this.#absent = false;
    const origin = this.#absent && span.origin !== 'audio' ? 'muted' : span.origin;
    this.ledger.append({ line: timeline.index, startSample, samples, origin });
    this.#newest = { timeline, endSample: startSample + samples, atMs: this.#options.now() };
  }

  /** To be called often: tells the totals when it is time to. */
  tick(): void {
    if (this.#options.now() - this.#toldAtMs >= TELL_MS) this.#tell(this.totals);
  }

  /** Nothing more will come; the track ended at a time. Idempotent. */
  finish(endMs: number): void {
    if (this.#finished) return;
    this.#bookMuted(endMs);
    this.#finished = true;
    this.ledger.finish();
    this.#tell(this.ledger.totals);
  }

  /** While a track is muted nothing comes that could be counted, so it goes by the clock. */
  #bookMuted(untilMs: number): void {
    if (!this.#muted || this.#newest === undefined || this.#finished) return;
    const { timeline, endSample, atMs } = this.#newest;
    const samples = Math.floor((untilMs - atMs) * SAMPLES_PER_MS);
    if (samples > 0) this.ledger.append({ line: timeline.index, startSample: endSample, samples, origin: 'muted' });
  }

  #tell(totals: AudioLedgerTotals): void {
    this.#toldAtMs = this.#options.now();
    const text = JSON.stringify(totals);
    if (text === this.#told) return;
    this.#told = text;
    this.#options.onTotals(totals);
  }
}

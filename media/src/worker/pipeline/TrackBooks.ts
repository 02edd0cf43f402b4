import type { PcmOrigin } from '../audio/index.js';
import type { AudioLedgerTotals } from '../contract/messages.js';
import { AudioLedger } from './AudioLedger.js';
import type { Timeline } from './Timeline.js';

export interface TrackBooksOptions {
  muted: boolean;
  now: () => number;
  /** The totals have changed; every few seconds at most, and at the end. */
  onTotals: (totals: AudioLedgerTotals) => void;
}

const SAMPLES_PER_MS = 16;
/** While they change, the totals are reported this often. */
const REPORT_MS = 5_000;
/** The newest part of muted time is not booked yet, so that speech right after it still has its place. */
const MUTED_LAG_MS = 300;

/** The ledger of one track, with muted time by the clock, and regular reports. */
export class TrackBooks {
  /** Used to open, hold and release utterances. */
  readonly ledger = new AudioLedger();
  readonly #options: TrackBooksOptions;
  #muted: boolean;
  /** Muted, and no audio has arrived since: what is missing was never said. */
  #absent: boolean;
  /** Position of the newest sample on its time line, and its arrival. */
  #newest: { timeline: Timeline; endSample: number; atMs: number } | undefined;
  #reportedAtMs: number;
  #reported = JSON.stringify(this.ledger.totals);
  #finished = false;

  constructor(options: TrackBooksOptions) {
    this.#options = options;
    this.#muted = options.muted;
    this.#absent = options.muted;
    this.#reportedAtMs = options.now();
  }

  get totals(): AudioLedgerTotals {
    this.#bookMuted(this.#options.now() - MUTED_LAG_MS);
    return this.ledger.totals;
  }

  set muted(muted: boolean) {
    this.#muted = muted;
    if (muted) this.#absent = true;
  }

  /** What comes until the next samples is not booked here. */
  leaveOut(): void {
    this.#bookMuted(this.#options.now());
    this.#newest = undefined;
  }

  /** The next samples, as decoded or filled. */
  append(span: { timeline: Timeline; startSample: number; samples: number; origin: PcmOrigin }): void {
    const { timeline, startSample, samples } = span;
    if (span.origin === 'audio' && !this.#muted) this.#absent = false;
    const origin = this.#absent && span.origin !== 'audio' ? 'muted' : span.origin;
    this.ledger.append({ line: timeline.index, startSample, samples, origin });
    this.#newest = { timeline, endSample: startSample + samples, atMs: this.#options.now() };
  }

  /** Call it often: reports the totals when they are due. */
  tick(): void {
    if (this.#options.now() - this.#reportedAtMs >= REPORT_MS) this.#report(this.totals);
  }

  /** No more audio will come; the track ended at this time. Idempotent. */
  finish(endMs: number): void {
    if (this.#finished) return;
    this.#bookMuted(endMs);
    this.#finished = true;
    this.ledger.finish();
    this.#report(this.ledger.totals);
  }

  /** While a track is muted there are no samples to count, so its time is taken from the clock. */
  #bookMuted(untilMs: number): void {
    if (!this.#muted || this.#newest === undefined || this.#finished) return;
    const { timeline, endSample, atMs } = this.#newest;
    const samples = Math.floor((untilMs - atMs) * SAMPLES_PER_MS);
    if (samples > 0) this.ledger.append({ line: timeline.index, startSample: endSample, samples, origin: 'muted' });
  }

  #report(totals: AudioLedgerTotals): void {
    this.#reportedAtMs = this.#options.now();
    const text = JSON.stringify(totals);
    if (text === this.#reported) return;
    this.#reported = text;
    this.#options.onTotals(totals);
  }
}

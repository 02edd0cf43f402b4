import type { PcmOrigin } from '../audio/index.js';
import type { AudioLedgerTotals, ShedReason } from './messages.js';

/** What became of decoded audio. */
export type AudioFate = 'nonSpeech' | 'crosstalk' | 'transcribed' | { shed: ShedReason };

type Origin = PcmOrigin | 'muted';

/** Samples of one kind, one after the other. */
interface Run {
  start: number;
  end: number;
  origin: Origin;
  crosstalk: boolean;
}

const SAMPLES_PER_MS = 16;

/**
 * The books of one producer: each sample of its time line is in exactly one class, always. Lost, silent and muted stretches are
 * classed as they come; decoded audio waits until the segmenter and the recogniser have decided.
 *
 * Samples count within a time line; `restart` begins the next one.
 */
export class AudioLedger {
  /** Not settled yet, in order and without gaps. */
  #runs: Run[] = [];
  #end = 0;
  /** Where an utterance is open: from here on nothing is decided. */
  #openFrom: number | undefined;
  /** Audio of closed utterances that wait for their text, by segment. */
  readonly #held = new Map<string, number>();
  readonly #settled = { muted: 0, dtx: 0, concealed: 0, nonSpeech: 0, crosstalk: 0, transcribed: 0 };
  readonly #shed = new Map<ShedReason, number>();

  /** The next samples of the time line. Those that come out of order overwrite nothing and are not counted. */
  append(options: { startSample: number; samples: number; origin: Origin }): void {
    const start = Math.max(this.#end, options.startSample);
    const end = options.startSample + options.samples;
    if (end <= start) return;
    const last = this.#runs.at(-1);
    if (last !== undefined && last.origin === options.origin && !last.crosstalk && last.end === start) last.end = end;
    else this.#runs.push({ start, end, origin: options.origin, crosstalk: false });
    this.#end = end;
  }

  /** Another speaker's voice: this stretch counts as crosstalk wherever it was decoded. */
  markCrosstalk(options: { startSample: number; endSample: number }): void {
    this.#splitAt(options.startSample);
    this.#splitAt(options.endSample);
    for (const run of this.#runs) {
      if (run.start >= options.startSample && run.end <= options.endSample) run.crosstalk = true;
    }
  }

  /** What comes before is no speech; from here on an utterance may have begun. */
  open(startSample: number): void {
    this.#settleUntil(startSample);
    this.#openFrom = startSample;
  }

  /** No utterance can begin before this sample any more. Call it now and then in silence: it keeps the books short. */
  pass(sample: number): void {
    if (this.#openFrom === undefined) this.#settleUntil(sample);
  }

  /** The utterance was none. */
  discard(): void {
    this.#openFrom = undefined;
  }

  /** The utterance ends here and waits for its text under `id`. */
  hold(options: { id: string; endSample: number }): void {
    this.#splitAt(options.endSample);
    let audio = 0;
    while (this.#runs[0] !== undefined && this.#runs[0].end <= options.endSample) {
      const run = this.#runs.shift() as Run;
      if (run.origin === 'audio' && !run.crosstalk) audio += run.end - run.start;
      else this.#count(run);
    }
    this.#held.set(options.id, (this.#held.get(options.id) ?? 0) + audio);
    this.#openFrom = undefined;
  }

  /** What became of a held utterance. */
  release(id: string, fate: AudioFate): void {
    const samples = this.#held.get(id);
    if (samples === undefined) return;
    this.#held.delete(id);
    if (typeof fate === 'string') this.#settled[fate] += samples;
    else this.#shed.set(fate.shed, (this.#shed.get(fate.shed) ?? 0) + samples);
  }

  /** The time line is over and samples count from 0 again. Utterances must have been held or discarded. */
  restart(): void {
    this.#settleUntil(this.#end);
    this.#openFrom = undefined;
    this.#runs = [];
    this.#end = 0;
  }

  /** Nothing more will come: what nobody took for speech is none. */
  finish(): void {
    this.#settleUntil(this.#end);
  }

  get totals(): AudioLedgerTotals {
    const counts = { ...this.#settled };
    let pending = 0;
    for (const run of this.#runs) {
      const open = this.#openFrom !== undefined && run.end > this.#openFrom;
      if (run.origin !== 'audio') counts[run.origin] += run.end - run.start;
      else if (run.crosstalk) counts.crosstalk += run.end - run.start;
      else if (!open) counts.nonSpeech += run.end - run.start;
      else pending += run.end - run.start;
    }
    for (const samples of this.#held.values()) pending += samples;
    let total = pending;
    for (const samples of Object.values(counts)) total += samples;
    const shedMs: AudioLedgerTotals['shedMs'] = {};
    for (const [reason, samples] of this.#shed) {
      shedMs[reason] = samples / SAMPLES_PER_MS;
      total += samples;
    }
    return {
      totalMs: total / SAMPLES_PER_MS,
      mutedMs: counts.muted / SAMPLES_PER_MS,
      dtxMs: counts.dtx / SAMPLES_PER_MS,
      concealedMs: counts.concealed / SAMPLES_PER_MS,
      nonSpeechMs: counts.nonSpeech / SAMPLES_PER_MS,
      crosstalkMs: counts.crosstalk / SAMPLES_PER_MS,
      pendingMs: pending / SAMPLES_PER_MS,
      transcribedMs: counts.transcribed / SAMPLES_PER_MS,
      shedMs,
    };
  }

  #settleUntil(sample: number): void {
    this.#splitAt(sample);
    while (this.#runs[0] !== undefined && this.#runs[0].end <= sample) this.#count(this.#runs.shift() as Run);
  }

  #count(run: Run): void {
    const samples = run.end - run.start;
    if (run.origin !== 'audio') this.#settled[run.origin] += samples;
    else if (run.crosstalk) this.#settled.crosstalk += samples;
    else this.#settled.nonSpeech += samples;
  }

  #splitAt(sample: number): void {
    const index = this.#runs.findIndex((run) => run.start < sample && run.end > sample);
    const run = this.#runs[index];
    if (run === undefined) return;
    this.#runs.splice(index, 1, { ...run, end: sample }, { ...run, start: sample });
  }
}

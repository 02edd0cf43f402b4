import type { PcmOrigin } from '../audio/index.js';
import type { AudioLedgerTotals, RejectionReason, ShedReason } from '../contract/messages.js';

/** What became of decoded audio. */
export type AudioFate = 'crosstalk' | 'transcribed' | { shed: ShedReason } | { rejected: RejectionReason };

type Origin = PcmOrigin | 'muted';

/** Samples of one kind, one after the other. */
interface Run {
  start: number;
  end: number;
  origin: Origin;
  crosstalk: boolean;
}

/** Decoded audio of a closed utterance, in positions over all time lines; `offset`: position of sample 0 of its time line. */
interface Held {
  offset: number;
  spans: { start: number; end: number }[];
}

const SAMPLES_PER_MS = 16;

/**
 * The audio ledger of one producer: each sample of its time line is always in exactly one class. Lost, silent and muted parts are classed
 * as they come; decoded audio waits until the segmenter and the recogniser have decided.
 *
 * Samples count within a time line, which is given by number (0 if there is only one). The next time line may start before everything of
 * the last one has been decided.
 */
export class AudioLedger {
  /** Not settled yet, in order and without gaps, over all time lines. */
  #runs: Run[] = [];
  /** One past the last sample, over all time lines. */
  #end = 0;
  /** Position of each time line that is still in use, among all samples. */
  readonly #lines = new Map<number, { offset: number; end: number }>();
  /** Start of the open utterance: from here on nothing is decided. */
  #openFrom: number | undefined;
  /** Audio of closed utterances that wait for their text, by segment. */
  readonly #held = new Map<string, Held>();
  readonly #settled = { muted: 0, dtx: 0, concealed: 0, nonSpeech: 0, crosstalk: 0, transcribed: 0 };
  readonly #shed = new Map<ShedReason, number>();
  readonly #rejected = new Map<RejectionReason, number>();

  /** The next samples of a time line. Samples out of order overwrite nothing and are not counted. */
  append(options: { line?: number; startSample: number; samples: number; origin: Origin }): void {
    const { line: number = 0, startSample, origin } = options;
    const line = this.#lines.get(number) ?? { offset: this.#end - startSample, end: this.#end };
    this.#lines.set(number, line);
    const start = Math.max(this.#end, line.offset + startSample);
    const end = line.offset + startSample + options.samples;
    if (end <= start) return;
    const last = this.#runs.at(-1);
    if (last !== undefined && last.origin === origin && !last.crosstalk && last.end === start) last.end = end;
    else this.#runs.push({ start, end, origin, crosstalk: false });
    line.end = end;
    this.#end = end;
  }

  /** Another speaker's voice: wherever it was decoded, this part counts as crosstalk. */
  markCrosstalk(options: { line?: number; startSample: number; endSample: number }): void {
    const start = this.#place(options.startSample, options.line);
    const end = this.#place(options.endSample, options.line);
    this.#splitAt(start);
    this.#splitAt(end);
    for (const run of this.#runs) {
      if (run.start >= start && run.end <= end) run.crosstalk = true;
    }
  }

  /** Everything before is no speech; from here on an utterance may have started. */
  open(startSample: number, line = 0): void {
    const start = this.#place(startSample, line);
    this.#settleUntil(start);
    this.#openFrom = start;
    for (const number of this.#lines.keys()) if (number < line) this.#lines.delete(number);
  }

  /** No utterance can start before this sample any more. Call it now and then in silence: it keeps the ledger short. */
  pass(sample: number, line = 0): void {
    if (this.#openFrom === undefined) this.#settleUntil(this.#place(sample, line));
  }

  /** The utterance was no speech. */
  discard(): void {
    this.#openFrom = undefined;
  }

  /** The utterance ends here and waits for its text under `id`. */
  hold(options: { id: string; line?: number; endSample: number }): void {
    const end = this.#place(options.endSample, options.line);
    this.#splitAt(end);
    const { spans, offset } = this.#held.get(options.id) ?? {
      spans: [],
      offset: this.#lines.get(options.line ?? 0)?.offset ?? 0,
    };
    while (this.#runs[0] !== undefined && this.#runs[0].end <= end) {
      const run = this.#runs.shift() as Run;
      if (run.origin === 'audio' && !run.crosstalk) spans.push({ start: run.start, end: run.end });
      else this.#count(run);
    }
    this.#held.set(options.id, { offset, spans });
    this.#openFrom = undefined;
  }

  /** What became of a held utterance. */
  release(id: string, fate: AudioFate): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    this.#held.delete(id);
    this.#book(lengthOf(held.spans), fate);
  }

  /** What became of a part of a held utterance, in samples of its time line; the rest stays held. */
  releasePart(id: string, options: { startSample: number; endSample: number; fate: AudioFate }): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    const before = lengthOf(held.spans);
    held.spans = held.spans.flatMap(({ start, end }) => {
      const from = Math.min(end, Math.max(start, held.offset + options.startSample));
      const to = Math.min(end, Math.max(from, held.offset + options.endSample));
      return [
        { start, end: from },
        { start: to, end },
      ].filter((span) => span.end > span.start);
    });
    this.#book(before - lengthOf(held.spans), options.fate);
  }

  #book(samples: number, fate: AudioFate): void {
    if (typeof fate === 'string') this.#settled[fate] += samples;
    else if ('shed' in fate) add(this.#shed, fate.shed, samples);
    else add(this.#rejected, fate.rejected, samples);
  }

  /** No more audio will come: what was not taken for speech is none. */
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
    for (const { spans } of this.#held.values()) pending += lengthOf(spans);
    return {
      // Counted separately: a sample in no class, or in two, shows as a difference to their sum.
      totalMs: this.#end / SAMPLES_PER_MS,
      mutedMs: counts.muted / SAMPLES_PER_MS,
      dtxMs: counts.dtx / SAMPLES_PER_MS,
      concealedMs: counts.concealed / SAMPLES_PER_MS,
      nonSpeechMs: counts.nonSpeech / SAMPLES_PER_MS,
      crosstalkMs: counts.crosstalk / SAMPLES_PER_MS,
      pendingMs: pending / SAMPLES_PER_MS,
      transcribedMs: counts.transcribed / SAMPLES_PER_MS,
      shedMs: inMs(this.#shed),
      ...(this.#rejected.size === 0 ? {} : { rejectedMs: inMs(this.#rejected) }),
    };
  }

  /** Position among all samples. A frame may reach beyond the end of its time line; the silence there is not counted. */
  #place(sample: number, number = 0): number {
    const line = this.#lines.get(number);
    return line === undefined ? this.#end : Math.min(line.end, line.offset + sample);
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

function lengthOf(spans: readonly { start: number; end: number }[]): number {
  return spans.reduce((sum, { start, end }) => sum + end - start, 0);
}

function add<Reason>(sums: Map<Reason, number>, reason: Reason, samples: number): void {
  sums.set(reason, (sums.get(reason) ?? 0) + samples);
}

function inMs<Reason extends string>(sums: ReadonlyMap<Reason, number>): { [reason in Reason]?: number } {
  return Object.fromEntries([...sums].map(([reason, samples]) => [reason, samples / SAMPLES_PER_MS])) as {
    [reason in Reason]?: number;
  };
}

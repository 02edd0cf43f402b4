import type { Hypothesis } from '../../asr/contract/recognition.js';
import type { TimedWord } from '../../asr/contract/text/words.js';
import type { SegmentCause, Segmenter, SilenceReading } from '../speech/index.js';
import { Stabilizer, type StableText } from '../speech/stabilizer/index.js';
import { isInDoubt } from '../speech/text/index.js';
import type { Pause } from './compactPauses.js';
import { EarlyFinal, type EarlyFinalEvent, type Silence } from './EarlyFinal.js';
import { type HeardFinal, isUnanswered } from './FinalRequest.js';
import { Interims, type InterimsEvent } from './Interims.js';
import { PartFinals, type PartFinalsEvent } from './PartFinals.js';
import { readingOf } from './readingOf.js';
import type { PreparedFinal } from './seams.js';
import type { Timeline } from './Timeline.js';
import { type RequestContext, type RequestEvent, UtteranceRequests } from './UtteranceRequests.js';

export type UtteranceEvent =
  /** There is something new to show. */
  | { type: 'textChanged'; text: StableText; hypothesis: Hypothesis }
  /** How the words before a silence read. */
  | { type: 'silenceRead'; speechEndSample: number; reading: SilenceReading }
  | PartFinalsEvent
  | RequestEvent;

/** The context of an utterance, shared by all of its track. */
export interface UtteranceContext extends RequestContext {
  segmenter: Pick<Segmenter, 'quietest' | 'canSplitAt'>;
}

export interface UtteranceOptions {
  id: string;
  startSample: number;
  startMs: number;
  timeline: Timeline;
  /** It continues after a cut inside a sentence. */
  continues: boolean;
  /** Its first word, as written in the text before the cut. */
  opening?: string | undefined;
  /** With the known words after the cut. Default: a new one. */
  stabilizer?: Stabilizer;
  onEvent: (event: UtteranceEvent) => void;
}

/** If nothing can be shown by then, it is music, or not understood: interims at the usual pace will do. */
const FIRST_WORDS_MS = 3_000;
/** New audio that may contain another word. */
const LEAST_NEW_SAMPLES = 160 * 16;
/** Too short for a word: the release of the last one. */
const UNHEARD_SAMPLES = 96 * 16;
/** A request that waited longer was queued behind others. */
const IDLE_QUEUE_MS = 32;
const SAMPLES_PER_MS = 16;

/**
 * An utterance that is still going on. Interims go through the stabilizer and become text; each silence starts a final; a long utterance is
 * cut after a sentence. At most one request of each kind is in progress.
 */
export class Utterance {
  readonly id: string;
  readonly startSample: number;
  readonly startMs: number;
  readonly timeline: Timeline;
  readonly continues: boolean;
  readonly opening: string | undefined;
  readonly #context: UtteranceContext;
  readonly #onEvent: (event: UtteranceEvent) => void;
  readonly #stabilizer: Stabilizer;
  readonly #requests: UtteranceRequests;
  readonly #interims: Interims;
  readonly #early: EarlyFinal;
  readonly #parts: PartFinals;
  #endMs: number;
  /** How the newest interim read; a silence starts at, or soon after, the end of its audio. */
  #read: { endSample: number; reading: SilenceReading } | undefined;
  #closed = false;

  constructor(options: UtteranceOptions, context: UtteranceContext) {
    const { startSample, timeline, onEvent } = options;
    const { current, segmenter } = context;
    const { stabilityAgreement: agreement, stabilityMs } = current().settings;
    const stabilizer = options.stabilizer ?? new Stabilizer({ agreement, stabilityMs });
    this.id = options.id;
    this.startSample = startSample;
    this.startMs = options.startMs;
    this.#endMs = options.startMs;
    this.timeline = timeline;
    this.continues = options.continues;
    this.opening = options.opening;
    this.#context = context;
    this.#onEvent = onEvent;
    this.#stabilizer = stabilizer;
    this.#requests = new UtteranceRequests({ ...context, startSample, timeline, stabilizer, onEvent });
    this.#interims = new Interims({
      startSample,
      stabilizer,
      ask: (wanted) => this.#requests.interim({ ...wanted, first: this.awaitsFirstWords }),
      window: () => this.#window(),
      onEvent: (event) => this.#onInterims(event),
    });
    this.#early = new EarlyFinal({ onEvent: (event) => this.#onEarlyFinal(event) });
    this.#parts = new PartFinals({
      startSample,
      stabilizer,
      segmenter,
      current,
      final: (endSample) => this.#requests.final(endSample),
      onEvent,
    });
  }

  /** Milliseconds of the meeting: how far its text goes and, once it is closed, where it ends. */
  get endMs(): number {
    return this.#endMs;
  }

  /** Nothing of it is shown yet, and it is short enough that something may still come. */
  get awaitsFirstWords(): boolean {
    return this.#stabilizer.shown.text === '' && this.#lengthMs(this.timeline.ring.endSample) <= FIRST_WORDS_MS;
  }

  /** A sample in milliseconds of the meeting, counted from the start of the utterance. */
  msAt(sample: number): number {
    return this.startMs + this.#lengthMs(sample);
  }

  /** Words that were shown as settled but are not in the final. */
  corrections(final: Hypothesis): number {
    return this.#stabilizer.finalize({ text: final.text, audioEndMs: this.#endMs - this.startMs }).corrections.length;
  }

  /** For the part after a cut: settled words after the cut stay settled. */
  stabilizerAfter(cutSample: number): Stabilizer {
    return this.#stabilizer.splitAt(this.#lengthMs(cutSample));
  }

  /** After a cut: shows what is already known of this part, so that no word vanishes until its first interim. */
  showCarried(hypothesis: Hypothesis): void {
    const text = this.#stabilizer.shown;
    if (text.text === '') return;
    this.#endMs = this.startMs + Math.max(0, ...[...text.committed, ...text.tail].map((word) => word.endMs));
    const carried = { ...hypothesis, text: text.text, words: [], queuedMs: 0, engineMs: 0 };
    this.#onEvent({ type: 'textChanged', text, hypothesis: carried });
  }

  /** Requests an interim of everything up to a sample, as soon as none is in progress. */
  requestInterim(endSample: number): void {
    this.#interims.request(endSample);
  }

  /** Starts the final in a silence that may be the end. */
  speculate(silence: Silence): void {
    if (this.#closed) return;
    this.#early.begin(silence, this.#requests.final(silence.endSample));
    this.#readByInterim();
  }

  /**
   * Speech goes on after a silence. The final that was started in it is discarded, unless the engine is idle and was only too slow to
   * report in time that a sentence ended there. Then it is awaited, and the utterance is cut in that silence.
   */
  resume(pause: Pause): void {
    this.#requests.addPause(pause);
    if (this.#mayHaveEnded(pause)) this.#early.keepWaiting();
    else this.#early.drop();
  }

  /** The utterance ends here; from now on only its final is shown. @returns its text, from an earlier final if that fits */
  close(end: {
    endSample: number;
    speechEndSample: number;
    cause: SegmentCause;
    prepared?: PreparedFinal | undefined;
  }): Promise<HeardFinal> {
    this.#closed = true;
    this.#endMs = this.msAt(end.endSample);
    this.#interims.close();
    this.#parts.close();
    const begun = this.#early.end(end);
    if (end.prepared?.endSample === end.endSample) return Promise.resolve(end.prepared.hypothesis);
    const final = begun?.final ?? this.#requests.final(end.endSample);
    const answer = begun?.answer ?? final.ask();
    return answer.catch((error: unknown) => {
      if (!isUnanswered(error)) throw error;
      return final.ask();
    });
  }

  /** It was no speech. */
  discard(): void {
    this.#closed = true;
    this.#interims.close();
    this.#parts.close();
    this.#early.close();
  }

  #onInterims(event: InterimsEvent): void {
    switch (event.type) {
      case 'answered':
        this.#onInterim(event);
        break;
      case 'answerDiscarded':
        this.#onEvent(event);
        break;
      case 'finished': {
        const next = event.wanted ?? this.#worthAnother(event.endSample);
        if (next !== undefined && !this.#early.begun) this.requestInterim(next);
      }
    }
  }

  #onInterim(answer: { hypothesis: Hypothesis; windowStartMs: number; endSample: number }): void {
    const { hypothesis, windowStartMs, endSample } = answer;
    // The next ones, or the final, know the language better.
    if (hypothesis.text === '' || isInDoubt(hypothesis)) return;
    this.#read = { endSample, reading: readingOf(hypothesis, this.#context.reading) };
    this.#readByInterim();
    const words = shifted(hypothesis.words, windowStartMs);
    const audioEndMs = this.#lengthMs(endSample);
    const text = this.#stabilizer.update({
      text: hypothesis.text,
      ...(words === undefined ? {} : { words }),
      audioStartMs: windowStartMs,
      audioEndMs,
    });
    this.#show({ text, hypothesis, endSample });
    this.#interims.skipSettled({ text, words, audioEndMs });
    if (!text.outlier) this.#parts.consider({ words: words ?? [], windowStartMs, endSample });
  }

  /** While nothing is shown, the next interim need not wait for its turn. @returns up to which sample to request it */
  #worthAnother(askedSample: number): number | undefined {
    if (!this.awaitsFirstWords) return undefined;
    const { endSample } = this.timeline.ring;
    return endSample - askedSample >= LEAST_NEW_SAMPLES ? endSample : undefined;
  }

  #onEarlyFinal(event: EarlyFinalEvent): void {
    switch (event.type) {
      case 'answered':
        if (!this.#closed) this.#onSilenceAnswered(event.silence, event.hypothesis);
        break;
      case 'answeredLate':
        this.#onLateFinal(event.silence.endSample, event.hypothesis);
        break;
      case 'answerDiscarded':
        this.#onEvent(event);
    }
  }

  #onSilenceAnswered({ speechEndSample, endSample }: Silence, hypothesis: Hypothesis): void {
    const reading = readingOf(hypothesis, this.#context.reading);
    this.#onEvent({ type: 'silenceRead', speechEndSample, reading });
    if (hypothesis.text === '' || isInDoubt(hypothesis)) return;
    const text = this.#stabilizer.update({
      text: hypothesis.text,
      ...(hypothesis.words === undefined ? {} : { words: hypothesis.words }),
      audioStartMs: 0,
      audioEndMs: this.#lengthMs(endSample),
      speechEndMs: this.#lengthMs(speechEndSample),
    });
    this.#show({ text, hypothesis, endSample });
  }

  #onLateFinal(endSample: number, hypothesis: HeardFinal): void {
    const ended = readingOf(hypothesis, this.#context.reading) === 'sentence' && !isInDoubt(hypothesis);
    if (ended && !this.#closed && this.#context.segmenter.canSplitAt(endSample)) {
      this.#onEvent({ type: 'partFinished', part: { endSample, hypothesis, cause: 'sentence' } });
    } else this.#onEvent({ type: 'answerDiscarded', engineMs: hypothesis.engineMs });
  }

  #show({ text, hypothesis, endSample }: { text: StableText; hypothesis: Hypothesis; endSample: number }): void {
    this.#endMs = this.msAt(endSample);
    this.#onEvent({ type: 'textChanged', text, hypothesis });
  }

  /** Until the final that was started in a silence is there, an interim that has all words before the silence shows how they read. */
  #readByInterim(): void {
    const silence = this.#early.awaited;
    if (silence === undefined || this.#read === undefined) return;
    const { speechEndSample } = silence;
    if (this.#read.endSample < speechEndSample - UNHEARD_SAMPLES) return;
    this.#onEvent({ type: 'silenceRead', speechEndSample, reading: this.#read.reading });
  }

  #mayHaveEnded({ startSample, endSample }: Pause): boolean {
    const { endpointing, endSilenceSentenceMs } = this.#context.current().settings;
    if (this.#early.awaited === undefined) return false;
    if (endpointing === 'fixed' || this.#requests.queuedMs > IDLE_QUEUE_MS) return false;
    if (endSample - startSample < endSilenceSentenceMs * SAMPLES_PER_MS) return false;
    // An interim with all words before the silence has already shown how they read.
    return this.#read === undefined || this.#read.endSample < startSample - UNHEARD_SAMPLES;
  }

  #window(): { longestMs: number; kept: number } {
    const { current, reading } = this.#context;
    const { settings, longestWindowMs } = current();
    return { longestMs: Math.min(settings.interimWindowMs, longestWindowMs), kept: reading.interimWindowKept };
  }

  #lengthMs(sample: number): number {
    return (sample - this.startSample) / SAMPLES_PER_MS;
  }
}

function shifted(words: Hypothesis['words'], byMs: number): TimedWord[] | undefined {
  return words?.map((word) => ({ ...word, startMs: word.startMs + byMs, endMs: word.endMs + byMs }));
}

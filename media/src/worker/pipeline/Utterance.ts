import type { Recognizer } from '../../asr/contract/Recognizer.js';
import type { Hypothesis, LanguageRequest, RecognitionKind } from '../../asr/contract/recognition.js';
import { joinWords, type TimedWord } from '../../asr/contract/text/words.js';
import { CLOSE_TIMES } from '../../process/index.js';
import type { ReadingProfile } from '../../settings/reading.js';
import type { SpeechSettings } from '../../settings/speechSettings.js';
import type { PipelineSegment } from '../contract/messages.js';
import { planSplit, type SegmentCause, type SilenceReading, VAD_FRAME_SAMPLES } from '../speech/index.js';
import { isNearSilent } from '../speech/level/isNearSilent.js';
import { Stabilizer, type StableText } from '../speech/stabilizer/index.js';
import { endsSentence, isInDoubt, sentenceBoundaries } from '../speech/text/index.js';
import { compactPauses, type Pause } from './compactPauses.js';
import { Drafts } from './Drafts.js';
import { FinalRequest, type HeardFinal, isUnanswered, type PreparedRequest, withTimes } from './FinalRequest.js';
import { AudioLostError } from './gapReasons.js';
import { fitsWords, marked, type PreparedFinal } from './seams.js';
import type { Timeline } from './TrackIntake.js';

/** What an utterance needs of the pipeline that it is part of. */
export interface UtteranceContext {
  meetingId: string;
  trackId: string;
  recognizer: Recognizer;
  now: () => number;
  settings: () => SpeechSettings;
  /** Longest audio of one request, as the model of the moment has it. */
  longestWindowMs: () => number;
  /** Of the model that makes finals. */
  reading: ReadingProfile;
  /** What to ask the engine for, with so much audio. */
  language: (audioMs: number) => LanguageRequest;
  /** Primes the engine; `before` is text of this utterance whose audio is not part of the request. */
  prompt: (before: string) => string;
  quietest: (options: {
    fromSample: number;
    toSample: number;
  }) => { sample: number; relativeLevel: number } | undefined;
  /** Whether there is speech on both sides of a cut, so that `onSplit` can make it. */
  canSplitAt: (sample: number) => boolean;
  /** There is something new to show. */
  onText: (utterance: Utterance, text: StableText, hypothesis: Hypothesis) => void;
  /** What the words before a silence read as. */
  onReading: (options: { speechEndSample: number; reading: SilenceReading }) => void;
  /** The utterance can be cut here: its first part is final already. */
  onSplit: (utterance: Utterance, split: PreparedFinal) => void;
  /** Engine time of every answer. */
  onAnswered: (engineMs: number) => void;
  /** The part of it that nobody needed. */
  onDiscarded: (engineMs: number) => void;
}

export interface UtteranceOptions {
  id: string;
  startSample: number;
  startMs: number;
  timeline: Timeline;
  /** It goes on from a cut inside a sentence. */
  continues: boolean;
  /** Its first word, as it was written by who had heard the sentence before the cut. */
  opening?: string | undefined;
  stabilizer?: Stabilizer;
}

interface Speculation {
  speechEndSample: number;
  controller: AbortController;
  final: FinalRequest;
  answer: Promise<HeardFinal>;
  hypothesis?: HeardFinal;
}

/** The recogniser gives interims up by what one takes it; this is for one that does not answer. */
const INTERIM_DEADLINE_MS = 30_000;
/** Who has said nothing that can be shown by then makes music, or is not understood: the usual pace will do. */
const FIRST_WORDS_MS = 3_000;
/** New audio that may hold another word. */
const LEAST_NEW_SAMPLES = 160 * 16;
/** No word fits into so little: the release of the last one. */
const UNHEARD_SAMPLES = 96 * 16;
/** Audio behind a text's last word in which others could have been said. */
const UNWRITTEN_MS = 700;
/** The same word's end in two texts. */
const SAME_END_MS = 300;
/** Finals that turned out not to fit may have heard so many times the utterance: that bounds what a second of speech can cost. */
const MOST_IN_VAIN = 2;
/** A request that waited longer stood in line behind others. */
const IDLE_QUEUE_MS = 32;
const SAMPLES_PER_MS = 16;

/** What is heard in audio that nobody needs to look at. */
const SILENCE: Hypothesis = {
  text: '',
  language: '',
  languageProbability: 0,
  confidence: 0,
  noSpeechProbability: 1,
  rejected: 'nearSilent',
  queuedMs: 0,
  engineMs: 0,
};

/**
 * An utterance that is still being spoken: its interims, the final that is begun in each silence, and the cut after a sentence
 * while speech goes on. At most one request of each of these is under way.
 */
export class Utterance {
  readonly id: string;
  readonly startSample: number;
  readonly startMs: number;
  readonly timeline: Timeline;
  readonly continues: boolean;
  readonly opening: string | undefined;
  /** Enough of it has been heard to be speech; the others have been told of it. */
  announced = false;
  /** What was shown last, for its owner to compare. */
  lastShown = '';
  revision = 0;
  endMs: number;
  readonly #context: UtteranceContext;
  #stabilizer: Stabilizer;
  #closed = false;
  #interim: AbortController | undefined;
  /** Newest sample that an interim was asked for while another one was under way. */
  #overdue: number | undefined;
  /** Audio before it is not given to interims any more. */
  #windowStartMs = 0;
  #speculation: Speculation | undefined;
  /** One whose silence is over, and may have been the end of a sentence all the same. */
  #lateFinal: Speculation | undefined;
  /** Of the newest answer. */
  #queuedMs = Number.POSITIVE_INFINITY;
  /** What the newest interim read as; a silence begins where, or soon after, its audio ends. */
  #read: { endSample: number; reading: SilenceReading } | undefined;
  #split: { controller: AbortController; cutSample: number } | undefined;
  readonly #pauses: Pause[] = [];
  readonly #drafts = new Drafts();
  /** Cuts that did not fit the words, and the audio that was listened to for them. */
  readonly #refusedCuts = new Set<number>();
  #refusedMs = 0;

  constructor(options: UtteranceOptions, context: UtteranceContext) {
    this.id = options.id;
    this.startSample = options.startSample;
    this.startMs = options.startMs;
    this.endMs = options.startMs;
    this.timeline = options.timeline;
    this.continues = options.continues;
    this.opening = options.opening;
    this.#context = context;
    const { stabilityAgreement, stabilityMs } = context.settings();
    this.#stabilizer = options.stabilizer ?? new Stabilizer({ agreement: stabilityAgreement, stabilityMs });
  }

  get segment(): PipelineSegment {
    const { id, startMs, endMs, revision } = this;
    return { id, startMs, endMs, revision };
  }

  /** Nothing of it is shown yet, and it is not so long that this is no wonder. */
  get awaitsFirstWords(): boolean {
    return this.#stabilizer.shown.text === '' && this.#msOf(this.timeline.ring.endSample) <= FIRST_WORDS_MS;
  }

  /** Words that were shown as settled and that the final does not have. */
  corrections(final: Hypothesis): number {
    return this.#stabilizer.finalize({ text: final.text, audioEndMs: this.endMs - this.startMs }).corrections.length;
  }

  /** What goes on after a cut: words that were settled beyond it stay settled. */
  stabilizerAfter(cutSample: number): Stabilizer {
    return this.#stabilizer.splitAt((cutSample - this.startSample) / SAMPLES_PER_MS);
  }

  /** After a cut: shows what is known of this part already, so that no word vanishes until its first interim. */
  showCarried(hypothesis: Hypothesis): void {
    const text = this.#stabilizer.shown;
    if (text.text === '') return;
    this.endMs = this.startMs + Math.max(0, ...[...text.committed, ...text.tail].map((word) => word.endMs));
    this.#context.onText(this, text, { ...hypothesis, text: text.text, words: [], queuedMs: 0, engineMs: 0 });
  }

  /**
   * Speech goes on after a silence. What was begun in it is of no use, but for one case: an engine that has nothing else to do, and was
   * too slow to say in time that a sentence ended there. Its answer is waited for, and the utterance is cut in that silence.
   */
  resume(pause: Pause): void {
    this.#pauses.push(pause);
    if (this.#mayHaveEnded(pause)) {
      this.#lateFinal?.controller.abort();
      this.#lateFinal = this.#speculation;
      this.#speculation = undefined;
    } else this.#dropSpeculation();
  }

  #mayHaveEnded({ startSample, endSample }: Pause): boolean {
    const { endpointing, endSilenceSentenceMs } = this.#context.settings();
    if (this.#speculation === undefined || this.#speculation.hypothesis !== undefined) return false;
    if (endpointing === 'fixed' || this.#queuedMs > IDLE_QUEUE_MS) return false;
    if (endSample - startSample < endSilenceSentenceMs * SAMPLES_PER_MS) return false;
    // An interim that has heard all words before has said what they read as.
    return this.#read === undefined || this.#read.endSample < startSample - UNHEARD_SAMPLES;
  }

  /** Asks for an interim of everything up to a sample. While one is under way, the newest wish waits for it. */
  requestInterim(endSample: number): void {
    if (this.#closed) return;
    if (this.#interim !== undefined) {
      this.#overdue = endSample;
      return;
    }
    const controller = new AbortController();
    this.#interim = controller;
    const windowStartMs = this.#windowStart(endSample);
    this.#hearInterim({ fromMs: windowStartMs, endSample, signal: controller.signal })
      .then((hypothesis) => {
        if (this.#closed) this.#context.onDiscarded(hypothesis.engineMs);
        else this.#onInterim({ hypothesis, windowStartMs, endSample });
      })
      .catch(() => {
        // An interim may be lost: the next one says more.
      })
      .finally(() => {
        this.#interim = undefined;
        const overdue = this.#overdue ?? this.#worthAnother(endSample);
        this.#overdue = undefined;
        if (overdue !== undefined && !this.#closed && this.#speculation === undefined) this.requestInterim(overdue);
      });
  }

  /** While nothing is shown, the next interim need not wait for its turn. @returns the sample that it may hear up to */
  #worthAnother(heardSample: number): number | undefined {
    if (!this.awaitsFirstWords) return undefined;
    const { endSample } = this.timeline.ring;
    return endSample - heardSample >= LEAST_NEW_SAMPLES ? endSample : undefined;
  }

  /** Begins the final in a silence that may be the end. */
  speculate(silence: { speechEndSample: number; endSample: number }): void {
    if (this.#closed) return;
    const controller = new AbortController();
    const final = this.#final(silence.endSample);
    const answer = final.ask(controller.signal);
    const speculation: Speculation = { speechEndSample: silence.speechEndSample, controller, final, answer };
    this.#speculation = speculation;
    this.#readByInterim();
    answer
      .then((hypothesis) => {
        if (this.#lateFinal === speculation) {
          this.#onLateFinal(silence.endSample, hypothesis);
          return;
        }
        if (this.#speculation !== speculation) {
          this.#context.onDiscarded(hypothesis.engineMs);
          return;
        }
        speculation.hypothesis = hypothesis;
        if (!this.#closed) this.#onSpeculation(silence, hypothesis);
      })
      // The end decides what that means.
      .catch(() => {});
  }

  #onLateFinal(endSample: number, hypothesis: HeardFinal): void {
    this.#lateFinal = undefined;
    const ended = readingOf(hypothesis, this.#context.reading) === 'sentence' && !isInDoubt(hypothesis);
    if (ended && !this.#closed && this.#context.canSplitAt(endSample)) {
      this.#context.onSplit(this, { endSample, hypothesis, cause: 'sentence' });
    } else this.#context.onDiscarded(hypothesis.engineMs);
  }

  #dropSpeculation(): void {
    const speculation = this.#speculation;
    this.#speculation = undefined;
    if (speculation === undefined) return;
    if (speculation.hypothesis === undefined) speculation.controller.abort();
    else this.#context.onDiscarded(speculation.hypothesis.engineMs);
  }

  /**
   * The utterance ends here; nothing of it is shown from now on but the final. @returns its text, from what was begun before
   * where that fits
   */
  close(end: {
    endSample: number;
    speechEndSample: number;
    cause: SegmentCause;
    prepared?: PreparedFinal;
  }): Promise<HeardFinal> {
    this.#closed = true;
    this.#interim?.abort();
    this.#split?.controller.abort();
    const speculation = this.#speculation;
    const fits =
      speculation !== undefined && end.cause !== 'sentence' && speculation.speechEndSample === end.speechEndSample;
    if (!fits) this.#dropSpeculation();
    this.#lateFinal?.controller.abort();
    if (end.prepared?.endSample === end.endSample) return Promise.resolve(end.prepared.hypothesis);
    const final = fits ? speculation.final : this.#final(end.endSample);
    const answer = fits ? speculation.answer : final.ask();
    return answer.catch((error: unknown) => {
      if (!isUnanswered(error)) throw error;
      return final.ask();
    });
  }

  /** It was no speech. */
  discard(): void {
    this.#closed = true;
    this.#interim?.abort();
    this.#split?.controller.abort();
    this.#lateFinal?.controller.abort();
    this.#dropSpeculation();
  }

  #onInterim(options: { hypothesis: Hypothesis; windowStartMs: number; endSample: number }): void {
    const { hypothesis, windowStartMs, endSample } = options;
    // The next ones, or the final, know better which language that was.
    if (hypothesis.text === '' || isInDoubt(hypothesis)) return;
    this.#read = { endSample, reading: readingOf(hypothesis, this.#context.reading) };
    this.#readByInterim();
    const words = shifted(hypothesis.words, windowStartMs);
    const audioEndMs = this.#msOf(endSample);
    const text = this.#stabilizer.update({
      text: hypothesis.text,
      ...(words === undefined ? {} : { words }),
      audioStartMs: windowStartMs,
      audioEndMs,
    });
    this.endMs = this.startMs + audioEndMs;
    this.#context.onText(this, text, hypothesis);
    this.#skipSettled({ text, heard: words, audioEndMs });
    if (!this.#closed && !text.outlier) this.#considerSplit({ words: words ?? [], windowStartMs, endSample });
  }

  /**
   * A model may take a sentence's end for the end of all, and write nothing of what follows it. Once such a text is settled, the next
   * interim listens to what follows alone.
   */
  #skipSettled(options: { text: StableText; heard: readonly TimedWord[] | undefined; audioEndMs: number }): void {
    const { text, heard = [], audioEndMs } = options;
    const [last, settled] = [heard.at(-1), text.committed.at(-1)];
    if (last === undefined || settled === undefined || text.tail.length > 0 || text.outlier) return;
    if (audioEndMs - last.endMs < UNWRITTEN_MS || settled.endMs < last.endMs - SAME_END_MS) return;
    this.#windowStartMs = Math.max(this.#windowStartMs, settled.endMs);
  }

  /** Until the final that was begun in a silence is there, an interim that has heard all words before it says what they read as. */
  #readByInterim(): void {
    const speculation = this.#speculation;
    if (speculation === undefined || speculation.hypothesis !== undefined || this.#read === undefined) return;
    const { speechEndSample } = speculation;
    if (this.#read.endSample < speechEndSample - UNHEARD_SAMPLES) return;
    this.#context.onReading({ speechEndSample, reading: this.#read.reading });
  }

  #onSpeculation(silence: { speechEndSample: number; endSample: number }, hypothesis: Hypothesis): void {
    const { speechEndSample, endSample } = silence;
    this.#context.onReading({ speechEndSample, reading: readingOf(hypothesis, this.#context.reading) });
    if (hypothesis.text === '' || isInDoubt(hypothesis)) return;
    const audioEndMs = this.#msOf(endSample);
    const text = this.#stabilizer.update({
      text: hypothesis.text,
      ...(hypothesis.words === undefined ? {} : { words: hypothesis.words }),
      audioStartMs: 0,
      audioEndMs,
      speechEndMs: this.#msOf(speechEndSample),
    });
    this.endMs = this.startMs + audioEndMs;
    this.#context.onText(this, text, hypothesis);
  }

  /** @param options.words of the newest hypothesis: it knows best where a sentence ends */
  #considerSplit(options: { words: readonly TimedWord[]; windowStartMs: number; endSample: number }): void {
    const { windowStartMs, endSample } = options;
    const { committed } = this.#stabilizer;
    const settledUntil = committed.at(-1);
    if (this.#split !== undefined || settledUntil === undefined) return;
    // Whose audio has left the window is settled. A final hears them again, so they are part of what it has to say.
    const words = [...committed.filter((word) => middleOf(word) < windowStartMs), ...options.words];
    const { sentenceSplitMs, maxSegmentMs } = this.#context.settings();
    const lengthMs = this.#msOf(endSample);
    const plan = planSplit({
      words,
      settled: words.filter((word) => word.endMs <= settledUntil.endMs).length,
      sentenceEnds: sentenceBoundaries(words.map(({ text }) => text)),
      lengthMs,
      sentenceSplitMs,
      longestMs: Math.min(maxSegmentMs, this.#context.longestWindowMs()),
      quietest: (fromMs, toMs) => this.#quietest(fromMs, toMs),
    });
    if (plan === undefined) return;
    const cutSample = this.startSample + Math.round(plan.cutMs * SAMPLES_PER_MS);
    if (this.#refusedCuts.has(cutSample) || this.#refusedMs > MOST_IN_VAIN * lengthMs) return;
    // A final of a part that cannot be cut off is for nothing; speech that goes on may change that.
    if (!this.#context.canSplitAt(cutSample)) return;
    this.#trySplit({ cutSample, expected: words.slice(0, plan.words), next: words[plan.words]?.text });
  }

  /** Only a part whose own text ends with the expected word is cut off: no seam may lose or double one. */
  #trySplit(options: { cutSample: number; expected: TimedWord[]; next: string | undefined }): void {
    const { cutSample, expected, next } = options;
    const controller = new AbortController();
    this.#split = { controller, cutSample };
    this.#final(cutSample)
      .ask(controller.signal)
      .then((hypothesis) => {
        if (!this.#closed && fitsWords(hypothesis, expected)) {
          this.#context.onSplit(this, {
            endSample: cutSample,
            ...marked(hypothesis, expected.at(-1)?.text ?? ''),
            next,
          });
        } else {
          this.#refusedCuts.add(cutSample);
          this.#refusedMs += this.#msOf(cutSample);
          this.#context.onDiscarded(hypothesis.engineMs);
        }
      })
      // The utterance goes on as one.
      .catch(() => {})
      .finally(() => {
        this.#split = undefined;
      });
  }

  #quietest(fromMs: number, toMs: number): { atMs: number; relativeLevel: number } | undefined {
    const fromSample = this.startSample + fromMs * SAMPLES_PER_MS;
    const toSample = this.startSample + toMs * SAMPLES_PER_MS;
    const found = this.#context.quietest({ fromSample, toSample });
    return found && { atMs: this.#msOf(found.sample), relativeLevel: found.relativeLevel };
  }

  /** Where an interim begins to listen: at the start, or, in a long utterance, at a settled word. */
  #windowStart(endSample: number): number {
    const longest = Math.min(this.#context.settings().interimWindowMs, this.#context.longestWindowMs());
    const endMs = this.#msOf(endSample);
    if (endMs - this.#windowStartMs <= longest) return this.#windowStartMs;
    const keepFrom = endMs - longest * this.#context.reading.interimWindowKept;
    const boundary = this.#stabilizer.committed.findLast((word) => word.endMs <= keepFrom)?.endMs ?? 0;
    const leastMs = endMs - longest;
    // A window that begins within a word makes another one of it.
    this.#windowStartMs = boundary >= leastMs ? boundary : Math.max(this.#stabilizer.settleBefore(leastMs), leastMs);
    return this.#windowStartMs;
  }

  #msOf(sample: number): number {
    return (sample - this.startSample) / SAMPLES_PER_MS;
  }

  /** Everything up to a sample. */
  #final(endSample: number): FinalRequest {
    return new FinalRequest({
      prepare: () => this.#prepare({ kind: 'final', fromMs: 0, endSample }),
      hear: (request, { signal, fromStart }) =>
        this.#hear(request, { signal, startSample: fromStart ? this.startSample : undefined }),
      prompt: this.#context.prompt,
      onDiscarded: this.#context.onDiscarded,
    });
  }

  // Asynchronous, so that a request that cannot be made is a rejection.
  async #hearInterim(options: { fromMs: number; endSample: number; signal: AbortSignal }): Promise<Hypothesis> {
    const { request, startSample, toOriginalMs } = this.#prepare({ kind: 'interim', ...options });
    return withTimes(await this.#hear(request, { signal: options.signal, startSample }), toOriginalMs);
  }

  /** @param how.startSample where its audio begins; undefined: at a place that nothing else begins at */
  async #hear(
    prepared: PreparedRequest,
    how: { signal: AbortSignal | undefined; startSample: number | undefined },
  ): Promise<Hypothesis> {
    const { deadlineAtMs, ...rest } = prepared;
    const request = { ...rest, deadlineMs: deadlineAtMs - this.#context.now() };
    if (isNearSilent(request.pcm, this.#context.settings().silenceLevelDb)) return SILENCE;
    const { signal, startSample } = how;
    const use = startSample === undefined ? undefined : { kind: request.kind, settings: request.settings, startSample };
    const guess = use && this.#drafts.for(use);
    const hypothesis = await this.#context.recognizer.recognize(
      guess === undefined ? request : { ...request, draft: guess },
      signal === undefined ? {} : { signal },
    );
    this.#context.onAnswered(hypothesis.engineMs);
    this.#queuedMs = hypothesis.queuedMs;
    if (use !== undefined) this.#drafts.keep(use, hypothesis);
    // Nobody else has a use for it.
    const { draft: _, ...heard } = hypothesis;
    return heard;
  }

  /** @throws AudioLostError: what is left of an utterance says something else than the whole */
  #prepare(options: { kind: RecognitionKind; fromMs: number; endSample: number }) {
    const { kind, fromMs, endSample } = options;
    const { meetingId, trackId, now } = this.#context;
    const settings = this.#context.settings();
    const final = kind === 'final';
    const before = this.#stabilizer.committed.filter((word) => word.endMs <= fromMs);
    const { ring } = this.timeline;
    const pauses = this.#context.reading.shortensPauses ? this.#pauses : [];
    const startSample = this.startSample + Math.round(fromMs * SAMPLES_PER_MS);
    // The last frame of a time line is rounded up with silence that the ring does not have.
    const missingSamples = Math.max(0, ring.startSample - startSample, endSample - VAD_FRAME_SAMPLES - ring.endSample);
    if (missingSamples > 0) throw new AudioLostError(missingSamples);
    const { pcm, toOriginalMs } = compactPauses({ ring, startSample, endSample, pauses });
    const request: PreparedRequest = {
      kind,
      meetingId,
      trackId,
      pcm,
      settings: {
        ...this.#context.language(pcm.length / SAMPLES_PER_MS),
        task: settings.task,
        beamSize: final ? settings.beamSize : settings.interimBeamSize,
        temperatureFallback: final && settings.temperatureFallback,
        prompt: this.#context.prompt(joinWords(before)),
        words: true,
        noSpeechThreshold: settings.noSpeechThreshold,
        logProbabilityThreshold: settings.logProbabilityThreshold,
        compressionRatioThreshold: settings.compressionRatioThreshold,
        tokensPerSecond: settings.tokensPerSecond,
      },
      deadlineAtMs: now() + (final ? CLOSE_TIMES.finalMs : INTERIM_DEADLINE_MS),
      ...(!final && this.awaitsFirstWords ? { first: true } : {}),
    };
    return { request, startSample, toOriginalMs };
  }
}

/**
 * What a text before a silence reads as. A few words may be the start of anything, and a model that is cut off within a sentence
 * writes a full stop all the same, but is less sure of its last word.
 */
function readingOf({ text, words }: Hypothesis, profile: ReadingProfile): SilenceReading {
  if (text === '') return 'unknown';
  if (!endsSentence(text)) return 'unfinished';
  if ((words?.at(-1)?.probability ?? 1) < profile.leastProbabilityOfEnd) return 'unknown';
  const count = words?.length ?? text.split(/\s+/u).length;
  return count >= profile.fewestWordsOfSentence ? 'sentence' : 'unknown';
}

function middleOf({ startMs, endMs }: TimedWord): number {
  return (startMs + endMs) / 2;
}

function shifted(words: Hypothesis['words'], byMs: number): TimedWord[] | undefined {
  return words?.map((word) => ({ ...word, startMs: word.startMs + byMs, endMs: word.endMs + byMs }));
}

import type { Hypothesis, LanguageRequest } from '../../asr/contract/recognition.js';
import { monotonicWords } from '../../asr/contract/text/monotonicWords.js';
import { joinWords, type TimedWord } from '../../asr/contract/text/words.js';
import type { SpeechSettings } from '../../settings/speechSettings.js';
import type { PipelineGapReason, PipelineSegment, TrackEvent } from '../contract/messages.js';
import type { SegmentCause, SilenceReading } from '../speech/index.js';
import type { StableText } from '../speech/stabilizer/index.js';
import { buildPrompt, endsSentence, finishText, HotWordList, LanguageTracker } from '../speech/text/index.js';
import type { AudioFate } from './AudioLedger.js';
import type { MissingSpeech } from './FinalRequest.js';
import type { TrackCrosstalk } from './TrackCrosstalk.js';
import type { Utterance } from './Utterance.js';
import type { WakeListener } from './WakeListener.js';

/** What a caption is made for. */
export type Captioned = Pick<Utterance, 'id' | 'startMs' | 'endMs' | 'continues' | 'opening' | 'corrections'>;

export interface CaptionWriterOptions {
  settings: SpeechSettings;
  wake: Pick<WakeListener, 'textFrom' | 'heard' | 'opened' | 'finalDone'>;
  /** Holds back another participant's voice, which is captioned there. */
  crosstalk: Pick<TrackCrosstalk, 'alsoOn' | 'covers'>;
  /** Gets everything that readers see, and the activities `languageDetected` and `stabilized`. */
  onEvent: (event: TrackEvent) => void;
}

/** What has been shown of one utterance. */
interface Shown {
  revision: number;
  text: string;
  stableLength: number;
}

const NOTHING: Shown = { revision: 0, text: '', stableLength: 0 };
/** After this many finals in a row without the end of a sentence, its absence means nothing: some models and languages write none. */
const UNPUNCTUATED = 3;

/**
 * What readers see of one speaker: makes interims and finals of recognised text, in the order of speech. Keeps the state that continues
 * from one caption to the next: the language, the hot words, and whether a sentence is open.
 */
export class CaptionWriter {
  readonly #options: CaptionWriterOptions;
  readonly #wake: CaptionWriterOptions['wake'];
  readonly #language: LanguageTracker;
  readonly #hotWords = new HotWordList();
  readonly #shown = new WeakMap<Captioned, Shown>();
  #settings: SpeechSettings;
  /** The newest final was cut within a sentence. */
  #sentenceOpen = false;
  #unpunctuated = 0;

  constructor(options: CaptionWriterOptions) {
    this.#options = options;
    this.#wake = options.wake;
    this.#settings = options.settings;
    this.#language = new LanguageTracker(options.settings);
    this.#hotWords.replace(options.settings.hotWords);
  }

  update(settings: SpeechSettings): void {
    this.#settings = settings;
    this.#hotWords.replace(settings.hotWords);
    this.#language.update(settings);
  }

  /** The language for the next request. */
  languageRequest(audioMs: number): LanguageRequest {
    return this.#language.request(audioMs);
  }

  /** @param before text of the same utterance whose audio the recogniser does not get */
  prompt(before: string): string {
    return buildPrompt({ prompt: this.#settings.prompt, hotWords: this.#hotWords.ordered, previousText: before });
  }

  /** The reading of a silence, if it can be trusted: if sentences here never end in a full stop, its absence means nothing. */
  trusted(reading: SilenceReading): SilenceReading {
    return reading === 'unfinished' && this.#unpunctuated >= UNPUNCTUATED ? 'unknown' : reading;
  }

  /** A caption starts, still without text. */
  open(utterance: Captioned): void {
    this.#wake.opened(utterance.id);
    this.#options.onEvent({ type: 'utteranceOpened', segment: this.#segmentOf(utterance) });
  }

  /** Shows the text of an interim, unless it must not be seen or has nothing new. */
  show(options: { utterance: Captioned; text: StableText; hypothesis: Hypothesis }): void {
    const { utterance, hypothesis } = options;
    this.#listen(utterance, [...options.text.committed, ...options.text.tail]);
    // Some interims are only made to find the wake phrase, or to read a silence.
    const from = this.#wake.textFrom(utterance.id);
    if (from === undefined || this.#settings.interimIntervalMs === 0 || this.#options.crosstalk.covers(utterance))
      return;
    const { text, stableLength, words } = from === 0 ? whole(options.text) : afterWakePhrase(options.text, from);
    const before = this.#shown.get(utterance) ?? NOTHING;
    if (text === '' || (before.text === text && before.stableLength === stableLength)) return;
    const revision = before.revision + 1;
    this.#shown.set(utterance, { revision, text, stableLength });
    const { words: _, ...rest } = hypothesis;
    const timed = this.#settings.words ? timedWords({ words, utterance }) : undefined;
    this.#options.onEvent({
      type: 'interimUpdated',
      segment: this.#segmentOf(utterance),
      hypothesis: { ...rest, text, ...(timed === undefined ? {} : { words: timed }) },
      stableLength,
    });
    const stabilized = {
      type: 'stabilized',
      segmentId: utterance.id,
      revision,
      committedWords: options.text.newlyCommitted.length,
      stableLength,
      textLength: text.length,
      commitLatencyMs: options.text.commitLatencyMs,
    } as const;
    this.#options.onEvent({ type: 'trackActivity', activity: stabilized });
  }

  /** What becomes of an utterance's audio, by its final. */
  judge(utterance: Captioned, hypothesis: Hypothesis): AudioFate {
    if (this.#options.crosstalk.covers(utterance)) {
      const activity = { type: 'crosstalkDetected', segmentId: utterance.id, atMs: utterance.endMs } as const;
      this.#options.onEvent({ type: 'trackActivity', activity });
      return 'crosstalk';
    }
    this.#listen(utterance, hypothesis.words ?? []);
    const from = this.#wake.textFrom(utterance.id);
    if (from !== undefined && hypothesisFrom(hypothesis, from).text !== '') return 'transcribed';
    // Words that people have read must not vanish as if nothing had been said.
    if (this.#shown.has(utterance)) return { shed: 'rejected' };
    return hypothesis.text === '' ? { rejected: hypothesis.rejected ?? 'noWords' } : { shed: 'asleep' };
  }

  /** Writes a final that `judge` has accepted. */
  write(options: { utterance: Captioned; hypothesis: Hypothesis; cause: SegmentCause }): void {
    const { utterance, cause } = options;
    const hypothesis = hypothesisFrom(options.hypothesis, this.#wake.textFrom(utterance.id) ?? 0);
    const { settled } = this.#language.observe({
      language: hypothesis.language,
      probability: hypothesis.languageProbability,
      likelier: hypothesis.likelier,
      speechMs: utterance.endMs - utterance.startMs,
    });
    if (settled !== undefined) {
      const activity = { type: 'languageDetected', ...settled, atMs: utterance.endMs } as const;
      this.#options.onEvent({ type: 'trackActivity', activity });
    }
    const { startUppercase, endPeriod, words } = this.#settings;
    const text = finishText(hypothesis.text, {
      startsSentence: !(utterance.continues || this.#sentenceOpen),
      opening: utterance.opening,
      endsSentence: cause !== 'forced',
      startUppercase,
      endPeriod,
      // Otherwise the language is the spoken one.
      language: this.#settings.task === 'translate' ? 'en' : hypothesis.language,
    });
    this.#unpunctuated = endsSentence(hypothesis.text) ? 0 : this.#unpunctuated + 1;
    this.#sentenceOpen = cause === 'forced';
    this.#hotWords.countUses(text);
    const committedCorrections = utterance.corrections(hypothesis);
    const { words: timed, ...rest } = hypothesis;
    const alsoOnTrackId = this.#options.crosstalk.alsoOn(utterance);
    this.#options.onEvent({
      type: 'final',
      segment: this.#finalSegmentOf(utterance),
      hypothesis: { ...rest, text, ...(words && timed !== undefined ? { words: timed } : {}) },
      committedCorrections,
      ...(alsoOnTrackId === undefined ? {} : { alsoOnTrackId }),
    });
    this.#wake.finalDone(utterance.endMs);
  }

  /** An utterance has no text, and none was shown. */
  retract(utterance: Captioned): void {
    this.endSentence(utterance);
    this.withdraw(utterance);
  }

  /** Withdraws the caption of an utterance that was no speech. Earlier finals may still be on the way. */
  withdraw({ id }: Captioned): void {
    this.#options.onEvent({ type: 'interimRetracted', segmentId: id });
  }

  /** Speech that could not be transcribed. */
  gap(utterance: Captioned, reason: PipelineGapReason): void {
    this.#gap(this.#finalSegmentOf(utterance), reason);
  }

  /** Part of an utterance has no text in its final. */
  missing({ id, startMs, endMs }: Captioned, { fromMs, toMs, reason }: MissingSpeech): void {
    const segment = {
      id: `${id}.missing-${Math.round(fromMs)}`,
      startMs: startMs + fromMs,
      // A final may cover more of the silence at the end than belongs to the utterance.
      endMs: Math.min(endMs, startMs + toMs),
      revision: 1,
    };
    this.#gap(segment, reason);
  }

  /** A sentence that was cut is over if no speech followed. */
  endSentence(utterance: Pick<Captioned, 'continues'>): void {
    if (utterance.continues) this.#sentenceOpen = false;
  }

  #gap(segment: PipelineSegment, reason: PipelineGapReason): void {
    this.#options.onEvent({ type: 'gap', segment, reason, language: this.#language.spoken });
  }

  #segmentOf(utterance: Captioned): PipelineSegment {
    const { id, startMs, endMs } = utterance;
    return { id, startMs, endMs, revision: (this.#shown.get(utterance) ?? NOTHING).revision };
  }

  #finalSegmentOf(utterance: Captioned): PipelineSegment {
    const segment = this.#segmentOf(utterance);
    return { ...segment, revision: segment.revision + 1 };
  }

  #listen(utterance: Captioned, words: readonly TimedWord[]): void {
    this.#wake.heard({ words, segmentId: utterance.id, atMs: utterance.endMs });
  }
}

interface ShownText {
  text: string;
  stableLength: number;
  words: readonly TimedWord[];
}

function whole({ text, stableLength, committed, tail }: StableText): ShownText {
  return { text, stableLength, words: [...committed, ...tail] };
}

function afterWakePhrase({ committed, tail }: StableText, fromMs: number): ShownText {
  const settled = wordsFrom(committed, fromMs);
  const words = [...settled, ...wordsFrom(tail, fromMs)];
  return { text: joinWords(words), stableLength: joinWords(settled).length, words };
}

/** A hypothesis without the words before a time: the wake phrase and what came before it. */
function hypothesisFrom(hypothesis: Hypothesis, fromMs: number): Hypothesis {
  if (fromMs === 0 || hypothesis.words === undefined) return hypothesis;
  const words = wordsFrom(hypothesis.words, fromMs);
  return { ...hypothesis, text: joinWords(words), words };
}

function wordsFrom<W extends { startMs: number }>(words: readonly W[], fromMs: number): W[] {
  return words.filter((word) => word.startMs >= fromMs);
}

/** Words inside the segment and in order; none if the engine gave no times and they are only spread over the audio. */
function timedWords(options: { words: readonly TimedWord[]; utterance: Captioned }): Hypothesis['words'] {
  const { startMs, endMs } = options.utterance;
  const timed: NonNullable<Hypothesis['words']> = [];
  for (const { probability, ...word } of monotonicWords(options.words, endMs - startMs)) {
    if (probability === undefined) return undefined;
    timed.push({ ...word, probability });
  }
  return timed;
}

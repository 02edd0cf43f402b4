import type { Hypothesis, LanguageRequest } from '../../asr/contract/recognition.js';
import { monotonicWords } from '../../asr/contract/text/monotonicWords.js';
import { joinWords, type TimedWord } from '../../asr/contract/text/words.js';
import type { SpeechSettings } from '../../settings/speechSettings.js';
import type { PipelineGapReason, PipelineSegment, TrackActivity, TrackEvent } from '../contract/messages.js';
import type { SegmentCause, SilenceReading } from '../speech/index.js';
import type { StableText } from '../speech/stabilizer/index.js';
import { buildPrompt, endsSentence, finishText, HotWordList, LanguageTracker } from '../speech/text/index.js';
import type { AudioFate } from './AudioLedger.js';
import type { Utterance } from './Utterance.js';
import type { WakeListener } from './WakeListener.js';

export interface CaptionWriterOptions {
  settings: SpeechSettings;
  wake: WakeListener;
  /** Somebody else's voice, captioned there. */
  isWithheld: (utterance: Utterance) => boolean;
  onEvent: (event: TrackEvent) => void;
}

/** So many finals in a row without the end of a sentence, and its absence says nothing: some models and languages write none. */
const UNPUNCTUATED = 3;

/**
 * What readers see of one speaker: makes interims and finals of what was understood, in the order of speech. Holds what goes
 * on from one caption to the next: the language, the hot words, and whether a sentence is open.
 */
export class CaptionWriter {
  readonly #options: CaptionWriterOptions;
  readonly #wake: WakeListener;
  readonly #language: LanguageTracker;
  readonly #hotWords = new HotWordList();
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

  /** What to ask the recogniser for. */
  languageRequest(audioMs: number): LanguageRequest {
    return this.#language.request(audioMs);
  }

  /** @param before text of the same utterance whose audio the recogniser does not get */
  prompt(before: string): string {
    return buildPrompt({ prompt: this.#settings.prompt, hotWords: this.#hotWords.ordered, previousText: before });
  }

  /** What the reading of a silence is worth: where no sentence ever ends in a full stop, its absence says nothing. */
  trusted(reading: SilenceReading): SilenceReading {
    return reading === 'unfinished' && this.#unpunctuated >= UNPUNCTUATED ? 'unknown' : reading;
  }

  /** Shows what an interim has heard, unless it is not to be seen. @returns the lengths of what is shown now */
  show(options: { utterance: Utterance; text: StableText; hypothesis: Hypothesis }): ShownLengths | undefined {
    const { utterance, hypothesis } = options;
    this.#hear(utterance, [...options.text.committed, ...options.text.tail]);
    // Interims for the ear only: for the wake phrase, or for the reading of a silence.
    const from = this.#wake.textFrom(utterance.id);
    if (from === undefined || this.#settings.interimIntervalMs === 0 || this.#options.isWithheld(utterance)) return;
    const { text, stableLength, words } = from === 0 ? whole(options.text) : afterWakePhrase(options.text, from);
    if (text === '' || utterance.lastShown === `${stableLength}:${text}`) return;
    utterance.lastShown = `${stableLength}:${text}`;
    utterance.revision += 1;
    const { words: _, ...rest } = hypothesis;
    const timed = this.#settings.words ? timedWords({ words, utterance }) : undefined;
    this.#options.onEvent({
      type: 'interimUpdated',
      segment: utterance.segment,
      hypothesis: { ...rest, text, ...(timed === undefined ? {} : { words: timed }) },
      stableLength,
    });
    return { stableLength, textLength: text.length };
  }

  /** What becomes of an utterance's audio, by its final. */
  judge(utterance: Utterance, hypothesis: Hypothesis): AudioFate {
    if (this.#options.isWithheld(utterance)) return 'crosstalk';
    this.#hear(utterance, hypothesis.words ?? []);
    const from = this.#wake.textFrom(utterance.id);
    if (from !== undefined && hypothesisFrom(hypothesis, from).text !== '') return 'transcribed';
    // Who has read words must not see them vanish as if nothing had been said.
    if (utterance.lastShown !== '') return { shed: 'rejected' };
    return hypothesis.text === '' ? { rejected: hypothesis.rejected ?? 'noWords' } : { shed: 'asleep' };
  }

  /** Tells a final that `judge` has found to be one. */
  write(options: { utterance: Utterance; hypothesis: Hypothesis; cause: SegmentCause }): void {
    const { utterance, cause } = options;
    const hypothesis = hypothesisFrom(options.hypothesis, this.#wake.textFrom(utterance.id) ?? 0);
    const { settled } = this.#language.observe({
      language: hypothesis.language,
      probability: hypothesis.languageProbability,
      likelier: hypothesis.likelier,
      speechMs: utterance.endMs - utterance.startMs,
    });
    if (settled !== undefined) this.#tell({ type: 'languageDetected', ...settled, atMs: utterance.endMs });
    const { startUppercase, endPeriod, words } = this.#settings;
    const text = finishText(hypothesis.text, {
      startsSentence: !(utterance.continues || this.#sentenceOpen),
      opening: utterance.opening,
      endsSentence: cause !== 'forced',
      startUppercase,
      endPeriod,
      // The language is the one that was spoken.
      language: this.#settings.task === 'translate' ? 'en' : hypothesis.language,
    });
    this.#unpunctuated = endsSentence(hypothesis.text) ? 0 : this.#unpunctuated + 1;
    this.#sentenceOpen = cause === 'forced';
    this.#hotWords.countUses(text);
    const committedCorrections = utterance.corrections(hypothesis);
    const { words: timed, ...rest } = hypothesis;
    this.#options.onEvent({
      type: 'final',
      segment: utterance.segment,
      hypothesis: { ...rest, text, ...(words && timed !== undefined ? { words: timed } : {}) },
      committedCorrections,
    });
    this.#wake.finalDone(utterance.endMs);
  }

  /** Tells that an utterance has no text, where nobody was shown any. */
  retract(utterance: Utterance): void {
    this.endSentence(utterance);
    this.#options.onEvent({ type: 'interimRetracted', segmentId: utterance.id });
  }

  /** Tells that speech was heard and could not be written. */
  gap(segment: PipelineSegment, reason: PipelineGapReason): void {
    this.#options.onEvent({ type: 'gap', segment, reason, language: this.#language.spoken });
  }

  /** A sentence that was cut, and that nothing was said to go on with, is over. */
  endSentence(utterance: Utterance): void {
    if (utterance.continues) this.#sentenceOpen = false;
  }

  #hear(utterance: Utterance, words: readonly TimedWord[]): void {
    this.#wake.heard({ words, segmentId: utterance.id, atMs: utterance.endMs });
  }

  #tell(activity: TrackActivity): void {
    this.#options.onEvent({ type: 'trackActivity', activity });
  }
}

export interface ShownLengths {
  /** UTF-16 units. */
  stableLength: number;
  textLength: number;
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

/** A hypothesis without what was said before a time: the wake phrase and what came before it. */
function hypothesisFrom(hypothesis: Hypothesis, fromMs: number): Hypothesis {
  if (fromMs === 0 || hypothesis.words === undefined) return hypothesis;
  const words = wordsFrom(hypothesis.words, fromMs);
  return { ...hypothesis, text: joinWords(words), words };
}

function wordsFrom<W extends { startMs: number }>(words: readonly W[], fromMs: number): W[] {
  return words.filter((word) => word.startMs >= fromMs);
}

/** Words as they are told, inside the segment and in order; none where the engine gave no times and they are only spread. */
function timedWords(options: { words: readonly TimedWord[]; utterance: Utterance }): Hypothesis['words'] {
  const { startMs, endMs } = options.utterance;
  const timed: NonNullable<Hypothesis['words']> = [];
  for (const { probability, ...word } of monotonicWords(options.words, endMs - startMs)) {
    if (probability === undefined) return undefined;
    timed.push({ ...word, probability });
  }
  return timed;
}

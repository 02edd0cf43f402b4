import type { LanguageRequest } from '../../../asr/contract/recognition.js';
import type { SpeechSettings } from '../../../settings/speechSettings.js';

type LanguageSettings = Pick<SpeechSettings, 'language' | 'languages' | 'languageDetectionMs' | 'languageProbability'>;

/** What a recogniser has found. */
export interface LanguageDetection {
  /** What it has written the text in, and how likely that is. */
  language: string;
  probability: number;
  /** A language that is likelier than the settled one, which it has kept to all the same. */
  likelier?: { language: string; probability: number } | undefined;
  /** Audio that it has heard. */
  speechMs: number;
}

/** Speech after which the likeliest language is taken, however unsure the recogniser is. */
const LONGEST_DETECTION = 5;
/**
 * Audio times probability that speaks for another language before it is taken, the silence around an utterance included: more than
 * an "Okay." has, less than a sentence. `base` is sure of a language (0.94 and more) from 1.6 s of speech on, and takes half a second
 * of it for anything.
 */
const SWITCH_EVIDENCE_MS = 1_800;
/** What another language has to have at least, however long is spoken ... */
const LEAST_SWITCH_PROBABILITY = 0.7;
/** ... and where it is likelier than all others together, as it has to be to count at all. */
const LIKELIER_THAN_NOT = 0.5;

/** Whether a text is more likely than not a translation: it was written in the settled language, and another one was heard. */
export function isInDoubt({ likelier }: Pick<LanguageDetection, 'likelier'>): boolean {
  return likelier !== undefined && likelier.probability >= LIKELIER_THAN_NOT;
}

/**
 * Which language to ask a recogniser for, by the contract of the setting `language`:
 *
 * - a code: that one, always;
 * - `auto`: found in the first `languageDetectionMs` of speech (weighed by length and probability) and looked at again with each
 *   utterance: a sentence in another language changes it at once, short answers only when several in a row are in that one;
 * - `per-segment`: found anew in each utterance, whatever was spoken before.
 */
export class LanguageTracker {
  #settings: LanguageSettings;
  #weights = new Map<string, number>();
  #heardMs = 0;
  #settled: string | undefined;
  /** What the newest utterances were rather in than in the settled language. */
  #other = { language: '', evidenceMs: 0 };
  #lastHeard = '';

  constructor(settings: LanguageSettings) {
    this.#settings = settings;
  }

  /** The language that `auto` keeps to now. */
  get settled(): string | undefined {
    return this.#settled;
  }

  /** What is spoken here as far as one knows: as it was set, as it was settled, or as it was heard last; empty: not known yet. */
  get spoken(): string {
    const { language } = this.#settings;
    if (language !== 'auto' && language !== 'per-segment') return language;
    return this.#settled ?? this.#lastHeard;
  }

  /** A change of the setting begins anew, and so does a list that the settled language is not in. */
  update(settings: LanguageSettings): void {
    const { language, languages } = settings;
    const isLeftOut = languages.length > 0 && this.#settled !== undefined && !languages.includes(this.#settled);
    if (language !== this.#settings.language || isLeftOut) {
      this.#weights = new Map();
      this.#heardMs = 0;
      this.#settled = undefined;
      this.#other = { language: '', evidenceMs: 0 };
      this.#lastHeard = '';
    }
    this.#settings = settings;
  }

  /** @param audioMs length of what the recogniser is to hear: the shorter, the more has to speak for another language */
  request(audioMs: number): LanguageRequest {
    const { language, languages } = this.#settings;
    if (language === 'per-segment') return { language: 'auto', languages };
    if (language !== 'auto' || this.#settled === undefined) return { language, languages };
    return {
      language,
      languages,
      settled: { language: this.#settled, switchProbability: this.#switchProbability(audioMs) },
    };
  }

  #switchProbability(audioMs: number): number {
    const { evidenceMs } = this.#other;
    // Nothing so short is sure enough by itself, whatever was heard before it.
    if (audioMs < SWITCH_EVIDENCE_MS) return SWITCH_EVIDENCE_MS / Math.max(1, audioMs);
    const least = evidenceMs > 0 ? LIKELIER_THAN_NOT : LEAST_SWITCH_PROBABILITY;
    return Math.max(least, (SWITCH_EVIDENCE_MS - evidenceMs) / audioMs);
  }

  /**
   * Takes what was found in a final into account. Interims say nothing: the final hears the same audio and more.
   * @returns the language when it has been settled, and whenever it has become another one
   */
  observe(detection: LanguageDetection): { settled?: { language: string; probability: number } } {
    if (detection.language !== '') this.#lastHeard = detection.language;
    if (this.#settings.language !== 'auto' || detection.language === '') return {};
    return this.#settled === undefined ? this.#settle(detection) : this.#reconsider(detection, this.#settled);
  }

  #settle(detection: LanguageDetection): ReturnType<LanguageTracker['observe']> {
    const { languageDetectionMs, languageProbability } = this.#settings;
    const weight = detection.speechMs * detection.probability;
    this.#weights.set(detection.language, (this.#weights.get(detection.language) ?? 0) + weight);
    this.#heardMs += detection.speechMs;
    if (this.#heardMs < languageDetectionMs) return {};
    const [best] = [...this.#weights].sort((a, b) => b[1] - a[1]);
    if (best === undefined) return {};
    const probability = Math.min(1, best[1] / this.#heardMs);
    const sure = probability >= languageProbability || this.#heardMs >= LONGEST_DETECTION * languageDetectionMs;
    return sure ? this.#take({ language: best[0], probability }) : {};
  }

  #reconsider(detection: LanguageDetection, settled: string): ReturnType<LanguageTracker['observe']> {
    const { language, probability, likelier, speechMs } = detection;
    // It was asked for before the language changed, and the recogniser kept to what was settled then.
    if (language !== settled && likelier !== undefined) return {};
    if (language !== settled) return this.#take({ language, probability });
    if (likelier === undefined) {
      this.#other = { language: '', evidenceMs: 0 };
      return {};
    }
    // What is unsure says nothing, neither for itself nor for the settled one.
    if (!isInDoubt({ likelier })) return {};
    const before = this.#other.language === likelier.language ? this.#other.evidenceMs : 0;
    this.#other = { language: likelier.language, evidenceMs: before + speechMs * likelier.probability };
    return this.#other.evidenceMs < SWITCH_EVIDENCE_MS ? {} : this.#take(likelier);
  }

  #take(settled: { language: string; probability: number }): ReturnType<LanguageTracker['observe']> {
    this.#settled = settled.language;
    this.#other = { language: '', evidenceMs: 0 };
    return { settled };
  }
}

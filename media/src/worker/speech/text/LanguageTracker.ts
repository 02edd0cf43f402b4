import type { LanguageRequest } from '../../../asr/contract/recognition.js';
import type { SpeechSettings } from '../../../settings/speechSettings.js';

type LanguageSettings = Pick<SpeechSettings, 'language' | 'languages' | 'languageDetectionMs' | 'languageProbability'>;

/** The language found by a recogniser. */
export interface LanguageDetection {
  /** The language of the text, and how likely it is. */
  language: string;
  probability: number;
  /** A language that is likelier than the settled one, which was kept anyway. */
  likelier?: { language: string; probability: number } | undefined;
  /** Length of the audio. */
  speechMs: number;
}

/** The likeliest language is taken after this many times `languageDetectionMs`, however unsure the recogniser is. */
const LONGEST_DETECTION = 5;
/**
 * Audio times probability for another language before it is taken, including the silence around an utterance: more than an "Okay." has,
 * less than a sentence. `base` is sure of a language (0.94 and more) from 1.6 s of speech on, and can take half a second for anything.
 */
const SWITCH_EVIDENCE_MS = 1_800;
/** The least probability that another language needs, however long the speech ... */
const LEAST_SWITCH_PROBABILITY = 0.7;
/** ... and the least with which it counts at all: likelier than all others together. */
const LIKELIER_THAN_NOT = 0.5;

/** Whether a text is more likely than not a translation: written in the settled language, though another one was spoken. */
export function isInDoubt({ likelier }: Pick<LanguageDetection, 'likelier'>): boolean {
  return likelier !== undefined && likelier.probability >= LIKELIER_THAN_NOT;
}

/**
 * Which language to request from a recogniser, by the contract of the setting `language`:
 *
 * - a code: always that one;
 * - `auto`: found in the first `languageDetectionMs` of speech (weighted by length and probability) and checked again with each utterance:
 *   a sentence in another language changes it at once, short answers only if several in a row are in that one;
 * - `per-segment`: detected in each utterance separately.
 */
export class LanguageTracker {
  #settings: LanguageSettings;
  #weights = new Map<string, number>();
  #heardMs = 0;
  #settled: string | undefined;
  /** The language of the newest utterances, if it was rather this than the settled one. */
  #other = { language: '', evidenceMs: 0 };
  #lastHeard = '';

  constructor(settings: LanguageSettings) {
    this.#settings = settings;
  }

  /** The language that `auto` keeps now. */
  get settled(): string | undefined {
    return this.#settled;
  }

  /** The language spoken here, if known: as set, as settled, or as last detected; empty: not known yet. */
  get spoken(): string {
    const { language } = this.#settings;
    if (language !== 'auto' && language !== 'per-segment') return language;
    return this.#settled ?? this.#lastHeard;
  }

  /** A change of the setting starts over, and so does a list without the settled language. */
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

  /** @param audioMs length of the request's audio: the shorter it is, the more evidence another language needs */
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
    // Audio this short is never sure enough by itself, whatever came before it.
    if (audioMs < SWITCH_EVIDENCE_MS) return SWITCH_EVIDENCE_MS / Math.max(1, audioMs);
    const least = evidenceMs > 0 ? LIKELIER_THAN_NOT : LEAST_SWITCH_PROBABILITY;
    return Math.max(least, (SWITCH_EVIDENCE_MS - evidenceMs) / audioMs);
  }

  /**
   * Uses the language found in a final. Interims add nothing: the final has the same audio and more.
   * @returns the language when it is settled, and whenever it changes
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
    // It was requested before the language changed, and kept the language that was settled then.
    if (language !== settled && likelier !== undefined) return {};
    if (language !== settled) return this.#take({ language, probability });
    if (likelier === undefined) {
      this.#other = { language: '', evidenceMs: 0 };
      return {};
    }
    // An unsure result counts neither for its own language nor for the settled one.
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

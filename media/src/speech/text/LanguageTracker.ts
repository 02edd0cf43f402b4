import type { SpeechSettings } from '../settings.js';

type LanguageSettings = Pick<SpeechSettings, 'language' | 'languageDetectionMs' | 'languageProbability'>;

/** Speech after which the likeliest language is taken, however unsure the recogniser is. */
const LONGEST_DETECTION = 5;

/**
 * Which language to ask a recogniser for, by the contract of the setting `language`:
 *
 * - a code: that one, always;
 * - `auto`: found in the first `languageDetectionMs` of speech (weighed by length and probability) and kept from then on;
 * - `per-segment`: found anew in each utterance.
 */
export class LanguageTracker {
  #settings: LanguageSettings;
  #weights = new Map<string, number>();
  #heardMs = 0;
  #settled: string | undefined;
  #lastHeard = '';

  constructor(settings: LanguageSettings) {
    this.#settings = settings;
  }

  /** The language that `auto` has settled on. */
  get settled(): string | undefined {
    return this.#settled;
  }

  /** What is spoken here as far as one knows: as it was set, as it was settled, or as it was heard last; empty: not known yet. */
  get spoken(): string {
    const { language } = this.#settings;
    if (language !== 'auto' && language !== 'per-segment') return language;
    return this.#settled ?? this.#lastHeard;
  }

  /** A change of the setting begins anew. */
  update(settings: LanguageSettings): void {
    if (settings.language !== this.#settings.language) {
      this.#weights = new Map();
      this.#heardMs = 0;
      this.#settled = undefined;
      this.#lastHeard = '';
    }
    this.#settings = settings;
  }

  /** A code, or `auto` where the recogniser is to find out. */
  requestLanguage(): string {
    const { language } = this.#settings;
    if (language === 'per-segment') return 'auto';
    if (language !== 'auto') return language;
    return this.#settled ?? 'auto';
  }

  /**
   * Takes a detection into account. Interims say nothing: the final hears the same audio and more.
   * @returns the language, once: when it has just been settled
   */
  observe(detection: { language: string; probability: number; speechMs: number; kind: 'interim' | 'final' }): {
    settled?: { language: string; probability: number };
  } {
    const { language, languageDetectionMs, languageProbability } = this.#settings;
    if (detection.kind === 'final' && detection.language !== '') this.#lastHeard = detection.language;
    if (language !== 'auto' || this.#settled !== undefined || detection.kind !== 'final') return {};
    const weight = detection.speechMs * detection.probability;
    this.#weights.set(detection.language, (this.#weights.get(detection.language) ?? 0) + weight);
    this.#heardMs += detection.speechMs;
    if (this.#heardMs < languageDetectionMs) return {};
    const [best] = [...this.#weights].sort((a, b) => b[1] - a[1]);
    if (best === undefined) return {};
    const probability = Math.min(1, best[1] / this.#heardMs);
    const sure = probability >= languageProbability || this.#heardMs >= LONGEST_DETECTION * languageDetectionMs;
    if (!sure) return {};
    this.#settled = best[0];
    return { settled: { language: best[0], probability } };
  }
}

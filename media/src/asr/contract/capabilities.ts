import type { EngineCapabilities } from '@parley/native';
import { languagesOf } from '../../settings/languages.js';
import type { ModelProfile } from '../../settings/modelProfile.js';
import type { RecognitionKind } from './recognition.js';

/** What a recogniser can do: callers check this, and not the engine or the model behind it. */
export interface RecognizerCapabilities {
  /** Requests whose audio its engine encodes in one run if several wait; 1: each by itself. */
  maxBatch: number;
  /** Whether hypotheses have times of words on request. If false, requests for them are answered without. */
  words: boolean;
  /** Languages that a request may name: codes in alphabetical order. Others are refused with `NOT_SUPPORTED`. */
  languages: readonly string[];
  /** Whether it answers interims; if not, they are refused with `NOT_SUPPORTED`. */
  interims: boolean;
  /**
   * Longest audio of a request of each kind that it handles well, in milliseconds. An interim of this length fits any model that may answer
   * it.
   */
  longestWindowMs: Record<RecognitionKind, number>;
}

/** A model, and the engine that runs it; without an engine, only the model's profile counts. */
interface Able {
  profile: Pick<ModelProfile, 'multilingual' | 'languages' | 'longestWindowMs'>;
  engine?: { capabilities: EngineCapabilities };
}

/** Languages that a model can do on its engine. */
export function languagesOn({ profile, engine }: Able): readonly string[] {
  const known = languagesOf(profile);
  return engine === undefined ? known : known.filter((code) => engine.capabilities.languages.includes(code));
}

/** What the models for finals and, if separate, for interims can do together. Interims that the second cannot answer go to the first. */
export function capabilitiesOf({ final, interim = final }: { final: Able; interim?: Able }): RecognizerCapabilities {
  const windowMs = ({ profile, engine }: Able) =>
    Math.min(profile.longestWindowMs, engine?.capabilities.longestWindowMs ?? Number.POSITIVE_INFINITY);
  const longestMs = windowMs(final);
  return {
    maxBatch: final.engine?.capabilities.maxBatch ?? 1,
    words: [final, interim].every(({ engine }) => engine?.capabilities.words !== false),
    languages: languagesOn(final),
    interims: interim.engine?.capabilities.interims !== false,
    longestWindowMs: { final: longestMs, interim: Math.min(longestMs, windowMs(interim)) },
  };
}

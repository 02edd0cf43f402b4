import type { EngineCapabilities } from '@parley/native';
import { languagesOf } from '../../settings/languages.js';
import type { ModelProfile } from '../../settings/modelProfile.js';
import type { RecognitionKind } from './recognition.js';

/** What a recogniser can do: callers ask for this, and not for the engine or the model behind it. */
export interface RecognizerCapabilities {
  /** Requests whose audio its engine encodes in one run, where several wait; 1: each by itself. */
  maxBatch: number;
  /** Whether hypotheses have times of words where a request asks for them. Without, such a request is answered without them. */
  words: boolean;
  /** What a request may name as its language: codes in alphabetical order. Another one is refused with `NOT_SUPPORTED`. */
  languages: readonly string[];
  /** Whether it answers interims; where it does not, they are refused with `NOT_SUPPORTED`. */
  interims: boolean;
  /** Longest audio of a request of each kind that it does well with, in milliseconds. An interim of this length fits whichever model answers it. */
  longestWindowMs: Record<RecognitionKind, number>;
}

/** A model, and the engine that runs it; without an engine, what the model's profile says stands alone. */
interface Able {
  profile: Pick<ModelProfile, 'multilingual' | 'languages' | 'longestWindowMs'>;
  engine?: { capabilities: EngineCapabilities };
}

/** What a model can do on its engine. */
export function languagesOn({ profile, engine }: Able): readonly string[] {
  const known = languagesOf(profile);
  return engine === undefined ? known : known.filter((code) => engine.capabilities.languages.includes(code));
}

/** What the model of finals and, where there is one, that of interims can do together. Interims that the second cannot answer go to the first. */
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

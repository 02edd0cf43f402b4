import type { TranscribeResult } from '@parley/native';
import type { Hypothesis } from './types.js';

/** Whisper's own thresholds for "no speech": both must hold. */
const NO_SPEECH_PROBABILITY = 0.6;
const LOW_LOG_PROBABILITY = -1;

const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;

/**
 * What an engine says, as a hypothesis. The text is emptied where the engine itself doubts that there was speech, and where
 * it holds no letter and no digit. Holds for every language; finer gates come later in the line.
 */
export function toHypothesis(result: TranscribeResult, times: { queuedMs: number; engineMs: number }): Hypothesis {
  const noSpeech =
    result.noSpeechProbability > NO_SPEECH_PROBABILITY && result.meanLogProbability < LOW_LOG_PROBABILITY;
  const text = noSpeech || !LETTER_OR_DIGIT.test(result.text) ? '' : result.text.trim();
  return {
    text,
    language: result.language,
    languageProbability: probability(result.languageProbability),
    confidence: text === '' ? 0 : probability(Math.exp(result.meanLogProbability)),
    noSpeechProbability: probability(result.noSpeechProbability),
    ...(result.words === undefined
      ? {}
      : {
          words:
            text === '' ? [] : result.words.map((word) => ({ ...word, probability: probability(word.probability) })),
        }),
    ...times,
  };
}

function probability(value: number): number {
  return Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0;
}

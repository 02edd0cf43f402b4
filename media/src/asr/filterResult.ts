import type { TranscribeResult } from '@parley/native';
import { MAX_DRAFT_TOKENS, SAMPLE_RATE } from './contract/limits.js';
import type { Hypothesis, RecognitionSettings } from './contract/recognition.js';
import { monotonicWords } from './contract/text/monotonicWords.js';
import { judgeText } from './gates/judgeText.js';

/**
 * An engine's result as a hypothesis: the part of its text that passes the gates. If nothing passes, text and words are empty, and the gate
 * is named.
 */
export function toHypothesis(options: {
  result: TranscribeResult;
  /** Length of the audio. */
  samples: number;
  settings: RecognitionSettings;
  /** Name of the model. */
  model: string;
  times: { queuedMs: number; engineMs: number };
}): Hypothesis {
  const { result, settings, model, times } = options;
  const audioMs = (options.samples / SAMPLE_RATE) * 1_000;
  const { text, words, rejected, truncated, loopAtMs } = judgeText({ ...result, audioMs }, settings);
  const tokens = text === result.text.trim() ? result.tokenIds.slice(0, MAX_DRAFT_TOKENS) : [];
  return {
    text,
    language: result.language,
    languageProbability: probability(result.languageProbability),
    ...(result.likelier === undefined
      ? {}
      : { likelier: { ...result.likelier, probability: probability(result.likelier.probability) } }),
    confidence: text === '' ? 0 : probability(Math.exp(result.meanLogProbability)),
    noSpeechProbability: probability(result.noSpeechProbability),
    ...(rejected === undefined ? {} : { rejected }),
    ...(truncated === true ? { truncated } : {}),
    ...(loopAtMs === undefined ? {} : { loopAtMs }),
    ...(result.words === undefined || words === undefined
      ? {}
      : {
          words: monotonicWords(
            words.map((word) => ({ ...word, probability: probability(word.probability) })),
            audioMs,
          ),
        }),
    ...(text === '' || tokens.length === 0 ? {} : { draft: { model, tokens } }),
    ...times,
  };
}

function probability(value: number): number {
  return Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0;
}

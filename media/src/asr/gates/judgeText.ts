import type { RejectedText } from '../contract/recognition.js';
import { hasWords, type JudgedWord, stopsAtMs, type TextWithWords, without } from '../contract/text/keptText.js';
import { splitWords } from '../contract/text/words.js';
import { findLoops } from './findLoops.js';
import { findNotes } from './findNotes.js';

export interface JudgedResult extends TextWithWords {
  noSpeechProbability: number;
  /** Of the text's tokens. */
  meanLogProbability: number;
  audioMs: number;
  /** The tokens were used up before the text ended. */
  truncated?: boolean | undefined;
  /** The engine has ended the text where a repetition loop began. */
  looped?: boolean | undefined;
  /** Mean log-probability of the tokens without the prompt; absent unless the prompt holds every word of the text. */
  unpromptedLogProbability?: number | undefined;
}

export interface TextThresholds {
  noSpeechThreshold: number;
  logProbabilityThreshold: number;
}

/** What is kept of a text. */
export interface JudgedText {
  /** Empty where it was rejected, or none was there. */
  text: string;
  /** Absent where the result had none, or the text has them elsewhere. */
  words?: readonly JudgedWord[];
  rejected?: RejectedText;
  /** The text goes on in the audio beyond what there were tokens for; behind a loop that has no times it may. */
  truncated?: boolean;
  /** A loop took the rest of the tokens: the text says nothing of the audio from here on, milliseconds from its start. */
  loopAtMs?: number;
}

/** Below the threshold by so much, a text is noise whatever the no-speech probability says. */
const HOPELESS_MARGIN = 1;
/** Nobody says more words in a second: fast speech is four, an auctioneer ten. */
const WORDS_PER_SECOND = 12;
const FEWEST_WORDS_FOR_RATE = 8;
/** An echo begins with a guess: seen are 0.14 to 0.33 on noise, silence and babble, 0.5 to 0.99 on names that were said. */
const LEAST_FIRST_PROBABILITY = 0.4;
/** Names are not said as quickly as running speech. */
const NAMES_PER_SECOND = 6;

/**
 * What of an engine's text was said. By what the engine says of it and by its shape; no list of phrases, so it holds for every
 * language. Notes on sounds and loops of the decoder are cut out, and the rest stays; what has no rest is rejected, and the gate is
 * named. Repetition by itself is no reason: people say numbers.
 */
export function judgeText(result: JudgedResult, thresholds: TextThresholds): JudgedText {
  const said: TextWithWords = { text: result.text.trim(), words: result.words };
  if (!hasWords(said.text)) return rejected(said.text === '' ? undefined : 'noLetters');
  const spoken = without(said, findNotes(said.text));
  if (!hasWords(spoken.text)) return rejected('annotation');
  const unlikely = unlikelyText(result, thresholds);
  if (unlikely !== undefined) return rejected(unlikely);
  const loops = findLoops({ ...spoken, audioMs: result.audioMs, truncated: result.truncated });
  const kept = without(spoken, loops);
  if (!hasWords(kept.text) || isTooFast(kept.text, result.audioMs)) return rejected('repetition');
  return {
    text: kept.text,
    ...(kept.words === undefined ? {} : { words: kept.words }),
    ...restOf({ kept, loop: loops.at(-1)?.end === spoken.text.length, ...result }),
  };
}

/** Where the text ended before its time: what of the audio has to be asked for again. */
function restOf(options: JudgedResult & { kept: TextWithWords; loop: boolean }): {
  truncated?: boolean;
  loopAtMs?: number;
} {
  const { kept, audioMs, truncated, looped } = options;
  if (truncated !== true && looped !== true) return {};
  const loop = looped === true || options.loop;
  // One before the end is no reason for the text to stop.
  if (!loop) return { truncated: true };
  const loopAtMs = stopsAtMs(kept, audioMs);
  if (loopAtMs === undefined) return {};
  // Without times nobody knows where to cut but into halves.
  return (kept.words ?? []).length === 0 ? { truncated: true } : { loopAtMs };
}

function rejected(gate: RejectedText | undefined): JudgedText {
  return { text: '', words: [], ...(gate === undefined ? {} : { rejected: gate }) };
}

/** What the probabilities say against a text, if anything. */
function unlikelyText(result: JudgedResult, thresholds: TextThresholds): RejectedText | undefined {
  const { meanLogProbability, noSpeechProbability } = result;
  const unsure = meanLogProbability < thresholds.logProbabilityThreshold;
  if (unsure && noSpeechProbability > thresholds.noSpeechThreshold) return 'noSpeech';
  if (meanLogProbability < thresholds.logProbabilityThreshold - HOPELESS_MARGIN) return 'lowProbability';
  return isEcho(result, thresholds) ? 'promptEcho' : undefined;
}

/**
 * Whether a text only repeats its prompt: without the prompt it is unsure, and the audio does not speak for it. A rare name that was
 * said is unsure without the prompt, too, but its first word is no guess, it is speech, and it takes its time.
 */
function isEcho(result: JudgedResult, thresholds: TextThresholds): boolean {
  const { text, words, audioMs, noSpeechProbability, unpromptedLogProbability } = result;
  if (unpromptedLogProbability === undefined) return false;
  if (unpromptedLogProbability >= thresholds.logProbabilityThreshold) return false;
  if (noSpeechProbability > thresholds.noSpeechThreshold) return true;
  if ((words?.[0]?.probability ?? 1) < LEAST_FIRST_PROBABILITY) return true;
  return splitWords(text).length > NAMES_PER_SECOND * (audioMs / 1_000);
}

/** Whether more words are there than anybody can say in the time. */
function isTooFast(text: string, audioMs: number): boolean {
  const count = splitWords(text).length;
  return count > FEWEST_WORDS_FOR_RATE && count / Math.max(0.5, audioMs / 1_000) > WORDS_PER_SECOND;
}

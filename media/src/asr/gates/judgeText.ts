import type { RejectedText } from '../contract/recognition.js';
import { hasWords, type JudgedWord, stopsAtMs, type TextWithWords, without } from '../contract/text/keptText.js';
import { splitWords } from '../contract/text/words.js';
import { findLoops } from './findLoops.js';
import { findNotes } from './findNotes.js';

export interface JudgedResult extends TextWithWords {
  noSpeechProbability: number;
  /** Mean over the text's tokens. */
  meanLogProbability: number;
  audioMs: number;
  /** The tokens ran out before the text ended. */
  truncated?: boolean | undefined;
  /** The engine ended the text where a repetition loop began. */
  looped?: boolean | undefined;
  /** Mean log-probability of the tokens without the prompt; absent unless the prompt contains every word of the text. */
  unpromptedLogProbability?: number | undefined;
}

export interface TextThresholds {
  noSpeechThreshold: number;
  logProbabilityThreshold: number;
}

/** What is kept of a text. */
export interface JudgedText {
  /** Empty if it was rejected, or there was none. */
  text: string;
  /** Absent if the result had none, or their places in the text differ. */
  words?: readonly JudgedWord[];
  rejected?: RejectedText;
  /** The audio has more speech than there were tokens for, or may have, after a loop without times. */
  truncated?: boolean;
  /** A loop used up the other tokens: the audio from here on is not transcribed, milliseconds from its start. */
  loopAtMs?: number;
}

/** This far below the threshold, a text is noise whatever the no-speech probability says. */
const HOPELESS_MARGIN = 1;
/** Nobody says more words per second: fast speech has four, an auctioneer ten. */
const WORDS_PER_SECOND = 12;
const FEWEST_WORDS_FOR_RATE = 8;
/** An echo starts with a guess: measured 0.14 to 0.33 on noise, silence and babble, 0.5 to 0.99 on names that were said. */
const LEAST_FIRST_PROBABILITY = 0.4;
/** Names are said more slowly than running speech. */
const NAMES_PER_SECOND = 6;

/**
 * What of an engine's text was really said, judged by the engine's own numbers and by the shape of the text. There is no list of phrases,
 * so it works in every language. Notes on sounds and decoder loops are cut out and the rest is kept; if nothing remains, the text is
 * rejected and the gate is named. Repetition by itself is no reason: people say numbers.
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

/** Where the text ended too early: which audio has to be requested again. */
function restOf(options: JudgedResult & { kept: TextWithWords; loop: boolean }): {
  truncated?: boolean;
  loopAtMs?: number;
} {
  const { kept, audioMs, truncated, looped } = options;
  if (truncated !== true && looped !== true) return {};
  const loop = looped === true || options.loop;
  // A loop that is not at the end does not make the text stop early.
  if (!loop) return { truncated: true };
  const loopAtMs = stopsAtMs(kept, audioMs);
  if (loopAtMs === undefined) return {};
  // Without times, the audio can only be cut into halves.
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
 * Whether a text only repeats its prompt: it is improbable without the prompt, and the audio does not support it. A rare name that was said
 * is improbable without the prompt, too, but its first word is no guess, it counts as speech, and it takes its time.
 */
function isEcho(result: JudgedResult, thresholds: TextThresholds): boolean {
  const { text, words, audioMs, noSpeechProbability, unpromptedLogProbability } = result;
  if (unpromptedLogProbability === undefined) return false;
  if (unpromptedLogProbability >= thresholds.logProbabilityThreshold) return false;
  if (noSpeechProbability > thresholds.noSpeechThreshold) return true;
  if ((words?.[0]?.probability ?? 1) < LEAST_FIRST_PROBABILITY) return true;
  return splitWords(text).length > NAMES_PER_SECOND * (audioMs / 1_000);
}

/** Whether there are more words than anyone can say in that time. */
function isTooFast(text: string, audioMs: number): boolean {
  const count = splitWords(text).length;
  return count > FEWEST_WORDS_FOR_RATE && count / Math.max(0.5, audioMs / 1_000) > WORDS_PER_SECOND;
}

import { deflateSync } from 'node:zlib';
import { splitWords } from '../stabilizer/words.js';

/** The gate that a text did not pass. */
export type RejectedText = 'noSpeech' | 'noLetters' | 'annotation' | 'lowProbability' | 'repetition';

export interface JudgedResult {
  text: string;
  noSpeechProbability: number;
  /** Of the text's tokens. */
  meanLogProbability: number;
  tokens: number;
  audioMs: number;
}

export interface TextThresholds {
  noSpeechThreshold: number;
  logProbabilityThreshold: number;
  compressionRatioThreshold: number;
  tokensPerSecond: number;
}

const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;
/** What subtitles say of sounds: in brackets, or between stars or notes ... */
const ANNOTATION = /[([{（［【]([^)\]}）］】]*)[)\]}）］】]|\*([^*]*)\*|[♪♫]([^♪♫]*)[♪♫]/gu;
/** ... of so many words at most: what is longer may be speech that somebody put into brackets. */
const LONGEST_ANNOTATION = 6;
/** A text that is cut off within one: a word or two. */
const BEGUN_ANNOTATION = /[([{（［【*♪♫]\s*[^\s)\]}）］】*♪♫]+(?:\s[^\s)\]}）］】*♪♫]+)?\s*$/u;
/** Below the threshold by so much, a text is noise whatever the no-speech probability says. */
const HOPELESS_MARGIN = 1;
/** zlib makes short texts longer; its ratio says something from here on. */
const FEWEST_BYTES = 80;
/** Words in a row that repeat a pattern of at most this many words ... */
const LONGEST_PATTERN = 4;
/** ... so often, are a loop. Three "no"s are not. */
const LOOP_REPEATS = 5;
/** Nobody says more words in a second: fast speech is four, an auctioneer ten. */
const WORDS_PER_SECOND = 12;

/**
 * The gate that a text does not pass, if any. By what the engine says of it and by its shape; no list of phrases, so it holds
 * for every language. Thresholds as in Whisper's reference implementation.
 */
export function judgeText(result: JudgedResult, thresholds: TextThresholds): RejectedText | undefined {
  const { text, noSpeechProbability, meanLogProbability } = result;
  if (!LETTER_OR_DIGIT.test(text)) return 'noLetters';
  if (!LETTER_OR_DIGIT.test(withoutAnnotations(text))) return 'annotation';
  const unsure = meanLogProbability < thresholds.logProbabilityThreshold;
  if (unsure && noSpeechProbability > thresholds.noSpeechThreshold) return 'noSpeech';
  if (meanLogProbability < thresholds.logProbabilityThreshold - HOPELESS_MARGIN) return 'lowProbability';
  if (isLoop(result, thresholds)) return 'repetition';
  return undefined;
}

function withoutAnnotations(text: string): string {
  return text
    .replace(ANNOTATION, (whole: string, ...inside: (string | undefined)[]) =>
      splitWords(inside.slice(0, 3).find((part) => part !== undefined) ?? '').length <= LONGEST_ANNOTATION ? '' : whole,
    )
    .replace(BEGUN_ANNOTATION, '');
}

function isLoop({ text, audioMs }: JudgedResult, { compressionRatioThreshold }: TextThresholds): boolean {
  if (compressionRatio(text) > compressionRatioThreshold) return true;
  const words = splitWords(text.normalize('NFKC').toLocaleLowerCase('und'));
  if (words.length > 8 && words.length / Math.max(0.5, audioMs / 1_000) > WORDS_PER_SECOND) return true;
  for (let length = 1; length <= LONGEST_PATTERN; length += 1) {
    if (longestRun(words, length) >= LOOP_REPEATS + (length === 1 ? 1 : 0)) return true;
  }
  return false;
}

/** How often in a row a pattern of so many words stands there. */
function longestRun(words: readonly string[], length: number): number {
  let longest = 1;
  for (let offset = 0; offset < length; offset += 1) {
    let run = 1;
    for (let at = offset + length; at + length <= words.length; at += length) {
      const same = Array.from({ length }, (_, index) => words[at + index] === words[at - length + index]).every(
        Boolean,
      );
      run = same ? run + 1 : 1;
      longest = Math.max(longest, run);
    }
  }
  return longest;
}

/** Bytes of UTF-8 by bytes after zlib; 1 for texts too short to tell. */
export function compressionRatio(text: string): number {
  const bytes = Buffer.from(text, 'utf8');
  return bytes.length < FEWEST_BYTES ? 1 : bytes.length / deflateSync(bytes).length;
}

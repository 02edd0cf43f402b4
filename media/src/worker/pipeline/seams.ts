import type { Hypothesis } from '../../asr/contract/recognition.js';
import { joinWords, plain as plainWord, splitWords, type TimedWord } from '../../asr/contract/text/words.js';
import { endsSentence } from '../speech/text/index.js';
import type { HeardFinal } from './FinalRequest.js';

/** A final that was made before the utterance's end was known. */
export interface PreparedFinal {
  endSample: number;
  hypothesis: HeardFinal;
  cause: 'sentence' | 'forced';
  /** The word after the cut, as written in a text that goes on past the cut. */
  next?: string | undefined;
}

/** Marks that a text may have at its end only because it ends there, ... */
const CLOSING = /[.,;:。．，、；：…]+$/u;
/** ... and those that are never written by default. */
const ASKED_OR_CALLED = /[?!？！؟]["'”’)]*$/u;

/**
 * A part by itself always ends with a full stop. The mark after its last word is taken from the text that goes on past it; it ends a
 * sentence if both have an end of a sentence there.
 */
export function marked(hypothesis: HeardFinal, expected: string): Pick<PreparedFinal, 'hypothesis' | 'cause'> {
  const ended = endsSentence(hypothesis.text) && endsSentence(expected);
  if (ended || ASKED_OR_CALLED.test(hypothesis.text)) return { hypothesis, cause: 'sentence' };
  const mark = endsSentence(expected) ? '' : (expected.match(CLOSING)?.[0] ?? '');
  const withMark = (text: string) => text.replace(CLOSING, '') + mark;
  const text = withMark(hypothesis.text);
  const words = hypothesis.words?.map((word, index, all) =>
    index === all.length - 1 ? { ...word, text: withMark(word.text) } : word,
  );
  return { hypothesis: { ...hypothesis, text, ...(words === undefined ? {} : { words }) }, cause: 'forced' };
}

/**
 * Whether a text ends as expected: with the same last word, and with the one before it if the counts differ. Before that, a final may have
 * more or fewer words than the interims.
 */
export function fitsWords(hypothesis: Hypothesis, expected: readonly TimedWord[]): boolean {
  const heard = plainWords(hypothesis.text);
  const wanted = plainWords(joinWords(expected));
  if (wanted.length === 0 || heard.at(-1) !== wanted.at(-1)) return false;
  return heard.length === wanted.length || heard.at(-2) === wanted.at(-2);
}

function plainWords(text: string): string[] {
  return splitWords(text.replace(/[-–—/]+/gu, ' '))
    .map(plainWord)
    .filter((word) => word !== '');
}

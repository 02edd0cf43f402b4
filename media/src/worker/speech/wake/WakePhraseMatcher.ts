import { plain, type TimedWord } from '../../../asr/contract/text/words.js';
import { phoneticKey } from './phoneticKey.js';

export interface WakePhraseMatch {
  /** As configured. */
  phrase: string;
  /** 0 to 1. */
  score: number;
  /** On the words' time line. */
  startMs: number;
  endMs: number;
  /** Words of the phrase; the words from `wordTo` on were said after it. */
  wordFrom: number;
  wordTo: number;
}

/** Required similarity at sensitivity 0, and how much less at 1. */
const STRICTEST = 0.96;
const RANGE = 0.36;
/** A single word is found in other words more easily than two in a row. */
const SINGLE_WORD_EXTRA = 0.13;
/** Weight of the letters; the rest is for the sound. */
const LETTERS_SHARE = 0.6;

interface Phrase {
  text: string;
  joined: string;
  key: string;
  words: number;
}

/**
 * Finds phrases in recognised words, even if recognised a little differently: "hay parly" is "hey parley". Compares letters (edit distance)
 * and sound (phonetic key), and ignores where the recogniser put the gaps between words.
 */
export class WakePhraseMatcher {
  readonly #phrases: readonly Phrase[];
  readonly #sensitivity: number;

  constructor(options: { phrases: readonly string[]; sensitivity: number }) {
    this.#sensitivity = options.sensitivity;
    this.#phrases = options.phrases
      .map((text) => {
        const words = text
          .split(/\s+/u)
          .map(plain)
          .filter((word) => word !== '');
        const joined = words.join('');
        return { text, joined, key: phoneticKey(joined), words: words.length };
      })
      .filter(({ joined }) => joined !== '');
  }

  /** The best match; the first one if equal. */
  find(words: readonly TimedWord[]): WakePhraseMatch | undefined {
    let best: WakePhraseMatch | undefined;
    for (const phrase of this.#phrases) {
      const least = this.#leastScore(phrase);
      for (let from = 0; from < words.length; from += 1) {
        const longest = Math.min(words.length - from, phrase.words + 2);
        for (let count = Math.max(1, phrase.words - 1); count <= longest; count += 1) {
          const score = likenessOf(phrase, words.slice(from, from + count));
          if (score >= least && score > (best?.score ?? 0)) best = matchOf({ phrase, words, from, count, score });
        }
      }
    }
    return best;
  }

  #leastScore(phrase: Phrase): number {
    const least = STRICTEST - RANGE * this.#sensitivity;
    return phrase.words === 1 ? Math.min(1, least + SINGLE_WORD_EXTRA) : least;
  }
}

function likenessOf(phrase: Phrase, words: readonly TimedWord[]): number {
  const joined = words.map(({ text }) => plain(text)).join('');
  if (joined === phrase.joined) return 1;
  const letters = similarity(phrase.joined, joined);
  // Too far off for the sound to make up for it.
  if (letters < 0.5) return 0;
  return LETTERS_SHARE * letters + (1 - LETTERS_SHARE) * similarity(phrase.key, phoneticKey(joined));
}

function matchOf(options: {
  phrase: Phrase;
  words: readonly TimedWord[];
  from: number;
  count: number;
  score: number;
}): WakePhraseMatch {
  const { phrase, words, from, count, score } = options;
  const wordTo = from + count;
  return {
    phrase: phrase.text,
    score,
    startMs: words[from]?.startMs ?? 0,
    endMs: words[wordTo - 1]?.endMs ?? 0,
    wordFrom: from,
    wordTo,
  };
}

/** 1 minus the edit distance divided by the longer length. */
function similarity(a: string, b: string): number {
  const longest = Math.max(a.length, b.length);
  if (longest === 0) return 1;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return 1 - (row[b.length] ?? longest) / longest;
}

import { joinWords, splitWords } from './words.js';

/** A word that may have times. */
export interface JudgedWord {
  text: string;
  /** Milliseconds from the start of the audio. */
  startMs: number;
  endMs: number;
  probability: number;
}

/** A text and its words; these are absent unless requested. */
export interface TextWithWords {
  text: string;
  words?: readonly JudgedWord[] | undefined;
}

/** A part of a text, in UTF-16 units. */
export interface Span {
  start: number;
  end: number;
}

const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;
const CLOSING = /^[.,!?…;:。、！？]/u;

export function hasWords(text: string): boolean {
  return LETTER_OR_DIGIT.test(text);
}

/** Position of each word in the text; undefined if one cannot be found. */
export function placesOf(text: string, words: readonly { text: string }[]): Span[] | undefined {
  const places: Span[] = [];
  let from = 0;
  for (const word of words) {
    const start = text.indexOf(word.text, from);
    if (start < 0) return undefined;
    from = start + word.text.length;
    places.push({ start, end: from });
  }
  return places;
}

/**
 * A text without some of its parts, and the remaining words. Punctuation that a removed word leaves behind goes to the word before. If
 * words cannot be found in the text, all of them are left out.
 * @param cut in order, without overlap
 */
export function without(whole: TextWithWords, cut: readonly Span[]): TextWithWords {
  if (cut.length === 0) return whole;
  const text = joined(keptPieces(whole.text, { start: 0, end: whole.text.length }, cut));
  const places = whole.words === undefined ? undefined : placesOf(whole.text, whole.words);
  if (places === undefined) return { text };
  const words: JudgedWord[] = [];
  for (const [index, word] of (whole.words ?? []).entries()) {
    const left = joined(keptPieces(whole.text, places[index] as Span, cut));
    const before = words.at(-1);
    if (left === word.text || hasWords(left)) words.push({ ...word, text: left });
    else if (left !== '' && before !== undefined) words[words.length - 1] = { ...before, text: before.text + left };
  }
  return { text, words };
}

function joined(pieces: readonly string[]): string {
  let text = '';
  for (const piece of pieces) {
    text = CLOSING.test(piece)
      ? text + piece
      : joinWords([{ text }, { text: piece }].filter((part) => part.text !== ''));
  }
  return text;
}

/** What remains of a span. */
function keptPieces(text: string, of: Span, cut: readonly Span[]): string[] {
  const pieces: string[] = [];
  let from = of.start;
  for (const { start, end } of [...cut, { start: of.end, end: of.end }]) {
    if (end <= from && end < of.end) continue;
    const piece = text.slice(from, Math.min(of.end, Math.max(from, start))).trim();
    if (piece !== '') pieces.push(piece);
    from = Math.max(from, end);
    if (from >= of.end) break;
  }
  return pieces;
}

/** Untranscribed audio may contain speech from this length on. */
const LEAST_REST_MS = 1_500;
/** The first of several equal words may be given the time of all of them: nobody draws one out for longer. */
const LONGEST_WORD_MS = 1_000;
/** Without times: the longest a word takes, pauses included. */
const SLOW_WORD_MS = 1_000;

/**
 * Where a text that does not reach the end of its audio stops, in milliseconds from the start: by the times of its words, else by their
 * number.
 * @returns undefined if the rest is so short that it need not contain speech
 */
export function stopsAtMs({ text, words }: TextWithWords, audioMs: number): number | undefined {
  const last = words?.at(-1);
  const atMs =
    last === undefined ? splitWords(text).length * SLOW_WORD_MS : Math.min(last.endMs, last.startMs + LONGEST_WORD_MS);
  return audioMs - atMs >= LEAST_REST_MS ? atMs : undefined;
}

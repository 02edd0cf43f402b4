import { hasWords, type Span } from '../contract/text/keptText.js';
import { splitWords } from '../contract/text/words.js';

/** What subtitles say of sounds: in square or heavy brackets, between notes or between stars that hug it ... */
const NOTE = /[[{［【]([^\]}］】]*)[\]}］】]|[♪♫]([^♪♫]*)[♪♫]|(?<![^\s([])\*(?=\S)([^*]*\p{L}[^*]*)(?<=\S)\*/gu;
/** ... and in round brackets, which people's sentences may have as well. */
const ROUND = /[(（]([^)）]*)[)）]/gu;
/** ... of so many words at most: what is longer may be speech that somebody put into brackets. */
const LONGEST_NOTE = 6;
/** A text that is cut off within a note: a word or two. */
const BEGUN = /(?:[([{（［【♪♫]\s*|(?<![^\s([])\*)[^\s)\]}）］】*♪♫]+(?:\s[^\s)\]}）］】*♪♫]+)?\s*$/u;
const SONG = /[♩♪♫♬]/gu;
/** After what a sentence may begin; before what one may have ended. */
const BOUNDARY_BEFORE = /(?:^|[.!?…。！？♪\])）】])\s*$/u;
const BOUNDARY_AFTER = /^\s*(?:$|[.!?…。！？♪[(（【]|\p{Lu}|\p{Lo})/u;
const PUNCTUATION_AFTER = /^[\s.,!?…;:。、！？]*/u;

/**
 * The stretches of a text that tell of sounds and were not said: "[Music]", "(wind blowing)", "*sighs*", "♪ la la ♪". By their
 * shape alone, in every language. Round brackets count only where they stand by themselves, between sentences: "He said (and I
 * quote) nothing" is a sentence.
 * @returns in order, none over another
 */
export function findNotes(text: string): Span[] {
  const spans: Span[] = [];
  const add = (start: number, end: number) => {
    const rest = text.slice(end).match(PUNCTUATION_AFTER)?.[0] ?? '';
    // Its full stop goes with it, unless that of the sentence before comes after it.
    const ownStop = BOUNDARY_BEFORE.test(text.slice(0, start));
    spans.push({ start, end: ownStop ? end + rest.length : end });
  };
  for (const match of text.matchAll(NOTE)) {
    if (isShort(match.slice(1).find((part) => part !== undefined) ?? ''))
      add(match.index, match.index + match[0].length);
  }
  for (const match of text.matchAll(ROUND)) {
    const end = match.index + match[0].length;
    if (isShort(match[1] ?? '') && standsAlone(text, { start: match.index, end })) add(match.index, end);
  }
  const begun = text.match(BEGUN);
  if (begun?.index !== undefined) {
    const span = { start: begun.index, end: text.length };
    const round = /^[(（]/u.test(begun[0]);
    if (!spans.some(({ end }) => end > span.start) && (!round || standsAlone(text, span))) spans.push(span);
  }
  for (const match of text.matchAll(SONG)) {
    if (!spans.some(({ start, end }) => start <= match.index && match.index < end)) {
      spans.push({ start: match.index, end: match.index + match[0].length });
    }
  }
  return merged(spans);
}

function isShort(inside: string): boolean {
  return splitWords(inside).length <= LONGEST_NOTE;
}

function standsAlone(text: string, { start, end }: Span): boolean {
  const before = text.slice(0, start);
  const after = text.slice(end);
  if (!hasWords(before)) return true;
  return BOUNDARY_BEFORE.test(before) && BOUNDARY_AFTER.test(after);
}

function merged(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last !== undefined && span.start <= last.end) last.end = Math.max(last.end, span.end);
    else result.push({ ...span });
  }
  return result;
}

import { hasWords, type Span } from '../contract/text/keptText.js';
import { splitWords } from '../contract/text/words.js';

/** How subtitles describe sounds: in square or heavy brackets, between notes, or between stars that touch the text ... */
const NOTE = /[[{［【]([^\]}］】]*)[\]}］】]|[♪♫]([^♪♫]*)[♪♫]|(?<![^\s([])\*(?=\S)([^*]*\p{L}[^*]*)(?<=\S)\*/gu;
/** ... and in round brackets, which real sentences may contain as well. */
const ROUND = /[(（]([^)）]*)[)）]/gu;
/** ... with at most this many words: longer ones may be speech in brackets. */
const LONGEST_NOTE = 6;
/** A text that is cut off within a note: a word or two. */
const BEGUN = /(?:[([{（［【♪♫]\s*|(?<![^\s([])\*)[^\s)\]}）］】*♪♫]+(?:\s[^\s)\]}）］】*♪♫]+)?\s*$/u;
const SONG = /[♩♪♫♬]/gu;
/** What may come before the start of a sentence. */
const BOUNDARY_BEFORE = /(?:^|[.!?…。！？♪\])）】])\s*$/u;
const BOUNDARY_AFTER = /^\s*(?:$|[.!?…。！？♪[(（【]|\p{Lu}|\p{Lo})/u;
const PUNCTUATION_AFTER = /^[\s.,!?…;:。、！？]*/u;

/**
 * The parts of a text that describe sounds and were not said: "[Music]", "(wind blowing)", "*sighs*", "♪ la la ♪". Recognised by shape
 * alone, in every language. Round brackets count only between sentences: "He said (and I quote) nothing" is a sentence.
 * @returns in order, without overlap
 */
export function findNotes(text: string): Span[] {
  const spans: Span[] = [];
  const add = (start: number, end: number) => {
    const rest = text.slice(end).match(PUNCTUATION_AFTER)?.[0] ?? '';
    // Its full stop is removed with it, unless it is that of the sentence before.
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

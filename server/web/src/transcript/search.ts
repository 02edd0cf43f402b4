import type { Segment } from '@parley/client-sdk';

export interface Span {
  start: number;
  end: number;
}

/** The search words, without case and accents. */
export function wordsOf(question: string): string[] {
  return folded(question)
    .split(/\s+/u)
    .filter((word) => word !== '');
}

/** Indices of segments that contain all words in their text or name. An empty search finds nothing. */
export function findPlaces(segments: readonly Segment[], words: readonly string[]): number[] {
  if (words.length === 0) return [];
  const places: number[] = [];
  for (const [place, segment] of segments.entries()) {
    const text = foldedSegment(segment);
    if (words.every((word) => text.includes(word))) places.push(place);
  }
  return places;
}

/** Positions of the words in a text, in order and without overlaps. */
export function highlightsOf(text: string, words: readonly string[]): Span[] {
  if (words.length === 0) return [];
  const { plain, places } = foldedWithPlaces(text);
  const spans: Span[] = [];
  for (const word of words) {
    for (let at = plain.indexOf(word); at !== -1; at = plain.indexOf(word, at + word.length)) {
      spans.push({ start: places[at] ?? 0, end: places[at + word.length] ?? text.length });
    }
  }
  spans.sort((a, b) => a.start - b.start);
  return spans.reduce<Span[]>((merged, span) => {
    const last = merged.at(-1);
    if (last === undefined || span.start > last.end) merged.push({ ...span });
    else last.end = Math.max(last.end, span.end);
    return merged;
  }, []);
}

/** All speakers by id, in the order of their first segment, with their latest name. */
export function speakersOf(segments: readonly Segment[]): Map<string, string> {
  const speakers = new Map<string, string>();
  for (const { participantId, displayName } of segments) speakers.set(participantId, displayName);
  return speakers;
}

/** Cached per segment, which is immutable: each is folded only once. */
const known = new WeakMap<Segment, string>();

function foldedSegment(segment: Segment): string {
  const found = known.get(segment);
  if (found !== undefined) return found;
  const text = folded(`${segment.displayName} ${segment.text}`);
  known.set(segment, text);
  return text;
}

function folded(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** The folded text, and for each of its units the position of its character in the original. */
function foldedWithPlaces(text: string): { plain: string; places: number[] } {
  let plain = '';
  const places: number[] = [];
  let at = 0;
  for (const character of text) {
    const part = folded(character);
    for (let unit = 0; unit < part.length; unit++) places.push(at);
    plain += part;
    at += character.length;
  }
  return { plain, places };
}

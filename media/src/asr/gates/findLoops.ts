import { placesOf, type Span, type TextWithWords } from '../contract/text/keptText.js';
import { plain, splitWords } from '../contract/text/words.js';

/** Fewest whole repeats in a loop, by the words of the pattern: two or three are normal speech. */
const FEWEST_REPEATS = (period: number) => (period === 1 ? 6 : period < 4 ? 5 : 3);
/** Longest pattern that is searched for, in words. */
const LONGEST_PERIOD = 40;
/** Fewest words of a run that counts as a loop because it goes on until the tokens ran out. */
const ENDLESS_WORDS = 16;
/** Nobody says a word in less: a third of what quick speech takes. */
const LEAST_WORD_MS = 50;
const LEAST_LETTER_MS = 20;
/** Punctuation left at the end of a text that was cut off within a loop. */
const LOOSE_END = /[\s,;:，、–—-]+$/u;

export interface LoopEvidence extends TextWithWords {
  audioMs: number;
  /** The tokens ran out before the text ended. */
  truncated?: boolean | undefined;
}

interface Item extends Span {
  key: string;
  startMs?: number;
  endMs?: number;
}

/** Items from `first` up to `end`, each like the one `period` before it. */
interface Run {
  first: number;
  end: number;
  period: number;
}

/**
 * The repeated parts of a text in which the decoder went in circles. Repetition alone is no sign of that: people say numbers, and "no, no,
 * no". A run is a loop if it goes on until the tokens ran out, or if its words follow each other faster than anyone speaks. Times of single
 * words say nothing: attention cannot tell equal words apart, only where they start and end together.
 * @returns what to cut, in order: a run without its first pattern, or all of it if the audio is too short for that
 */
export function findLoops(evidence: LoopEvidence): Span[] {
  const items = itemsOf(evidence);
  const spans: Span[] = [];
  for (const run of runsOf(items)) {
    const endless = isEndless({ run, items, evidence });
    const timeMs = spanMs(items, run);
    if (!endless && (timeMs === undefined || timeMs >= leastMs(items, run))) continue;
    const pattern = { ...run, end: run.first + run.period };
    const keeps = timeMs === undefined || timeMs >= leastMs(items, pattern);
    const start = keeps ? (items[pattern.end - 1] as Item).end : (items[run.first] as Item).start;
    const end = endless ? evidence.text.length : (items[run.end - 1] as Item).end;
    spans.push({ start, end });
  }
  const last = spans.at(-1);
  if (last !== undefined && last.end === evidence.text.length) {
    last.start -= evidence.text.slice(0, last.start).match(LOOSE_END)?.[0].length ?? 0;
  }
  return spans;
}

/** Words with their places, as divided by the engine if it did so. */
function itemsOf({ text, words }: LoopEvidence): Item[] {
  const timed = words === undefined ? undefined : placesOf(text, words);
  if (timed !== undefined && words !== undefined && words.length > 0) {
    return words.map((word, index) => ({
      ...(timed[index] as Span),
      key: keyOf(word.text),
      startMs: word.startMs,
      endMs: word.endMs,
    }));
  }
  const parts = splitWords(text);
  return (
    placesOf(
      text,
      parts.map((part) => ({ text: part })),
    ) ?? []
  ).map((place, index) => ({
    ...place,
    key: keyOf(parts[index] ?? ''),
  }));
}

function keyOf(word: string): string {
  return plain(word) || word;
}

/** The longest runs, without overlap; at the same place, the one with the shortest pattern. */
function runsOf(items: readonly Item[]): Run[] {
  const found: Run[] = [];
  for (let period = 1; period <= Math.min(LONGEST_PERIOD, items.length / 2); period += 1) {
    let first = 0;
    for (let at = period; at <= items.length; at += 1) {
      if (at < items.length && items[at]?.key === items[at - period]?.key) continue;
      if (at - first >= period * FEWEST_REPEATS(period)) found.push({ first, end: at, period });
      first = at - period + 1;
    }
  }
  const taken: Run[] = [];
  for (const run of found.sort((a, b) => b.end - b.first - (a.end - a.first) || a.period - b.period)) {
    if (!taken.some((other) => run.first < other.end && other.first < run.end)) taken.push(run);
  }
  return taken.sort((a, b) => a.first - b.first);
}

/** Whether a run goes on until the tokens ran out; the last word may be cut off. */
function isEndless(options: { run: Run; items: readonly Item[]; evidence: LoopEvidence }): boolean {
  const { run, items, evidence } = options;
  if (evidence.truncated !== true || run.end - run.first < ENDLESS_WORDS || run.end < items.length - 1) return false;
  const rest = items[run.end]?.key ?? '';
  return (items[run.end - run.period]?.key ?? '').startsWith(rest);
}

function spanMs(items: readonly Item[], run: Run): number | undefined {
  const startMs = items[run.first]?.startMs;
  const endMs = items[run.end - 1]?.endMs;
  return startMs === undefined || endMs === undefined ? undefined : endMs - startMs;
}

/** The least time in which it can be said. */
function leastMs(items: readonly Item[], run: Run): number {
  return items
    .slice(run.first, run.end)
    .reduce((sum, { key }) => sum + Math.max(LEAST_WORD_MS, key.length * LEAST_LETTER_MS), 0);
}

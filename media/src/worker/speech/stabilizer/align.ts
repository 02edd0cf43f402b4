import { plain, type TimedWord } from '../../../asr/contract/text/words.js';

/** Two hypotheses may place the same word this far apart: engines' times are rough, above all on cut audio. */
const TIME_TOLERANCE_MS = 1_500;
/** Distance in time that costs as much as another word. */
const TIME_UNIT_MS = 5_000;
/** Cost of a missing or added word, relative to a replaced word. */
const GAP_COST = 0.8;

/** 0 = the same word at about the same time, 1 = another one. */
function wordDistance(a: PlainWord, b: PlainWord): number {
  if (!isNear(a, b)) return 1;
  return Math.min(1, textDistance(a.plain, b.plain) + timeBetween(a, b) / TIME_UNIT_MS);
}

/** A word with the form that is compared, computed only once. */
interface PlainWord {
  plain: string;
  startMs: number;
  endMs: number;
}

function plainWords(words: readonly TimedWord[]): PlainWord[] {
  return words.map(({ text, startMs, endMs }) => ({ plain: plain(text), startMs, endMs }));
}

function isNear(a: PlainWord, b: PlainWord): boolean {
  return timeBetween(a, b) <= TIME_TOLERANCE_MS;
}

function timeBetween(a: PlainWord, b: PlainWord): number {
  return Math.abs(a.startMs + a.endMs - b.startMs - b.endMs) / 2;
}

/** Edit distance divided by the longer length. */
function textDistance(left: string, right: string): number {
  if (left === right) return 0;
  const longest = Math.max(left.length, right.length);
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return longest === 0 ? 0 : (row[right.length] ?? longest) / longest;
}

/**
 * How many words at the start of a hypothesis repeat what is settled: the prefix that aligns best with the settled words; if equal, the one
 * that ends nearest to them in time.
 */
export function settledPrefix(settled: readonly TimedWord[], words: readonly TimedWord[]): number {
  const last = settled.at(-1);
  if (last === undefined) return 0;
  let row = words.map((_, index) => (index + 1) * GAP_COST);
  row.unshift(0);
  const others = plainWords(words);
  for (const [index, word] of plainWords(settled).entries()) {
    const next = [(index + 1) * GAP_COST];
    for (const [column, other] of others.entries()) {
      const replaced = (row[column] ?? 0) + wordDistance(word, other);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + GAP_COST, (next[column] ?? 0) + GAP_COST));
    }
    row = next;
  }
  let best = 0;
  let bestCost = Number.POSITIVE_INFINITY;
  for (const [count, cost] of row.entries()) {
    const endMs = count === 0 ? (words[0]?.startMs ?? last.endMs) : (words[count - 1]?.endMs ?? 0);
    const total = cost + Math.abs(endMs - last.endMs) / TIME_UNIT_MS;
    if (total < bestCost) {
      best = count;
      bestCost = total;
    }
  }
  return best;
}

/** Words at the start of both that are the same, at about the same time; "help desk" and "helpdesk" are the same. */
export function commonPrefix(first: readonly TimedWord[], second: readonly TimedWord[]): { a: number; b: number } {
  const [a, b] = [plainWords(first), plainWords(second)];
  let i = 0;
  let j = 0;
  for (;;) {
    const [left, right] = [a[i], b[j]];
    if (left === undefined || right === undefined) break;
    if (left.plain === right.plain && isNear(left, right)) {
      i += 1;
      j += 1;
    } else if (isCompound(left, b.slice(j, j + 2))) {
      i += 1;
      j += 2;
    } else if (isCompound(right, a.slice(i, i + 2))) {
      i += 2;
      j += 1;
    } else break;
  }
  return { a: i, b: j };
}

function isCompound(whole: PlainWord, parts: readonly PlainWord[]): boolean {
  const [first, second] = parts;
  if (first === undefined || second === undefined || !isNear(whole, first)) return false;
  return whole.plain === first.plain + second.plain;
}

/** For each word of `a`, the index of the same word in `b`; times are ignored. */
export function sameWords(a: readonly { text: string }[], b: readonly { text: string }[]): (number | undefined)[] {
  const [left, right] = [a, b].map((words) => words.map(({ text }) => plain(text))) as [string[], string[]];
  // Longest common subsequence of what follows.
  const common = Array.from({ length: left.length + 1 }, () => new Array<number>(right.length + 1).fill(0));
  const at = (i: number, j: number) => common[i]?.[j] ?? 0;
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      const same = left[i] === right[j] ? at(i + 1, j + 1) + 1 : 0;
      (common[i] as number[])[j] = Math.max(same, at(i + 1, j), at(i, j + 1));
    }
  }
  const found = new Array<number | undefined>(left.length).fill(undefined);
  for (let i = 0, j = 0; i < left.length && j < right.length; ) {
    if (left[i] === right[j]) {
      found[i] = j;
      i += 1;
      j += 1;
    } else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return found;
}

/** Share of the shorter one's words that both have in this order, at about the same times; 1 if one is empty. */
export function likeness(a: readonly TimedWord[], b: readonly TimedWord[]): number {
  const shorter = Math.min(a.length, b.length);
  if (shorter === 0) return 1;
  let row = new Array<number>(b.length + 1).fill(0);
  const others = plainWords(b);
  for (const left of plainWords(a)) {
    const next = [0];
    for (const [column, right] of others.entries()) {
      const same = wordDistance(left, right) <= 0.34 ? (row[column] ?? 0) + 1 : 0;
      next.push(Math.max(same, row[column + 1] ?? 0, next[column] ?? 0));
    }
    row = next;
  }
  return (row[b.length] ?? 0) / shorter;
}

/** Word pairs in which two texts differ; times are ignored. An added or missing word has an empty partner. */
export function differences(from: readonly string[], to: readonly string[]): { from: string; to: string }[] {
  const rows = from.length + 1;
  const columns = to.length + 1;
  const cost = Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
  const at = (i: number, j: number) => cost[i]?.[j] ?? 0;
  const [left, right] = [from.map(plain), to.map(plain)];
  const same = (i: number, j: number) => left[i - 1] === right[j - 1];
  for (let i = 0; i < rows; i += 1) {
    for (let j = 0; j < columns; j += 1) {
      const row = cost[i] as number[];
      if (i === 0 || j === 0) row[j] = i + j;
      else row[j] = Math.min(at(i - 1, j - 1) + (same(i, j) ? 0 : 1), at(i - 1, j) + 1, at(i, j - 1) + 1);
    }
  }
  const found: { from: string; to: string }[] = [];
  let [i, j] = [from.length, to.length];
  while (i > 0 || j > 0) {
    if (i > 0 && j > 0 && at(i, j) === at(i - 1, j - 1) + (same(i, j) ? 0 : 1)) {
      if (!same(i, j)) found.push({ from: from[i - 1] ?? '', to: to[j - 1] ?? '' });
      i -= 1;
      j -= 1;
    } else if (i > 0 && at(i, j) === at(i - 1, j) + 1) {
      found.push({ from: from[i - 1] ?? '', to: '' });
      i -= 1;
    } else {
      found.push({ from: '', to: to[j - 1] ?? '' });
      j -= 1;
    }
  }
  return found.reverse();
}

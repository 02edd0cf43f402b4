import { plainWord, splitWords } from '@parley/media';
import type { Method } from './methods.js';
import type { Scenario } from './scenario.js';

/** Counts of one method; those of several scenarios add up. */
export interface Tally {
  committedWords: number;
  /** Settled words that are not in the reference at their place. */
  falseCommits: number;
  referenceWords: number;
  /** From the end of a word to the answer that settled it. */
  commitLatenciesMs: number[];
  /** Words that became visible, each time they did. */
  shownWords: number;
  /** Visible words that were not there any more in the next text. */
  erasedVisibleWords: number;
  /** Texts that took back at least one visible word. */
  visibleRevisions: number;
  /** Edits between what was shown and what had been said by then, over all texts. */
  partialEdits: number;
  partialWords: number;
}

export interface Metrics {
  committedWords: number;
  falseCommits: number;
  /** Share of the settled words. */
  falseCommitRate: number;
  /** Share of the reference that was settled rightly before the final. */
  coverage: number;
  commitLatencyMs: { p50: number | null; p95: number | null };
  erasedVisibleWords: number;
  /** Share of the words that became visible. */
  erasedRate: number;
  visibleRevisions: number;
  partialWer: number;
}

/** Replays one scenario through one method. */
export function replay(scenario: Scenario, method: Method): Tally {
  const reference = splitWords(scenario.reference).map(plainWord);
  const tally: Tally = {
    committedWords: 0,
    falseCommits: 0,
    referenceWords: reference.length,
    commitLatenciesMs: [],
    shownWords: 0,
    erasedVisibleWords: 0,
    visibleRevisions: 0,
    partialEdits: 0,
    partialWords: 0,
  };
  let visible: string[] = [];
  const committed: string[] = [];
  const committedAtS: number[] = [];
  for (const observation of scenario.observations) {
    const shown = method.update(observation);
    for (const word of shown.committed.slice(committed.length)) {
      committed.push(plainWord(word));
      committedAtS.push(observation.completedAtS);
    }
    const now = shown.words.map(plainWord).filter((word) => word !== '');
    const { matches } = align(visible, now);
    const kept = matches.filter((match) => match !== undefined).length;
    tally.shownWords += now.length - kept;
    tally.erasedVisibleWords += visible.length - kept;
    if (kept < visible.length) tally.visibleRevisions += 1;
    visible = now;
    const said = reference.filter((_, index) => (scenario.wordEndTimesS[index] ?? 0) <= observation.audioEndS);
    tally.partialEdits += align(said, now).edits;
    tally.partialWords += said.length;
  }
  const { matches } = align(committed, reference);
  tally.committedWords = committed.length;
  for (const [index, match] of matches.entries()) {
    if (match === undefined) tally.falseCommits += 1;
    else {
      const saidAtS = scenario.wordEndTimesS[match] ?? 0;
      tally.commitLatenciesMs.push(((committedAtS[index] ?? 0) - saidAtS) * 1_000);
    }
  }
  return tally;
}

export function sumOf(tallies: readonly Tally[]): Tally {
  const sum = (pick: (tally: Tally) => number) => tallies.reduce((total, tally) => total + pick(tally), 0);
  return {
    committedWords: sum((tally) => tally.committedWords),
    falseCommits: sum((tally) => tally.falseCommits),
    referenceWords: sum((tally) => tally.referenceWords),
    commitLatenciesMs: tallies.flatMap((tally) => tally.commitLatenciesMs),
    shownWords: sum((tally) => tally.shownWords),
    erasedVisibleWords: sum((tally) => tally.erasedVisibleWords),
    visibleRevisions: sum((tally) => tally.visibleRevisions),
    partialEdits: sum((tally) => tally.partialEdits),
    partialWords: sum((tally) => tally.partialWords),
  };
}

export function metricsOf(tally: Tally): Metrics {
  const share = (part: number, whole: number) => (whole === 0 ? 0 : Number((part / whole).toFixed(4)));
  return {
    committedWords: tally.committedWords,
    falseCommits: tally.falseCommits,
    falseCommitRate: share(tally.falseCommits, tally.committedWords),
    coverage: share(tally.committedWords - tally.falseCommits, tally.referenceWords),
    commitLatencyMs: {
      p50: percentile(tally.commitLatenciesMs, 0.5),
      p95: percentile(tally.commitLatenciesMs, 0.95),
    },
    erasedVisibleWords: tally.erasedVisibleWords,
    erasedRate: share(tally.erasedVisibleWords, tally.shownWords),
    visibleRevisions: tally.visibleRevisions,
    partialWer: share(tally.partialEdits, tally.partialWords),
  };
}

/** The word of `to` that each word of `from` is, in the cheapest alignment; undefined for words that are not there. */
export function align(
  from: readonly string[],
  to: readonly string[],
): { edits: number; matches: (number | undefined)[] } {
  const width = to.length + 1;
  const cost = new Uint32Array((from.length + 1) * width);
  for (let i = 0; i <= from.length; i += 1) {
    for (let j = 0; j <= to.length; j += 1) {
      const at = i * width + j;
      if (i === 0 || j === 0) cost[at] = i + j;
      else {
        const replaced = (cost[at - width - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
        cost[at] = Math.min(replaced, (cost[at - width] as number) + 1, (cost[at - 1] as number) + 1);
      }
    }
  }
  const matches = new Array<number | undefined>(from.length).fill(undefined);
  for (let i = from.length, j = to.length; i > 0 && j > 0; ) {
    const at = i * width + j;
    const same = from[i - 1] === to[j - 1];
    if (cost[at] === (cost[at - width - 1] as number) + (same ? 0 : 1)) {
      if (same) matches[i - 1] = j - 1;
      i -= 1;
      j -= 1;
    } else if (cost[at] === (cost[at - width] as number) + 1) i -= 1;
    else j -= 1;
  }
  return { edits: cost[from.length * width + to.length] ?? 0, matches };
}

function percentile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return value === undefined ? null : Math.round(value);
}

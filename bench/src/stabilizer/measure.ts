import { splitWords } from '@parley/media/asr';
import { align, comparableWords } from '@parley/media/testing';
import { type Percentiles, percentiles } from '../percentile.js';
import type { Method } from './methods.js';
import type { Scenario, ScenarioObservation } from './scenario.js';

/** Counts of one method; those of several scenarios add up. */
export interface Tally {
  committedWords: number;
  /** Settled words that are not in the reference at their place. */
  falseCommits: number;
  referenceWords: number;
  /** From the end of a word to the end of the audio of the answer that settled it. */
  commitLatenciesMs: number[];
  /** From the end of a word to the arrival of that answer. */
  commitAnsweredMs: number[];
  /** Words that became visible, each time they did. */
  shownWords: number;
  /** Visible words that were gone in the next text. */
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
  /** Share of the settled words; 0 if none was settled. */
  falseCommitRate: number;
  /** Share of the reference that was correctly settled before the final; null if nothing was said. */
  coverage: number | null;
  /** Milliseconds of audio; null if no word was correctly settled. */
  commitLatencyMs: Percentiles;
  /** The same up to the answer, that is including the recogniser's own time. */
  commitAnsweredMs: Percentiles;
  erasedVisibleWords: number;
  /** Share of the words that became visible; 0 if there were none. */
  erasedRate: number;
  visibleRevisions: number;
  /** Above 1 if more was shown wrongly than had been said; null if nothing was said, or the times are unknown. */
  partialWer: number | null;
}

/** Replays one scenario through one method. */
export function replay(scenario: Scenario, method: Method): Tally {
  const spoken = referenceOf(scenario);
  const reference = spoken.map(({ text }) => text);
  // Without the times of words, it is unknown what had been said when a text was shown.
  const timed = spoken.every(({ endS }) => endS !== undefined);
  const tally: Tally = {
    committedWords: 0,
    falseCommits: 0,
    referenceWords: reference.length,
    commitLatenciesMs: [],
    commitAnsweredMs: [],
    shownWords: 0,
    erasedVisibleWords: 0,
    visibleRevisions: 0,
    partialEdits: 0,
    partialWords: 0,
  };
  let visible: string[] = [];
  const committed: string[] = [];
  const settledBy: ScenarioObservation[] = [];
  let settledWords = 0;
  for (const observation of scenario.observations) {
    const shown = method.update(observation);
    for (const word of shown.committed.slice(settledWords).flatMap(comparableWords)) {
      committed.push(word);
      settledBy.push(observation);
    }
    settledWords = shown.committed.length;
    const now = shown.words.flatMap(comparableWords);
    const { matches } = align(visible, now);
    const kept = matches.filter((match) => match !== undefined).length;
    tally.shownWords += now.length - kept;
    tally.erasedVisibleWords += visible.length - kept;
    if (kept < visible.length) tally.visibleRevisions += 1;
    visible = now;
    if (!timed) continue;
    const said = spoken.filter(({ endS = 0 }) => endS <= observation.audioEndS).map(({ text }) => text);
    tally.partialEdits += align(said, now).edits;
    tally.partialWords += said.length;
  }
  const { matches } = align(committed, reference);
  tally.committedWords = committed.length;
  for (const [index, match] of matches.entries()) {
    if (match === undefined) {
      tally.falseCommits += 1;
      continue;
    }
    const saidAtS = spoken[match]?.endS;
    const settled = settledBy[index];
    if (saidAtS === undefined || settled === undefined) continue;
    tally.commitLatenciesMs.push((settled.audioEndS - saidAtS) * 1_000);
    tally.commitAnsweredMs.push((settled.completedAtS - saidAtS) * 1_000);
  }
  return tally;
}

/** The words of the reference in the form used to compare them, and when each was said. */
function referenceOf({ reference, wordEndTimesS }: Scenario): { text: string; endS: number | undefined }[] {
  return splitWords(reference).flatMap((word, index) =>
    comparableWords(word).map((text) => ({ text, endS: wordEndTimesS[index] })),
  );
}

export function sumOf(tallies: readonly Tally[]): Tally {
  const sum = (pick: (tally: Tally) => number) => tallies.reduce((total, tally) => total + pick(tally), 0);
  return {
    committedWords: sum((tally) => tally.committedWords),
    falseCommits: sum((tally) => tally.falseCommits),
    referenceWords: sum((tally) => tally.referenceWords),
    commitLatenciesMs: tallies.flatMap((tally) => tally.commitLatenciesMs),
    commitAnsweredMs: tallies.flatMap((tally) => tally.commitAnsweredMs),
    shownWords: sum((tally) => tally.shownWords),
    erasedVisibleWords: sum((tally) => tally.erasedVisibleWords),
    visibleRevisions: sum((tally) => tally.visibleRevisions),
    partialEdits: sum((tally) => tally.partialEdits),
    partialWords: sum((tally) => tally.partialWords),
  };
}

export function metricsOf(tally: Tally): Metrics {
  const share = (part: number, whole: number) => (whole === 0 ? null : Number((part / whole).toFixed(4)));
  return {
    committedWords: tally.committedWords,
    falseCommits: tally.falseCommits,
    falseCommitRate: share(tally.falseCommits, tally.committedWords) ?? 0,
    coverage: share(tally.committedWords - tally.falseCommits, tally.referenceWords),
    commitLatencyMs: percentiles(tally.commitLatenciesMs),
    commitAnsweredMs: percentiles(tally.commitAnsweredMs),
    erasedVisibleWords: tally.erasedVisibleWords,
    erasedRate: share(tally.erasedVisibleWords, tally.shownWords) ?? 0,
    visibleRevisions: tally.visibleRevisions,
    partialWer: share(tally.partialEdits, tally.partialWords),
  };
}

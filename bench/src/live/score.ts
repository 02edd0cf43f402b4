import { align, comparableWords, countSeams, type SeamCount } from '@parley/media/testing';
import type { TrackEvent } from '@parley/media/worker';
import { type Percentiles, percentiles } from '../percentile.js';
import { type SpokenWord, timedWords } from '../speech/Speech.js';
import type { Performance, Played } from './Stage.js';

/** One row of the table: this many speakers at once. */
export interface LiveRow {
  speakers: number;
  /** From the VAD's decision that an utterance is over to its final; cuts during speech do not count. */
  vadEndToFinalMs: Percentiles;
  /** From the true end of an utterance's last word to its final. */
  speechEndToFinalMs: Percentiles;
  /** From the true start of an utterance's first word to the first text of it. */
  speechStartToInterimMs: Percentiles;
  /** From the true end of a word to the first text that has it at its place; null if the times of words are unknown. */
  wordToVisibleMs: Percentiles;
  /** From the newest sample in an interim's audio to the interim. */
  interimFreshnessMs: Percentiles;
  /** Share of engine time for superseded interims and for discarded finals that were started in a pause. */
  discardedShare: number;
  /** Gaps, and rejected requests. */
  drops: number;
  wer: number;
  cpuShare: { pipelines: number; recogniser: number };
  eventLoopDelayP99Ms: number;
}

/** A text and an utterance that overlap less than this do not belong together. */
const LEAST_OVERLAP_MS = 100;

type Final = Extract<TrackEvent, { type: 'final' }>;
type Visible = { atMs: number; event: Extract<TrackEvent, { type: 'final' | 'interimUpdated' }> };

export function scoreLive(performance: Performance): LiveRow {
  const { played } = performance;
  const latencies = played.map(latenciesOf);
  const all = (pick: (each: ReturnType<typeof latenciesOf>) => number[]) => percentiles(latencies.flatMap(pick));
  const errors = played.map(wordErrors);
  const words = errors.reduce((sum, each) => sum + each.words, 0);
  const gaps = played.reduce((sum, { told }) => sum + told.filter(({ event }) => event.type === 'gap').length, 0);
  return {
    speakers: played.length,
    vadEndToFinalMs: all((each) => each.vadEndToFinal),
    speechEndToFinalMs: all((each) => each.speechEndToFinal),
    speechStartToInterimMs: all((each) => each.speechStartToInterim),
    wordToVisibleMs: all((each) => each.wordToVisible),
    interimFreshnessMs: all((each) => each.freshness),
    discardedShare: share(performance.discardedEngineMs, performance.engineMs),
    drops: gaps + performance.rejected,
    wer: share(
      errors.reduce((sum, each) => sum + each.edits, 0),
      words,
    ),
    cpuShare: {
      pipelines: round(performance.cpuShare.pipelines),
      recogniser: round(performance.cpuShare.recogniser),
    },
    eventLoopDelayP99Ms: round(performance.eventLoopDelayMs),
  };
}

/** Utterances with a second final that starts within them. */
export function countCut({ speech, told }: Pick<Played, 'speech' | 'told'>): { cut: number; utterances: number } {
  const starts = told.flatMap(({ event }) => (event.type === 'final' ? [event.segment.startMs] : []));
  const cut = speech.utterances.filter(({ startMs, endMs }) =>
    starts.some((atMs) => atMs > startMs + 200 && atMs < endMs - 100),
  );
  return { cut: cut.length, utterances: speech.utterances.length };
}

/** Checks the words on either side of every cut. */
export function countBrokenSeams({ speech, told }: Pick<Played, 'speech' | 'told'>): SeamCount {
  return countSeams({
    texts: finalsOf(told).map(({ hypothesis }) => hypothesis.text),
    spoken: speech.utterances.map(({ text }) => text),
  });
}

export function wordErrors({ speech, told }: Pick<Played, 'speech' | 'told'>): { edits: number; words: number } {
  const heard = finalsOf(told).flatMap((final) => comparableWords(final.hypothesis.text));
  const spoken = speech.utterances.flatMap(({ text }) => comparableWords(text));
  return { edits: align(spoken, heard).edits, words: spoken.length };
}

/** Engine milliseconds of emitted texts per second of speech, in equal parts of the time. */
export function engineMsPerSecond(options: { performance: Performance; parts: number }): number[] {
  const { played, seconds } = options.performance;
  const partMs = (seconds * 1_000) / options.parts;
  const sums = new Array<number>(options.parts).fill(0);
  for (const { atMs, event } of played.flatMap(({ told }) => told)) {
    if (event.type !== 'final' && event.type !== 'interimUpdated') continue;
    const part = Math.min(options.parts - 1, Math.max(0, Math.floor(atMs / partMs)));
    sums[part] = (sums[part] ?? 0) + event.hypothesis.engineMs;
  }
  return sums.map((ms) => Math.round(ms / (partMs / 1_000) / played.length));
}

function latenciesOf({ speech, told }: Played) {
  const endedAtMs = new Map<string, number>();
  const vadEndToFinal: number[] = [];
  const freshness: number[] = [];
  const visible: Visible[] = [];
  for (const { atMs, event } of told) {
    if (
      event.type === 'trackActivity' &&
      event.activity.type === 'utteranceEnded' &&
      event.activity.cause === 'silence'
    ) {
      endedAtMs.set(event.activity.segmentId, atMs);
    }
    if (event.type === 'interimUpdated') freshness.push(atMs - event.segment.endMs);
    if (event.type === 'final') {
      const ended = endedAtMs.get(event.segment.id);
      if (ended !== undefined) vadEndToFinal.push(atMs - ended);
    }
    if (event.type === 'interimUpdated' || event.type === 'final') visible.push({ atMs, event });
  }
  return {
    vadEndToFinal,
    freshness,
    speechStartToInterim: speechStartToInterim({ speech, visible }),
    wordToVisible: wordToVisible({ speech, visible }),
    speechEndToFinal: speechEndToFinal({ speech, visible }),
  };
}

function speechEndToFinal({ speech, visible }: Pick<Played, 'speech'> & { visible: Visible[] }): number[] {
  const latencies: number[] = [];
  for (const { endMs } of speech.utterances) {
    const final = visible.find(
      ({ event }) => event.type === 'final' && event.segment.startMs < endMs && event.segment.endMs >= endMs - 150,
    );
    if (final !== undefined) latencies.push(final.atMs - endMs);
  }
  return latencies;
}

function speechStartToInterim({ speech, visible }: Pick<Played, 'speech'> & { visible: Visible[] }): number[] {
  return speech.utterances.flatMap(({ startMs, endMs }) => {
    const first = visible.find(
      ({ event: { segment } }) =>
        Math.min(segment.endMs, endMs) - Math.max(segment.startMs, startMs) >= LEAST_OVERLAP_MS,
    );
    return first === undefined ? [] : [first.atMs - startMs];
  });
}

/**
 * Each text is aligned with the words of its time; a word is visible from the first text on that has it at its place. Words without known
 * times are ignored.
 */
function wordToVisible({ speech, visible }: Pick<Played, 'speech'> & { visible: Visible[] }): number[] {
  const words = timedWords(speech).flatMap(({ text, ...span }) =>
    comparableWords(text).map((comparable) => ({ ...span, text: comparable })),
  );
  const seenAtMs = new Map<SpokenWord, number>();
  for (const { atMs, event } of visible) {
    const { startMs, endMs } = event.segment;
    const near = words.filter((word) => word.endMs > startMs - 300 && word.startMs < endMs + 300);
    const { matches } = align(
      near.map(({ text }) => text),
      comparableWords(event.hypothesis.text),
    );
    for (const [place, match] of matches.entries()) {
      const word = near[place];
      if (match !== undefined && word !== undefined && !seenAtMs.has(word)) seenAtMs.set(word, atMs);
    }
  }
  return [...seenAtMs].map(([word, atMs]) => atMs - word.endMs);
}

function finalsOf(told: Played['told']): Final[] {
  return told.flatMap(({ event }) => (event.type === 'final' ? [event] : []));
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Number((part / whole).toFixed(4));
}

function round(value: number): number {
  return Number(value.toFixed(2));
}

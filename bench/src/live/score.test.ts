import type { TrackEvent } from '@parley/media/worker';
import { describe, expect, it } from 'vitest';
import { type SpokenUtterance, utteranceOf } from '../speech/Speech.js';
import type { Performance, Played, ToldEvent } from './Stage.js';
import { countBrokenSeams, countCut, engineMsPerSecond, scoreLive, wordErrors } from './score.js';

type Stopped = Extract<Extract<TrackEvent, { type: 'trackActivity' }>['activity'], { type: 'utteranceEnded' }>;

/** An utterance of words of half a second each, from one second on. */
function spoken(text: string, fromMs = 1_000): SpokenUtterance[] {
  const words = text.split(' ').map((word, index) => ({
    text: word,
    startMs: fromMs + index * 500,
    endMs: fromMs + (index + 1) * 500,
  }));
  return [utteranceOf(words)];
}

interface TextOptions {
  atMs: number;
  text: string;
  startMs?: number;
  endMs: number;
  id?: string;
  engineMs?: number;
}

function told(type: 'interimUpdated' | 'final', options: TextOptions): ToldEvent {
  const { atMs, text, startMs = 1_000, endMs, id = 'u1', engineMs = 30 } = options;
  const segment = { id, startMs, endMs };
  return { atMs, event: { type, segment, hypothesis: { text, engineMs } } as unknown as TrackEvent };
}

function stopped(atMs: number, cause: Stopped['cause'], segmentId = 'u1'): ToldEvent {
  const activity: Stopped = { type: 'utteranceEnded', segmentId, atMs, cause };
  return { atMs, event: { type: 'trackActivity', activity } as TrackEvent };
}

const gap: ToldEvent = { atMs: 9_000, event: { type: 'gap' } as TrackEvent };

const one = (utterances: SpokenUtterance[], events: ToldEvent[]): Played => ({
  speech: { pcm: new Int16Array(0), utterances },
  told: events,
});

const performance = (played: Played[], rest: Partial<Performance> = {}): Performance => ({
  played,
  seconds: 10,
  engineMs: 1_000,
  discardedEngineMs: 0,
  rejected: 0,
  cpuShare: { pipelines: 0, recogniser: 0 },
  eventLoopDelayMs: 0,
  ...rest,
});

describe('a row of the live benchmark', () => {
  it('measures from the end of the last word, and from the decision that it is over, to the final', () => {
    const events = [stopped(2_300, 'silence'), told('final', { atMs: 2_340, text: 'Good morning.', endMs: 2_000 })];
    const row = scoreLive(performance([one(spoken('good morning'), events)]));
    expect(row.vadEndToFinalMs).toEqual({ p50: 40, p95: 40 });
    expect(row.speechEndToFinalMs).toEqual({ p50: 340, p95: 340 });
    expect(row.wer).toBe(0);
  });

  it.each(['sentence', 'forced', 'flush'] as const)('takes no cut by %s for an end of speech', (cause) => {
    const events = [
      // The final of such a cut is there before the cut: it would make the figure look like nothing.
      stopped(2_300, cause),
      told('final', { atMs: 2_300, text: 'Good morning.', endMs: 2_000 }),
    ];
    const row = scoreLive(performance([one(spoken('good morning'), events)]));
    expect(row.vadEndToFinalMs).toEqual({ p50: null, p95: null });
    expect(row.speechEndToFinalMs).toEqual({ p50: 300, p95: 300 });
  });

  it('lets a word be visible from the first text on that has it at its place', () => {
    const events = [
      told('interimUpdated', { atMs: 1_800, text: 'good', endMs: 1_700 }),
      told('interimUpdated', { atMs: 2_200, text: 'good mourning', endMs: 2_100 }),
      told('interimUpdated', { atMs: 2_500, text: 'good morning', endMs: 2_400 }),
      told('final', { atMs: 2_900, text: 'Good morning.', endMs: 2_000 }),
    ];
    const row = scoreLive(performance([one(spoken('good morning'), events)]));
    // 300 ms for "good", 500 ms for "morning"; the upper one of two is their p50.
    expect(row.wordToVisibleMs).toEqual({ p50: 500, p95: 500 });
    expect(row.interimFreshnessMs).toEqual({ p50: 100, p95: 100 });
  });

  it('measures from the start of each utterance to the first text of that one', () => {
    const words = [...spoken('good morning'), ...spoken('thank you', 3_000)];
    const events = [
      told('interimUpdated', { atMs: 1_600, text: 'good', endMs: 1_500 }),
      told('interimUpdated', { atMs: 2_200, text: 'good morning', endMs: 2_100 }),
      // The last words of one person come while the next utterance has begun.
      told('final', { atMs: 3_050, text: 'Good morning.', endMs: 3_010 }),
      told('interimUpdated', { atMs: 3_400, text: 'thank', startMs: 2_950, endMs: 3_350, id: 'u2' }),
    ];
    const row = scoreLive(performance([one(words, events)]));
    expect(row.speechStartToInterimMs).toEqual({ p50: 600, p95: 600 });
    expect(scoreLive(performance([one(words, events.slice(3))])).speechStartToInterimMs.p50).toBe(400);
  });

  it('knows the latencies of utterances where only their times are known, and none of words', () => {
    const untimed = spoken('good morning').map(({ words: _, ...utterance }) => utterance);
    const events = [
      stopped(2_300, 'silence'),
      told('interimUpdated', { atMs: 1_600, text: 'good', endMs: 1_500 }),
      told('final', { atMs: 2_340, text: 'Good evening.', endMs: 2_000 }),
    ];
    const row = scoreLive(performance([one(untimed, events)]));
    expect(row.wordToVisibleMs).toEqual({ p50: null, p95: null });
    expect(row.vadEndToFinalMs).toEqual({ p50: 40, p95: 40 });
    expect(row.speechEndToFinalMs).toEqual({ p50: 340, p95: 340 });
    expect(row.speechStartToInterimMs).toEqual({ p50: 600, p95: 600 });
    expect(row.wer).toBe(0.5);
  });

  it('puts the errors, the gaps and the refusals of all speakers together', () => {
    const right = one(spoken('good morning'), [told('final', { atMs: 2_340, text: 'Good morning.', endMs: 2_000 })]);
    const lost = one(spoken('two words'), [gap]);
    const row = scoreLive(performance([right, lost], { rejected: 2, discardedEngineMs: 50 }));
    expect(row).toMatchObject({ speakers: 2, wer: 0.5, drops: 3, discardedShare: 0.05 });
    expect(row.speechEndToFinalMs).toEqual({ p50: 340, p95: 340 });
  });

  it('of nothing is nothing', () => {
    const none = { p50: null, p95: null };
    expect(scoreLive(performance([one([], [])], { engineMs: 0 }))).toMatchObject({
      vadEndToFinalMs: none,
      speechEndToFinalMs: none,
      speechStartToInterimMs: none,
      wordToVisibleMs: none,
      interimFreshnessMs: none,
      discardedShare: 0,
      drops: 0,
      wer: 0,
    });
  });
});

describe('word errors', () => {
  it('count words that are wrong, missing or too much, and no difference in case or punctuation', () => {
    const words = spoken('we start on Thursday');
    const of = (text: string) => wordErrors(one(words, [told('final', { atMs: 0, text, endMs: 3_000 })])).edits;
    expect(of('We start: on thursday!')).toBe(0);
    expect(of('We start in Thursday.')).toBe(1);
    expect(
      wordErrors(
        one(spoken('Mister Bell is cold hearted'), [
          told('final', { atMs: 0, text: 'Mr. Bell is cold-hearted.', endMs: 3_000 }),
        ]),
      ).edits,
    ).toBe(0);
    expect(of('We start Thursday.')).toBe(1);
    expect(of('We will start on Thursday.')).toBe(1);
    expect(wordErrors(one(words, []))).toEqual({ edits: 4, words: 4 });
  });
});

describe('a sentence with a pause', () => {
  const words = spoken('one two three four five six');

  it('is cut when a second caption begins within it', () => {
    const first = told('final', { atMs: 2_500, text: 'one two', endMs: 2_000 });
    const second = told('final', { atMs: 4_500, text: 'three four five six', startMs: 2_400, endMs: 4_000, id: 'u2' });
    expect(countCut(one(words, [first, second]))).toEqual({ cut: 1, utterances: 1 });
  });

  it('is whole when its one caption begins with it, or when the next one begins with the next', () => {
    const events = [
      told('final', { atMs: 4_500, text: 'one two three four five six', endMs: 4_000 }),
      told('final', { atMs: 8_000, text: 'seven', startMs: 7_000, endMs: 7_500, id: 'u2' }),
    ];
    expect(countCut(one([...words, ...spoken('seven', 7_000)], events))).toEqual({ cut: 0, utterances: 2 });
  });
});

describe('a seam of a monologue', () => {
  const words = spoken('one two three four five six');
  const seams = (first: string, second: string) =>
    countBrokenSeams(
      one(words, [
        told('final', { atMs: 2_500, text: first, endMs: 2_500 }),
        told('final', { atMs: 4_500, text: second, startMs: 2_500, endMs: 4_000, id: 'u2' }),
      ]),
    );

  it('holds where every word stands on one side of it', () => {
    expect(seams('one two three', 'four five six')).toEqual({ seams: 1, broken: 0 });
    expect(seams('one two tree', 'four five six')).toEqual({ seams: 1, broken: 0 });
  });

  it('is broken where a word is missing, or stands on both sides', () => {
    expect(seams('one two', 'four five six')).toEqual({ seams: 1, broken: 1 });
    expect(seams('one two three', 'three four five six')).toEqual({ seams: 1, broken: 1 });
  });
});

it('engine time is reported by equal parts of the time, for a second of speech of each speaker', () => {
  const events = [
    told('interimUpdated', { atMs: 1_000, text: 'a', endMs: 1_000, engineMs: 100 }),
    told('final', { atMs: 4_900, text: 'a', endMs: 1_000, engineMs: 400 }),
    told('final', { atMs: 9_000, text: 'a', endMs: 1_000, engineMs: 250 }),
    // After the last sample: its part is the last one.
    told('final', { atMs: 10_400, text: 'a', endMs: 1_000, engineMs: 250 }),
  ];
  const both = performance([one([], events), one([], events)]);
  expect(engineMsPerSecond({ performance: both, parts: 2 })).toEqual([100, 100]);
});

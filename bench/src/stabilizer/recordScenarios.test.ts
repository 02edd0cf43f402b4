import { describe, expect, it } from 'vitest';
import { utteranceOf } from '../speech/Speech.js';
import { metricsOf, replay } from './measure.js';
import { identicalOutputs, rawInterims } from './methods.js';
import { type Answer, captionsOf, scenarioOf } from './recordScenarios.js';

const answer = (text: string, endMs: number, lengthMs: number): Answer => ({
  hypothesis: { text, engineMs: 80 },
  endMs,
  lengthMs,
});

describe('the interims of a caption', () => {
  const segments = [
    { startMs: 1_000, endMs: 3_000 },
    { startMs: 3_000, endMs: 20_000 },
  ];
  const textsOf = (answers: Answer[]) =>
    captionsOf({ segments, answers, longestMs: 10_000 }).map((caption) =>
      caption.answers.map(({ hypothesis }) => hypothesis.text),
    );

  it('are those of its time', () => {
    expect(textsOf([answer('a', 1_600, 600), answer('b', 3_000, 1_990), answer('c', 3_500, 490)])).toEqual([
      ['a', 'b'],
      ['c'],
    ]);
  });

  it('are not those that heard the caption before it, too', () => {
    expect(textsOf([answer('both', 3_400, 2_400)])).toEqual([[], []]);
  });

  it('are not those that did not hear its beginning any more', () => {
    expect(textsOf([answer('whole', 13_000, 9_990), answer('end', 13_400, 6_000)])).toEqual([[], ['whole']]);
  });
});

describe('a recorded caption', () => {
  const caption = {
    startMs: 900,
    endMs: 2_300,
    answers: [answer('one', 1_600, 700), answer('one two-three', 2_200, 1_300)],
  };
  const words = ['one', 'two', 'three'].map((text, index) => ({
    text,
    startMs: 1_000 + index * 400,
    endMs: 1_400 + index * 400,
  }));
  const timed = [utteranceOf(words), utteranceOf([{ text: 'later', startMs: 5_000, endMs: 5_400 }])];
  const untimed = timed.map(({ words: _, ...utterance }) => utterance);

  it('is a scenario whose times count from its start', () => {
    expect(scenarioOf({ caption, utterances: timed, name: 'it' })).toEqual({
      name: 'it',
      category: 'recorded',
      reference: 'one two three',
      wordEndTimesS: [0.5, 0.9, 1.3],
      observations: [
        { text: 'one', completedAtS: 0.78, audioEndS: 0.7 },
        { text: 'one two-three', completedAtS: 1.38, audioEndS: 1.3 },
      ],
    });
  });

  it('has the words of its time alone, where they are known', () => {
    const first = scenarioOf({ caption: { ...caption, endMs: 1_500 }, utterances: timed, name: 'it' });
    expect(first?.reference).toBe('one');
    expect(scenarioOf({ caption: { ...caption, endMs: 1_500 }, utterances: untimed, name: 'it' })).toBeUndefined();
  });

  it('has no latencies and no partial word errors where the times of words are not known, and all the rest', () => {
    const scenario = scenarioOf({ caption, utterances: untimed, name: 'it' });
    expect(scenario).toMatchObject({ reference: 'one two three', wordEndTimesS: [] });
    if (scenario === undefined) return;
    expect(metricsOf(replay(scenario, rawInterims()))).toEqual({
      committedWords: 3,
      falseCommits: 0,
      falseCommitRate: 0,
      coverage: 1,
      commitLatencyMs: { p50: null, p95: null },
      commitAnsweredMs: { p50: null, p95: null },
      erasedVisibleWords: 0,
      erasedRate: 0,
      visibleRevisions: 0,
      partialWer: null,
    });
    expect(metricsOf(replay(scenario, identicalOutputs(2))).committedWords).toBe(0);
  });

  it('is none without interims, or where nobody spoke', () => {
    expect(scenarioOf({ caption: { ...caption, answers: [] }, utterances: timed, name: 'it' })).toBeUndefined();
    expect(scenarioOf({ caption, utterances: [], name: 'it' })).toBeUndefined();
  });
});

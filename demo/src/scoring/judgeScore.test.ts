import { describe, expect, it } from 'vitest';
import { judgeScore, REQUIREMENTS, requirementsOf } from './judgeScore.js';
import type { MeetingScore } from './scoreMeeting.js';

const score: MeetingScore = {
  meeting: 'people',
  durationS: 53,
  wer: 0.06,
  speakers: [],
  speechEndToFinalMs: { p50: null, p95: null },
  speechStartToInterimMs: { p50: null, p95: null },
  wordToVisibleMs: { p50: null, p95: null },
  erasedVisibleWords: { shown: 0, erased: 0, share: 0 },
  visibleRevisions: 0,
  missedUtterances: 0,
  finalsInSilence: 0,
  misattributed: 0,
};

describe('what a transcript must reach', () => {
  it('is more with a published model than with the built-in one', () => {
    const published = requirementsOf({ demo: false });
    expect(published).toBe(REQUIREMENTS.published);
    expect(judgeScore(score, published)).toEqual(['6.0 % of the words are wrong; 5.0 % are allowed.']);
    expect(judgeScore({ ...score, wer: 0.05 }, published)).toEqual([]);
    expect(judgeScore(score, requirementsOf({ demo: true }))).toEqual([]);
  });

  it.each([
    { demo: true },
    { demo: false },
  ])('is, with any model, that nothing is missed, invented or misattributed', (model) => {
    const bad = { ...score, wer: 0, missedUtterances: 1, finalsInSilence: 2, misattributed: 1 };
    expect(judgeScore(bad, requirementsOf(model))).toEqual([
      '1 utterance is missing from the transcript.',
      '2 captions are without any speech.',
      '1 caption is under the wrong name.',
    ]);
  });
});

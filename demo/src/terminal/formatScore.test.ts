import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { REQUIREMENTS } from '../scoring/judgeScore.js';
import type { MeetingScore } from '../scoring/scoreMeeting.js';
import { formatScore } from './formatScore.js';

const score: MeetingScore = {
  meeting: 'one-person',
  durationS: 10,
  wer: 0,
  speakers: [{ name: 'Ada', words: 8, wer: 0, finals: 2 }],
  speechEndToFinalMs: { p50: 800, p95: 900 },
  speechStartToInterimMs: { p50: 700, p95: 900 },
  wordToVisibleMs: { p50: 612.4, p95: 1_040.7 },
  erasedVisibleWords: { shown: 9, erased: 1, share: 1 / 9 },
  visibleRevisions: 1,
  missedUtterances: 0,
  finalsInSilence: 0,
  misattributed: 0,
};

const HOW = { colors: pc.createColors(false), requirements: REQUIREMENTS.builtIn };

describe('the score on a terminal', () => {
  it('shows how soon words became visible and how many changed', () => {
    const lines = formatScore(score, HOW);
    expect(lines).toContain('  word -> visible             median 612 ms, 95 % within 1041 ms');
    expect(lines).toContain('  1 of 9 shown words changed');
  });

  it('says that there was nothing to measure when the script has no word times', () => {
    const lines = formatScore({ ...score, wordToVisibleMs: { p50: null, p95: null } }, HOW);
    expect(lines).toContain('  word -> visible             nothing to measure');
  });
});

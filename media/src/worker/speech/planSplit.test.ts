import { describe, expect, it } from 'vitest';
import { planSplit, type SplitSituation } from './planSplit.js';

/** Words of 400 ms each with 50 ms between them. */
function situation(text: string, overrides: Partial<SplitSituation> = {}): SplitSituation {
  const words = text.split(' ').map((word, index) => ({ text: word, startMs: index * 450, endMs: index * 450 + 400 }));
  return {
    words,
    settled: words.length,
    sentenceEnds: words.flatMap((word, index) => (/[.?!]$/.test(word.text) ? [index] : [])),
    lengthMs: words.length * 450,
    sentenceSplitMs: 2_000,
    longestMs: 28_000,
    quietest: (fromMs, toMs) => ({ atMs: (fromMs + toMs) / 2, relativeLevel: 0.1 }),
    ...overrides,
  };
}

describe('planSplit', () => {
  it('cuts between a settled sentence and the word after it', () => {
    const plan = planSplit(situation('we are done here. the next one goes on'));
    expect(plan).toMatchObject({ words: 4, cause: 'sentence' });
    expect(plan?.cutMs).toBeGreaterThan(3 * 450 + 200);
    expect(plan?.cutMs).toBeLessThan(4 * 450 + 200);
  });

  it('takes the last of several sentences', () => {
    expect(planSplit(situation('one is here. two is here. three goes on and on'))?.words).toBe(6);
  });

  it('waits while the sentence may still change, or nothing follows it', () => {
    expect(planSplit(situation('we are done here. the next one', { settled: 5 }))).toBeUndefined();
    expect(planSplit(situation('we are done with all of it here.'))).toBeUndefined();
  });

  it('does not cut where nobody pauses', () => {
    const loud = { quietest: () => ({ atMs: 1_800, relativeLevel: 0.8 }) };
    expect(planSplit(situation('we are done here. the next one goes on', loud))).toBeUndefined();
  });

  it('leaves short utterances alone, and all of them when it is off', () => {
    const text = 'we are done here. the next one goes on';
    expect(planSplit(situation(text, { sentenceSplitMs: 6_000 }))).toBeUndefined();
    expect(planSplit(situation(text, { sentenceSplitMs: 0 }))).toBeUndefined();
  });

  it('cuts between two settled words shortly before the utterance grows too long, best at a comma', () => {
    const text = 'one two three four five, six seven eight nine ten';
    expect(planSplit(situation(text, { longestMs: 10_000 }))).toBeUndefined();
    expect(planSplit(situation(text, { longestMs: 6_000 }))).toMatchObject({ words: 5, cause: 'forced' });
    expect(planSplit(situation(text, { longestMs: 6_000, settled: 0 }))).toBeUndefined();
  });
});

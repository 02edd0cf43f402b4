import { comparableWords } from '@parley/media/testing';
import { describe, expect, it } from 'vitest';
import { PEOPLES_MEETING, SYNTHETIC_MEETING } from './chooseMeeting.js';
import { loadMeeting } from './loadMeeting.js';

describe('the synthetic meeting', () => {
  it('has the times of each word of each utterance, in whole milliseconds', async () => {
    const { utterances } = await loadMeeting(SYNTHETIC_MEETING);
    expect(utterances).toHaveLength(22);
    for (const { text, words } of utterances) expect(words).toHaveLength(comparableWords(text).length);
    expect(utterances[0]?.words?.slice(0, 2)).toEqual([
      { startMs: 1_080, endMs: 1_223 },
      { startMs: 1_223, endMs: 1_627 },
    ]);
  });
});

describe('the meeting of people', () => {
  it('has the times of each utterance, and none of words', async () => {
    const { speakers, utterances, durationMs } = await loadMeeting(PEOPLES_MEETING);
    expect(speakers.map(({ name }) => name)).toEqual(['Quinn', 'Libby', 'Jack']);
    expect(utterances).toHaveLength(8);
    expect(utterances.at(-1)).toEqual({
      speaker: 'Libby',
      startMs: 46_000,
      endMs: 49_220,
      text: 'He might even have been made amiable himself.',
    });
    expect(durationMs).toBe(53_220);
  });
});

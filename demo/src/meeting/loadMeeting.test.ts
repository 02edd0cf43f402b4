import { fileURLToPath } from 'node:url';
import { comparableWords } from '@parley/media/testing';
import { describe, expect, it } from 'vitest';
import { loadMeeting } from './loadMeeting.js';

const MEETING = fileURLToPath(new URL('../../meeting', import.meta.url));

describe('the meeting of the demo', () => {
  it('tells when each word of each utterance is said, in whole milliseconds', async () => {
    const { utterances } = await loadMeeting(MEETING);
    expect(utterances).toHaveLength(22);
    for (const { text, words } of utterances) expect(words).toHaveLength(comparableWords(text).length);
    expect(utterances[0]?.words?.slice(0, 2)).toEqual([
      { startMs: 1_080, endMs: 1_223 },
      { startMs: 1_223, endMs: 1_627 },
    ]);
  });
});

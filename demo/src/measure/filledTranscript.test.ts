import { describe, expect, it } from 'vitest';
import { entryStart, filledTranscript } from './filledTranscript.js';

const SEGMENTS = 1_000;
const ALL = { meetingId: 'm_1', afterSeq: 0, limit: SEGMENTS, maxBytes: 100_000_000 };
const store = () => filledTranscript({ segments: SEGMENTS });

describe('a filled transcript', () => {
  it('holds as many entries as were asked for, in order, of the meeting that it is made for', async () => {
    const { segments, lastSeq } = await store().page(ALL);
    expect(lastSeq).toBe(SEGMENTS);
    expect(segments.map(({ seq }) => seq)).toEqual(Array.from({ length: SEGMENTS }, (_, index) => index + 1));
    expect(new Set(segments.map(({ meetingId }) => meetingId))).toEqual(new Set(['m_1']));
    expect(segments.every(({ startMs }, index) => startMs >= (segments[index - 1]?.startMs ?? 0))).toBe(true);
    expect(segments.at(-1)?.text.startsWith(entryStart(SEGMENTS))).toBe(true);
  });

  it('has what a real one has: several people, sentences of many lengths, gaps', async () => {
    const { segments } = await store().page(ALL);
    expect(new Set(segments.map(({ displayName }) => displayName)).size).toBe(5);
    expect(segments.filter(({ status }) => status === 'gap').length).toBe(Math.floor(SEGMENTS / 97));
    expect(new Set(segments.map(({ text }) => text.split(' ').length)).size).toBeGreaterThan(30);
  });

  it('takes what is said afterwards, and drops nothing for it', async () => {
    const filled = store();
    const { segments } = await filled.page({ ...ALL, limit: 1 });
    const [first] = segments;
    if (first === undefined) throw new Error('the store is empty');
    expect(await filled.append({ ...first, id: 'live' })).toMatchObject({ id: 'live', seq: SEGMENTS + 1 });
    expect(await filled.page({ ...ALL, limit: 1 })).toMatchObject({ firstSeq: 1, lastSeq: SEGMENTS + 1 });
  });
});

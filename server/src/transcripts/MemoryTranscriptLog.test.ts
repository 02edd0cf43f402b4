import { describe, expect, test } from 'vitest';
import { MemoryTranscriptLog } from './MemoryTranscriptLog.js';
import type { UncommittedSegment } from './TranscriptLog.js';

function segment(id: string): UncommittedSegment {
  return {
    id,
    meetingId: 'm_1',
    participantId: 'p_1',
    displayName: 'Ada',
    track: 'microphone',
    startMs: 0,
    endMs: 1_000,
    text: 'hello',
    language: 'en',
    confidence: 0.9,
    revision: 1,
    status: 'final',
  };
}

async function logWith(count: number, capacity = 1_000): Promise<MemoryTranscriptLog> {
  const log = new MemoryTranscriptLog({ capacity });
  for (let i = 1; i <= count; i++) await log.append(segment(`s${i}`));
  return log;
}

describe('MemoryTranscriptLog', () => {
  test('numbers segments from 1 without a hole', async () => {
    const log = await logWith(3);
    const { segments } = await log.page({ afterSeq: 0, limit: 500 });
    expect(segments.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(log.lastSeq).toBe(3);
  });

  test('answers the row that stands there when the same segment comes twice', async () => {
    const log = await logWith(2);
    const again = await log.append({ ...segment('s1'), text: 'another text' });
    expect(again).toMatchObject({ seq: 1, text: 'hello' });
    expect(log.lastSeq).toBe(2);
  });

  test('pages from after a given seq, oldest first', async () => {
    const log = await logWith(10);
    const page = await log.page({ afterSeq: 4, limit: 3 });
    expect(page.segments.map(({ seq }) => seq)).toEqual([5, 6, 7]);
    expect(page).toMatchObject({ firstSeq: 1, lastSeq: 10 });
  });

  test('answers an empty page past the end and in an empty log', async () => {
    expect((await (await logWith(2)).page({ afterSeq: 2, limit: 5 })).segments).toEqual([]);
    expect((await (await logWith(2)).page({ afterSeq: 2 ** 53 - 1, limit: 5 })).segments).toEqual([]);
    expect(await new MemoryTranscriptLog({ capacity: 5 }).page({ afterSeq: 0, limit: 5 })).toEqual({
      segments: [],
      firstSeq: 0,
      lastSeq: 0,
    });
  });

  test('drops the oldest past its capacity and says where it begins', async () => {
    const log = await logWith(250, 100);
    const page = await log.page({ afterSeq: 0, limit: 500 });
    expect(page.lastSeq).toBe(250);
    expect(page.segments.length).toBeLessThanOrEqual(100);
    expect(page.firstSeq).toBe(page.segments[0]?.seq);
    expect(page.segments.at(-1)?.seq).toBe(250);
  });
});

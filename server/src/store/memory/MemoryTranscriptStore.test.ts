import { expect, test } from 'vitest';
import { segmentOf, testTranscriptStore } from '../conformance/transcriptStoreSuite.js';
import { FaultyTranscriptStore } from '../testing/FaultyTranscriptStore.js';
import { MemoryTranscriptStore } from './MemoryTranscriptStore.js';

testTranscriptStore({
  name: 'memory',
  create: () => new FaultyTranscriptStore(new MemoryTranscriptStore({ segmentsPerMeeting: 1_000 })),
});

const ALL = { afterSeq: 0, limit: 500, maxBytes: 1e6 };

test('drops the oldest segments past its capacity and says where a transcript begins', async () => {
  const store = new MemoryTranscriptStore({ segmentsPerMeeting: 100 });
  for (let index = 1; index <= 250; index += 1) await store.append(segmentOf(`s${index}`));
  const page = await store.page({ meetingId: 'm_1', ...ALL });
  expect(page.lastSeq).toBe(250);
  expect(page.segments.length).toBeLessThanOrEqual(100);
  expect(page.firstSeq).toBe(page.segments[0]?.seq);
  expect(page.segments.at(-1)?.seq).toBe(250);
});

test('lets go of a meeting that ends', async () => {
  const store = new MemoryTranscriptStore({ segmentsPerMeeting: 100 });
  await store.append(segmentOf('s1'));
  await store.end('m_1');
  expect(await store.page({ meetingId: 'm_1', ...ALL })).toEqual({ segments: [], firstSeq: 0, lastSeq: 0 });
});

test('past its meetings lets go of the one to which nothing was added for longest', async () => {
  const store = new MemoryTranscriptStore({ segmentsPerMeeting: 100, meetings: 2 });
  await store.append(segmentOf('s1', { meetingId: 'quiet' }));
  await store.append(segmentOf('s1', { meetingId: 'old' }));
  await store.append(segmentOf('s2', { meetingId: 'quiet' }));
  await store.append(segmentOf('s1', { meetingId: 'new' }));
  const lastSeqs = ['quiet', 'old', 'new'].map(async (meetingId) => (await store.page({ meetingId, ...ALL })).lastSeq);
  expect(await Promise.all(lastSeqs)).toEqual([2, 0, 1]);
});

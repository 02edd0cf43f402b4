import type { CommittedSegment } from '@parley/client-sdk/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import type { TranscriptStore, UncommittedSegment } from '../TranscriptStore.js';

/** A store that can be made to fail without losing its content: every call that is answered while `down` is true rejects. */
export type BreakableStore = TranscriptStore & { down: boolean };

export interface TranscriptStoreSuiteOptions {
  /** Title of the implementation. */
  name: string;
  /**
   * Returns an empty store, a new one for each test, with room for at least 1,000 segments per meeting. `FaultyTranscriptStore` makes
   * any store breakable.
   */
  create: () => Promise<BreakableStore> | BreakableStore;
}

/** A final of 1 s in meeting `m_1`, unless `parts` say otherwise. */
export function segmentOf(id: string, parts: Partial<UncommittedSegment> = {}): UncommittedSegment {
  return {
    id,
    meetingId: 'm_1',
    participantId: 'p_1',
    displayName: 'Ada',
    track: 'microphone',
    startMs: 0,
    endMs: 1_000,
    text: `text of ${id}`,
    language: 'en',
    confidence: 0.9,
    revision: 1,
    status: 'final',
    ...parts,
  };
}

const gapOf = (id: string): UncommittedSegment =>
  segmentOf(id, { status: 'gap', text: '', confidence: 0, reason: 'notStored' });
const EMPTY = { segments: [], firstSeq: 0, lastSeq: 0 };
const MANY_BYTES = 10_000_000;

/** Registers the tests that every `TranscriptStore` passes. Call it in a test file of the implementation. */
export function testTranscriptStore(options: TranscriptStoreSuiteOptions): void {
  const { name, create } = options;
  describe(`${name} as a transcript store`, () => {
    let store: BreakableStore;
    beforeEach(async () => {
      store = await create();
    });

    const page = (query: { afterSeq?: number; limit?: number; maxBytes?: number; meetingId?: string } = {}) =>
      store.page({ meetingId: 'm_1', afterSeq: 0, limit: 500, maxBytes: MANY_BYTES, ...query });
    const seqsOf = (segments: readonly CommittedSegment[]) => segments.map(({ seq }) => seq);
    const appendMany = async (count: number) => {
      const appended: CommittedSegment[] = [];
      for (let index = 1; index <= count; index += 1) appended.push(await store.append(segmentOf(`s${index}`)));
      return appended;
    };

    describe('that is appended to', () => {
      test('numbers the segments of a meeting from 1 without a hole, and gives them back as they were', async () => {
        const words = [{ text: 'Grüße', startMs: 10, endMs: 400, probability: 0.912 }];
        const rich = segmentOf('s1', {
          text: 'Grüße, 日本 \u{1F600} "quoted"\n',
          languageProbability: 0.988,
          committedCorrections: 2,
          words,
        });
        expect(await store.append(rich)).toEqual({ ...rich, seq: 1 });
        expect(await store.append(gapOf('s2'))).toEqual({ ...gapOf('s2'), seq: 2 });
        expect(await page()).toEqual({
          segments: [
            { ...rich, seq: 1 },
            { ...gapOf('s2'), seq: 2 },
          ],
          firstSeq: 1,
          lastSeq: 2,
        });
      });

      test('keeps the order of calls that do not wait for each other', async () => {
        const ids = Array.from({ length: 50 }, (_, index) => `s${index}`);
        const appended = await Promise.all(ids.map((id) => store.append(segmentOf(id))));
        expect(seqsOf(appended)).toEqual(ids.map((_, index) => index + 1));
        expect((await page()).segments.map(({ id }) => id)).toEqual(ids);
      });

      test('numbers each meeting by itself, also where both use the same ids', async () => {
        await store.append(segmentOf('a'));
        expect((await store.append(segmentOf('a', { meetingId: 'm_2', text: 'other' }))).seq).toBe(1);
        await store.append(segmentOf('b', { meetingId: 'm_2' }));
        expect((await page()).segments).toEqual([{ ...segmentOf('a'), seq: 1 }]);
        expect((await page({ meetingId: 'm_2' })).segments.map(({ text }) => text)).toEqual(['other', 'text of b']);
      });
    });

    describe('that is given a segment twice', () => {
      test('answers with the row that stands there, whatever the segment says now', async () => {
        await appendMany(2);
        const first = { ...segmentOf('s1'), seq: 1 };
        expect(await store.append(segmentOf('s1'))).toEqual(first);
        expect(await store.append(segmentOf('s1', { text: 'another text', revision: 9 }))).toEqual(first);
        expect(await store.append(gapOf('s1'))).toEqual(first);
        const { segments, lastSeq } = await page();
        expect([seqsOf(segments), lastSeq]).toEqual([[1, 2], 2]);
        expect((await store.append(segmentOf('s3'))).seq).toBe(3);
      });

      test('keeps a gap that came before its text', async () => {
        await store.append(gapOf('s1'));
        expect(await store.append(segmentOf('s1'))).toEqual({ ...gapOf('s1'), seq: 1 });
      });

      test('stores one row although the first append is still under way', async () => {
        const [first, second, other, third] = await Promise.all([
          store.append(segmentOf('s1')),
          store.append(gapOf('s1')),
          store.append(segmentOf('s2')),
          store.append(segmentOf('s1', { text: 'late' })),
        ]);
        expect(second).toEqual(first);
        expect(third).toEqual(first);
        expect([first.seq, other.seq]).toEqual([1, 2]);
        expect((await page()).segments).toEqual([first, other]);
      });
    });

    describe('that is read', () => {
      test('pages from after a seq, oldest first, as many as are asked for', async () => {
        await appendMany(10);
        expect(seqsOf((await page({ afterSeq: 4, limit: 3 })).segments)).toEqual([5, 6, 7]);
        expect(seqsOf((await page({ afterSeq: 8, limit: 3 })).segments)).toEqual([9, 10]);
        expect(seqsOf((await page({ limit: 1 })).segments)).toEqual([1]);
        expect(await page({ afterSeq: 4, limit: 3 })).toMatchObject({ firstSeq: 1, lastSeq: 10 });
      });

      test('gives an empty page past the end, however far', async () => {
        await appendMany(2);
        for (const afterSeq of [2, 3, Number.MAX_SAFE_INTEGER]) {
          expect(await page({ afterSeq })).toEqual({ segments: [], firstSeq: 1, lastSeq: 2 });
        }
      });

      test('ends a page before it has too many bytes, whatever the alphabet, and never before its first segment', async () => {
        const rows: CommittedSegment[] = [];
        for (const id of ['a', 'b', 'c']) rows.push(await store.append(segmentOf(id, { text: '日'.repeat(1_000) })));
        const bytes = (segments: readonly CommittedSegment[]) =>
          segments.reduce((sum, segment) => sum + Buffer.byteLength(JSON.stringify(segment)), 0);
        const two = bytes(rows.slice(0, 2));
        expect(seqsOf((await page({ maxBytes: two })).segments)).toEqual([1, 2]);
        expect(seqsOf((await page({ maxBytes: two - 1 })).segments)).toEqual([1]);
        expect(seqsOf((await page({ afterSeq: 1, maxBytes: 1 })).segments)).toEqual([2]);
      });

      test('is read to its end by whoever asks on from the last seq of each page', async () => {
        await appendMany(23);
        const read: number[] = [];
        for (let lastSeq = 1; (read.at(-1) ?? 0) < lastSeq; ) {
          const next = await page({ afterSeq: read.at(-1) ?? 0, limit: 5 });
          read.push(...seqsOf(next.segments));
          lastSeq = next.lastSeq;
        }
        expect(read).toEqual(Array.from({ length: 23 }, (_, index) => index + 1));
      });

      test('has an empty page for a meeting that it does not know', async () => {
        await appendMany(1);
        expect(await page({ meetingId: 'm_unknown' })).toEqual(EMPTY);
        expect(await page({ meetingId: '' })).toEqual(EMPTY);
        expect(await page({ meetingId: 'constructor' })).toEqual(EMPTY);
      });
    });

    describe('that is cleared', () => {
      test('H11 has nothing of that meeting any more, and goes on counting', async () => {
        await appendMany(3);
        await store.append(segmentOf('x', { meetingId: 'm_2' }));
        await store.clear('m_1');
        await store.clear('m_unknown');
        expect(await page()).toEqual({ segments: [], firstSeq: 0, lastSeq: 3 });
        expect((await store.append(segmentOf('s4'))).seq).toBe(4);
        expect(await page()).toMatchObject({ segments: [{ id: 's4' }], firstSeq: 4, lastSeq: 4 });
        expect((await page({ meetingId: 'm_2' })).lastSeq).toBe(1);
      });
    });

    describe('whose meeting ends', () => {
      test('has all of it afterwards or nothing, and no other meeting is touched', async () => {
        const appended = await appendMany(3);
        await store.append(segmentOf('x', { meetingId: 'm_2' }));
        await store.end('m_1');
        await store.end('m_1');
        await store.end('m_unknown');
        expect([EMPTY, { segments: appended, firstSeq: 1, lastSeq: 3 }]).toContainEqual(await page());
        expect((await page({ meetingId: 'm_2' })).lastSeq).toBe(1);
        expect((await store.append(segmentOf('y', { meetingId: 'm_2' }))).seq).toBe(2);
      });
    });

    describe('that breaks down', () => {
      test('rejects, and goes on without a hole afterwards', async () => {
        await appendMany(2);
        store.down = true;
        await expect(store.append(segmentOf('s3'))).rejects.toThrow();
        await expect(page()).rejects.toThrow();
        store.down = false;
        expect((await store.append(segmentOf('s3'))).seq).toBe(3);
        expect((await store.append(segmentOf('s4'))).seq).toBe(4);
        expect(seqsOf((await page()).segments)).toEqual([1, 2, 3, 4]);
      });

      test('in the middle of appends stores each of them once at most, and once when it is tried again', async () => {
        const ids = Array.from({ length: 20 }, (_, index) => `s${index}`);
        const first = ids.map((id) => store.append(segmentOf(id)));
        // Some are answered by then, and one may be stored whose answer is lost.
        await first[4];
        store.down = true;
        const outcomes = await Promise.allSettled(first);
        store.down = false;
        expect(outcomes.some(({ status }) => status === 'rejected')).toBe(true);
        const again = [];
        for (const id of ids) again.push(await store.append(segmentOf(id, { text: 'again' })));
        const { segments, lastSeq } = await page();
        expect(lastSeq).toBe(20);
        expect(new Set(segments.map(({ id }) => id))).toEqual(new Set(ids));
        expect(seqsOf(segments)).toEqual(ids.map((_, index) => index + 1));
        for (const [index, outcome] of outcomes.entries()) {
          if (outcome.status === 'fulfilled') expect(again[index]).toEqual(outcome.value);
        }
      });
    });
  });
}

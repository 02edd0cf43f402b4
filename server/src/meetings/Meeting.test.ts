import { ManualTime } from '@parley/media/testing';
import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { segmentOf } from '../store/conformance/transcriptStoreSuite.js';
import { MemoryTranscriptStore } from '../store/memory/MemoryTranscriptStore.js';
import type { TranscriptStore } from '../store/TranscriptStore.js';
import { FaultyTranscriptStore } from '../store/testing/FaultyTranscriptStore.js';
import { SlowTranscriptStore } from '../store/testing/SlowTranscriptStore.js';
import { Meeting } from './Meeting.js';

const logger = pino({ level: 'silent' });
const STARTED_AT_MS = 1_800_000_000_000;
const ada = { issuer: 'guest', subject: 'ada', displayName: 'Ada', nameSource: 'guest' as const, roles: [] };
const ben = { issuer: 'guest', subject: 'ben', displayName: 'Ben', nameSource: 'guest' as const, roles: [] };

let time: ManualTime;
let store: SlowTranscriptStore;
beforeEach(() => {
  time = new ManualTime();
  store = new SlowTranscriptStore();
});

const open = (options: { meetingId?: string; store?: TranscriptStore } = {}) =>
  Meeting.open({ room: 'daily', store, logger, time, wallClock: () => STARTED_AT_MS, ...options });

/** @returns what is told of each segment, in the order in which it is told */
async function commit(meeting: Meeting, ids: readonly string[]): Promise<(string | undefined)[]> {
  const told: (string | undefined)[] = [];
  for (const id of ids) {
    const segment = segmentOf(id, { meetingId: meeting.meetingId });
    meeting.transcript.commit(segment, (committed) => told.push(committed && `${committed.seq} ${committed.status}`));
  }
  await meeting.transcript.settled();
  return told;
}
const page = (meeting: Meeting) => meeting.transcript.page({ afterSeq: 0, limit: 500, maxBytes: 1e6 });

describe('names in a meeting', () => {
  const enter = (meeting: Meeting, subject: string, displayName: string) =>
    meeting.enter({ issuer: 'guest', subject, displayName, nameSource: 'guest', roles: [] }).displayName;

  test('H8 that look the same are told apart, also from those who have left, and keep to whom they belong', async () => {
    const meeting = await open();
    expect(enter(meeting, 'one', 'Ada')).toBe('Ada');
    expect(enter(meeting, 'two', 'Ada')).toBe('Ada 2');
    expect(enter(meeting, 'three', 'ADA\u00AD')).toBe('ADA\u00AD 3');
    expect(enter(meeting, 'four', 'Ada 2')).toBe('Ada 2 2');
    expect(enter(meeting, 'one', 'Ada')).toBe('Ada');
    expect(enter(meeting, 'two', 'Ada')).toBe('Ada 2');
    // Another name sets the one before it free.
    expect(enter(meeting, 'one', 'Ada Lovelace')).toBe('Ada Lovelace');
    expect(enter(meeting, 'five', 'Ada')).toBe('Ada');
    expect(enter(meeting, 'one', 'Ada')).toBe('Ada 4');
  });

  test('H8 that differ only by letters of other scripts that look alike are told apart, and shown as they were given', async () => {
    const meeting = await open();
    expect(enter(meeting, 'one', 'Ada')).toBe('Ada');
    expect(enter(meeting, 'two', 'Аdа')).toBe('Аdа 2');
    expect(enter(meeting, 'three', 'Ada')).toBe('Ada 3');
    expect(enter(meeting, 'two', 'Аdа')).toBe('Аdа 2');
    expect(enter(meeting, 'two', 'Адам')).toBe('Адам');
    expect(enter(meeting, 'four', 'Аdа')).toBe('Аdа 4');
  });

  test('H8 are no longer with their number than names may be, and none is cut in the middle of a character', async () => {
    const meeting = await open();
    const long = `${'x'.repeat(53)}👩‍👩‍👧‍👦`;
    expect(long).toHaveLength(64);
    expect(enter(meeting, 'one', long)).toBe(long);
    expect(enter(meeting, 'two', long)).toBe(`${'x'.repeat(53)} 2`);
  });
});

describe('a meeting', () => {
  test('has an id and a clock of its own', async () => {
    const meeting = await open();
    expect(meeting).toMatchObject({ room: 'daily', startedAtMs: STARTED_AT_MS });
    expect(meeting.meetingId).toMatch(/^m_[\w-]{16}$/);
    expect((await open()).meetingId).not.toBe(meeting.meetingId);
    time.advance(1_500);
    expect(meeting.elapsedMs).toBe(1_500);
  });

  test('knows its participants by ids that hold throughout and say nothing in the next meeting', async () => {
    const meeting = await open();
    const first = meeting.enter(ada);
    time.advance(60_000);
    meeting.enter(ben);
    expect(meeting.enter({ ...ada, displayName: 'Ada L.' })).toEqual({
      ...first,
      givenName: 'Ada L.',
      displayName: 'Ada L.',
    });
    expect(first).toEqual({
      participantId: meeting.participantIdOf(ada),
      givenName: 'Ada',
      displayName: 'Ada',
      enteredAtMs: 0,
      reading: { fromMs: 0, afterSeq: 0 },
    });
    expect(first.participantId).toMatch(/^p_[\w-]{16}$/);
    expect(meeting.participants.map(({ displayName, enteredAtMs }) => [displayName, enteredAtMs])).toEqual([
      ['Ben', 60_000],
      ['Ada L.', 0],
    ]);
    expect((await open()).participantIdOf(ada)).not.toBe(first.participantId);
    expect(meeting.participantIdOf({ ...ada, issuer: 'elsewhere' })).not.toBe(first.participantId);
  });

  test('gives each track an epoch of its own', async () => {
    const meeting = await open();
    expect([meeting.nextEpoch(), meeting.nextEpoch()]).toEqual([1, 2]);
  });
});

describe('the transcript of a meeting', () => {
  test('is told of when it is stored, in order, and is read without a room', async () => {
    const meeting = await open();
    expect(meeting.transcript.lastSeq).toBe(0);
    expect(await page(meeting)).toEqual({ segments: [], firstSeq: 0, lastSeq: 0 });
    expect(await commit(meeting, ['a', 'b'])).toEqual(['1 final', '2 final']);
    expect(meeting.transcript.lastSeq).toBe(2);
    expect((await page(meeting)).segments.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  test('has everything that is told in its pages by then', async () => {
    const meeting = await open();
    const seen: number[] = [];
    let reading: Promise<unknown> = Promise.resolve();
    meeting.transcript.commit(segmentOf('a', { meetingId: meeting.meetingId }), () => {
      reading = page(meeting).then(({ lastSeq }) => seen.push(lastSeq));
    });
    await meeting.transcript.settled();
    await reading;
    expect(seen).toEqual([1]);
  });

  test('goes on where the store has it already', async () => {
    const before = await open({ meetingId: 'm_long' });
    await commit(before, ['a', 'b']);
    const after = await open({ meetingId: 'm_long' });
    expect(after.transcript.lastSeq).toBe(2);
    expect(await commit(after, ['b', 'c'])).toEqual(['2 final', '3 final']);
  });

  test('is of a meeting that begins although the store is down, and misses nothing when it is back', async () => {
    store.down = true;
    const meeting = await open();
    const committed = commit(meeting, ['a', 'b']);
    await time.advanceAsync(20_000, 50);
    expect(meeting.transcript.lastSeq).toBe(0);
    store.down = false;
    await time.advanceAsync(10_000, 50);
    expect(await committed).toEqual(['1 final', '2 final']);
  });

  test.each([
    ['slow', () => new SlowTranscriptStore()],
    ['faulty', () => new FaultyTranscriptStore(new MemoryTranscriptStore({ segmentsPerMeeting: 100 }))],
  ])('is told once and in order, as it is stored, although a %s store breaks down again and again', async (_, create) => {
    const breaking = create();
    const meeting = await open({ store: breaking });
    const ids = Array.from({ length: 20 }, (_, index) => `s${index}`);
    const committed = commit(meeting, ids);
    for (let second = 0; second < 20; second += 1) {
      breaking.down = second % 2 === 0;
      await time.advanceAsync(1_000, 50);
    }
    await time.advanceAsync(10_000, 50);
    const told = await committed;
    const { segments } = await page(meeting);
    expect(told).toEqual(segments.map(({ seq, status }) => `${seq} ${status}`));
    expect(segments.map(({ id }) => id)).toEqual(ids);
    expect(time.pendingTimers).toBe(0);
  });

  test('does not keep a meeting waiting whose store says nothing', async () => {
    const never = () => new Promise<never>(() => {});
    const opening = open({ store: { append: never, page: never, clear: never, end: never } });
    await time.advanceAsync(2_000, 100);
    const meeting = await opening;
    const ended = meeting.end();
    await time.advanceAsync(2_000, 100);
    await ended;
    expect(time.pendingTimers).toBe(0);
  });

  test('is whole when the meeting ends, and the store is told once', async () => {
    const memory = new MemoryTranscriptStore({ segmentsPerMeeting: 100 });
    const ended: [string, number][] = [];
    const meeting = await open({
      store: {
        append: (segment) => memory.append(segment),
        page: (query) => memory.page(query),
        clear: (meetingId) => memory.clear(meetingId),
        end: async (meetingId) => {
          const all = await memory.page({ meetingId, afterSeq: 0, limit: 10, maxBytes: 1e6 });
          ended.push([meetingId, all.lastSeq]);
        },
      },
    });
    const committed = commit(meeting, ['a', 'b', 'c']);
    await Promise.all([meeting.end(), meeting.end()]);
    expect(ended).toEqual([[meeting.meetingId, 3]]);
    expect(await committed).toEqual(['1 final', '2 final', '3 final']);
  });

  test('H11 is deleted although the store was down when it was asked to, if it is asked again', async () => {
    const faulty = new FaultyTranscriptStore(new MemoryTranscriptStore({ segmentsPerMeeting: 100 }));
    const meeting = await open({ store: faulty });
    await commit(meeting, ['a', 'b']);
    time.advance(5_000);
    faulty.down = true;
    await expect(meeting.deleteTranscript()).rejects.toThrow('cannot be reached');
    // Nobody is given it any more.
    expect(meeting.beginning).toEqual({ fromMs: 5_000, afterSeq: 2 });
    faulty.down = false;
    await meeting.deleteTranscript();
    expect(await page(meeting)).toEqual({ segments: [], firstSeq: 0, lastSeq: 2 });
    expect(time.pendingTimers).toBe(0);
  });
});

import type { CommittedSegment } from '@parley/client-sdk/protocol';
import { ManualTime } from '@parley/media/testing';
import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryTranscriptStore } from '../store/memory/MemoryTranscriptStore.js';
import type { UncommittedSegment } from '../store/TranscriptStore.js';
import { CommitQueue } from './CommitQueue.js';

const segment = (id: string, parts: Partial<UncommittedSegment> = {}): UncommittedSegment => ({
  id,
  meetingId: 'm',
  participantId: 'p',
  displayName: 'Ada',
  track: 'microphone',
  startMs: 1_000,
  endMs: 2_000,
  revision: 4,
  text: `text of ${id}`,
  language: 'en',
  confidence: 0.9,
  status: 'final',
  ...parts,
});

let time: ManualTime;
let stored: MemoryTranscriptStore;
/** Whether the store fails over a segment. */
let fails: (segment: UncommittedSegment) => boolean;
/** Whether it says nothing, and what it would do then, late. */
let hangs: (segment: UncommittedSegment) => boolean;
let late: (() => Promise<void>)[];
let asked: string[];
let done: [string, CommittedSegment['status'] | undefined, number | undefined][];
let queue: CommitQueue;

function open(capacity?: number): void {
  const store = {
    append: async (each: UncommittedSegment) => {
      asked.push(`${each.status} ${each.id}`);
      if (fails(each)) throw new Error('the store is out of order');
      if (!hangs(each)) return stored.append(each);
      return new Promise<CommittedSegment>((resolve) => late.push(async () => resolve(await stored.append(each))));
    },
  };
  const options = { store, logger: pino({ level: 'silent' }), time };
  queue = new CommitQueue(capacity === undefined ? options : { ...options, capacity });
}

const add = (id: string, parts?: Partial<UncommittedSegment>) =>
  queue.add(segment(id, parts), (committed) => done.push([id, committed?.status, committed?.seq]));

const page = () => stored.page({ meetingId: 'm', afterSeq: 0, limit: 10, maxBytes: 1e6 });

beforeEach(() => {
  time = new ManualTime();
  stored = new MemoryTranscriptStore({ segmentsPerMeeting: 100 });
  fails = () => false;
  hangs = () => false;
  late = [];
  asked = [];
  done = [];
  open();
});

describe('CommitQueue', () => {
  test('brings segments into the store in the order in which they come', async () => {
    for (const id of ['a', 'b', 'c']) add(id);
    await queue.settled();
    expect(done).toEqual([
      ['a', 'final', 1],
      ['b', 'final', 2],
      ['c', 'final', 3],
    ]);
    expect(time.pendingTimers).toBe(0);
  });

  test('tries a segment again that the store does not take, and lets nobody by meanwhile', async () => {
    let left = 3;
    fails = ({ id }) => id === 'a' && left-- > 0;
    add('a');
    add('b');
    await time.advanceAsync(699, 1);
    expect(asked).toEqual(['final a', 'final a', 'final a']);
    await time.advanceAsync(1);
    await queue.settled();
    expect(done).toEqual([
      ['a', 'final', 1],
      ['b', 'final', 2],
    ]);
  });

  test('puts a gap in the place of a text that the store never takes', async () => {
    fails = ({ id, status }) => id === 'a' && status === 'final';
    add('a', { words: [{ text: 'secret', startMs: 0, endMs: 1, probability: 1 }] });
    add('b');
    await time.advanceAsync(4_000, 10);
    expect(done).toEqual([
      ['a', 'gap', 1],
      ['b', 'final', 2],
    ]);
    expect(asked.filter((each) => each === 'final a')).toHaveLength(6);
    const { segments } = await page();
    expect(segments[0]).toEqual({
      ...segment('a', { status: 'gap', text: '', confidence: 0, reason: 'notStored' }),
      seq: 1,
    });
  });

  test('keeps everything for a store that is out of order, and asks it every 5 s at least and at most', async () => {
    fails = () => true;
    for (const id of ['a', 'b', 'c']) add(id);
    await time.advanceAsync(60_000, 50);
    expect(done).toEqual([]);
    const before = asked.length;
    await time.advanceAsync(50_000, 50);
    // The text, and its gap.
    expect(asked.length - before).toBe(20);
    fails = () => false;
    await time.advanceAsync(5_000, 50);
    expect(done.map(([id, status]) => [id, status])).toEqual([
      ['a', 'final'],
      ['b', 'final'],
      ['c', 'final'],
    ]);
  });

  test('ends although the store takes nothing, and says what is lost', async () => {
    fails = () => true;
    for (const id of ['a', 'b', 'c']) add(id);
    await time.advanceAsync(30_000, 50);
    const closed = queue.flush();
    await time.advanceAsync(0);
    await closed;
    expect(done).toEqual([
      ['a', undefined, undefined],
      ['b', undefined, undefined],
      ['c', undefined, undefined],
    ]);
    expect(time.pendingTimers).toBe(0);
  });

  test('gives a store that has just failed its time when it is flushed', async () => {
    let left = 4;
    fails = () => left-- > 0;
    add('a');
    const closed = queue.flush();
    await time.advanceAsync(4_000, 10);
    await closed;
    expect(done).toEqual([['a', 'final', 1]]);
  });

  test('gives a store that says nothing 5 s, and tries the segment again', async () => {
    let left = 1;
    hangs = ({ id }) => id === 'a' && left-- > 0;
    add('a');
    add('b');
    await time.advanceAsync(4_999, 1);
    expect(asked).toEqual(['final a']);
    await time.advanceAsync(200, 1);
    await queue.settled();
    expect(asked).toEqual(['final a', 'final a', 'final b']);
    expect(done).toEqual([
      ['a', 'final', 1],
      ['b', 'final', 2],
    ]);
    expect(time.pendingTimers).toBe(0);
  });

  test('puts a gap in the place of a segment over which the store says nothing, and stays with it whatever comes late', async () => {
    hangs = ({ id, status }) => id === 'a' && status === 'final';
    add('a');
    add('b');
    await time.advanceAsync(40_000, 50);
    expect(done).toEqual([
      ['a', 'gap', 1],
      ['b', 'final', 2],
    ]);
    for (const settle of late) await settle();
    await time.advanceAsync(1_000, 50);
    expect((await page()).lastSeq).toBe(2);
    expect(done).toHaveLength(2);
  });

  test('commits once what the store takes late, after it was asked again', async () => {
    let left = 2;
    hangs = () => left-- > 0;
    add('a');
    await time.advanceAsync(5_050, 50);
    for (const settle of late) await settle();
    await time.advanceAsync(10_000, 50);
    expect(done).toEqual([['a', 'final', 1]]);
    expect((await page()).lastSeq).toBe(1);
  });

  test('does not pile up questions before a store that says nothing, and goes on when it speaks again', async () => {
    hangs = () => true;
    add('a');
    await time.advanceAsync(600_000, 1_000);
    const before = asked.length;
    await time.advanceAsync(3_000_000, 1_000);
    expect(done).toEqual([]);
    // Each waits for 5 s, and 5 s pass before it.
    expect(asked.length - before).toBeLessThanOrEqual(300);
    hangs = () => false;
    for (const settle of late) await settle();
    await time.advanceAsync(10_000, 50);
    expect(done).toEqual([['a', 'final', 1]]);
    expect(time.pendingTimers).toBe(0);
  });

  test('asks a store again that has come back, although it never answers what it was asked before', async () => {
    hangs = () => true;
    for (const id of ['a', 'b']) add(id);
    await time.advanceAsync(3_600_000, 1_000);
    expect(done).toEqual([]);
    hangs = () => false;
    await time.advanceAsync(25_000, 50);
    expect(done.map(([id]) => id)).toEqual(['a', 'b']);
    expect(time.pendingTimers).toBe(0);
  });

  test('is not held up by a text over which the store says nothing, although it owes many answers', async () => {
    hangs = ({ status }) => status === 'final';
    for (let index = 0; index < 20; index += 1) add(`s${index}`);
    await time.advanceAsync(3_600_000, 1_000);
    expect(done).toHaveLength(20);
    expect(new Set(done.map(([, status]) => status))).toEqual(new Set(['gap']));
  });

  test.each([
    0, 60_000, 3_600_000,
  ])('ends within two limits although the store says nothing, %d ms after that began', async (ms) => {
    hangs = () => true;
    for (const id of ['a', 'b', 'c']) add(id);
    await time.advanceAsync(ms, Math.max(50, ms / 3_600));
    let over = false;
    void queue.flush().then(() => {
      over = true;
    });
    await time.advanceAsync(11_000, 50);
    expect(over).toBe(true);
    expect(done.map(([id, status]) => [id, status])).toEqual([
      ['a', undefined],
      ['b', undefined],
      ['c', undefined],
    ]);
    expect(time.pendingTimers).toBe(0);
  });

  test('that was flushed takes segments on, and is as patient with them as before', async () => {
    fails = () => true;
    add('a');
    const flushed = queue.flush();
    await time.advanceAsync(10_000, 50);
    await flushed;
    expect(done).toEqual([['a', undefined, undefined]]);
    await queue.flush();
    add('b');
    await time.advanceAsync(60_000, 50);
    expect(done).toHaveLength(1);
    fails = () => false;
    await time.advanceAsync(5_000, 50);
    expect(done.at(-1)).toEqual(['b', 'final', 1]);
    expect(time.pendingTimers).toBe(0);
  });

  test('takes no more than its capacity', async () => {
    open(2);
    fails = () => true;
    for (const id of ['a', 'b', 'c']) add(id);
    expect(done).toEqual([['c', undefined, undefined]]);
  });

  test('has room for segments however many wait for it, and tells all of them', async () => {
    open(2);
    fails = () => true;
    add('a');
    let told = 0;
    for (let index = 0; index < 3; index += 1) void queue.settled().then(() => (told += 1));
    add('b');
    expect(done).toEqual([]);
    fails = () => false;
    await time.advanceAsync(1_000, 50);
    expect(done.map(([id, status]) => [id, status])).toEqual([
      ['a', 'final'],
      ['b', 'final'],
    ]);
    expect(told).toBe(3);
  });

  test('goes on after somebody who fails over what was committed', async () => {
    queue.add(segment('a'), () => {
      throw new Error('told badly');
    });
    add('b');
    await queue.settled();
    expect(done).toEqual([['b', 'final', 2]]);
  });
});

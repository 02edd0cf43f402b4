import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CommittedSegment, Segment } from '../protocol/index.js';
import { type TranscriptPage, TranscriptView } from './TranscriptView.js';

function segment(id: string, overrides: Partial<Segment> = {}): Segment {
  return {
    id,
    meetingId: 'm',
    participantId: 'p',
    displayName: 'Ada',
    track: 'microphone',
    startMs: 0,
    endMs: 1_000,
    text: `text of ${id}`,
    language: 'en',
    confidence: 1,
    revision: 1,
    status: 'interim',
    ...overrides,
  };
}

function committed(seq: number, overrides: Partial<Segment> = {}): CommittedSegment {
  return { ...segment(`s${seq}`, { startMs: seq * 1_000, revision: 9, ...overrides }), status: 'final', seq };
}

/** A server that holds `count` segments, the oldest being `firstSeq`. */
function logOf(count: number, options: { firstSeq?: number; pageSize?: number } = {}) {
  const { firstSeq = 1, pageSize = 500 } = options;
  const asked: number[] = [];
  const resume = (afterSeq: number): Promise<TranscriptPage> => {
    asked.push(afterSeq);
    const from = Math.max(afterSeq + 1, firstSeq);
    const length = Math.max(0, Math.min(pageSize, count - from + 1));
    const segments = Array.from({ length }, (_, index) => committed(from + index));
    return Promise.resolve({ segments, firstSeq: count === 0 ? 0 : firstSeq, lastSeq: count });
  };
  return { asked, resume };
}

const idsOf = (view: TranscriptView) => view.getSnapshot().map(({ id }) => id);

describe('TranscriptView', () => {
  test('replaces an interim by its newer revisions and then by its final, under one id', () => {
    const view = new TranscriptView(logOf(0));
    view.applyInterim(segment('s1', { text: 'hel' }));
    view.applyInterim(segment('s1', { text: 'hello', revision: 3 }));
    expect(view.applyInterim(segment('s1', { text: 'late', revision: 2 }))).toBe(false);
    expect(view.getSnapshot()).toMatchObject([{ text: 'hello', status: 'interim' }]);
    view.applyCommitted(committed(1, { text: 'Hello.' }));
    expect(view.applyInterim(segment('s1', { text: 'too late', revision: 99 }))).toBe(false);
    expect(view.getSnapshot()).toMatchObject([{ text: 'Hello.', status: 'final', seq: 1 }]);
  });

  test('takes interims back, but never what is committed', () => {
    const view = new TranscriptView(logOf(0));
    view.applyInterim(segment('noise'));
    view.applyCommitted(committed(1));
    expect(view.retract('noise')).toBe(true);
    expect(view.retract('noise')).toBe(false);
    expect(view.retract('s1')).toBe(false);
    expect(idsOf(view)).toEqual(['s1']);
  });

  test('orders by time, whoever was committed first', () => {
    const view = new TranscriptView(logOf(0));
    view.applyCommitted(committed(1, { startMs: 5_000 }));
    view.applyCommitted(committed(2, { startMs: 1_000 }));
    expect(idsOf(view)).toEqual(['s2', 's1']);
  });

  test('answers the same array until something changes, and tells its subscribers then', () => {
    const view = new TranscriptView(logOf(0));
    let told = 0;
    const off = view.subscribe(() => {
      told += 1;
    });
    const before = view.getSnapshot();
    expect(view.getSnapshot()).toBe(before);
    view.applyInterim(segment('s1'));
    expect(view.getSnapshot()).not.toBe(before);
    view.applyInterim(segment('s1'));
    expect(told).toBe(1);
    off();
    view.applyInterim(segment('s2'));
    expect(told).toBe(1);
  });

  test('asks for what is missing when a number is left out, once at a time', async () => {
    const log = logOf(5);
    const view = new TranscriptView(log);
    view.applyCommitted(committed(1));
    view.applyCommitted(committed(4));
    view.applyCommitted(committed(5));
    await view.catchUp(5);
    expect(log.asked).toEqual([1]);
    expect(idsOf(view)).toEqual(['s1', 's2', 's3', 's4', 's5']);
    expect(view.completeUpTo).toBe(5);
  });

  test('reads page after page from the beginning', async () => {
    const log = logOf(12, { pageSize: 5 });
    const view = new TranscriptView(log);
    await view.catchUp(12);
    expect(log.asked).toEqual([0, 5, 10]);
    expect(view.getSnapshot()).toHaveLength(12);
  });

  test('does not wait for what the server has dropped', async () => {
    const log = logOf(9, { firstSeq: 4 });
    const view = new TranscriptView(log);
    await view.catchUp(9);
    expect(log.asked).toEqual([0]);
    expect(idsOf(view)[0]).toBe('s4');
    expect(view.completeUpTo).toBe(9);
  });

  test('tries again with the next hole when a question failed', async () => {
    const log = logOf(3);
    let failing = true;
    const view = new TranscriptView({
      resume: (afterSeq) => (failing ? Promise.reject(new Error('no connection')) : log.resume(afterSeq)),
    });
    await view.catchUp(2);
    expect(view.completeUpTo).toBe(0);
    failing = false;
    view.applyCommitted(committed(3));
    await view.catchUp(3);
    expect(idsOf(view)).toEqual(['s1', 's2', 's3']);
  });

  test('ignores an answer from before it was reset', async () => {
    let answer: (page: TranscriptPage) => void = () => {};
    const view = new TranscriptView({
      resume: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    const caught = view.catchUp(2);
    view.reset();
    answer({ segments: [committed(1), committed(2)], firstSeq: 1, lastSeq: 2 });
    await caught;
    expect(view.getSnapshot()).toEqual([]);
  });

  test('forgets interims that a lost connection left, and keeps the rest', () => {
    const view = new TranscriptView(logOf(0));
    view.applyCommitted(committed(1));
    view.applyInterim(segment('open', { startMs: 9_000 }));
    view.dropInterims();
    expect(idsOf(view)).toEqual(['s1']);
  });

  test('ends the same whatever order, loss of interims and repetition the events come in', async () => {
    const event = fc.oneof(
      fc.record({
        kind: fc.constant('interim' as const),
        n: fc.integer({ min: 1, max: 8 }),
        revision: fc.integer({ min: 1, max: 5 }),
      }),
      fc.record({ kind: fc.constant('final' as const), n: fc.integer({ min: 1, max: 8 }), revision: fc.constant(0) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 60 }), async (events) => {
        const log = logOf(8);
        const view = new TranscriptView(log);
        for (const { kind, n, revision } of events) {
          if (kind === 'interim') view.applyInterim(segment(`s${n}`, { startMs: n * 1_000, revision }));
          else view.applyCommitted(committed(n));
        }
        await view.catchUp(8);
        expect(view.getSnapshot()).toEqual(Array.from({ length: 8 }, (_, index) => committed(index + 1)));
      }),
    );
  });
});

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { committed, interim } from '../../test-support/segments.js';
import { ParleyError } from '../protocol/index.js';
import { type TranscriptPage, TranscriptView } from './TranscriptView.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A server that holds `count` segments, the oldest being `firstSeq`. */
function logOf(count: number, options: { firstSeq?: number; pageSize?: number } = {}) {
  const { firstSeq = 1, pageSize = 500 } = options;
  const asked: number[] = [];
  const pageAfter = (afterSeq: number): TranscriptPage => {
    const from = Math.max(afterSeq + 1, firstSeq);
    const length = Math.max(0, Math.min(pageSize, count - from + 1));
    const segments = Array.from({ length }, (_, index) => committed(from + index));
    return { segments, firstSeq: count === 0 ? 0 : firstSeq, lastSeq: count };
  };
  const resume = (afterSeq: number): Promise<TranscriptPage> => {
    asked.push(afterSeq);
    return Promise.resolve(pageAfter(afterSeq));
  };
  return { asked, pageAfter, resume };
}

/** A server whose answers a test gives by hand. */
function heldAnswers() {
  const waiting: { afterSeq: number; answer: (page: TranscriptPage) => void; fail: (error: Error) => void }[] = [];
  const resume = (afterSeq: number) =>
    new Promise<TranscriptPage>((answer, fail) => waiting.push({ afterSeq, answer, fail }));
  return { waiting, resume };
}

function viewOf(options: { resume: (afterSeq: number) => Promise<TranscriptPage> }): TranscriptView {
  const view = new TranscriptView(options);
  view.begin({ meetingId: 'm_1' });
  return view;
}

function eventsOf(view: TranscriptView): string[] {
  const events: string[] = [];
  view.on('segmentUpdated', ({ segment }) => events.push(`${segment.status} ${segment.id}`));
  view.on('segmentRetracted', ({ segmentId }) => events.push(`retracted ${segmentId}`));
  return events;
}

const idsOf = (view: TranscriptView) => view.getSnapshot().map(({ id }) => id);

describe('what is shown', () => {
  test('is an interim, its newer revisions and then its final, under one id', () => {
    const view = viewOf(logOf(0));
    const events = eventsOf(view);
    view.applyInterim(interim('s1', { text: 'hel' }));
    view.applyInterim(interim('s1', { text: 'hello', revision: 3 }));
    view.applyInterim(interim('s1', { text: 'late', revision: 2 }));
    expect(view.getSnapshot()).toMatchObject([{ text: 'hello', status: 'interim' }]);
    view.applyCommitted(committed(1, { text: 'Hello.' }));
    view.applyCommitted(committed(1, { text: 'again' }));
    expect(view.getSnapshot()).toMatchObject([{ text: 'Hello.', status: 'final', seq: 1 }]);
    expect(events).toEqual(['interim s1', 'interim s1', 'final s1']);
  });

  test('loses interims that were no speech', () => {
    const view = viewOf(logOf(0));
    const events = eventsOf(view);
    view.applyInterim(interim('noise'));
    view.retract('noise');
    view.retract('noise');
    expect(idsOf(view)).toEqual([]);
    expect(events).toEqual(['interim noise', 'retracted noise']);
  });

  test('is the same array until something changes, and is never changed itself', () => {
    const view = viewOf(logOf(0));
    let told = 0;
    const off = view.subscribe(() => {
      told += 1;
    });
    const before = view.getSnapshot();
    expect(view.getSnapshot()).toBe(before);
    view.applyInterim(interim('s1'));
    expect(before).toEqual([]);
    expect(view.getSnapshot()).not.toBe(before);
    view.applyInterim(interim('s1'));
    expect(told).toBe(1);
    off();
    view.applyInterim(interim('s2'));
    expect(told).toBe(1);
  });

  test('has an event in it already when the event is told, to subscribers and listeners', () => {
    const view = viewOf(logOf(0));
    const seen: number[] = [];
    view.subscribe(() => seen.push(view.getSnapshot().length));
    view.on('segmentUpdated', () => seen.push(view.getSnapshot().length));
    view.applyInterim(interim('s1'));
    expect(seen).toEqual([1, 1]);
  });

  test('stays after the meeting was left, without what nobody will finish, until another one begins', () => {
    const view = viewOf(logOf(0));
    const events = eventsOf(view);
    view.applyCommitted(committed(1));
    view.applyInterim(interim('open', { startMs: 9_000 }));
    view.end();
    expect(idsOf(view)).toEqual(['s1']);
    expect(events.at(-1)).toBe('retracted open');
    view.begin({ meetingId: 'm_1' });
    expect(idsOf(view)).toEqual(['s1']);
    view.begin({ meetingId: 'm_2' });
    expect(idsOf(view)).toEqual([]);
    view.applyCommitted(committed(1, { meetingId: 'm_1' }));
    expect(idsOf(view), 'a straggler of the meeting before').toEqual([]);
  });
});

describe('what is told', () => {
  test('is live when it comes by itself, and not when it was asked for', async () => {
    const view = viewOf(logOf(2));
    const events: string[] = [];
    view.on('segmentUpdated', ({ segment, live }) => events.push(`${segment.id} ${live}`));
    view.applyInterim(interim('s2'));
    view.applyCommitted(committed(2));
    await vi.waitFor(() => expect(view.completeUpTo).toBe(2));
    expect(events).toEqual(['s2 true', 's2 true', 's1 false']);
  });

  test('is the end of one meeting where another begins, with an empty view by then', () => {
    const view = viewOf(logOf(0));
    const cleared: unknown[] = [];
    view.on('cleared', () => cleared.push([view.meetingId, view.getSnapshot()]));
    view.applyCommitted(committed(1));
    view.begin({ meetingId: 'm_1' });
    expect(cleared).toEqual([]);
    view.begin({ meetingId: 'm_2' });
    expect(cleared).toEqual([['m_2', []]]);
  });
});

describe('what is missing', () => {
  test('is asked for when a number is left out, once at a time, and told like everything else', async () => {
    const log = logOf(5);
    const view = viewOf(log);
    const events = eventsOf(view);
    view.applyCommitted(committed(1));
    view.applyCommitted(committed(4));
    view.applyCommitted(committed(5));
    await view.catchUp(5);
    expect(log.asked).toEqual([1]);
    expect(idsOf(view)).toEqual(['s1', 's2', 's3', 's4', 's5']);
    expect(view.completeUpTo).toBe(5);
    expect(events).toEqual(['final s1', 'final s4', 'final s5', 'final s2', 'final s3']);
  });

  test('is read page after page from the beginning', async () => {
    const log = logOf(12, { pageSize: 5 });
    const view = viewOf(log);
    await view.catchUp(12);
    expect(log.asked).toEqual([0, 5, 10]);
    expect(view.getSnapshot()).toHaveLength(12);
  });

  test('is read on when more is said while pages are on their way', async () => {
    const { waiting, resume } = heldAnswers();
    const view = viewOf({ resume });
    const caughtUp = view.catchUp(2);
    view.applyCommitted(committed(4));
    waiting[0]?.answer({ segments: [committed(1), committed(2)], firstSeq: 1, lastSeq: 2 });
    await vi.advanceTimersByTimeAsync(0);
    waiting[1]?.answer({ segments: [committed(3), committed(4)], firstSeq: 1, lastSeq: 4 });
    await caughtUp;
    expect(waiting.map(({ afterSeq }) => afterSeq)).toEqual([0, 2]);
    expect(view.completeUpTo).toBe(4);
  });

  test('is not waited for when the server has dropped it', async () => {
    const log = logOf(9, { firstSeq: 4 });
    const view = viewOf(log);
    await view.catchUp(9);
    expect(log.asked).toEqual([0]);
    expect(idsOf(view)[0]).toBe('s4');
    expect(view.completeUpTo).toBe(9);
  });

  test('H11 is not waited for when the server keeps it from this participant, in the middle either', async () => {
    const asked: number[] = [];
    const view = viewOf({
      resume: async (afterSeq) => {
        asked.push(afterSeq);
        // 1 to 3 and 5 were said before the participant came.
        return afterSeq < 4
          ? { segments: [committed(4), committed(6)], firstSeq: 4, lastSeq: 6 }
          : { segments: [committed(6)], firstSeq: 6, lastSeq: 6 };
      },
    });
    await view.catchUp(3);
    view.applyCommitted(committed(7));
    expect([asked, view.completeUpTo, idsOf(view)]).toEqual([[0, 4], 7, ['s4', 's6', 's7']]);
  });

  test('H11 is forgotten when it was deleted, and stays so', async () => {
    const view = viewOf(logOf(0));
    const cleared = vi.fn();
    view.on('cleared', cleared);
    view.applyCommitted(committed(1, { startMs: 1_000 }));
    view.applyCommitted(committed(2, { startMs: 9_000 }));
    view.forget(5_000);
    view.forget(5_000);
    view.applyCommitted(committed(1, { startMs: 1_000 }));
    expect([idsOf(view), view.completeUpTo, cleared.mock.calls.length]).toEqual([['s2'], 2, 1]);
  });

  test('is not asked for again and again of a server that has less than it said', async () => {
    const log = logOf(3);
    const view = viewOf(log);
    await view.catchUp(7);
    expect(log.asked).toEqual([0, 3]);
  });

  test('is asked for again after a while when the answer did not come', async () => {
    const log = logOf(3);
    const failures = [new ParleyError('REQUEST_TIMEOUT'), new ParleyError('RATE_LIMITED', { retryAfterMs: 60_000 })];
    const view = viewOf({
      resume: (afterSeq) => {
        const failure = failures.shift();
        return failure === undefined ? log.resume(afterSeq) : Promise.reject(failure);
      },
    });
    const caughtUp = view.catchUp(3);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(failures).toEqual([]);
    await vi.advanceTimersByTimeAsync(57_000);
    expect(log.asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(5_000);
    await caughtUp;
    expect(idsOf(view)).toEqual(['s1', 's2', 's3']);
  });

  test('is left to the next join when the connection is lost, which then does not wait', async () => {
    const log = logOf(3);
    let failure: ParleyError | undefined = new ParleyError('CONNECTION_LOST');
    const view = viewOf({ resume: (afterSeq) => (failure ? Promise.reject(failure) : log.resume(afterSeq)) });
    await view.catchUp(3);
    expect(vi.getTimerCount()).toBe(0);
    failure = new ParleyError('REQUEST_TIMEOUT');
    const waiting = view.catchUp(3);
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(1);
    failure = undefined;
    view.begin({ meetingId: 'm_1' });
    await view.catchUp(3);
    await waiting;
    expect(view.completeUpTo).toBe(3);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is forgotten with its meeting: an answer that comes late changes nothing, and the next meeting asks for itself', async () => {
    const { waiting, resume } = heldAnswers();
    const view = viewOf({ resume });
    const before = view.catchUp(2);
    view.begin({ meetingId: 'm_2' });
    const after = view.catchUp(1);
    waiting[0]?.answer({ segments: [committed(1), committed(2)], firstSeq: 1, lastSeq: 2 });
    waiting[1]?.answer({ segments: [committed(1, { meetingId: 'm_2' })], firstSeq: 1, lastSeq: 1 });
    await Promise.all([before, after]);
    expect(view.getSnapshot()).toEqual([committed(1, { meetingId: 'm_2' })]);
  });

  test('is not asked for any more after the end, not even later', async () => {
    const view = viewOf({ resume: () => Promise.reject(new ParleyError('REQUEST_TIMEOUT')) });
    const caughtUp = view.catchUp(2);
    await vi.advanceTimersByTimeAsync(0);
    view.end();
    await caughtUp;
    expect(vi.getTimerCount()).toBe(0);
  });

  test('comes in the end, whatever the order, loss and repetition of events and answers', async () => {
    vi.useRealTimers();
    const count = 12;
    const expected = Array.from({ length: count }, (_, index) => committed(index + 1));
    const event = fc.oneof(
      fc
        .record({ n: fc.integer({ min: 1, max: count }), revision: fc.integer({ min: 1, max: 5 }) })
        .map(({ n, revision }) => interim(`s${n}`, { startMs: n * 1_000, revision })),
      fc.integer({ min: 1, max: count }).map((n) => committed(n)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(event, { maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        async (scheduler, events, pageSize) => {
          const log = logOf(count, { pageSize });
          // Answers are written when they are asked for and come any time later, between any two events.
          const view = viewOf({
            resume: (afterSeq) => scheduler.schedule(Promise.resolve(log.pageAfter(afterSeq)), `after ${afterSeq}`),
          });
          const known = new Set<string>();
          view.on('segmentUpdated', ({ segment }) => {
            expect(segment.status === 'interim' && known.has(segment.id), 'an interim after its final').toBe(false);
            expect(segment.status !== 'interim' && known.has(segment.id), 'a final told twice').toBe(false);
            if (segment.status !== 'interim') known.add(segment.id);
          });
          const played = scheduler.scheduleSequence(
            events.map((segment) => async () => {
              if (segment.seq === undefined) view.applyInterim(segment);
              else view.applyCommitted(segment as ReturnType<typeof committed>);
            }),
          );
          await scheduler.waitFor(played.task);
          await scheduler.waitFor(view.catchUp(count));
          expect(view.getSnapshot()).toEqual(expected);
          expect(known.size).toBe(count);
        },
      ),
      { numRuns: 200 },
    );
  });
});

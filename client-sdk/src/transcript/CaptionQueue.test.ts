import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../test-support/FakeClock.js';
import { committed, interim } from '../../test-support/segments.js';
import { CaptionQueue, type CaptionQueueOptions } from './CaptionQueue.js';
import { type TranscriptPage, TranscriptView } from './TranscriptView.js';

const MIN_MS = 1_000;
const LINGER_MS = 5_000;

function stage(options: Partial<CaptionQueueOptions> & { resume?: () => Promise<TranscriptPage> } = {}) {
  const { resume = () => Promise.resolve({ segments: [], firstSeq: 0, lastSeq: 0 }), ...rest } = options;
  const clock = new FakeClock();
  const view = new TranscriptView({ resume });
  view.begin({ meetingId: 'm_1' });
  const queue = new CaptionQueue({
    transcript: view,
    lines: 2,
    minDisplayMs: MIN_MS,
    lingerMs: LINGER_MS,
    clock,
    ...rest,
  });
  const ids = () => queue.getSnapshot().map(({ segment }) => segment.id);
  return { clock, view, queue, ids };
}

/** The gap with a number. */
const gap = (seq: number) => ({
  ...committed(seq, { text: '' }),
  status: 'gap' as const,
  reason: 'overloaded' as const,
});

describe('lines', () => {
  test('grow in their place, from the interim to the final', () => {
    const { view, queue, clock } = stage();
    view.applyInterim(interim('s1', { text: 'hel' }));
    view.applyInterim(interim('other'));
    clock.pass(300);
    view.applyInterim(interim('s1', { text: 'hello', revision: 2 }));
    const [first, second] = queue.getSnapshot();
    expect(first).toMatchObject({ shownAtMs: 0, segment: { text: 'hello', status: 'interim' } });
    view.applyCommitted(committed(1, { text: 'Hello.' }));
    expect(queue.getSnapshot()[0]).toMatchObject({ shownAtMs: 0, segment: { text: 'Hello.', status: 'final' } });
    expect(queue.getSnapshot()[1], 'the same object where nothing changed').toBe(second);
  });

  test('leave when nothing new has come for a while', () => {
    const { view, ids, clock } = stage();
    view.applyInterim(interim('s1'));
    clock.pass(LINGER_MS - 1);
    view.applyInterim(interim('s1', { revision: 2 }));
    clock.pass(LINGER_MS - 1);
    expect(ids()).toEqual(['s1']);
    clock.pass(1);
    expect(ids()).toEqual([]);
  });

  test('are no more than asked for: what is new waits until a line has been there long enough', () => {
    const { view, ids, clock } = stage();
    for (const seq of [1, 2, 3, 4]) view.applyCommitted(committed(seq));
    expect(ids()).toEqual(['s1', 's2']);
    clock.pass(MIN_MS - 1);
    expect(ids()).toEqual(['s1', 's2']);
    clock.pass(1);
    expect(ids()).toEqual(['s3', 's4']);
  });

  test('that are finished give way before those that are still being said', () => {
    const { view, ids, clock } = stage();
    view.applyInterim(interim('going on'));
    clock.pass(10);
    view.applyCommitted(committed(1));
    clock.pass(MIN_MS);
    view.applyCommitted(committed(2));
    expect(ids()).toEqual(['going on', 's2']);
  });

  test('keep their last words as long as any others', () => {
    const { view, ids, clock } = stage({ lines: 1 });
    view.applyInterim(interim('s1'));
    clock.pass(10 * MIN_MS);
    // Gone by then, and back with its last words.
    view.applyInterim(interim('s1', { revision: 2 }));
    clock.pass(MIN_MS - 1);
    view.applyCommitted(committed(1, { text: 'other words at last' }));
    view.applyCommitted(committed(2));
    clock.pass(MIN_MS - 1);
    expect(ids()).toEqual(['s1']);
    clock.pass(1);
    expect(ids()).toEqual(['s2']);
  });

  test('that were finished with the same words have been read already', () => {
    const { view, ids, clock } = stage({ lines: 1 });
    view.applyInterim(interim('s1', { text: 'the same' }));
    clock.pass(MIN_MS);
    view.applyCommitted(committed(1, { text: 'the same' }));
    view.applyCommitted(committed(2));
    expect(ids()).toEqual(['s2']);
  });

  test('come for everybody when more people speak than there are lines', () => {
    const { view, ids, clock } = stage();
    const seen = new Set<string>();
    for (let revision = 1; revision < 60; revision += 1) {
      for (const who of ['ada', 'ben', 'cyd']) view.applyInterim(interim(who, { revision }));
      clock.pass(100);
      for (const id of ids()) seen.add(id);
    }
    expect(ids()).toHaveLength(2);
    expect(seen).toEqual(new Set(['ada', 'ben', 'cyd']));
  });

  test('that wait are bounded: the one that waits longest is left out', () => {
    const { view, ids, clock } = stage({ lines: 1 });
    for (let seq = 1; seq <= 100; seq += 1) view.applyCommitted(committed(seq));
    expect(ids()).toEqual(['s1']);
    clock.pass(MIN_MS);
    expect(ids()).toEqual(['s97']);
    clock.pass(3 * MIN_MS);
    expect(ids()).toEqual(['s100']);
  });

  test('are there for gaps, and not for interims without words', () => {
    const { view, ids } = stage();
    view.applyInterim(interim('nothing yet', { text: '' }));
    view.applyCommitted(gap(1));
    expect(ids()).toEqual(['s1']);
  });
});

describe('what was no speech', () => {
  test('is gone at once, from the display and from those who wait', () => {
    const { view, ids, clock } = stage({ lines: 1 });
    for (const id of ['a', 'b', 'c']) view.applyInterim(interim(id));
    view.retract('b');
    expect(ids()).toEqual(['a']);
    view.retract('a');
    expect(ids()).toEqual(['c']);
    clock.pass(10 * LINGER_MS);
    expect(ids()).toEqual([]);
  });
});

describe('history', () => {
  test('is not shown to those who come late', async () => {
    const segments = [1, 2, 3].map((seq) => committed(seq));
    const { view, ids } = stage({ resume: () => Promise.resolve({ segments, firstSeq: 1, lastSeq: 3 }) });
    await view.catchUp(3);
    expect(view.getSnapshot()).toHaveLength(3);
    expect(ids()).toEqual([]);
    view.applyCommitted(committed(4));
    expect(ids()).toEqual(['s4']);
  });

  test('of a lost connection finishes the lines that it had interrupted, if it does not come too late', async () => {
    for (const [awayMs, shown] of [
      [LINGER_MS - 1, ['s2']],
      [LINGER_MS, []],
    ] as const) {
      const segments = [1, 2, 3].map((seq) => committed(seq));
      const { view, ids, clock } = stage({ resume: () => Promise.resolve({ segments, firstSeq: 1, lastSeq: 3 }) });
      view.applyInterim(interim('s2'));
      view.begin({ meetingId: 'm_1' });
      expect(ids()).toEqual([]);
      clock.pass(awayMs);
      await view.catchUp(3);
      expect(ids()).toEqual(shown);
    }
  });

  test('ends with its meeting', () => {
    const { view, ids } = stage();
    view.applyCommitted(committed(1));
    view.begin({ meetingId: 'm_2' });
    expect(ids()).toEqual([]);
  });
});

test('the snapshot is the same array until something changes, and subscribers are told once for each', () => {
  const { view, queue, clock } = stage();
  let told = 0;
  const off = queue.subscribe(() => {
    told += 1;
  });
  const empty = queue.getSnapshot();
  view.applyCommitted(committed(1));
  const one = queue.getSnapshot();
  expect([empty, one.length, told]).toEqual([[], 1, 1]);
  clock.pass(LINGER_MS / 2);
  expect(queue.getSnapshot()).toBe(one);
  off();
  clock.pass(LINGER_MS);
  expect([queue.getSnapshot(), told]).toEqual([[], 1]);
});

test('a closed queue holds nothing: no line, no timer, no listener', () => {
  const { view, queue, clock } = stage();
  view.applyCommitted(committed(1));
  expect(clock.timers).toBe(1);
  queue.close();
  queue.close();
  view.applyCommitted(committed(2));
  expect([queue.getSnapshot(), clock.timers]).toEqual([[], 0]);
});

test('no line, or time that runs backwards, is a mistake', () => {
  for (const wrong of [{ lines: 0 }, { lines: Number.NaN }, { minDisplayMs: -1 }, { lingerMs: -1 }]) {
    expect(() => stage(wrong)).toThrow(RangeError);
  }
});

test('whatever is said: never too many lines, none twice, none gone before its time, none for ever', () => {
  const step = fc.oneof(
    fc.record({ n: fc.integer({ min: 1, max: 8 }), words: fc.nat({ max: 3 }) }),
    fc.integer({ min: 1, max: 8 }),
    fc.integer({ min: 1, max: 3_000 }).map((passMs) => ({ passMs })),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 3 }), (steps, lines) => {
      const { view, queue, clock, ids } = stage({ lines });
      let before = queue.getSnapshot();
      queue.subscribe(() => {
        const now = queue.getSnapshot();
        const nowIds = new Set(now.map(({ segment }) => segment.id));
        expect(nowIds.size).toBe(now.length);
        expect(now.length).toBeLessThanOrEqual(lines);
        for (const { segment, shownAtMs } of before) {
          if (!nowIds.has(segment.id)) expect(clock.now() - shownAtMs).toBeGreaterThanOrEqual(MIN_MS);
        }
        before = now;
      });
      for (const [revision, each] of steps.entries()) {
        if (typeof each === 'number') view.applyCommitted(committed(each));
        else if ('passMs' in each) clock.pass(each.passMs);
        else view.applyInterim(interim(`s${each.n}`, { revision, text: `words ${each.words}` }));
      }
      // Everything that waits gets its turn, and then its end.
      clock.pass(lines * 5 * MIN_MS + 2 * LINGER_MS);
      expect([ids(), clock.timers]).toEqual([[], 0]);
    }),
  );
});

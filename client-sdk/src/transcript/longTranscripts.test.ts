import { beforeEach, expect, test } from 'vitest';
import { committed, interim } from '../../test-support/segments.js';
import type { Segment } from '../protocol/index.js';
import { findSegments } from './formats.js';
import { TranscriptView } from './TranscriptView.js';

const SEGMENTS = 10_000;
const PAGE = 500;
/** A few searches by halving among all segments. A sort, or one look at each of them, takes a hundred times more. */
const READS_PER_EVENT = 100;

/** How often a segment's place in time, and its text, were looked at. */
let reads: { startMs: number; text: number };
beforeEach(() => {
  reads = { startMs: 0, text: 0 };
});

function counted<T extends Segment>(segment: T): T {
  const { startMs, text } = segment;
  return Object.defineProperties(segment, {
    startMs: {
      get: () => {
        reads.startMs += 1;
        return startMs;
      },
    },
    text: {
      get: () => {
        reads.text += 1;
        return text;
      },
    },
  });
}

async function longView(): Promise<TranscriptView> {
  const view = new TranscriptView({
    resume: async (afterSeq) => ({
      segments: Array.from({ length: Math.min(PAGE, SEGMENTS - afterSeq) }, (_, index) =>
        counted(committed(afterSeq + index + 1, { text: `words of segment ${afterSeq + index + 1}, among others` })),
      ),
      firstSeq: 1,
      lastSeq: SEGMENTS,
    }),
  });
  view.subscribe(() => view.getSnapshot());
  view.begin({ meetingId: 'm_1' });
  await view.catchUp(SEGMENTS);
  return view;
}

test(`a transcript of ${SEGMENTS} segments comes in pages, and is read after each`, async () => {
  const view = await longView();
  expect(view.getSnapshot()).toHaveLength(SEGMENTS);
  expect(reads.startMs).toBeLessThan(SEGMENTS * READS_PER_EVENT);
});

test('a thousand interims in it cost little, and what they do not touch stays the same object', async () => {
  const view = await longView();
  const before = view.getSnapshot();
  const lastMs = (SEGMENTS + 1) * 1_000;
  const speakers = 4;
  reads.startMs = 0;
  for (let event = 0; event < 1_000; event += 1) {
    const id = `speaker ${event % speakers}`;
    view.applyInterim(counted(interim(id, { startMs: lastMs, revision: event + 1, text: `so far ${event}` })));
    // A page draws after each.
    expect(view.getSnapshot()).toHaveLength(SEGMENTS + Math.min(speakers, event + 1));
  }
  expect(reads.startMs).toBeLessThan(1_000 * READS_PER_EVENT);
  const after = view.getSnapshot();
  expect(after.slice(0, SEGMENTS).every((segment, index) => segment === before[index])).toBe(true);
  expect(before, 'a snapshot never changes').toHaveLength(SEGMENTS);
});

test('a thousand finals in its middle cost little', async () => {
  const view = await longView();
  reads.startMs = 0;
  for (let event = 1; event <= 1_000; event += 1) {
    view.applyCommitted(counted(committed(SEGMENTS + event, { startMs: 5_000 * event })));
    view.getSnapshot();
  }
  expect(reads.startMs).toBeLessThan(1_000 * READS_PER_EVENT);
  const starts = view.getSnapshot().map(({ startMs }) => startMs);
  expect(starts).toEqual(starts.toSorted((a, b) => a - b));
});

test('a search in it looks at each segment once, however many keys are pressed', async () => {
  const view = await longView();
  const question = 'segment 9999';
  reads.text = 0;
  for (let keys = 1; keys <= question.length; keys += 1) findSegments(view.getSnapshot(), question.slice(0, keys));
  expect(findSegments(view.getSnapshot(), question).map(({ seq }) => seq)).toEqual([9_999]);
  expect(reads.text).toBe(SEGMENTS);
});

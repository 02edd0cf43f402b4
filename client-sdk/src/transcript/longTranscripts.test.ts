import { expect, test } from 'vitest';
import { committed, interim } from '../../test-support/segments.js';
import { findSegments } from './formats.js';
import { TranscriptView } from './TranscriptView.js';

const SEGMENTS = 10_000;
const PAGE = 500;
/** Many times what it takes; a sort or a search through everything for each event takes many times more. */
const GENEROUS_MS = 2_000;

async function longView(): Promise<TranscriptView> {
  const view = new TranscriptView({
    resume: async (afterSeq) => ({
      segments: Array.from({ length: Math.min(PAGE, SEGMENTS - afterSeq) }, (_, index) =>
        committed(afterSeq + index + 1, { text: `words of segment ${afterSeq + index + 1}, among others` }),
      ),
      firstSeq: 1,
      lastSeq: SEGMENTS,
    }),
  });
  view.begin({ meetingId: 'm_1' });
  await view.catchUp(SEGMENTS);
  return view;
}

function timed(action: () => void): number {
  const startedAt = performance.now();
  action();
  return performance.now() - startedAt;
}

test(`a transcript of ${SEGMENTS} segments comes in pages, and is read after each`, async () => {
  const startedAt = performance.now();
  const view = await longView();
  expect(view.getSnapshot()).toHaveLength(SEGMENTS);
  expect(performance.now() - startedAt).toBeLessThan(GENEROUS_MS);
});

test('a thousand interims in it cost little, and what they do not touch stays the same object', async () => {
  const view = await longView();
  const before = view.getSnapshot();
  const lastMs = (SEGMENTS + 1) * 1_000;
  const speakers = 4;
  const tookMs = timed(() => {
    for (let event = 0; event < 1_000; event += 1) {
      const id = `speaker ${event % speakers}`;
      view.applyInterim(interim(id, { startMs: lastMs, revision: event + 1, text: `so far ${event}` }));
      // A page draws after each.
      expect(view.getSnapshot()).toHaveLength(SEGMENTS + Math.min(speakers, event + 1));
    }
  });
  expect(tookMs).toBeLessThan(GENEROUS_MS);
  const after = view.getSnapshot();
  expect(after.slice(0, SEGMENTS).every((segment, index) => segment === before[index])).toBe(true);
  expect(before, 'a snapshot never changes').toHaveLength(SEGMENTS);
});

test('a thousand finals in its middle cost little', async () => {
  const view = await longView();
  const tookMs = timed(() => {
    for (let event = 1; event <= 1_000; event += 1) {
      view.applyCommitted(committed(SEGMENTS + event, { startMs: 5_000 * event }));
      view.getSnapshot();
    }
  });
  expect(tookMs).toBeLessThan(GENEROUS_MS);
  const starts = view.getSnapshot().map(({ startMs }) => startMs);
  expect(starts).toEqual(starts.toSorted((a, b) => a - b));
});

test('a search in it is answered with each key that is pressed', async () => {
  const view = await longView();
  const question = 'segment 9999';
  const tookMs = timed(() => {
    for (let keys = 1; keys <= question.length; keys += 1) {
      findSegments(view.getSnapshot(), question.slice(0, keys));
    }
  });
  expect(tookMs).toBeLessThan(GENEROUS_MS);
  expect(findSegments(view.getSnapshot(), question).map(({ seq }) => seq)).toEqual([9_999]);
});

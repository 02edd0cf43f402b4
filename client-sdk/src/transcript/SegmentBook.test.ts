import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { committed, interim } from '../../test-support/segments.js';
import { MAX_INTERIMS, SegmentBook } from './SegmentBook.js';

const idsOf = (book: SegmentBook) => book.list().map(({ id }) => id);

describe('SegmentBook', () => {
  test('lets newer revisions replace older ones, and a final replace all, whenever it comes', () => {
    const book = new SegmentBook();
    book.applyInterim(interim('s1', { revision: 3, text: 'hello' }));
    expect(book.applyInterim(interim('s1', { revision: 2 })).changed).toBe(false);
    expect(book.applyInterim(interim('s1', { revision: 3 })).changed).toBe(false);
    expect(book.commit(committed(1, { revision: 1, text: 'Hello.' }))).toBe(true);
    expect(book.applyInterim(interim('s1', { revision: 99 })).changed).toBe(false);
    expect(book.list()).toMatchObject([{ text: 'Hello.', status: 'final' }]);
  });

  test('keeps the place of a segment when its start moves', () => {
    const book = new SegmentBook();
    book.applyInterim(interim('a', { startMs: 1_000 }));
    book.applyInterim(interim('b', { startMs: 2_000 }));
    book.applyInterim(interim('a', { startMs: 3_000, revision: 2 }));
    expect(idsOf(book)).toEqual(['b', 'a']);
    expect(book.retract('a')).toBe(true);
    expect(idsOf(book)).toEqual(['b']);
  });

  test('orders by start, then by number, with interims last', () => {
    const book = new SegmentBook();
    book.applyInterim(interim('x', { startMs: 1_000 }));
    book.commit(committed(2, { startMs: 1_000 }));
    book.commit(committed(1, { startMs: 1_000 }));
    book.commit(committed(3, { startMs: 500 }));
    expect(idsOf(book)).toEqual(['s3', 's1', 's2', 'x']);
  });

  test('never takes back what is committed', () => {
    const book = new SegmentBook();
    book.commit(committed(1));
    expect(book.retract('s1')).toBe(false);
    expect(book.retractAll()).toEqual([]);
    expect(idsOf(book)).toEqual(['s1']);
  });

  test('holds a bounded number of interims: the oldest gives way', () => {
    const book = new SegmentBook();
    for (let index = 0; index < MAX_INTERIMS; index++) book.applyInterim(interim(`i${index}`, { startMs: index }));
    expect(book.applyInterim(interim('i0', { revision: 2 }))).toEqual({ changed: true });
    expect(book.applyInterim(interim('new', { startMs: 9_999 }))).toEqual({ changed: true, dropped: 'i0' });
    expect(book.list()).toHaveLength(MAX_INTERIMS);
  });

  test('knows how far it is complete, and gives up what cannot be had', () => {
    const book = new SegmentBook();
    book.commit(committed(3));
    book.commit(committed(5));
    expect([book.completeUpTo, book.lastSeq, book.isComplete]).toEqual([0, 5, false]);
    book.giveUpBefore(3);
    expect(book.completeUpTo).toBe(3);
    book.commit(committed(4));
    expect([book.completeUpTo, book.isComplete]).toEqual([5, true]);
    expect(book.commit(committed(2)), 'from before the first that can be had').toBe(false);
  });

  test('ends the same whatever the order, the loss of interims and the repetition of events', () => {
    const count = 10;
    const anInterim = fc.record({ n: fc.nat({ max: count - 1 }), revision: fc.integer({ min: 1, max: 5 }) });
    const disturbances = fc.array(
      fc.oneof(
        anInterim.map(({ n, revision }) => interim(`s${n + 1}`, { startMs: (n + 1) * 1_000, revision })),
        fc.nat({ max: count - 1 }).map((n) => committed(n + 1)),
      ),
      { maxLength: 60 },
    );
    const finals = Array.from({ length: count }, (_, index) => committed(index + 1));
    fc.assert(
      fc.property(
        disturbances,
        fc.shuffledSubarray(finals, { minLength: count }),
        fc.infiniteStream(fc.boolean()),
        (noise, order, coin) => {
          const book = new SegmentBook();
          const queues = [[...noise], [...order]];
          while (queues.some((queue) => queue.length > 0)) {
            const next = queues[coin.next().value ? 0 : 1]?.shift();
            if (next === undefined) continue;
            if (next.seq === undefined) book.applyInterim(next);
            else book.commit(next as ReturnType<typeof committed>);
          }
          expect(book.list()).toEqual(finals);
          expect(book.completeUpTo).toBe(count);
        },
      ),
    );
  });

  test('is in order after anything at all', () => {
    const event = fc.oneof(
      fc.record({ n: fc.nat({ max: 20 }), startMs: fc.nat({ max: 5 }), revision: fc.nat({ max: 5 }) }).map(
        ({ n, ...rest }) =>
          (book: SegmentBook) =>
            void book.applyInterim(interim(`s${n}`, rest)),
      ),
      fc.record({ seq: fc.integer({ min: 1, max: 20 }), startMs: fc.nat({ max: 5 }) }).map(
        ({ seq, startMs }) =>
          (book: SegmentBook) =>
            void book.commit(committed(seq, { startMs })),
      ),
      fc.nat({ max: 20 }).map((n) => (book: SegmentBook) => void book.retract(`s${n}`)),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 100 }), (events) => {
        const book = new SegmentBook();
        for (const apply of events) apply(book);
        const list = book.list();
        expect(new Set(list.map(({ id }) => id)).size).toBe(list.length);
        const sorted = [...list].sort(
          (a, b) => a.startMs - b.startMs || (a.seq ?? 1e9) - (b.seq ?? 1e9) || (a.id < b.id ? -1 : 1),
        );
        expect(list).toEqual(sorted);
      }),
    );
  });
});

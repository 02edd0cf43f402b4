import { describe, expect, it } from 'vitest';
import type { PcmOrigin } from '../audio/index.js';
import type { AudioLedgerTotals } from '../contract/messages.js';
import { Timeline } from './Timeline.js';
import { TrackBooks } from './TrackBooks.js';

const MS = 16;

/** Books on a clock that audio moves, and their reports. */
function booksOf(options: { muted?: boolean } = {}) {
  const clock = { nowMs: 1_000 };
  const told: AudioLedgerTotals[] = [];
  const books = new TrackBooks({
    muted: options.muted ?? false,
    now: () => clock.nowMs,
    onTotals: (totals) => told.push(totals),
  });
  let timeline = new Timeline({ index: 0, meetingStartedAtMs: 0, now: () => clock.nowMs });
  let endSample = 0;
  return {
    books,
    told,
    /** The track sends this much, in real time. */
    send: (ms: number, origin: PcmOrigin = 'audio') => {
      clock.nowMs += ms;
      books.append({ timeline, startSample: endSample, samples: ms * MS, origin });
      endSample += ms * MS;
    },
    /** Time passes, and nothing comes. */
    pass: (ms: number) => {
      clock.nowMs += ms;
    },
    /** The time line skips this much. */
    skip: (ms: number, origin: PcmOrigin = 'concealed') => {
      books.append({ timeline, startSample: endSample, samples: ms * MS, origin });
      endSample += ms * MS;
    },
    startOver: () => {
      timeline = new Timeline({ index: timeline.index + 1, meetingStartedAtMs: 0, now: () => clock.nowMs });
      endSample = 0;
    },
    mute: (muted: boolean) => {
      books.muted = muted;
    },
    nowMs: () => clock.nowMs,
  };
}

const sumOf = ({ totalMs: _, shedMs, rejectedMs = {}, ...classes }: AudioLedgerTotals): number =>
  [classes, shedMs, rejectedMs].flatMap((each): number[] => Object.values(each)).reduce((sum, ms) => sum + ms, 0);

describe('the books of a track', () => {
  it('hold each sample in the class that it came as, over time lines as well', () => {
    const { books, send, startOver } = booksOf();
    send(1_000);
    send(100, 'concealed');
    send(200, 'dtx');
    startOver();
    send(300);
    expect(books.totals).toMatchObject({ totalMs: 1_600, nonSpeechMs: 1_300, concealedMs: 100, dtxMs: 200 });
    expect(sumOf(books.totals)).toBe(1_600);
  });

  it('are reported after five seconds in which they changed, and not again while they do not', () => {
    const { books, told, send, pass } = booksOf();
    send(4_999);
    books.tick();
    expect(told).toEqual([]);
    send(1);
    books.tick();
    expect(told.map(({ totalMs }) => totalMs)).toEqual([5_000]);
    pass(60_000);
    books.tick();
    expect(told).toHaveLength(1);
    send(20);
    books.tick();
    // The clock of the reports went on while there was nothing to report.
    expect(told).toHaveLength(1);
    pass(5_000);
    books.tick();
    expect(told.map(({ totalMs }) => totalMs)).toEqual([5_000, 5_020]);
  });

  it('are reported at the end, once, and stay as they are from then on', () => {
    const { books, told, send, pass, nowMs } = booksOf();
    send(1_000);
    books.ledger.open(0);
    expect(books.totals.pendingMs).toBe(1_000);
    books.finish(nowMs());
    books.finish(nowMs());
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ totalMs: 1_000, nonSpeechMs: 1_000, pendingMs: 0 });
    pass(10_000);
    expect(books.totals).toEqual(told[0]);
  });

  it('are not reported where nothing ever came', () => {
    const { books, told, pass, nowMs } = booksOf();
    pass(10_000);
    books.tick();
    books.finish(nowMs());
    expect(told).toEqual([]);
  });
});

describe('muted time', () => {
  it('goes by the clock, up to a moment ago: what is said at once after it must find its place', () => {
    const { books, send, mute, pass } = booksOf();
    send(1_000);
    mute(true);
    pass(300);
    expect(books.totals).toMatchObject({ totalMs: 1_000, mutedMs: 0 });
    pass(11_700);
    expect(books.totals).toMatchObject({ totalMs: 12_700, mutedMs: 11_700, nonSpeechMs: 1_000 });
  });

  it('goes to the end of a track that leaves muted, and no further', () => {
    const { books, send, mute, pass, nowMs } = booksOf();
    send(1_000);
    mute(true);
    pass(12_000);
    books.finish(nowMs());
    pass(5_000);
    expect(books.totals).toMatchObject({ totalMs: 13_000, mutedMs: 12_000, pendingMs: 0 });
  });

  it.each([700, 4_000])('is counted once where the track comes back after %i ms', (mutedMs) => {
    const { books, send, skip, mute, pass, nowMs } = booksOf();
    send(1_000);
    mute(true);
    pass(mutedMs);
    expect(books.totals.mutedMs).toBe(mutedMs - 300);
    mute(false);
    // Its own time line shows how long that was.
    skip(mutedMs);
    send(1_000);
    books.finish(nowMs());
    expect(books.totals).toMatchObject({ totalMs: 2_000 + mutedMs, mutedMs, concealedMs: 0 });
    expect(sumOf(books.totals)).toBe(books.totals.totalMs);
  });

  it('ends with the first audio: what is lost after that was said', () => {
    const { books, send, skip, mute } = booksOf();
    send(1_000);
    mute(true);
    mute(false);
    skip(100);
    send(20);
    skip(200);
    expect(books.totals).toMatchObject({ mutedMs: 100, concealedMs: 200 });
  });

  it('includes what is missing while a track that was muted from the start has not been heard', () => {
    const { books, skip, send } = booksOf({ muted: true });
    skip(500, 'dtx');
    send(20);
    expect(books.totals.mutedMs).toBe(500);
  });

  it('is none of a track that has never sent anything', () => {
    const { books, told, mute, pass, nowMs } = booksOf();
    mute(true);
    pass(3_000);
    books.finish(nowMs());
    expect(books.totals.totalMs).toBe(0);
    expect(told).toEqual([]);
  });
});

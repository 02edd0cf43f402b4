import type { AudioLedger } from '@parley/client-sdk/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { combine, emptyLedger, isBalanced } from '../observability/audioLedger.js';
import { LedgerBook } from './LedgerBook.js';

/** A balanced ledger out of its classes. */
function ledgerOf(classes: Partial<AudioLedger>): AudioLedger {
  const ledger = { ...emptyLedger(), ...classes };
  const { totalMs: _, shedMs, rejectedMs = {}, ...rest } = ledger;
  const all = [rest, shedMs, rejectedMs].flatMap((each): number[] => Object.values(each));
  const totalMs = all.reduce((sum, value) => sum + value, 0);
  return { ...ledger, totalMs };
}

const ada = { participantId: 'ada', track: 'microphone' };

describe('LedgerBook', () => {
  test('adds a participant up over the producers that carried their track', () => {
    const book = new LedgerBook();
    book.update({ ...ada, producerId: 'one', ledger: ledgerOf({ transcribedMs: 1_000, nonSpeechMs: 500.0625 }) });
    book.end({ ...ada, producerId: 'one' });
    const { ledger } = book.update({ ...ada, producerId: 'two', ledger: ledgerOf({ mutedMs: 32, pendingMs: 8 }) });
    expect(ledger).toEqual(ledgerOf({ transcribedMs: 1_000, nonSpeechMs: 500.0625, mutedMs: 32, pendingMs: 8 }));
    expect(book.all).toEqual([{ ...ada, ledger }]);
  });

  test('keeps participants and tracks apart', () => {
    const book = new LedgerBook();
    book.update({ ...ada, producerId: 'one', ledger: ledgerOf({ dtxMs: 10 }) });
    book.update({ participantId: 'ben', track: 'microphone', producerId: 'two', ledger: ledgerOf({ dtxMs: 20 }) });
    expect(book.all.map(({ participantId, ledger }) => [participantId, ledger.dtxMs])).toEqual([
      ['ada', 10],
      ['ben', 20],
    ]);
  });

  test('goes on counting where a restarted worker begins with empty books', () => {
    const book = new LedgerBook();
    book.update({ ...ada, producerId: 'one', ledger: ledgerOf({ transcribedMs: 4_000, pendingMs: 700 }) });
    const { ledger } = book.update({ ...ada, producerId: 'one', ledger: ledgerOf({ nonSpeechMs: 160 }) });
    expect(ledger).toEqual(ledgerOf({ transcribedMs: 4_000, nonSpeechMs: 160, shedMs: { mediaWorkerLost: 700 } }));
  });

  test('counts what nobody listened to as lost, and goes on where somebody listens again, however short it was before', () => {
    const book = new LedgerBook();
    book.update({ ...ada, producerId: 'one', ledger: ledgerOf({ transcribedMs: 1_000, pendingMs: 200 }) });
    const gap = { ...ada, producerId: 'one', ms: 2_000.03, reason: 'mediaWorkerLost' } as const;
    const { ledger, change } = book.unheard(gap);
    expect(ledger).toEqual(ledgerOf({ transcribedMs: 1_000, shedMs: { mediaWorkerLost: 2_200 } }));
    expect(change).toEqual({ ...emptyLedger(), totalMs: 2_000, pendingMs: -200, shedMs: { mediaWorkerLost: 2_200 } });
    // More than was on the books before: time that ran backwards would not show it.
    const again = book.update({ ...ada, producerId: 'one', ledger: ledgerOf({ nonSpeechMs: 5_000 }) });
    expect(again.ledger).toEqual(
      ledgerOf({ transcribedMs: 1_000, nonSpeechMs: 5_000, shedMs: { mediaWorkerLost: 2_200 } }),
    );
  });

  test('leaves nothing pending of a producer that has ended', () => {
    const book = new LedgerBook();
    const last = ledgerOf({ transcribedMs: 100, pendingMs: 50, shedMs: { overloaded: 30, mediaWorkerLost: 5 } });
    book.update({ ...ada, producerId: 'one', ledger: last });
    const change = book.end({ ...ada, producerId: 'one' });
    expect(change).toEqual({ ...emptyLedger(), pendingMs: -50, shedMs: { overloaded: 0, mediaWorkerLost: 50 } });
    expect(book.all[0]?.ledger).toEqual(
      ledgerOf({ transcribedMs: 100, shedMs: { overloaded: 30, mediaWorkerLost: 55 } }),
    );
    expect(book.end({ ...ada, producerId: 'one' })).toBeUndefined();
  });

  test('is bounded: those who ended first go first, and never those who are open', () => {
    const book = new LedgerBook();
    book.update({ ...ada, producerId: 'open', ledger: ledgerOf({ dtxMs: 1 }) });
    for (let index = 0; index < 2_100; index++) {
      const who = { participantId: `p${index}`, track: 'microphone', producerId: `x${index}` };
      book.update({ ...who, ledger: ledgerOf({ dtxMs: 1 }) });
      book.end(who);
    }
    expect(book.all).toHaveLength(2_000);
    expect(book.all[0]?.participantId).toBe('ada');
    expect(book.all.at(-1)?.participantId).toBe('p2099');
  });

  test('stays balanced, and its changes add up to its books, whatever comes in whichever order', () => {
    const part = fc.integer({ min: 0, max: 1_000_000 }).map((samples) => samples / 16);
    const ledger = fc
      .record({
        mutedMs: part,
        nonSpeechMs: part,
        pendingMs: part,
        transcribedMs: part,
        overloaded: part,
        noWords: part,
      })
      .map(({ overloaded, noWords, ...classes }) =>
        ledgerOf({ ...classes, shedMs: { overloaded }, ...(noWords % 2 === 0 ? {} : { rejectedMs: { noWords } }) }),
      );
    const producerId = fc.constantFrom('one', 'two', 'three');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('update' as const), producerId, ledger }),
      fc.record({ kind: fc.constant('end' as const), producerId }),
      fc.record({
        kind: fc.constant('unheard' as const),
        producerId,
        ms: fc.double({ min: 0, max: 1e5, noNaN: true }),
      }),
    );
    type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never;
    const changeOf = (book: LedgerBook, each: Step) => {
      if (each.kind === 'end') return book.end({ ...ada, ...each });
      if (each.kind === 'update') return book.update({ ...ada, ...each }).change;
      return book.unheard({ ...ada, ...each, reason: 'mediaWorkerLost' }).change;
    };
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const book = new LedgerBook();
        let sum = emptyLedger();
        for (const each of steps) {
          const change = changeOf(book, each);
          if (change !== undefined) sum = combine({ a: sum, b: change, factor: 1 });
        }
        const [entry] = book.all;
        if (entry === undefined) return;
        expect(isBalanced(entry.ledger)).toBe(true);
        // A reason that has come and gone is 0 on one side and absent on the other.
        const { shedMs, rejectedMs = {}, ...rest } = combine({ a: sum, b: entry.ledger, factor: -1 });
        expect({ ...rest, shedMs: {} }).toEqual(emptyLedger());
        for (const value of [...Object.values(shedMs), ...Object.values(rejectedMs)]) expect(value).toBe(0);
      }),
    );
  });

  test('H11 books a time off the record beside the ledger of a worker that goes on', () => {
    const book = new LedgerBook();
    const track = { ...ada, producerId: 'one' };
    book.update({ ...track, ledger: ledgerOf({ transcribedMs: 1_000, pendingMs: 8 }) });
    book.unheard({ ...track, ms: 500, reason: 'offTheRecord' });
    const { ledger } = book.update({ ...track, ledger: ledgerOf({ transcribedMs: 1_500 }) });
    expect(ledger).toEqual(ledgerOf({ transcribedMs: 1_500, shedMs: { offTheRecord: 500 } }));
  });
});

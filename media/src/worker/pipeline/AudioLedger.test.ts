import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AudioLedgerTotals } from '../contract/messages.js';
import { AudioLedger } from './AudioLedger.js';

const MS = 16;

function sumOf({ totalMs: _, shedMs, rejectedMs = {}, ...classes }: AudioLedgerTotals): number {
  const all = [classes, shedMs, rejectedMs].flatMap((each): number[] => Object.values(each));
  return all.reduce((sum, ms) => sum + ms, 0);
}

describe('AudioLedger', () => {
  it('counts what nobody took for speech as such', () => {
    const ledger = new AudioLedger();
    ledger.append({ startSample: 0, samples: 100 * MS, origin: 'audio' });
    ledger.append({ startSample: 100 * MS, samples: 20 * MS, origin: 'dtx' });
    ledger.append({ startSample: 120 * MS, samples: 10 * MS, origin: 'concealed' });
    ledger.append({ startSample: 130 * MS, samples: 5 * MS, origin: 'muted' });
    expect(ledger.totals).toEqual({
      totalMs: 135,
      mutedMs: 5,
      dtxMs: 20,
      concealedMs: 10,
      nonSpeechMs: 100,
      crosstalkMs: 0,
      pendingMs: 0,
      transcribedMs: 0,
      shedMs: {},
    });
  });

  it('keeps an utterance pending until it has its text, with its filled stretches apart', () => {
    const ledger = new AudioLedger();
    ledger.append({ startSample: 0, samples: 100 * MS, origin: 'audio' });
    ledger.open(40 * MS);
    expect(ledger.totals).toMatchObject({ nonSpeechMs: 40, pendingMs: 60 });
    ledger.append({ startSample: 100 * MS, samples: 20 * MS, origin: 'concealed' });
    ledger.append({ startSample: 120 * MS, samples: 80 * MS, origin: 'audio' });
    ledger.hold({ id: 'a', endSample: 150 * MS });
    expect(ledger.totals).toMatchObject({ nonSpeechMs: 40 + 50, pendingMs: 60 + 30, concealedMs: 20 });
    ledger.release('a', 'transcribed');
    expect(ledger.totals).toMatchObject({ transcribedMs: 90, pendingMs: 0, totalMs: 200 });
  });

  it('books a stretch of an utterance by itself, without what was filled in it', () => {
    const ledger = new AudioLedger();
    ledger.append({ line: 3, startSample: 0, samples: 100 * MS, origin: 'audio' });
    ledger.append({ line: 3, startSample: 100 * MS, samples: 20 * MS, origin: 'concealed' });
    ledger.append({ line: 3, startSample: 120 * MS, samples: 80 * MS, origin: 'audio' });
    ledger.open(40 * MS, 3);
    ledger.hold({ id: 'a', line: 3, endSample: 190 * MS });
    // The next time line has come.
    ledger.append({ line: 4, startSample: 0, samples: 10 * MS, origin: 'audio' });
    ledger.open(0, 4);
    ledger.releasePart('a', { startSample: 90 * MS, endSample: 150 * MS, fate: { shed: 'overloaded' } });
    ledger.releasePart('unknown', { startSample: 0, endSample: 150 * MS, fate: 'transcribed' });
    expect(ledger.totals).toMatchObject({ shedMs: { overloaded: 40 }, pendingMs: 90 + 10, concealedMs: 20 });
    ledger.releasePart('a', { startSample: 90 * MS, endSample: 150 * MS, fate: 'crosstalk' });
    ledger.release('a', 'transcribed');
    expect(ledger.totals).toMatchObject({ transcribedMs: 90, crosstalkMs: 0, shedMs: { overloaded: 40 } });
    expect(sumOf(ledger.totals)).toBe(210);
  });

  it('says why speech has no text', () => {
    const ledger = new AudioLedger();
    ledger.append({ startSample: 0, samples: 10 * MS, origin: 'audio' });
    ledger.open(0);
    ledger.hold({ id: 'a', endSample: 10 * MS });
    ledger.release('a', { shed: 'overloaded' });
    expect(ledger.totals.shedMs).toEqual({ overloaded: 10 });
    expect(ledger.totals).not.toHaveProperty('rejectedMs');
  });

  it('says what took a sound for no speech', () => {
    const ledger = new AudioLedger();
    ledger.append({ startSample: 0, samples: 30 * MS, origin: 'audio' });
    for (const [index, rejected] of (['annotation', 'noWords', 'annotation'] as const).entries()) {
      ledger.open(10 * index * MS);
      ledger.hold({ id: `${index}`, endSample: 10 * (index + 1) * MS });
      ledger.release(`${index}`, { rejected });
    }
    expect(ledger.totals).toMatchObject({ rejectedMs: { annotation: 20, noWords: 10 }, nonSpeechMs: 0, shedMs: {} });
  });

  it('counts crosstalk wherever it was heard, and never twice', () => {
    const ledger = new AudioLedger();
    ledger.append({ startSample: 0, samples: 100 * MS, origin: 'audio' });
    ledger.markCrosstalk({ startSample: 10 * MS, endSample: 30 * MS });
    ledger.open(20 * MS);
    ledger.hold({ id: 'a', endSample: 100 * MS });
    ledger.release('a', 'transcribed');
    expect(ledger.totals).toMatchObject({ crosstalkMs: 20, transcribedMs: 70, nonSpeechMs: 10, totalMs: 100 });
  });

  it('keeps time lines apart, also while the last one is undecided', () => {
    const ledger = new AudioLedger();
    ledger.append({ startSample: 0, samples: 100 * MS, origin: 'audio' });
    ledger.open(20 * MS);
    ledger.append({ line: 1, startSample: 0, samples: 50 * MS, origin: 'audio' });
    // The last frame of the first time line was padded with silence.
    ledger.hold({ id: 'a', endSample: 110 * MS });
    ledger.release('a', 'transcribed');
    ledger.open(10 * MS, 1);
    ledger.hold({ id: 'b', line: 1, endSample: 40 * MS });
    ledger.release('b', 'transcribed');
    expect(ledger.totals).toMatchObject({ totalMs: 150, nonSpeechMs: 40, transcribedMs: 110 });
  });

  it('counts the time line by itself: what is in no class shows', () => {
    const ledger = new AudioLedger();
    ledger.append({ startSample: 0, samples: 100 * MS, origin: 'audio' });
    // After 30 ms that were not reported.
    ledger.append({ startSample: 130 * MS, samples: 20 * MS, origin: 'audio' });
    expect(ledger.totals.totalMs).toBe(150);
    expect(sumOf(ledger.totals)).toBe(120);
  });

  it('adds up to the time line after any history', () => {
    const step = fc.oneof(
      fc.record({
        type: fc.constant('append' as const),
        samples: fc.integer({ min: 1, max: 5_000 }),
        origin: fc.constantFrom('audio' as const, 'dtx' as const, 'concealed' as const, 'muted' as const),
      }),
      fc.record({ type: fc.constantFrom('open' as const, 'close' as const, 'discard' as const), back: fc.nat(4_000) }),
      fc.record({ type: fc.constant('crosstalk' as const), back: fc.nat(4_000) }),
      fc.record({ type: fc.constant('release' as const), fate: fc.nat(3) }),
      fc.record({ type: fc.constant('restart' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ledger = new AudioLedger();
        const held: string[] = [];
        let end = 0;
        let total = 0;
        let openFrom: number | undefined;
        let floor = 0;
        let line = 0;
        for (const [index, action] of steps.entries()) {
          switch (action.type) {
            case 'append':
              ledger.append({ line, startSample: end, samples: action.samples, origin: action.origin });
              end += action.samples;
              total += action.samples;
              break;
            case 'open':
              if (openFrom !== undefined) break;
              openFrom = Math.max(floor, end - action.back);
              ledger.open(openFrom, line);
              break;
            case 'close':
              if (openFrom === undefined) break;
              floor = Math.max(openFrom, end - action.back);
              ledger.hold({ id: `${index}`, line, endSample: floor });
              held.push(`${index}`);
              openFrom = undefined;
              break;
            case 'discard':
              ledger.discard();
              openFrom = undefined;
              break;
            case 'crosstalk':
              ledger.markCrosstalk({ startSample: Math.max(0, end - action.back), endSample: end });
              break;
            case 'release': {
              const id = held.shift();
              const fates = ['transcribed', { rejected: 'noWords' }, 'crosstalk', { shed: 'asleep' }] as const;
              if (id !== undefined) ledger.release(id, fates[action.fate] ?? 'transcribed');
              break;
            }
            case 'restart':
              if (openFrom !== undefined) break;
              line += 1;
              end = 0;
              floor = 0;
          }
          const { totals } = ledger;
          expect(totals.totalMs * MS).toBe(total);
          expect(sumOf(totals)).toBe(totals.totalMs);
          expect(Object.values(totals).every((value) => typeof value !== 'number' || value >= 0)).toBe(true);
        }
      }),
    );
  });
});

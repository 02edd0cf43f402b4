import { describe, expect, it } from 'vitest';
import { RecognitionError } from '../../asr/contract/recognition.js';
import { hypothesisOf } from '../../testing/FakeRecognizer.js';
import type { AudioFate } from './AudioLedger.js';
import type { HeardFinal } from './FinalRequest.js';
import { Finals } from './Finals.js';

/** Finals with captions and a ledger that write down what reaches them. */
function finalsOf(judge: (hypothesis: HeardFinal) => AudioFate = () => 'transcribed') {
  const calls: string[] = [];
  const log = (...parts: unknown[]) => calls.push(parts.map((part) => JSON.stringify(part)).join(' '));
  const finals = new Finals({
    captions: {
      judge: (_, hypothesis) => judge(hypothesis),
      write: ({ utterance, hypothesis, cause }) => log('write', utterance.id, hypothesis.text, cause),
      gap: ({ id }, reason) => log('gap', id, reason),
      missing: ({ id }, { fromMs, toMs, reason }) => log('missing', id, fromMs, toMs, reason),
      retract: ({ id }) => log('retract', id),
      endSentence: () => log('endSentence'),
    },
    ledger: {
      release: (id, fate) => log('release', id, fate),
      releasePart: (id, part) => log('releasePart', id, part),
    },
    onDelivered: () => log('delivered', finals.waiting),
  });
  return {
    finals,
    calls: () => calls.map((call) => call.replaceAll('"', '')),
    push: (id: string) => {
      let settle: { resolve: (answer: HeardFinal) => void; reject: (error: Error) => void } | undefined;
      const answer = new Promise<HeardFinal>((resolve, reject) => {
        settle = { resolve, reject };
      });
      finals.push({ utterance: utteranceOf(id), answer, cause: 'silence' });
      return {
        answer: (text: string, more: Partial<HeardFinal> = {}) => settle?.resolve({ ...hypothesisOf(text), ...more }),
        fail: (error: Error) => settle?.reject(error),
      };
    },
  };
}

const utteranceOf = (id: string) => ({
  id,
  startSample: 16_000,
  startMs: 1_000,
  endMs: 5_000,
  continues: false,
  opening: undefined,
  corrections: () => 0,
});

/** Lets promises settle. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the finals of a track', () => {
  it('leave in the order of speech, also when they are answered the other way round', async () => {
    const { finals, push, calls } = finalsOf();
    const [first, second] = [push('a'), push('b')];
    second.answer('two');
    await turn();
    expect(calls()).toEqual([]);
    expect(finals.waiting).toBe(2);
    first.answer('one');
    await finals.drain();
    expect(calls()).toEqual([
      'write a one silence',
      'release a transcribed',
      'delivered 1',
      'write b two silence',
      'release b transcribed',
      'delivered 0',
    ]);
  });

  it('are a gap where they failed, with its reason in the books, and hold up nothing behind them', async () => {
    const { finals, push, calls } = finalsOf();
    const [first, second] = [push('a'), push('b')];
    first.fail(new RecognitionError('OVERLOADED', 'too much'));
    second.answer('two');
    await finals.drain();
    expect(calls()).toEqual([
      'release a {shed:overloaded}',
      'gap a overloaded',
      'delivered 1',
      'write b two silence',
      'release b transcribed',
      'delivered 0',
    ]);
  });

  it('are a gap where their words were shown and none are left', async () => {
    const { finals, push, calls } = finalsOf(() => ({ shed: 'rejected' }));
    push('a').answer('');
    await finals.drain();
    expect(calls()).toEqual(['gap a rejected', 'release a {shed:rejected}', 'delivered 0']);
  });

  it.each([
    ["somebody else's voice", 'crosstalk'],
    ['no speech', { rejected: 'noWords' }],
    ['not to be written', { shed: 'asleep' }],
  ] as const)('are retracted where it was %s', async (_, fate) => {
    const { finals, push, calls } = finalsOf(() => fate);
    push('a').answer('words');
    await finals.drain();
    expect(calls()).toEqual(['retract a', `release a ${JSON.stringify(fate).replaceAll('"', '')}`, 'delivered 0']);
  });

  it('have a gap for each stretch that they say nothing of, which the books count by itself', async () => {
    const { finals, push, calls } = finalsOf();
    push('a').answer('one', { missing: [{ fromMs: 500, toMs: 1_000, reason: 'deadlineExceeded' }] });
    await finals.drain();
    expect(calls()).toEqual([
      'write a one silence',
      'releasePart a {startSample:24000,endSample:32000,fate:{shed:deadlineExceeded}}',
      'missing a 500 1000 deadlineExceeded',
      'release a transcribed',
      'delivered 0',
    ]);
  });

  it('keep what was no speech in its turn: a sentence that it goes on from is not over before', async () => {
    const { finals, push, calls } = finalsOf();
    const first = push('a');
    finals.pushNone(utteranceOf('b'));
    await turn();
    expect(calls()).toEqual([]);
    first.answer('one');
    await finals.drain();
    expect(calls().at(-1)).toBe('endSentence');
    expect(finals.waiting).toBe(0);
  });

  it('are drained at once where there are none', async () => {
    const { finals, calls } = finalsOf();
    await finals.drain();
    expect(calls()).toEqual([]);
  });
});

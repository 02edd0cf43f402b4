import { describe, expect, it } from 'vitest';
import type { RecognitionRequest } from '../../asr/contract/recognition.js';
import { fakeTokens } from '../../asr/testing/fakeTokens.js';
import type { FakeScript } from '../../testing/FakeRecognizer.js';
import { hypothesisOf } from '../../testing/FakeRecognizer.js';
import { Drafts, type DraftUse } from './Drafts.js';
import { bareUtterance } from './testing/bareUtterance.js';

const SECOND = 16_000;

/** Someone who has been talking for 20 s, and a recogniser that returns a word per second. */
function talking(script: (request: RecognitionRequest) => FakeScript = () => ({})) {
  const { time, ring, utterance, requests } = bareUtterance({
    script: (request) => ({ text: counted(request.pcm.length / SECOND), ...script(request) }),
    settings: { interimWindowMs: 10_000 },
  });
  ring.write(
    0,
    Int16Array.from({ length: 20 * SECOND }, (_, index) => 4_000 * Math.sin(index * index)),
  );
  const settle = () => time.advanceAsync(10);
  return {
    requests,
    drafts: () => requests.map(({ draft }) => draft?.tokens),
    interim: async (seconds: number) => {
      utterance.requestInterim(seconds * SECOND);
      await settle();
    },
    pause: async (seconds: number) => {
      utterance.speculate({ speechEndSample: (seconds - 0.1) * SECOND, endSample: seconds * SECOND });
      await settle();
      utterance.resume({ startSample: (seconds - 0.1) * SECOND, endSample: seconds * SECOND });
    },
    end: async (seconds: number) => {
      const endSample = seconds * SECOND;
      const answer = utterance.close({ speechEndSample: endSample, endSample, cause: 'silence' });
      await settle();
      return answer;
    },
  };
}

function counted(words: number): string {
  return Array.from({ length: Math.floor(words) }, (_, index) => `w${index}`).join(' ');
}

describe('drafts of an utterance', () => {
  it('are the tokens of the newest text: each interim carries those of the one before, and the final those of the last', async () => {
    const { interim, end, drafts } = talking();
    await interim(2);
    await interim(3);
    await end(4);
    expect(drafts()).toEqual([undefined, fakeTokens('w0 w1'), fakeTokens('w0 w1 w2')]);
  });

  it('are carried on from a final that was begun in a pause', async () => {
    const { interim, pause, end, drafts } = talking();
    await pause(2);
    await interim(3);
    await end(4);
    expect(drafts()).toEqual([undefined, fakeTokens('w0 w1'), fakeTokens('w0 w1 w2')]);
  });

  it('are not carried into a window that slid; the final has that of the last text from its own beginning', async () => {
    const { interim, end, drafts, requests } = talking();
    await interim(8);
    await interim(14);
    await interim(14);
    await end(15);
    expect(requests.map(({ pcm }) => pcm.length / SECOND)).toEqual([8, 10, 10, 15]);
    expect(drafts()).toEqual([undefined, undefined, fakeTokens(counted(10)), fakeTokens(counted(8))]);
  });

  it('stay as they are where an answer has no text, or comes not at all', async () => {
    for (const failure of [{ rejected: 'noSpeech' }, { crash: true }] as const) {
      const { interim, end, drafts } = talking(({ pcm }) => (pcm.length === 3 * SECOND ? failure : {}));
      await interim(2);
      await interim(3);
      await end(4);
      expect(drafts()).toEqual([undefined, fakeTokens('w0 w1'), fakeTokens('w0 w1')]);
    }
  });

  it('of two models are kept apart', async () => {
    const { interim, pause, end, requests } = talking(({ kind }) => ({ model: kind }));
    await pause(2);
    await interim(3);
    await interim(4);
    await end(5);
    expect(requests.map(({ draft }) => draft)).toEqual([
      undefined,
      // It is not known yet who will answer.
      { model: 'final', tokens: fakeTokens(counted(2)) },
      { model: 'interim', tokens: fakeTokens(counted(3)) },
      { model: 'final', tokens: fakeTokens(counted(2)) },
    ]);
  });

  it('go no further than the utterance', async () => {
    expect(await talking().end(3)).not.toHaveProperty('draft');
  });
});

describe('Drafts', () => {
  const use = (fields: Partial<DraftUse['settings']> = {}, startSample = 0): DraftUse => ({
    kind: 'interim',
    startSample,
    settings: { language: 'auto', task: 'transcribe', ...fields },
  });

  it('give none for another language or task: every token would be another one', () => {
    const drafts = new Drafts();
    drafts.keep(use(), hypothesisOf('hello'));
    const fits = (fields: Partial<DraftUse['settings']>) => drafts.for(use(fields)) !== undefined;
    expect(fits({})).toBe(true);
    expect(fits({ language: 'en' })).toBe(true);
    expect(fits({ settled: { language: 'en', switchProbability: 0.7 } })).toBe(true);
    expect(fits({ language: 'de' })).toBe(false);
    expect(fits({ settled: { language: 'de', switchProbability: 0.7 } })).toBe(false);
    expect(fits({ task: 'translate' })).toBe(false);
  });

  it('are few, and the oldest is forgotten', () => {
    const drafts = new Drafts();
    for (let start = 0; start < 6; start += 1) drafts.keep(use({}, start), hypothesisOf(`w${start}`));
    const kept = [0, 1, 2, 3, 4, 5].map((start) => drafts.for(use({}, start))?.tokens);
    expect(kept).toEqual([undefined, undefined, ...[2, 3, 4, 5].map((start) => fakeTokens(`w${start}`))]);
  });
});

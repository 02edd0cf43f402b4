import { describe, expect, it } from 'vitest';
import { type Hypothesis, RecognitionError, type RecognitionRequest } from '../../asr/contract/recognition.js';
import type { SpeechOverrides } from '../../settings/speechSettings.js';
import { hypothesisOf } from '../../testing/FakeRecognizer.js';
import { loudSpeaker } from './testing/loudSpeaker.js';

const MS = 16;
const SAID = 'That is the whole of the sentence.';

/** Lets promises settle. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Someone who pauses in the middle, and a recogniser with finals as slow as the test wants. */
async function pausing(options: { pauseMs?: number; queuedMs?: number; settings?: SpeechOverrides } = {}) {
  const { pauseMs = 650, queuedMs = 0 } = options;
  const finals: { request: RecognitionRequest; aborted: boolean; answer: (text: string) => void }[] = [];
  const { hear, events, pipeline } = loudSpeaker({
    settings: options.settings ?? {},
    recognizer: {
      recognize: (request, { signal } = {}) => {
        if (request.kind === 'interim') return Promise.resolve({ ...hypothesisOf(''), queuedMs });
        return new Promise<Hypothesis>((resolve, reject) => {
          const final = { request, aborted: false, answer: (text: string) => resolve(hypothesisOf(text, 900)) };
          finals.push(final);
          signal?.addEventListener('abort', () => {
            final.aborted = true;
            reject(new RecognitionError('SUPERSEDED', 'speech goes on'));
          });
        });
      },
    },
  });
  await hear({ ms: 1_500, level: 4_000 });
  await hear({ ms: pauseMs, level: 0 });
  expect(finals).toHaveLength(1);
  await hear({ ms: 600, level: 4_000 });
  return {
    finals,
    pipeline,
    end: async () => {
      const closing = pipeline.close();
      await turn();
      finals.at(-1)?.answer('And the rest of it.');
      await closing;
    },
    texts: () => events.flatMap((event) => (event.type === 'final' ? [event.hypothesis.text] : [])),
    segments: () => events.flatMap((event) => (event.type === 'final' ? [event.segment] : [])),
  };
}

describe('a final that comes after the pause that it was begun in', () => {
  it('ends the utterance there, where it is a sentence: nothing is lost or heard twice', async () => {
    const { finals, texts, segments, end, pipeline } = await pausing();
    expect(finals[0]?.aborted).toBe(false);
    finals[0]?.answer(SAID);
    await turn();
    await end();
    expect(texts()).toEqual([SAID, 'And the rest of it.']);
    const [first, second] = segments();
    expect(second?.startMs).toBe(first?.endMs);
    const heardMs = finals.map(({ request }) => request.pcm.length / MS);
    expect(finals).toHaveLength(2);
    expect(heardMs[0]).toBeGreaterThan(1_500);
    expect(heardMs[0]).toBeLessThan(2_150);
    expect(heardMs[1]).toBeLessThan(1_250);
    expect(pipeline.stats.discardedEngineMs).toBe(0);
  });

  it.each([
    ['is not over', 'That is the whole of'],
    ['has too few words to tell', 'Yes.'],
  ])('is thrown away where what was said %s', async (_, text) => {
    const { finals, texts, end, pipeline } = await pausing();
    finals[0]?.answer(text);
    await turn();
    await end();
    expect(texts()).toEqual(['And the rest of it.']);
    expect(finals.at(-1)?.request.pcm.length).toBeGreaterThan(2_200 * MS);
    expect(pipeline.stats.discardedEngineMs).toBe(900);
  });

  it.each([
    ['the pause was so short that a quick engine would not have ended there, either', { pauseMs: 450 }],
    ['others wait for the engine', { queuedMs: 200 }],
    ['silence alone is to end an utterance', { settings: { endpointing: 'fixed', endSilenceMs: 800 } as const }],
  ])('is not waited for where %s', async (_, options) => {
    const { finals, texts, end } = await pausing(options);
    expect(finals[0]?.aborted).toBe(true);
    await end();
    expect(texts()).toEqual(['And the rest of it.']);
  });

  it('is called off when the utterance ends before it is there', async () => {
    const { finals, texts, end } = await pausing();
    await end();
    expect(finals[0]?.aborted).toBe(true);
    expect(texts()).toEqual(['And the rest of it.']);
  });
});

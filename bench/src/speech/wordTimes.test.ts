import { DEFAULT_RECOGNITION_SETTINGS, type RecognitionRequest } from '@parley/media/asr';
import { hypothesisOf } from '@parley/media/testing';
import { describe, expect, it } from 'vitest';
import { SAMPLES_PER_MS } from './Speech.js';
import { withWordTimes } from './wordTimes.js';

const settings = { ...DEFAULT_RECOGNITION_SETTINGS, prompt: 'before' };
const speech = (words?: { text: string; startMs: number; endMs: number }[]) => ({
  pcm: new Int16Array(5_000 * SAMPLES_PER_MS),
  utterances: [{ text: 'Ask not, what.', startMs: 1_000, endMs: 2_000, ...(words === undefined ? {} : { words }) }],
});

describe('the times of words', () => {
  it('are those that the recogniser finds in the utterance alone, for the words that it understood', async () => {
    const requests: RecognitionRequest[] = [];
    const recognizer = {
      recognize: async (request: RecognitionRequest) => {
        requests.push(request);
        const words = ['Ask', 'nod', 'what.'].map((text, index) => ({
          ...{ text, probability: 0.9 },
          ...{ startMs: 100 + index * 300, endMs: 350 + index * 300 },
        }));
        return { ...hypothesisOf('Ask nod what.'), words };
      },
    };
    const { utterances } = await withWordTimes({ speech: speech(), recognizer, settings });
    expect(utterances[0]?.words).toEqual([
      { text: 'ask', startMs: 1_000, endMs: 1_250 },
      { text: 'what', startMs: 1_600, endMs: 1_850 },
    ]);
    expect(
      requests.map(({ pcm, settings: { words, prompt } }) => [pcm.length / SAMPLES_PER_MS, words, prompt]),
    ).toEqual([[1_200, true, '']]);
  });

  it('stay as they are if they are known', async () => {
    const words = [{ text: 'ask', startMs: 1_000, endMs: 1_200 }];
    const recognizer = { recognize: () => Promise.reject(new Error('nobody asks')) };
    const { utterances } = await withWordTimes({ speech: speech(words), recognizer, settings });
    expect(utterances[0]?.words).toEqual(words);
  });
});

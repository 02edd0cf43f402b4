import { expect, test, vi } from 'vitest';
import { wakeWordsOf } from './wakeWords.js';

const resolve = vi.fn(async (names: readonly string[]) => ({
  melModel: '/cache/mel.onnx',
  embeddingModel: '/cache/embedding.onnx',
  classifierModels: names.map((name) => `/cache/${name}.onnx`),
}));

const wakeWords = (wakeWord: Partial<Parameters<typeof wakeWordsOf>[0]['settings']['wakeWord']>) =>
  wakeWordsOf({ store: { resolve }, settings: { wakeWord: { models: [], classifierModels: [], ...wakeWord } } });

test('without any models nothing listens, and nothing is looked for', async () => {
  expect(await wakeWords({})).toEqual({});
  expect(resolve).not.toHaveBeenCalled();
});

test('files of one’s own are taken as they are', async () => {
  const own = { melModel: 'mel', embeddingModel: 'embedding', classifierModels: ['own'] };
  expect(await wakeWords(own)).toEqual({ wakeWord: own });
  expect(resolve).not.toHaveBeenCalled();
});

test('published words come by name, with the files that they share; files of one’s own are heard besides', async () => {
  expect(await wakeWords({ models: ['alexa', 'hey_jarvis'], classifierModels: ['own'] })).toEqual({
    wakeWord: {
      melModel: '/cache/mel.onnx',
      embeddingModel: '/cache/embedding.onnx',
      classifierModels: ['/cache/alexa.onnx', '/cache/hey_jarvis.onnx', 'own'],
    },
  });
});

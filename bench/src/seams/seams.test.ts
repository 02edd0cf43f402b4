import { expect, it } from 'vitest';
import { begunLater } from './index.js';

it('begins a speech at a later word, with its times, after a silence', () => {
  const words = Array.from({ length: 8 }, (_, index) => ({
    text: `w${index}`,
    startMs: index * 100 + 20,
    endMs: index * 100 + 90,
    utterance: 0,
  }));
  const pcm = Int16Array.from({ length: 800 * 16 }, (_, index) => index);
  const whole = begunLater({ pcm, words }, 0);
  expect(whole.words.map(({ text }) => text)).toEqual(words.map(({ text }) => text));
  const later = begunLater({ pcm, words }, 2);
  expect(later.words.map(({ text }) => text)).toEqual(['w6', 'w7']);
  // In the middle between the two words, and the word's samples are where its times say.
  const [first] = later.words;
  expect(later.pcm[(first?.startMs ?? 0) * 16]).toBe(620 * 16);
  expect(later.pcm[(first?.startMs ?? 0) * 16 - 16 * 16]).toBe(0);
});

import { expect, it } from 'vitest';
import { timedWords, utteranceOf } from '../speech/Speech.js';
import { begunLater } from './index.js';

it('begins a speech at a later word, with its times, after a silence', () => {
  const words = Array.from({ length: 8 }, (_, index) => ({
    text: `w${index}`,
    startMs: index * 100 + 20,
    endMs: index * 100 + 90,
  }));
  const pcm = Int16Array.from({ length: 800 * 16 }, (_, index) => index);
  const speech = { pcm, utterances: [utteranceOf(words)] };
  const whole = begunLater(speech, 0);
  expect(timedWords(whole).map(({ text }) => text)).toEqual(words.map(({ text }) => text));
  const later = begunLater(speech, 2);
  expect(timedWords(later).map(({ text }) => text)).toEqual(['w6', 'w7']);
  // In the middle between the two words, and the word's samples are where its times say.
  const [first] = timedWords(later);
  expect(later.pcm[(first?.startMs ?? 0) * 16]).toBe(620 * 16);
  expect(later.pcm[(first?.startMs ?? 0) * 16 - 16 * 16]).toBe(0);
});

it('rotates a speech by its utterances if the times of words are unknown', () => {
  const pcm = Int16Array.from({ length: 300 * 16 }, (_, index) => index);
  const utterances = ['a b', 'c', 'd'].map((text, index) => ({ text, startMs: index * 100, endMs: (index + 1) * 100 }));
  const later = begunLater({ pcm, utterances }, 4);
  expect(later.utterances.map(({ text }) => text)).toEqual(['c', 'd', 'a b']);
  for (const { text, startMs } of later.utterances) {
    const original = utterances.find((utterance) => utterance.text === text);
    expect(later.pcm[startMs * 16]).toBe((original?.startMs ?? -1) * 16);
  }
  expect(later.pcm.length).toBe(pcm.length + (400 + 4 * 7 + 1_200) * 16);
});

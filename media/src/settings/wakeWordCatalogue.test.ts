import { describe, expect, it } from 'vitest';
import { phraseOfFile } from '../worker/speech/wake/phraseOfFile.js';
import { ALL_WAKE_WORDS, findPublishedWakeWord, PUBLISHED_WAKE_WORDS, WAKE_WORD_NAMES } from './wakeWordCatalogue.js';

describe('the catalogue of wake words', () => {
  it('has each name once, and none that stands for all', () => {
    expect(PUBLISHED_WAKE_WORDS.map(({ name }) => name)).toEqual([...WAKE_WORD_NAMES]);
    expect(findPublishedWakeWord(ALL_WAKE_WORDS)).toBeUndefined();
  });

  it.each(PUBLISHED_WAKE_WORDS)('calls $name what the detector calls its file', ({ phrase, classifier }) => {
    expect(phraseOfFile(classifier.fileName)).toBe(phrase);
  });
});

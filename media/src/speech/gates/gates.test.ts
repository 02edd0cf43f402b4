import { describe, expect, it } from 'vitest';
import { speech16k } from '../../../test/loadFixtures.js';
import { isNearSilent } from './isNearSilent.js';
import { judgeText } from './judgeText.js';

const THRESHOLDS = {
  noSpeechThreshold: 0.6,
  logProbabilityThreshold: -1,
  compressionRatioThreshold: 2.4,
  tokensPerSecond: 16,
};
const judge = (text: string, overrides: Partial<Parameters<typeof judgeText>[0]> = {}) =>
  judgeText(
    { text, noSpeechProbability: 0.1, meanLogProbability: -0.2, tokens: 10, audioMs: 5_000, ...overrides },
    THRESHOLDS,
  );

describe('judgeText', () => {
  it.each([
    'We finished the database migration on Thursday.',
    'No, no, no!',
    'Ha ha ha ha.',
    'One hundred, two hundred, three hundred.',
    'Yes.',
    '今天我们讨论预算。',
    'Das ist gut, das ist sehr gut.',
    'Very, very, very, very good.',
    'He said (and I quote) nothing.',
    'Two * three is six.',
    'Then he said (that',
    '(I will send you the contract tomorrow and then we',
    '* I agree with all of that, let us go on.',
    '(I will send you the contract tomorrow, then.)',
  ])('lets honest speech pass: %s', (text) => {
    expect(judge(text)).toBeUndefined();
  });

  it('drops what holds no letter and no digit', () => {
    expect(judge('...')).toBe('noLetters');
    expect(judge('♪♪')).toBe('noLetters');
    expect(judge('')).toBe('noLetters');
  });

  it.each([
    '(Whistles)',
    '[whistling] [whistling]',
    '(wind blowing) ...',
    '*coughs*',
    '♪ la la la ♪',
    '【音楽】',
    '[BLANK_AUDIO',
    '(wind blowing',
    '[speaking in a foreign language]',
  ])('drops what only tells of sounds: %s', (text) => {
    expect(judge(text)).toBe('annotation');
  });

  it('drops an unsure text on what is no speech, by both thresholds', () => {
    expect(judge('you', { noSpeechProbability: 0.9, meanLogProbability: -1.2 })).toBe('noSpeech');
    expect(judge('you', { noSpeechProbability: 0.9, meanLogProbability: -0.5 })).toBeUndefined();
    expect(judge('you', { noSpeechProbability: 0.3, meanLogProbability: -1.2 })).toBeUndefined();
  });

  it('drops a text that the engine does not believe itself', () => {
    expect(judge('garble', { meanLogProbability: -2.5 })).toBe('lowProbability');
  });

  it.each([
    'so so so so so so so so',
    'thank you thank you thank you thank you thank you thank you',
    'and then we and then we and then we and then we and then we',
    'ありがとう。ありがとう。ありがとう。ありがとう。ありがとう。ありがとう。ありがとう。ありがとう。ありがとう。ありがとう。',
    'the meeting is about to start in the meeting room of the meeting center '.repeat(6),
  ])('drops loops in any language: %s', (text) => {
    expect(judge(text, { audioMs: 20_000 })).toBe('repetition');
  });

  it('drops more words than anybody can say', () => {
    const words =
      'we finished moving every old table on thursday while support stayed quiet and nobody noticed any outage so next month ' +
      'brings training for colleagues plus cleaning up reports';
    expect(judge(words, { audioMs: 1_500 })).toBe('repetition');
    expect(judge(words, { audioMs: 15_000 })).toBeUndefined();
  });
});

describe('isNearSilent', () => {
  it('knows silence, also with a constant offset, and hears a short word in it', () => {
    const silence = new Int16Array(16_000);
    expect(isNearSilent(silence, -60)).toBe(true);
    expect(isNearSilent(new Int16Array(16_000).fill(900), -60)).toBe(true);
    expect(isNearSilent(new Int16Array(0), -60)).toBe(true);
    const word = silence.slice();
    for (let index = 0; index < 800; index += 1) word[8_000 + index] = 400 * Math.sin(index / 8);
    expect(isNearSilent(word, -60)).toBe(false);
  });

  it('lets real speech pass at a fiftieth of its loudness', () => {
    const quiet = speech16k().map((sample) => sample / 50);
    expect(isNearSilent(quiet, -60)).toBe(false);
  });
});

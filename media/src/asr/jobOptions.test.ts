import { describe, expect, it } from 'vitest';
import { toHypothesis } from './filterResult.js';
import { audioContextFrames, tokenCap, transcribeJob } from './jobOptions.js';
import { BUILT_IN_MODEL, findPublishedModel, PUBLISHED_MODELS } from './modelCatalogue.js';

const seconds = (s: number) => Math.round(s * 16_000);

describe('audioContextFrames', () => {
  it.each([
    ['utterance', 'final', 0, 64],
    ['utterance', 'final', 0.5, 64],
    ['utterance', 'final', 0.7, 128],
    ['utterance', 'final', 3, 192],
    ['utterance', 'interim', 10, 576],
    ['utterance', 'final', 29, 0],
    ['floor', 'interim', 1, 256],
    ['floor', 'final', 1, 576],
    ['floor', 'final', 12, 640],
    ['full', 'interim', 1, 0],
  ] as const)('%s: %s of %s s has %i frames', (policy, kind, s, frames) => {
    expect(audioContextFrames({ samples: seconds(s), kind, policy })).toBe(frames);
  });

  it('always covers the audio, in whole blocks', () => {
    for (let samples = 0; samples <= seconds(30); samples += 777) {
      const frames = audioContextFrames({ samples, kind: 'final', policy: 'utterance' });
      expect(frames === 0 || (frames % 64 === 0 && frames * 320 >= samples)).toBe(true);
    }
  });
});

describe('transcribeJob', () => {
  const settings = { language: 'de', beamSize: 5, prompt: 'Parley', words: true };
  const published = findPublishedModel('base-q5_1')?.profile ?? BUILT_IN_MODEL.profile;
  const pcm = new Int16Array(seconds(2));

  it('decodes interims greedily, without words and without a second try', () => {
    const job = transcribeJob({ kind: 'interim', pcm, settings, profile: published, timeoutMs: 99.5 });
    expect(job).toMatchObject({ beamSize: 1, words: false, temperatureIncrement: 0, timeoutMs: 100, language: 'de' });
  });

  it('gives finals what the settings ask for', () => {
    const job = transcribeJob({ kind: 'final', pcm, settings, profile: published, timeoutMs: 1 });
    expect(job).toMatchObject({ beamSize: 5, words: true, temperatureIncrement: 0.4, prompt: 'Parley' });
  });

  it('never lets the built-in model try again with another temperature', () => {
    const job = transcribeJob({ kind: 'final', pcm, settings, profile: BUILT_IN_MODEL.profile, timeoutMs: 1 });
    expect(job.temperatureIncrement).toBe(0);
  });

  it('asks an English model for English', () => {
    const profile = { ...published, multilingual: false };
    expect(transcribeJob({ kind: 'final', pcm, settings, profile, timeoutMs: 1 }).language).toBe('en');
  });

  it('caps tokens by the length of the audio, at 224', () => {
    expect([0, 1, 3, 13, 30].map((s) => tokenCap(seconds(s)))).toEqual([24, 40, 72, 224, 224]);
  });
});

describe('toHypothesis', () => {
  const result = {
    text: 'Hello.',
    language: 'en',
    languageProbability: 0.9,
    noSpeechProbability: 0.1,
    meanLogProbability: Math.log(0.8),
    tokens: 3,
    sanitizedSamples: 0,
    timings: { melMs: 0, encodeMs: 0, decodeMs: 0, totalMs: 0 },
  };
  const times = { queuedMs: 1, engineMs: 2 };

  it('takes the mean probability of the tokens for the confidence', () => {
    const hypothesis = toHypothesis(result, times);
    expect(hypothesis.text).toBe('Hello.');
    expect(hypothesis.confidence).toBeCloseTo(0.8);
  });

  it('empties a text only when the engine hears no speech and doubts its words', () => {
    const text = (fields: object) => toHypothesis({ ...result, ...fields }, times).text;
    expect(text({ noSpeechProbability: 0.7, meanLogProbability: -1.2 })).toBe('');
    expect(text({ noSpeechProbability: 0.7, meanLogProbability: -0.5 })).toBe('Hello.');
    expect(text({ noSpeechProbability: 0.3, meanLogProbability: -1.2 })).toBe('Hello.');
  });

  it('empties what holds no letter and no digit, in any script, words included', () => {
    const words = [{ text: '...', startMs: 0, endMs: 1, probability: 2 }];
    expect(toHypothesis({ ...result, text: ' ...♪ ', words }, times)).toMatchObject({
      text: '',
      confidence: 0,
      words: [],
    });
    for (const text of ['你好', 'Привет', '7', 'é']) expect(toHypothesis({ ...result, text }, times).text).toBe(text);
  });

  it('keeps probabilities in their range when the engine gives none', () => {
    expect(toHypothesis({ ...result, languageProbability: Number.NaN }, times).languageProbability).toBe(0);
  });
});

describe('model catalogue', () => {
  it('has one name, one file and one well-formed checksum for each model', () => {
    expect(new Set(PUBLISHED_MODELS.map((model) => model.name)).size).toBe(PUBLISHED_MODELS.length);
    for (const { name, fileName, checksum } of PUBLISHED_MODELS) {
      expect(fileName).toBe(`ggml-${name}.bin`);
      expect(checksum.value).toMatch(checksum.algorithm === 'sha1' ? /^[0-9a-f]{40}$/ : /^[0-9a-f]{64}$/);
    }
  });
});

import type { TranscribeResult } from '@parley/native';
import { describe, expect, it } from 'vitest';
import { BUILT_IN_MODEL, findPublishedModel } from '../settings/modelCatalogue.js';
import { DEFAULT_RECOGNITION_SETTINGS, type RecognitionSettings } from './contract/recognition.js';
import { toHypothesis } from './filterResult.js';
import { audioContextFrames, entropyThreshold, tokenCap, transcribeJob } from './jobOptions.js';

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
  ] as const)('%s: %s of %s s has %i frames', (windowPolicy, kind, s, frames) => {
    expect(audioContextFrames({ samples: seconds(s), kind, profile: { windowPolicy } })).toBe(frames);
  });

  it('have the floors of the model', () => {
    const windowFloorsMs = { interim: 2_000, final: 8_000, finalEnglish: 5_000 };
    const frames = (kind: 'interim' | 'final', s: number, language = 'auto') =>
      audioContextFrames({ samples: seconds(s), kind, profile: { windowPolicy: 'floor', windowFloorsMs }, language });
    expect([frames('interim', 1), frames('final', 1), frames('final', 6), frames('final', 12)]).toEqual([
      192, 448, 448, 640,
    ]);
    expect([frames('interim', 1, 'en'), frames('final', 1, 'en'), frames('final', 6, 'en')]).toEqual([192, 320, 384]);
    expect(frames('final', 1, 'fr')).toBe(448);
  });

  it('go beyond the audio by the margin of the model', () => {
    const frames = (windowMarginMs?: number) =>
      audioContextFrames({
        samples: seconds(9.595),
        kind: 'final',
        profile: { windowPolicy: 'utterance', ...(windowMarginMs === undefined ? {} : { windowMarginMs }) },
      });
    expect([frames(), frames(1_000)]).toEqual([512, 576]);
  });

  it('always covers the audio, in whole blocks', () => {
    for (let samples = 0; samples <= seconds(30); samples += 777) {
      const frames = audioContextFrames({ samples, kind: 'final', profile: { windowPolicy: 'utterance' } });
      expect(frames === 0 || (frames % 64 === 0 && frames * 320 >= samples)).toBe(true);
    }
  });
});

describe('transcribeJob', () => {
  const settings: RecognitionSettings = {
    ...DEFAULT_RECOGNITION_SETTINGS,
    language: 'de',
    beamSize: 5,
    prompt: 'Parley',
    words: true,
  };
  const published = findPublishedModel('base-q5_1')?.profile ?? BUILT_IN_MODEL.profile;
  const pcm = new Int16Array(seconds(2));
  const job = (fields: Partial<Parameters<typeof transcribeJob>[0]> = {}) =>
    transcribeJob({ kind: 'final', pcm, settings, profile: published, timeoutMs: 99.5, ...fields });

  it.each([
    'interim',
    'final',
  ] as const)('gives %s requests the beam, the words and the prompt that they ask for', (kind) => {
    expect(job({ kind })).toMatchObject({ beamSize: 5, words: true, prompt: 'Parley', language: 'de', timeoutMs: 100 });
    const plain = { ...settings, beamSize: 1, words: false };
    expect(job({ kind, settings: plain })).toMatchObject({ beamSize: 1, words: false });
  });

  it('lets finals alone try again with another temperature, where they ask for it', () => {
    expect(job().temperatureIncrement).toBe(0.4);
    expect(job({ kind: 'interim' }).temperatureIncrement).toBe(0);
    expect(job({ settings: { ...settings, temperatureFallback: false } }).temperatureIncrement).toBe(0);
  });

  it('passes the gates of the request on to the engine, and a compression ratio as an entropy', () => {
    const gates = { noSpeechThreshold: 0.9, logProbabilityThreshold: -2, compressionRatioThreshold: 2.4 };
    expect(job({ settings: { ...settings, ...gates } })).toMatchObject({
      noSpeechThreshold: 0.9,
      logProbabilityThreshold: -2,
      entropyThreshold: 2.4,
    });
    const entropies = [1, 2, 2.4, 4, 10, 1_000].map(entropyThreshold);
    expect(entropies).toEqual(entropies.toSorted((a, b) => b - a));
    expect(entropies.at(-1)).toBe(0);
  });

  it('never lets the built-in model try again', () => {
    expect(job({ profile: BUILT_IN_MODEL.profile }).temperatureIncrement).toBe(0);
  });

  it('translates where that is asked for and the model can', () => {
    const translate = { ...settings, task: 'translate' as const };
    expect(job().translate).toBe(false);
    expect(job({ settings: translate }).translate).toBe(true);
  });

  it('has the language found among those that the model knows', () => {
    const auto = { ...settings, language: 'auto' };
    const { languages } = BUILT_IN_MODEL.profile;
    expect(job({ settings: auto, profile: BUILT_IN_MODEL.profile })).toMatchObject({ language: 'auto', languages });
    expect(job({ settings: auto }).languages).toHaveLength(99);
    expect(job({ settings: auto, profile: { ...published, multilingual: false } }).language).toBe('en');
  });

  it('has it found among those of a list, and detects nothing where that holds a single one', () => {
    const auto = { ...settings, language: 'auto' };
    const two = { ...auto, languages: ['de', 'en', 'de'] };
    expect(job({ settings: two })).toMatchObject({ language: 'auto', languages: ['de', 'en'] });
    expect(job({ settings: { ...auto, languages: ['de'] } }).language).toBe('de');
    expect(job({ settings: { ...settings, language: 'fr', languages: ['de'] } }).language).toBe('fr');
  });

  it('keeps to the settled language where there are others to be found, and it is one of them', () => {
    const settled = { language: 'en', switchProbability: 0.7 };
    const auto = { ...settings, language: 'auto', settled };
    expect(job({ settings: auto }).settled).toEqual(settled);
    expect(job({ settings: { ...auto, languages: ['de', 'fr'] } }).settled).toBeUndefined();
    const english = job({ settings: auto, profile: { ...published, multilingual: false } });
    expect(english).toMatchObject({ language: 'en' });
    expect(english.settled).toBeUndefined();
    expect(job({ settings: { ...auto, language: 'de' } }).settled).toBeUndefined();
  });

  it.each([
    ['a language of a list', { languages: ['it'] }, BUILT_IN_MODEL.profile, 'does not know the language it'],
    ['a language', { language: 'it' }, BUILT_IN_MODEL.profile, 'The model parley-nano does not know the language it.'],
    [
      'a language',
      {},
      { ...published, name: 'tiny.en', multilingual: false },
      'tiny.en does not know the language de.',
    ],
    [
      'translation',
      { task: 'translate' },
      { ...published, multilingual: false, languages: ['de'] },
      'cannot translate',
    ],
    ['translation', { task: 'translate' }, findPublishedModel('large-v3-turbo')?.profile, 'turbo cannot translate'],
  ] as const)('refuses %s that the model cannot do: %o', (_, wish, profile = BUILT_IN_MODEL.profile, sentence = '') => {
    expect(() => job({ settings: { ...settings, ...wish }, profile })).toThrow(
      expect.objectContaining({
        name: 'RecognitionError',
        code: 'NOT_SUPPORTED',
        message: expect.stringContaining(sentence),
      }),
    );
  });

  it('caps tokens by the length of the audio and the tokens of a second, at 220', () => {
    const cap = (tokensPerSecond: number) => (s: number) =>
      tokenCap({ kind: 'final', samples: seconds(s), tokensPerSecond });
    expect([0, 1, 3, 13, 30].map(cap(16))).toEqual([24, 40, 72, 220, 220]);
    expect([1, 3].map(cap(8))).toEqual([32, 48]);
    expect(job({ settings: { ...settings, tokensPerSecond: 8 } }).maxTokens).toBe(40);
  });

  it('has the draft of its own model, no longer than the text may be, and none of another one', () => {
    const tokens = Array.from({ length: 100 }, (_, index) => index);
    expect(job({ draft: { model: published.name, tokens: [1, 2] } }).draft).toEqual([1, 2]);
    expect(job({ draft: { model: published.name, tokens } })).toMatchObject({
      maxTokens: 56,
      draft: tokens.slice(0, 56),
    });
    expect(job({ draft: { model: BUILT_IN_MODEL.profile.name, tokens } })).not.toHaveProperty('draft');
    expect(job()).not.toHaveProperty('draft');
  });
});

describe('toHypothesis', () => {
  const result = {
    text: ' Hello. ',
    tokenIds: [2425, 13],
    language: 'en',
    languageProbability: 0.9,
    noSpeechProbability: 0.1,
    meanLogProbability: Math.log(0.8),
    tokens: 3,
    sanitizedSamples: 0,
    timings: { melMs: 0, encodeMs: 0, decodeMs: 0, totalMs: 0 },
  };
  const words = [{ text: 'Hello.', startMs: 100, endMs: 600, probability: 0.9 }];
  const hypothesis = (fields: Partial<TranscribeResult> = {}, settings: Partial<RecognitionSettings> = {}) =>
    toHypothesis({
      result: { ...result, ...fields },
      samples: seconds(2),
      settings: { ...DEFAULT_RECOGNITION_SETTINGS, ...settings },
      model: 'base',
      times: { queuedMs: 1, engineMs: 2 },
    });

  it('takes the mean probability of the tokens for the confidence', () => {
    const sure = hypothesis();
    expect(sure).toMatchObject({ text: 'Hello.', queuedMs: 1, engineMs: 2 });
    expect(sure.confidence).toBeCloseTo(0.8);
    expect(sure).not.toHaveProperty('rejected');
    expect(sure).not.toHaveProperty('words');
  });

  it('empties a text that does not pass a gate, words included, and names the gate', () => {
    const unsure = { noSpeechProbability: 0.7, meanLogProbability: -1.2, words };
    expect(hypothesis(unsure)).toMatchObject({ text: '', confidence: 0, words: [], rejected: 'noSpeech' });
    expect(hypothesis({ text: ' ...♪ ', words })).toMatchObject({ text: '', words: [], rejected: 'noLetters' });
  });

  it('names no gate where the engine itself found nothing', () => {
    expect(hypothesis({ text: ' ', words: [] })).toMatchObject({ text: '', confidence: 0, words: [] });
    expect(hypothesis({ text: '' })).not.toHaveProperty('rejected');
  });

  it('says that there is more than the tokens held, and nothing of it where the text is whole', () => {
    expect(hypothesis({ truncated: true })).toMatchObject({ text: 'Hello.', truncated: true });
    expect(hypothesis()).not.toHaveProperty('truncated');
    expect(hypothesis({ text: '[Music]', truncated: true })).not.toHaveProperty('truncated');
  });

  it('takes a note out of the text and out of its words', () => {
    const noted = [{ text: '[laughs]', startMs: 0, endMs: 90, probability: 0.5 }, ...words];
    expect(hypothesis({ text: '[laughs] Hello.', words: noted })).toMatchObject({ text: 'Hello.', words });
  });

  it('has the tokens of its text for a draft, and none where the text is not all of what they say', () => {
    const draft = { model: 'base', tokens: [2425, 13] };
    expect(hypothesis().draft).toEqual(draft);
    expect(hypothesis({ truncated: true }).draft).toEqual(draft);
    for (const text of ['', ' ...♪ ', '[laughs] Hello.']) expect(hypothesis({ text })).not.toHaveProperty('draft');
    expect(hypothesis({ noSpeechProbability: 0.7, meanLogProbability: -1.2 })).not.toHaveProperty('draft');
    expect(hypothesis({ tokenIds: [] })).not.toHaveProperty('draft');
  });

  it("goes by the request's own thresholds", () => {
    const unsure = { noSpeechProbability: 0.7, meanLogProbability: -1.2 };
    expect(hypothesis(unsure, { noSpeechThreshold: 0.8, logProbabilityThreshold: -3 }).text).toBe('Hello.');
  });

  it('keeps letters and digits of any script', () => {
    for (const text of ['你好', 'Привет', '7', 'é']) expect(hypothesis({ text }).text).toBe(text);
  });

  it('keeps words in order, inside the audio, and their probabilities in range', () => {
    const odd = [
      { text: 'one', startMs: -50, endMs: 700, probability: 2 },
      { text: 'two', startMs: 600, endMs: 9_000, probability: Number.NaN },
    ];
    const times = (hypothesis({ text: 'one two', words: odd }).words ?? []).flatMap(({ startMs, endMs }) => [
      startMs,
      endMs,
    ]);
    expect(times).toHaveLength(4);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(0);
    expect(times.at(-1)).toBeLessThanOrEqual(2_000);
    const probabilities = hypothesis({ text: 'one two', words: odd }).words?.map(({ probability }) => probability);
    expect(probabilities).toEqual([1, 0]);
  });

  it('keeps probabilities in their range when the engine gives none', () => {
    expect(hypothesis({ languageProbability: Number.NaN }).languageProbability).toBe(0);
  });
});

import { isLanguage, nativeAvailability } from '@parley/native';
import { describe, expect, it } from 'vitest';
import { candidatesOf, inabilitiesOf, languagesOf, standsInFor, whisperLanguages } from './languages.js';
import { BUILT_IN_MODEL, findPublishedModel, ordinaryProfile, PUBLISHED_MODELS } from './modelCatalogue.js';
import type { ModelProfile } from './modelProfile.js';

const { available, reason } = nativeAvailability();
if (!available) console.warn(`SKIPPED: ${reason} The list of languages is not held against Whisper's own.`);

function profileOf(name: string): ModelProfile {
  const profile = name === BUILT_IN_MODEL.profile.name ? BUILT_IN_MODEL.profile : findPublishedModel(name)?.profile;
  if (profile === undefined) throw new Error(`no model ${name}`);
  return profile;
}

const wish = (language: string, task: 'transcribe' | 'translate' = 'transcribe', languages: string[] = []) => ({
  language,
  languages,
  task,
});
const among = (languages: string[]) => wish('auto', 'transcribe', languages);

describe('the languages of Whisper', () => {
  it.skipIf(!available)('are all that whisper.cpp knows, and no others', () => {
    const letters = [...'abcdefghijklmnopqrstuvwxyz'];
    const pairs = letters.flatMap((a) => letters.map((b) => a + b));
    const codes = [...pairs, ...pairs.flatMap((pair) => letters.map((c) => pair + c))];
    expect(whisperLanguages(51_866)).toEqual(codes.filter(isLanguage).sort());
  });

  it('are 99, with Cantonese 100 since large-v3, and English alone in the smallest vocabulary', () => {
    expect(whisperLanguages(51_865)).toHaveLength(99);
    expect(whisperLanguages(51_866)).toHaveLength(100);
    expect(whisperLanguages(51_866).filter((code) => !whisperLanguages(51_865).includes(code))).toEqual(['yue']);
    expect(whisperLanguages(51_864)).toEqual(['en']);
  });
});

describe('the languages of a model', () => {
  it.each([
    ['tiny.en', 1],
    ['base-q5_1', 99],
    ['large-v2', 99],
    ['large-v3-q5_0', 100],
    ['large-v3-turbo', 100],
    ['parley-nano', 4],
  ])('%s: %i', (name, count) => {
    expect(languagesOf(profileOf(name))).toHaveLength(count);
  });

  it('are in alphabetical order, whatever the model', () => {
    for (const profile of [BUILT_IN_MODEL.profile, ...PUBLISHED_MODELS.map((model) => model.profile)]) {
      expect(languagesOf(profile)).toEqual([...languagesOf(profile)].sort());
    }
  });

  it('are those of its vocabulary where that is known, whatever its name', () => {
    const v3 = ordinaryProfile({ name: 'mine', multilingual: true, vocabulary: 51_866 });
    expect(languagesOf(v3)).toContain('yue');
    const v2 = ordinaryProfile({ name: 'large-v3-not', multilingual: true, vocabulary: 51_865 });
    expect(languagesOf(v2)).not.toContain('yue');
  });
});

describe('inabilitiesOf', () => {
  it.each([
    ['tiny.en', 'de', 'en'],
    ['parley-nano', 'it', 'de, en, es, fr'],
    ['base-q5_1', 'yue', whisperLanguages(51_865).join(', ')],
  ])('names the model, the language and those that there are: %s and %s', (name, language, known) => {
    expect(inabilitiesOf(profileOf(name), wish(language))).toEqual([
      {
        setting: 'language',
        problem: `must be auto, per-segment or a language that the model ${name} knows: ${known}`,
        sentence: `The model ${name} does not know the language ${language}. It knows ${known}.`,
      },
    ]);
  });

  it('has nothing against a language that the model knows, or that is to be found', () => {
    for (const name of ['tiny.en', 'parley-nano', 'base', 'large-v3']) {
      for (const language of ['auto', 'per-segment', 'en']) {
        expect(inabilitiesOf(profileOf(name), wish(language))).toEqual([]);
      }
    }
    expect(inabilitiesOf(profileOf('large-v3'), wish('yue'))).toEqual([]);
  });

  it('names a language of a list that the model does not know, however the language is asked for', () => {
    for (const language of ['auto', 'per-segment', 'de']) {
      expect(inabilitiesOf(profileOf('parley-nano'), { ...among(['de', 'it']), language })).toEqual([
        {
          setting: 'languages',
          problem: 'must be languages that the model parley-nano knows: de, en, es, fr',
          sentence: 'The model parley-nano does not know the language it. It knows de, en, es, fr.',
        },
      ]);
    }
    expect(inabilitiesOf(profileOf('parley-nano'), among(['de', 'en', 'de']))).toEqual([]);
  });

  it.each([
    'tiny.en',
    'parley-nano',
    'large-v3-turbo',
    'large-v3-turbo-q5_0',
  ])('knows that %s cannot translate', (name) => {
    expect(inabilitiesOf(profileOf(name), wish('auto', 'translate'))).toMatchObject([{ setting: 'task' }]);
  });

  it.each(['tiny', 'base-q8_0', 'medium', 'large-v2', 'large-v3'])('knows that %s can', (name) => {
    expect(inabilitiesOf(profileOf(name), wish('auto', 'translate'))).toEqual([]);
  });
});

describe('candidatesOf', () => {
  it('are the languages of a list, each once, or all that the model knows', () => {
    expect(candidatesOf(profileOf('base'), among(['de', 'en', 'de']))).toEqual(['de', 'en']);
    expect(candidatesOf(profileOf('parley-nano'), among([]))).toEqual(['de', 'en', 'es', 'fr']);
  });
});

describe('standsInFor', () => {
  const can = (interim: string, main: string, asked: ReturnType<typeof wish>) =>
    standsInFor({ interim: profileOf(interim), main: profileOf(main), wish: asked });

  it('lets a model stand in that knows the language and does the task', () => {
    expect(can('tiny.en', 'base', wish('en'))).toBe(true);
    expect(can('tiny.en', 'base', wish('de'))).toBe(false);
    expect(can('base', 'large-v3', wish('yue'))).toBe(false);
    expect(can('large-v3-turbo', 'large-v3', wish('de', 'translate'))).toBe(false);
  });

  it('lets none find a language that knows a single one, unless the main one does, too', () => {
    expect(can('tiny.en', 'base', wish('auto'))).toBe(false);
    expect(can('tiny.en', 'base.en', wish('auto'))).toBe(true);
    expect(can('base', 'large-v3-turbo', wish('per-segment'))).toBe(true);
    expect(can('tiny.en', 'base', among(['en']))).toBe(true);
    expect(can('tiny.en', 'base', among(['de', 'en']))).toBe(false);
  });
});

import type { ResolvedModel } from '@parley/media/node';
import { describe, expect, test } from 'vitest';
import { SettingsError } from '../config/loadSettings.js';
import { type SettingsInput, settingsSchema } from '../config/settings.js';
import { mainModelOf, refuseInabilities } from './mainModel.js';

const model: ResolvedModel = {
  path: '/models/base.bin',
  source: 'download',
  profile: { name: 'base', demo: false, windowPolicy: 'floor', longestWindowMs: 28_000, multilingual: true },
};

/** What the store was asked for. */
async function askedFor(settings: { model: string; mode: 'accurate' | 'balanced' | 'fast' | 'recording' }) {
  const asked: unknown[] = [];
  const store = {
    resolve: async (spec: string, options: { device: 'cpu' | 'cuda'; small?: boolean }) => {
      asked.push({ spec, ...options });
      return model;
    },
  };
  expect(await mainModelOf({ store, settings, device: 'cuda' })).toBe(model);
  return asked;
}

test('fast runs on one small model on a GPU, too; the other modes take what the device carries', async () => {
  expect(await askedFor({ model: 'auto', mode: 'fast' })).toEqual([{ spec: 'auto', device: 'cuda', small: true }]);
  for (const mode of ['accurate', 'balanced', 'recording'] as const) {
    expect(await askedFor({ model: 'auto', mode })).toEqual([{ spec: 'auto', device: 'cuda', small: false }]);
  }
});

test('a model that is asked for by name is taken in every mode', async () => {
  const [asked] = await askedFor({ model: 'large-v3', mode: 'fast' });
  expect(asked).toMatchObject({ spec: 'large-v3' });
});

describe('settings that the model cannot follow', () => {
  const english = { profile: { ...model.profile, name: 'tiny.en', multilingual: false } };
  const knowsNo = (code: string) => `The model tiny.en does not know the language ${code}. It knows en.`;

  /** What is told of them; undefined where they are taken. */
  function problemsOf(settings: SettingsInput, of: Pick<ResolvedModel, 'profile' | 'reason'> = english) {
    try {
      refuseInabilities({ settings: settingsSchema.parse(settings), model: of });
      return undefined;
    } catch (error) {
      expect(error).toBeInstanceOf(SettingsError);
      return (error as SettingsError).problems;
    }
  }

  test('end the start, with their place, the language and those that there are', () => {
    expect(problemsOf({ speech: { language: 'de' } })).toEqual([`speech.language: ${knowsNo('de')}`]);
    expect(problemsOf({ speech: { languages: ['en', 'de'] } })).toEqual([`speech.languages: ${knowsNo('de')}`]);
    expect(problemsOf({ speech: { task: 'translate' } })).toEqual([
      'speech.task: The model tiny.en cannot translate. Set the task to transcribe, or take a model that can, e.g. large-v3.',
    ]);
  });

  test('are told of each room, and once where a room only has them from the deployment', () => {
    const rooms = { quiet: {}, school: { speech: { language: 'fr' } }, lesson: { speech: { language: 'en' } } };
    expect(problemsOf({ rooms })).toEqual([`rooms.school.speech.language: ${knowsNo('fr')}`]);
    expect(problemsOf({ speech: { language: 'de' }, rooms })).toEqual([
      `speech.language: ${knowsNo('de')}`,
      `rooms.school.speech.language: ${knowsNo('fr')}`,
    ]);
  });

  test('are none where the language is to be found, or one that the model knows', () => {
    for (const language of ['auto', 'per-segment', 'en']) expect(problemsOf({ speech: { language } })).toBeUndefined();
    expect(problemsOf({ speech: { language: 'sv', task: 'translate' } }, model)).toBeUndefined();
  });

  test('are told with the reason where the model is not the one that was meant', () => {
    const reason = 'The model base-q5_1 is not on this machine.';
    expect(problemsOf({ speech: { language: 'de' } }, { ...english, reason })).toEqual([
      `speech.language: ${knowsNo('de')}`,
      reason,
    ]);
  });
});

import type { ResolvedModel } from '@parley/media/node';
import { languagesOf, type ModelProfile, type SpeechOverrides } from '@parley/media/settings';
import { describe, expect, test } from 'vitest';
import { interimModelOf } from './interimModel.js';

const main: ResolvedModel = {
  path: '/models/large.bin',
  source: 'download',
  profile: { name: 'large', demo: false, windowPolicy: 'floor', longestWindowMs: 28_000, multilingual: true },
};

/** What the store was asked for. */
async function askedFor(settings: { interimModel: string; mode: 'accurate' | 'balanced' | 'fast' }): Promise<string[]> {
  const asked: string[] = [];
  const store = {
    resolveInterim: async (spec: string, options: { device: string; main: ResolvedModel }) => {
      asked.push(`${spec} on ${options.device} beside ${options.main.profile.name}`);
      return undefined;
    },
  };
  await interimModelOf({ store, settings: { ...settings, speech: {} }, device: 'cpu', model: main });
  return asked;
}

test('auto looks for a second model only where the mode takes two', async () => {
  expect(await askedFor({ interimModel: 'auto', mode: 'balanced' })).toEqual(['auto on cpu beside large']);
  expect(await askedFor({ interimModel: 'auto', mode: 'fast' })).toEqual([]);
  expect(await askedFor({ interimModel: 'auto', mode: 'accurate' })).toEqual([]);
});

test('a model that is asked for by name is taken in every mode', async () => {
  expect(await askedFor({ interimModel: 'tiny', mode: 'fast' })).toEqual(['tiny on cpu beside large']);
});

describe('a second model that cannot do what the first one can', () => {
  const found = (profile: Partial<ModelProfile>): ResolvedModel => ({
    ...main,
    profile: { ...main.profile, ...profile },
  });
  const english = found({ name: 'tiny.en', multilingual: false });
  const choose = (options: { spec: string; second: ResolvedModel; speech?: SpeechOverrides; model?: ResolvedModel }) =>
    interimModelOf({
      store: { resolveInterim: async () => options.second },
      settings: { interimModel: options.spec, mode: 'balanced', speech: options.speech ?? {} },
      device: 'cpu',
      model: options.model ?? main,
    });
  const refused = (problem: string) => ({ code: 'SETTINGS_INVALID', problems: [expect.stringContaining(problem)] });

  test('is refused by name where it knows English alone and the language is to be found', async () => {
    for (const language of ['auto', 'per-segment']) {
      await expect(choose({ spec: 'tiny.en', second: english, speech: { language } })).rejects.toMatchObject(
        refused('interimModel: The model tiny.en only knows en, but large detects more languages.'),
      );
    }
  });

  test('is refused by name where it does not know the language, or cannot translate', async () => {
    await expect(choose({ spec: 'tiny.en', second: english, speech: { language: 'de' } })).rejects.toMatchObject(
      refused('interimModel: The model tiny.en does not know the language de. It knows en.'),
    );
    const turbo = found({ name: 'turbo', transcribesOnly: true });
    await expect(choose({ spec: 'turbo', second: turbo, speech: { task: 'translate' } })).rejects.toMatchObject(
      refused('interimModel: The model turbo cannot translate.'),
    );
  });

  test('is taken where the language is fixed to one that it knows, and beside one that knows no more', async () => {
    expect(await choose({ spec: 'tiny.en', second: english, speech: { language: 'en' } })).toBe(english);
    expect(await choose({ spec: 'tiny.en', second: english, model: found({ multilingual: false }) })).toBe(english);
  });

  test('is left out where nobody asked for it by name', async () => {
    const base = found({ name: 'base' });
    const v3 = found({ name: 'large-v3', languages: [...languagesOf(main.profile), 'yue'] });
    expect(await choose({ spec: 'auto', second: base, model: v3, speech: { language: 'yue' } })).toBeUndefined();
    // It finds what the other one would find, but for Cantonese, which the main model answers for once it is settled.
    expect(await choose({ spec: 'auto', second: base, model: v3 })).toBe(base);
  });
});

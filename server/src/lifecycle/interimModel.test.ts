import type { ResolvedModel } from '@parley/media';
import { expect, test } from 'vitest';
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
  await interimModelOf({ store, settings, device: 'cpu', model: main });
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

import type { ResolvedModel } from '@parley/media';
import { expect, test } from 'vitest';
import { mainModelOf } from './mainModel.js';

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

import type { ResolvedModel } from '@parley/media';
import { expect, test } from 'vitest';
import { degradationOf, transcriptionStatusOf, wireModelOf } from './transcriptionStatus.js';

const status = {
  state: 'ready' as const,
  model: undefined,
  engine: { name: 'whisper.cpp', device: 'cpu' as const, deviceName: 'CPU' },
};
const profile = {
  name: 'base',
  demo: false,
  windowPolicy: 'floor',
  longestWindowMs: 28_000,
  multilingual: true,
} as const;
const model: ResolvedModel = { path: '/models/base.bin', profile, source: 'packages' };
const common = { status, model, mode: 'balanced' };

test('a load level is told as what it means: how much less often, and that nothing is lost', () => {
  expect(degradationOf(0)).toBeUndefined();
  expect([1, 2, 3].map((level) => degradationOf(level as 1 | 2 | 3)?.interimIntervalFactor)).toEqual([2, 4, null]);
  for (const level of [1, 2, 3] as const) {
    expect(degradationOf(level)?.level).toBe(level);
    expect(degradationOf(level)?.reason).toMatch(/^The recogniser .*\.$/);
  }
});

test('the status of those who join while the recogniser is behind says so', () => {
  expect(transcriptionStatusOf({ ...common, load: 2 }).degradation).toEqual(degradationOf(2));
  expect(transcriptionStatusOf({ ...common, load: 0 })).not.toHaveProperty('degradation');
});

test('the languages that can be asked for are told with the model', () => {
  const known = { ...model, profile: { ...profile, languages: ['de', 'en'] } };
  expect(transcriptionStatusOf({ ...common, model: known, load: 0 }).model.languages).toEqual(['de', 'en']);
});

test('the model of interims is named where it is another', () => {
  const interimModel = { ...profile, name: 'tiny' };
  expect(transcriptionStatusOf({ ...common, load: 0, status: { ...status, interimModel } }).interimModel).toBe('tiny');
  expect(transcriptionStatusOf({ ...common, load: 0 })).not.toHaveProperty('interimModel');
});

test('the model is told by name, with where its file came from, and no path', () => {
  const told = { name: 'base', demo: false, source: 'packages', languages: expect.arrayContaining(['de', 'pt']) };
  expect(wireModelOf(model)).toEqual(told);
  expect(transcriptionStatusOf({ ...common, load: 0 }).model).toEqual(told);
});

test("the recogniser's reason comes before the start's notice", () => {
  const noticed = { ...common, load: 0, model: { ...model, reason: 'a notice' } } as const;
  expect(transcriptionStatusOf(noticed).reason).toBe('a notice');
  const failed = { ...status, reason: 'no engine' };
  expect(transcriptionStatusOf({ ...noticed, status: failed }).reason).toBe('no engine');
});

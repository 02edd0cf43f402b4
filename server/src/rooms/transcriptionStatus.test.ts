import type { LoadLevel, LoadReason, ResolvedModel } from '@parley/media/node';
import { expect, test } from 'vitest';
import { degradationOf, transcriptionStatusOf, wireModelOf } from './transcriptionStatus.js';

const status = {
  state: 'ready' as const,
  model: undefined,
  engine: { name: 'whisper.cpp', encoder: 'whispercpp' as const, device: 'cpu' as const, deviceName: 'CPU' },
};
const profile = {
  name: 'base',
  demo: false,
  windowPolicy: 'floor',
  longestWindowMs: 28_000,
  multilingual: true,
} as const;
const model: ResolvedModel = { path: '/models/base.bin', profile, source: 'packages' };
const calm = { level: 0, reason: 'recovered', interimIntervalMs: 0 } as const;
const common = { status, model, mode: 'balanced' };

const loadOf = (level: LoadLevel, reason: LoadReason = 'manySpeak') => ({ level, reason, interimIntervalMs: 1_250 });

test('a load is told as what it means: how much less often interims come, or that there are none', () => {
  expect(degradationOf(loadOf(0, 'recovered'))).toBeUndefined();
  const levels = [1, 2, 3, 4] as const;
  expect(levels.map((level) => degradationOf(loadOf(level))?.interimIntervalFactor)).toEqual([4, 4, null, null]);
  expect(levels.map((level) => degradationOf(loadOf(level))?.level)).toEqual([1, 2, 3, 3]);
});

test.each(['manySpeak', 'slowModel', 'finalsWait'] as const)('each level has its own sentence where %s', (reason) => {
  const sentences = ([1, 2, 3] as const).map((level) => degradationOf(loadOf(level, reason))?.reason);
  expect(new Set(sentences).size).toBe(3);
  for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z].*\.$/);
});

test('the status of those who join while the recogniser is behind says so', () => {
  expect(transcriptionStatusOf({ ...common, load: loadOf(2) }).degradation).toEqual(degradationOf(loadOf(2)));
  expect(transcriptionStatusOf({ ...common, load: calm })).not.toHaveProperty('degradation');
});

test('the languages that can be asked for are told with the model', () => {
  const known = { ...model, profile: { ...profile, languages: ['de', 'en'] } };
  expect(transcriptionStatusOf({ ...common, model: known, load: calm }).model.languages).toEqual(['de', 'en']);
});

test('the model of interims is named where it is another', () => {
  const interimModel = { ...profile, name: 'tiny' };
  expect(transcriptionStatusOf({ ...common, load: calm, status: { ...status, interimModel } }).interimModel).toBe(
    'tiny',
  );
  expect(transcriptionStatusOf({ ...common, load: calm })).not.toHaveProperty('interimModel');
});

test('the model is told by name, with where its file came from, and no path', () => {
  const told = { name: 'base', demo: false, source: 'packages', languages: expect.arrayContaining(['de', 'pt']) };
  expect(wireModelOf(model)).toEqual(told);
  expect(transcriptionStatusOf({ ...common, load: calm }).model).toEqual(told);
});

test("the recogniser's reason comes before the start's notice", () => {
  const noticed = { ...common, load: calm, model: { ...model, reason: 'a notice' } } as const;
  expect(transcriptionStatusOf(noticed).reason).toBe('a notice');
  const failed = { ...status, reason: 'no engine' };
  expect(transcriptionStatusOf({ ...noticed, status: failed }).reason).toBe('no engine');
});

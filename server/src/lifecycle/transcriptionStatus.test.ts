import { expect, test } from 'vitest';
import { degradationOf, transcriptionStatusOf } from './transcriptionStatus.js';

const status = {
  state: 'ready' as const,
  model: undefined,
  engine: { name: 'whisper.cpp', device: 'cpu' as const, deviceName: 'CPU' },
};
const common = { status, modelName: 'base', demo: false, languages: ['en'], mode: 'balanced', notice: undefined };

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
  const { model } = transcriptionStatusOf({ ...common, load: 0, languages: ['de', 'en'] });
  expect(model).toEqual({ name: 'base', demo: false, languages: ['de', 'en'] });
});

test('the model of interims is named where it is another', () => {
  const profile = {
    name: 'tiny',
    demo: false,
    windowPolicy: 'floor',
    longestWindowMs: 28_000,
    multilingual: true,
  } as const;
  expect(transcriptionStatusOf({ ...common, load: 0, status: { ...status, interimModel: profile } }).interimModel).toBe(
    'tiny',
  );
  expect(transcriptionStatusOf({ ...common, load: 0 })).not.toHaveProperty('interimModel');
});

test("the recogniser's reason comes before the start's notice", () => {
  expect(transcriptionStatusOf({ ...common, load: 0, notice: 'a notice' }).reason).toBe('a notice');
  const failed = { ...status, reason: 'no engine' };
  expect(transcriptionStatusOf({ ...common, load: 0, notice: 'a notice', status: failed }).reason).toBe('no engine');
});

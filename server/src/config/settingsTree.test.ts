import { expect, test } from 'vitest';
import { settingLeaves } from './settingsTree.js';

test('every setting has a meaning, a class, a flag and a variable of its own', () => {
  const leaves = settingLeaves();
  expect(leaves.length).toBeGreaterThan(30);
  for (const leaf of leaves) {
    expect(leaf.meta.description, leaf.path.join('.')).not.toBe('');
    expect(['live', 'session', 'restart']).toContain(leaf.meta.class);
  }
  expect(new Set(leaves.map((leaf) => leaf.flag)).size).toBe(leaves.length);
  expect(new Set(leaves.map((leaf) => leaf.variable)).size).toBe(leaves.length);
});

test('settings in milliseconds say so', () => {
  for (const leaf of settingLeaves().filter(({ path }) => path.at(-1)?.endsWith('Ms'))) {
    expect(leaf.meta.unit, leaf.path.join('.')).toBe('ms');
  }
});

test('speech settings show the defaults of the schema although they are overrides', () => {
  expect(settingLeaves().find((leaf) => leaf.flag === '--speech-end-silence-ms')?.default).toBe(500);
});

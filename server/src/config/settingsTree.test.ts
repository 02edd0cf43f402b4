import { expect, test } from 'vitest';
import { settingLeaves } from './settingsTree.js';

test('every setting has a meaning, a class, a flag and a variable of its own', () => {
  const leaves = settingLeaves();
  expect(leaves.length).toBeGreaterThan(30);
  for (const leaf of leaves) {
    expect(leaf.meta.description, leaf.path.join('.')).not.toBe('');
    expect(['live', 'restart']).toContain(leaf.meta.class);
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

test('choices are those of a value, and of each entry of a list', () => {
  const leafOf = (flag: string) => settingLeaves().find((leaf) => leaf.flag === flag);
  expect(leafOf('--device')?.choices).toEqual(['auto', 'cpu', 'cuda']);
  expect(leafOf('--wake-word-models')).toMatchObject({ type: 'list', choices: expect.arrayContaining(['hey_jarvis']) });
  expect(leafOf('--origins')?.choices).toBeUndefined();
});

test("ranges are the schema's, and bounds that nobody set are none", () => {
  const rangeOf = (flag: string) => settingLeaves().find((leaf) => leaf.flag === flag)?.range;
  expect(rangeOf('--port')).toEqual({ integer: true, min: 0, max: 65_535 });
  expect(rangeOf('--speech-vad-threshold')).toEqual({ min: 0.05, max: 0.95 });
  expect(rangeOf('--speech-hot-words')).toEqual({ maxLength: 64, maxItems: 200 });
  expect(rangeOf('--join-secret-file')).toEqual({ minLength: 6, maxLength: 128 });
  expect(rangeOf('--lan')).toEqual({});
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { wakeWordProblems } from './wakeWordSettings.js';

// The real ones have a megabyte each. Here: the SHA-256 of "published".
vi.mock('@parley/media/settings', async (original) => {
  const file = { bytes: 9, sha256: 'b04e5ea201bb040cae53f693f6a38a3e00b62da6039ca248fecd59b7fc842894' };
  return { ...(await original<object>()), WAKE_WORD_SHARED_FILES: { mel: file, embedding: file } };
});

let folder = '';

const fileOf = (name: string, content: string) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-wake-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('the published files may be named although the published words bring them', () => {
  const same = fileOf('mel.onnx', 'published');
  const words = { models: ['alexa' as const], melModel: same, embeddingModel: same, classifierModels: [] };
  expect(wakeWordProblems(words)).toEqual([]);
});

test('files of the same length with something else in them are others', () => {
  const other = fileOf('mel.onnx', 'publishes');
  expect(wakeWordProblems({ models: ['alexa'], melModel: other, classifierModels: [] })).toEqual([
    expect.stringMatching(/^wakeWord\.melModel: .* is not the file/),
  ]);
});

test('without published words the three belong together', () => {
  const file = fileOf('mel.onnx', 'anything');
  expect(wakeWordProblems({ models: [], melModel: file, embeddingModel: file, classifierModels: [file] })).toEqual([]);
  expect(wakeWordProblems({ models: [], melModel: file, classifierModels: [file] })).toHaveLength(1);
  expect(wakeWordProblems({ models: [], classifierModels: [] })).toEqual([]);
});

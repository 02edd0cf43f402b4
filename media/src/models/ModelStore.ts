import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve as resolvePath } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { ModelProfile } from '../asr/types.js';
import { type DownloadProgress, downloadFile, fileChecksum, UnreachableError } from './download.js';
import { withFileLock } from './fileLock.js';
import { inspectModelFile } from './inspectModelFile.js';
import { ModelError } from './ModelError.js';
import {
  AUTO_MODEL,
  BUILT_IN_MODEL,
  DEFAULT_MODEL_BASE_URL,
  findPublishedModel,
  ordinaryProfile,
  PUBLISHED_MODELS,
  type PublishedModel,
} from './modelCatalogue.js';

export interface ModelStoreOptions {
  /** Of the downloaded and unpacked files, e.g. `<cache>/models`. Made when missing. */
  directory: string;
  /** Folder of the built-in model's packed file. */
  builtInDirectory: string;
  /** Default: `PARLEY_MODEL_BASE_URL`, else the publisher's address. */
  baseUrl?: string;
  fetch?: typeof fetch;
  onProgress?: (progress: DownloadProgress & { name: string }) => void;
  /** Checks that a file is a ggml Whisper model; default: the addon's own reader. */
  inspect?: (path: string) => Promise<{ multilingual: boolean }>;
  /** Times of downloads, for tests. `autoAnswerMs` is for `auto`, which has something to fall back to. */
  timeouts?: Partial<typeof DEFAULT_TIMEOUTS>;
}

const DEFAULT_TIMEOUTS = { autoAnswerMs: 3_000, answerMs: 20_000, stallMs: 30_000 };
const DOWNLOAD_ATTEMPTS = 4;
const AUTO_MODEL_SPEC = 'auto';
/** A second model is worth its memory where it is so many times smaller than the first. */
const SMALLER_BY = 4;

/**
 * Where a model's file came from, whenever that was: with Parley, from the publisher or a mirror, out of packages of a registry, or
 * named by path or address.
 */
export type ModelSource = 'builtIn' | 'download' | 'packages' | 'file' | 'address';

export interface ResolvedModel {
  /** Absolute. */
  path: string;
  profile: ModelProfile;
  source: ModelSource;
  /** A sentence for people when the model is not the one that `auto` stands for. */
  reason?: string;
}

export interface ListedModel {
  name: string;
  megabytes: number | undefined;
  present: boolean;
  builtIn: boolean;
  multilingual: boolean;
}

/**
 * The models of this machine: finds what a setting names, downloads what is missing, unpacks the built-in one. Files appear
 * under their names complete and checked, or not at all; two processes that want the same file wait for each other.
 */
export class ModelStore {
  readonly #options: ModelStoreOptions;
  readonly #baseUrl: string;
  readonly #timeouts: typeof DEFAULT_TIMEOUTS;
  readonly #inspect: NonNullable<ModelStoreOptions['inspect']>;

  constructor(options: ModelStoreOptions) {
    this.#options = options;
    this.#timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
    this.#inspect = options.inspect ?? inspectModelFile;
    const baseUrl = options.baseUrl ?? process.env.PARLEY_MODEL_BASE_URL ?? DEFAULT_MODEL_BASE_URL;
    this.#baseUrl = baseUrl.replace(/\/+$/, '');
  }

  /**
   * @param spec `auto`, a name of the catalogue, a path, or an http(s) address of a ggml Whisper file
   * @param options.small `auto` takes the small model on a GPU, too. Default false
   * @throws ModelError. `auto` always ends with a model, the built-in one at worst
   */
  async resolve(spec: string, options: { device: 'cpu' | 'cuda'; small?: boolean }): Promise<ResolvedModel> {
    if (spec === AUTO_MODEL_SPEC) return await this.#auto(options.small === true ? 'small' : options.device);
    if (spec === BUILT_IN_MODEL.profile.name) return await this.#builtIn();
    if (/^https?:\/\//i.test(spec)) return await this.#fromUrl(spec);
    const published = findPublishedModel(spec);
    if (published !== undefined) return await this.#published(published, this.#timeouts.answerMs);
    if (spec.includes('/') || spec.includes('\\') || spec.endsWith('.bin')) return await this.#fromPath(spec);
    throw unknownModel(spec);
  }

  /**
   * The second model, for interims alone.
   * @param spec as for `resolve`; `same`: none; `auto`: the largest of the catalogue that is here already, has at most a quarter
   * of `main`'s size and knows as many languages, else none
   * @returns undefined where the main model is to do both
   * @throws ModelError
   */
  async resolveInterim(
    spec: string,
    options: { device: 'cpu' | 'cuda'; main: ResolvedModel },
  ): Promise<ResolvedModel | undefined> {
    const { device, main } = options;
    if (spec === 'same') return undefined;
    if (spec === AUTO_MODEL_SPEC) return await this.#autoInterim(main.profile);
    const model = await this.resolve(spec, { device });
    return model.path === main.path ? undefined : model;
  }

  async #autoInterim(main: ModelProfile): Promise<ResolvedModel | undefined> {
    const size = findPublishedModel(main.name)?.megabytes ?? 0;
    const candidates = PUBLISHED_MODELS.filter(
      ({ megabytes, profile }) => megabytes <= size / SMALLER_BY && (profile.multilingual || !main.multilingual),
    ).sort((a, b) => b.megabytes - a.megabytes);
    for (const { fileName, profile } of candidates) {
      const path = this.#file(fileName);
      if (await isFile(path)) return { path, profile, source: 'download' };
    }
    return undefined;
  }

  /** Downloads a model of the catalogue unless it is here. @throws ModelError */
  async pull(name: string): Promise<ResolvedModel> {
    if (name === BUILT_IN_MODEL.profile.name) return await this.#builtIn();
    const published = findPublishedModel(name);
    if (published === undefined) throw unknownModel(name);
    return await this.#published(published, this.#timeouts.answerMs);
  }

  async list(): Promise<ListedModel[]> {
    const { name, multilingual } = BUILT_IN_MODEL.profile;
    const builtIn = { name, megabytes: undefined, present: true, builtIn: true, multilingual };
    const published = PUBLISHED_MODELS.map(async (model) => ({
      name: model.name,
      megabytes: model.megabytes,
      present: await isFile(this.#file(model.fileName)),
      builtIn: false,
      multilingual: model.profile.multilingual,
    }));
    return [builtIn, ...(await Promise.all(published))];
  }

  /** Removes a downloaded model and what is left of a broken download. @returns false when there was neither. @throws ModelError */
  async remove(name: string): Promise<boolean> {
    const published = findPublishedModel(name);
    if (published === undefined) {
      if (name !== BUILT_IN_MODEL.profile.name) throw unknownModel(name);
      throw new ModelError('MODEL_UNKNOWN', `${name} comes with Parley and cannot be removed.`);
    }
    const path = this.#file(published.fileName);
    const files = [path, `${path}.part`];
    const there = (await Promise.all(files.map(isFile))).some(Boolean);
    for (const file of [...files, `${path}.part.etag`]) await rm(file, { force: true });
    return there;
  }

  async #auto(choice: keyof typeof AUTO_MODEL): Promise<ResolvedModel> {
    const name = AUTO_MODEL[choice];
    const published = findPublishedModel(name);
    if (published === undefined) throw unknownModel(name);
    try {
      return await this.#published(published, this.#timeouts.autoAnswerMs);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      const why =
        error.cause instanceof UnreachableError
          ? `its address ${this.#baseUrl} did not answer`
          : error.message.replace(/\.$/, '');
      const reason =
        `The model ${name} is not on this machine and could not be downloaded (${why}). ` +
        'The built-in demonstration model is active: it knows synthetic voices only and cannot transcribe people.';
      return { ...(await this.#builtIn()), reason };
    }
  }

  async #published(model: PublishedModel, answerTimeoutMs: number): Promise<ResolvedModel> {
    const path = this.#file(model.fileName);
    const found = { path, profile: model.profile, source: 'download' as const };
    if (await isFile(path)) return found;
    await this.#ensureDirectory();
    return await withFileLock({ path: `${path}.lock` }, async () => {
      if (await isFile(path)) return found;
      const url = `${this.#baseUrl}/${model.fileName}`;
      await this.#download({ url, name: model.name, path, answerTimeoutMs, checksum: model.checksum });
      return found;
    });
  }

  async #fromUrl(url: string): Promise<ResolvedModel> {
    const name = basename(new URL(url).pathname) || 'model.bin';
    const key = createHash('sha256').update(url).digest('hex').slice(0, 16);
    const path = this.#file(`url-${key}-${name.replace(/[^A-Za-z0-9._-]/g, '_')}`);
    await this.#ensureDirectory();
    await withFileLock({ path: `${path}.lock` }, async () => {
      if (await isFile(path)) return;
      await this.#download({ url, name, path, answerTimeoutMs: this.#timeouts.answerMs });
      // No sum is published for it; this one is kept for people who want to compare.
      const sha256 = await fileChecksum(path, 'sha256');
      await writeFile(`${path}.json`, JSON.stringify({ url, sha256 }));
    });
    const { multilingual } = await this.#check(path);
    return { path, profile: profileOfFile({ name: bareName(name), multilingual }), source: 'address' };
  }

  async #fromPath(spec: string): Promise<ResolvedModel> {
    const path = resolvePath(spec);
    if (!(await isFile(path))) {
      throw new ModelError(
        'MODEL_NOT_FOUND',
        `There is no model file ${path}. Check the path, or name a published model.`,
      );
    }
    const { multilingual } = await this.#check(path);
    return { path, profile: profileOfFile({ name: bareName(basename(path)), multilingual }), source: 'file' };
  }

  async #builtIn(): Promise<ResolvedModel> {
    const packed = join(this.#options.builtInDirectory, BUILT_IN_MODEL.fileName);
    let sum: string;
    try {
      sum = createHash('sha256')
        .update(await readFile(packed))
        .digest('hex')
        .slice(0, 12);
    } catch (error) {
      throw new ModelError('MODEL_NOT_FOUND', `The built-in model ${packed} is missing. Install Parley anew.`, {
        cause: error,
      });
    }
    // Named by its content: another version of Parley unpacks its own.
    const path = this.#file(`${BUILT_IN_MODEL.profile.name}-${sum}.bin`);
    const model = { path, profile: BUILT_IN_MODEL.profile, source: 'builtIn' as const };
    if (await isFile(path)) return model;
    await this.#ensureDirectory();
    await withFileLock({ path: `${path}.lock` }, async () => {
      if (await isFile(path)) return;
      try {
        await pipeline(createReadStream(packed), createGunzip(), createWriteStream(`${path}.part`));
      } catch (error) {
        throw new ModelError(
          'MODEL_UNREADABLE',
          `The built-in model ${packed} cannot be unpacked. Install Parley anew.`,
          {
            cause: error,
          },
        );
      }
      await rename(`${path}.part`, path);
    });
    return model;
  }

  async #download(options: {
    url: string;
    name: string;
    path: string;
    answerTimeoutMs: number;
    checksum?: PublishedModel['checksum'];
  }): Promise<void> {
    const partPath = `${options.path}.part`;
    const { onProgress } = this.#options;
    await downloadFile({
      url: options.url,
      partPath,
      fetch: this.#options.fetch ?? fetch,
      answerTimeoutMs: options.answerTimeoutMs,
      stallTimeoutMs: this.#timeouts.stallMs,
      attempts: DOWNLOAD_ATTEMPTS,
      ...(onProgress === undefined
        ? {}
        : { onProgress: (progress) => onProgress({ ...progress, name: options.name }) }),
    });
    try {
      if (options.checksum !== undefined) await verify(partPath, { ...options, checksum: options.checksum });
      else await this.#check(partPath);
    } catch (error) {
      await rm(partPath, { force: true });
      throw error;
    }
    await rename(partPath, options.path);
  }

  async #check(path: string): Promise<{ multilingual: boolean }> {
    try {
      return await this.#inspect(path);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      // The addon's own reader gives a whole sentence with the path in it.
      const sentence = why.includes(path) ? why : `${path} cannot be used: ${why}.`;
      throw new ModelError(
        'MODEL_UNREADABLE',
        `${sentence} Parley takes Whisper models in the ggml format of whisper.cpp.`,
        {
          cause: error,
        },
      );
    }
  }

  #file(name: string): string {
    return join(this.#options.directory, name);
  }

  async #ensureDirectory(): Promise<void> {
    await mkdir(this.#options.directory, { recursive: true });
  }
}

async function verify(
  path: string,
  expected: { url: string; name: string; checksum: PublishedModel['checksum'] },
): Promise<void> {
  const { algorithm, value } = expected.checksum;
  const actual = await fileChecksum(path, algorithm);
  if (actual === value) return;
  throw new ModelError(
    'MODEL_CHECKSUM_MISMATCH',
    `What ${expected.url} sent is not the published ${expected.name} (${algorithm} ${actual} instead of ${value}). ` +
      'It was removed. Try again; if it stays so, the address or a proxy on the way gives another file.',
  );
}

function unknownModel(name: string): ModelError {
  const names = [BUILT_IN_MODEL.profile.name, ...PUBLISHED_MODELS.map((model) => model.name)].join(', ');
  return new ModelError(
    'MODEL_UNKNOWN',
    `There is no model "${name}". Give auto, a path or address of a ggml file, or one of: ${names}.`,
  );
}

/** Whoever names the built-in model's file, or another format of it, gets its profile and its warnings. */
function profileOfFile(file: { name: string; multilingual: boolean }): ModelProfile {
  return file.name.startsWith(BUILT_IN_MODEL.profile.name) ? BUILT_IN_MODEL.profile : ordinaryProfile(file);
}

function bareName(fileName: string): string {
  return fileName.replace(/\.bin$/, '').replace(/^ggml-/, '');
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join, resolve as resolvePath } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { ModelHeader } from '@parley/native';
import type { ModelProfile } from '../asr/types.js';
import { asDiskError } from './asDiskError.js';
import { downloadFile, UnreachableError } from './download.js';
import { fileChecksum } from './fileChecksum.js';
import { withFileLock } from './fileLock.js';
import { isFile } from './files.js';
import { type HttpGet, httpGet } from './httpGet.js';
import { inspectModelFile } from './inspectModelFile.js';
import { ModelError } from './ModelError.js';
import {
  AUTO_MODELS,
  BUILT_IN_MODEL,
  DEFAULT_MODEL_BASE_URL,
  findPublishedModel,
  ordinaryProfile,
  PUBLISHED_MODELS,
  type PublishedModel,
  WHISPER_LICENCE,
} from './modelCatalogue.js';
import { PACKAGE_SETS } from './packages/packageCatalogue.js';
import { rebuildModel } from './packages/rebuildModel.js';
import { type ModelSource, noteOf, readProvenance, writeProvenance } from './provenance.js';

export interface ModelStoreOptions {
  /** Of the downloaded and unpacked files, e.g. `<cache>/models`. Made when missing. */
  directory: string;
  /** Folder of the built-in model's packed file. */
  builtInDirectory: string;
  /** Default: `PARLEY_MODEL_BASE_URL`, else the publisher's address. */
  baseUrl?: string;
  get?: HttpGet;
  onProgress?: (progress: ModelProgress) => void;
  /** Checks that a file is a ggml Whisper model; default: the addon's own reader. */
  inspect?: (path: string) => Promise<InspectedModel>;
  /** What rebuilds published models from packages; default: pip and our own converter. */
  rebuild?: typeof rebuildModel;
  /** Times of downloads, for tests. `otherwiseMs` is for the publisher's answer where there is another way to go. */
  timeouts?: Partial<typeof DEFAULT_TIMEOUTS>;
}

/** What the head of a model's file says. */
export type InspectedModel = Pick<ModelHeader, 'multilingual'> &
  Partial<Pick<ModelHeader, 'vocabulary' | 'audioLayers' | 'textLayers'>>;

/** How far a model is that is being fetched. */
export interface ModelProgress {
  name: string;
  /** From an address, from a package registry, or written anew from packages. */
  phase: 'download' | 'packages' | 'rebuild';
  /** 0 to 1; absent where nobody says how much there is. */
  fraction: number | undefined;
  receivedBytes?: number;
  totalBytes?: number;
}

const DEFAULT_TIMEOUTS = { otherwiseMs: 3_000, answerMs: 20_000, stallMs: 30_000 };
const DOWNLOAD_ATTEMPTS = 4;
const AUTO_MODEL_SPEC = 'auto';
/** A second model is worth its memory where it is so many times smaller than the first. */
const SMALLER_BY = 4;

export interface ResolvedModel {
  /** Absolute. */
  path: string;
  profile: ModelProfile;
  source: ModelSource;
  /** The address or the packages, with their versions. */
  from?: string;
  /** A sentence for people when the model is not the one that `auto` stands for. */
  reason?: string;
}

export interface ListedModel {
  name: string;
  megabytes: number | undefined;
  present: boolean;
  builtIn: boolean;
  multilingual: boolean;
  /** SPDX, of the weights. */
  licence: string;
  /** It can be rebuilt from registry packages where its publisher cannot be reached. */
  packaged: boolean;
  /** Where the file that is here came from. */
  source?: ModelSource;
  from?: string;
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
    if (published !== undefined) return await this.#published(published);
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
      if (await isFile(path)) return { path, profile, ...(await provenanceOf(path)) };
    }
    return undefined;
  }

  /** Downloads a model of the catalogue unless it is here. @throws ModelError */
  async pull(name: string): Promise<ResolvedModel> {
    if (name === BUILT_IN_MODEL.profile.name) return await this.#builtIn();
    const published = findPublishedModel(name);
    if (published === undefined) throw unknownModel(name);
    return await this.#published(published);
  }

  async list(): Promise<ListedModel[]> {
    const { name, multilingual } = BUILT_IN_MODEL.profile;
    const builtIn: ListedModel = {
      name,
      megabytes: undefined,
      present: true,
      builtIn: true,
      multilingual,
      licence: BUILT_IN_MODEL.licence,
      packaged: false,
      source: 'builtIn',
    };
    const published = PUBLISHED_MODELS.map(async (model): Promise<ListedModel> => {
      const path = this.#file(model.fileName);
      const present = await isFile(path);
      return {
        name: model.name,
        megabytes: model.megabytes,
        present,
        builtIn: false,
        multilingual: model.profile.multilingual,
        licence: WHISPER_LICENCE,
        packaged: model.rebuild !== undefined,
        ...(present ? await provenanceOf(path) : {}),
      };
    });
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
    for (const file of [...files, `${path}.part.etag`, noteOf(path)]) await rm(file, { force: true });
    for (const { wheel } of packagesOf(published)) await rm(join(this.#packages, wheel), { force: true });
    return there;
  }

  async #auto(choice: keyof typeof AUTO_MODELS): Promise<ResolvedModel> {
    const names = AUTO_MODELS[choice];
    const [first] = names;
    for (const name of names) {
      const model = catalogued(name);
      if (await isFile(this.#file(model.fileName))) return await this.#published(model);
    }
    try {
      return await this.#published(catalogued(first), { hasOtherwise: true });
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      const why = `The model ${first} is not on this machine and could not be had (${error.message.replace(/\.$/, '')}).`;
      if (choice === 'cuda') {
        const small = await this.#auto('small');
        return { ...small, reason: small.reason ?? `${why} ${small.profile.name} takes its place.` };
      }
      const reason =
        `${why} The built-in demonstration model is active: it knows synthetic voices only and cannot transcribe ` +
        'people.';
      return { ...(await this.#builtIn()), reason };
    }
  }

  /** From the cache, else from the publisher, else from packages. @param options.hasOtherwise the caller has a way of its own left */
  async #published(model: PublishedModel, { hasOtherwise = false } = {}): Promise<ResolvedModel> {
    const path = this.#file(model.fileName);
    const found = async () => ({ path, profile: model.profile, ...(await provenanceOf(path)) });
    if (await isFile(path)) return await found();
    await this.#ensureDirectory();
    return await withFileLock({ path: `${path}.lock` }, async () => {
      if (await isFile(path)) return await found();
      try {
        await this.#fromPublisher(model, { path, hasOtherwise: hasOtherwise || model.rebuild !== undefined });
      } catch (error) {
        if (model.rebuild === undefined || !(error instanceof ModelError)) throw error;
        await this.#fromPackages(model, { path, why: error });
      }
      return await found();
    });
  }

  async #fromPublisher(model: PublishedModel, options: { path: string; hasOtherwise: boolean }): Promise<void> {
    const { path, hasOtherwise } = options;
    const url = `${this.#baseUrl}/${model.fileName}`;
    await this.#download({
      url,
      name: model.name,
      path,
      answerTimeoutMs: hasOtherwise ? this.#timeouts.otherwiseMs : this.#timeouts.answerMs,
      check: (part) => verify(part, { url, model }),
    });
    await writeProvenance(path, { source: 'download', from: url, sha1: model.sha1 });
  }

  /** @param options.why the publisher's file cannot be had */
  async #fromPackages(model: PublishedModel, options: { path: string; why: ModelError }): Promise<void> {
    const { path, why } = options;
    const { weights = undefined, quantisation = undefined } = model.rebuild ?? {};
    if (weights === undefined) throw why;
    const { onProgress, rebuild = rebuildModel } = this.#options;
    try {
      // Files of one model are rebuilt from the same packages.
      await this.#ensureDirectory(this.#packages);
      const set = await withFileLock({ path: join(this.#packages, `${weights}.lock`) }, () =>
        rebuild({
          sets: PACKAGE_SETS[weights],
          sha1: model.sha1,
          path,
          directory: this.#packages,
          stallMs: this.#timeouts.stallMs,
          ...(quantisation === undefined ? {} : { quantisation }),
          ...(onProgress === undefined
            ? {}
            : { onProgress: (progress) => onProgress({ ...progress, name: model.name }) }),
        }),
      );
      // What the publisher had sent before.
      for (const rest of [`${path}.part`, `${path}.part.etag`]) await rm(rest, { force: true });
      const from = set.packages.map(({ name, version }) => `${name} ${version}`).join(', ');
      await writeProvenance(path, { source: 'packages', from, sha1: model.sha1 });
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      throw new ModelError(error.code, `${sentence(this.#reasonOf(why))} ${error.message}`, { cause: error });
    }
  }

  #reasonOf(error: ModelError): string {
    return error.cause instanceof UnreachableError ? `its address ${this.#baseUrl} did not answer` : error.message;
  }

  async #fromUrl(url: string): Promise<ResolvedModel> {
    const name = basename(new URL(url).pathname) || 'model.bin';
    const key = createHash('sha256').update(url).digest('hex').slice(0, 16);
    const path = this.#file(`url-${key}-${name.replace(/[^A-Za-z0-9._-]/g, '_')}`);
    await this.#ensureDirectory();
    await withFileLock({ path: `${path}.lock` }, async () => {
      if (await isFile(path)) return;
      await this.#download({
        url,
        name,
        path,
        answerTimeoutMs: this.#timeouts.answerMs,
        check: async (part) => void (await this.#check(part)),
      });
      // No sum is published for it; this one is kept for people who want to compare.
      await writeProvenance(path, {
        source: 'address',
        from: withoutQuery(url),
        sha256: await fileChecksum(path, 'sha256'),
      });
    });
    return { path, profile: profileOfFile(bareName(name), await this.#check(path)), source: 'address' };
  }

  async #fromPath(spec: string): Promise<ResolvedModel> {
    const path = resolvePath(spec);
    if (!(await isFile(path))) {
      throw new ModelError(
        'MODEL_NOT_FOUND',
        `There is no model file ${path}. Check the path, or name a published model.`,
      );
    }
    return { path, profile: profileOfFile(bareName(basename(path)), await this.#check(path)), source: 'file' };
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
    /** Rejects where the file is not the one that was asked for. */
    check: (partPath: string) => Promise<void>;
  }): Promise<void> {
    const partPath = `${options.path}.part`;
    const { onProgress } = this.#options;
    await downloadFile({
      url: options.url,
      partPath,
      get: this.#options.get ?? httpGet,
      answerTimeoutMs: options.answerTimeoutMs,
      stallTimeoutMs: this.#timeouts.stallMs,
      attempts: DOWNLOAD_ATTEMPTS,
      ...(onProgress === undefined
        ? {}
        : {
            onProgress: ({ receivedBytes, totalBytes }) =>
              onProgress({
                name: options.name,
                phase: 'download',
                fraction: totalBytes === undefined ? undefined : receivedBytes / totalBytes,
                receivedBytes,
                ...(totalBytes === undefined ? {} : { totalBytes }),
              }),
          }),
    });
    try {
      await options.check(partPath);
    } catch (error) {
      await rm(partPath, { force: true });
      throw error;
    }
    await rename(partPath, options.path);
  }

  async #check(path: string): Promise<InspectedModel> {
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

  get #packages(): string {
    return join(this.#options.directory, 'packages');
  }

  /** @throws ModelError where it cannot be made */
  async #ensureDirectory(directory = this.#options.directory): Promise<void> {
    try {
      await mkdir(directory, { recursive: true });
    } catch (error) {
      throw asDiskError(error, directory);
    }
  }
}

/** Files that are here without a note were downloaded by an earlier version, from the publisher. */
async function provenanceOf(path: string): Promise<{ source: ModelSource; from?: string }> {
  return (await readProvenance(path)) ?? { source: 'download' };
}

function packagesOf({ rebuild }: PublishedModel) {
  return rebuild === undefined ? [] : PACKAGE_SETS[rebuild.weights].flatMap(({ packages }) => packages);
}

function catalogued(name: string): PublishedModel {
  const model = findPublishedModel(name);
  if (model === undefined) throw unknownModel(name);
  return model;
}

/** What stands behind a question mark may be a key. */
function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;
}

async function verify(path: string, { url, model }: { url: string; model: PublishedModel }): Promise<void> {
  const algorithm = model.sha256 === undefined ? 'sha1' : 'sha256';
  const expected = model.sha256 ?? model.sha1;
  const actual = await fileChecksum(path, algorithm);
  if (actual === expected) return;
  throw new ModelError(
    'MODEL_CHECKSUM_MISMATCH',
    `What ${url} sent is not the published ${model.name} (${algorithm} ${actual} instead of ${expected}). ` +
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
function profileOfFile(name: string, head: InspectedModel): ModelProfile {
  return name.startsWith(BUILT_IN_MODEL.profile.name) ? BUILT_IN_MODEL.profile : ordinaryProfile({ name, ...head });
}

function bareName(fileName: string): string {
  return fileName.replace(/\.bin$/, '').replace(/^ggml-/, '');
}

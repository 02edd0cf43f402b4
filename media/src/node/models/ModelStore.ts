import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { basename, join, resolve as resolvePath } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { ModelHeader } from '@parley/native';
import {
  AUTO_MODELS,
  BUILT_IN_MODEL,
  DEFAULT_MODEL_BASE_URL,
  findPublishedModel,
  ordinaryProfile,
  PUBLISHED_MODELS,
  type PublishedModel,
  WHISPER_LICENCE,
} from '../../settings/modelCatalogue.js';
import type { ModelProfile } from '../../settings/modelProfile.js';
import { asDiskError } from './asDiskError.js';
import { fileChecksum } from './fileChecksum.js';
import { withFileLock } from './fileLock.js';
import { isFile, sizeOf, writeStreamTo } from './files.js';
import { inspectModelFile } from './inspectModelFile.js';
import { ModelError } from './ModelError.js';
import {
  type FetchTimeouts,
  keyOfUrl,
  ModelFetcher,
  type ModelFetcherOptions,
  mayGoOn,
  nameOfUrl,
} from './ModelFetcher.js';
import { type ModelSource, readProvenance } from './provenance.js';
import { shownUrl } from './shownUrl.js';
import { isSynthName, SYNTH_PREFIX } from './synth/synthModel.js';

export interface ModelStoreOptions
  extends Pick<Partial<ModelFetcherOptions>, 'get' | 'rebuild' | 'onProgress' | 'signal'> {
  /** For downloaded and unpacked files, e.g. `<cache>/models`. Created if missing. */
  directory: string;
  /** Folder of the built-in model's packed file. */
  builtInDirectory: string;
  /** Default: `PARLEY_MODEL_BASE_URL`, else the publisher's address. */
  baseUrl?: string;
  /** Checks that a file is a ggml Whisper model; default: the addon's own reader. */
  inspect?: (path: string) => Promise<InspectedModel>;
  /** Default: 3 s for the publisher's answer if there is another way, else 20 s; 30 s without a byte. */
  timeouts?: Partial<FetchTimeouts>;
}

/** From the head of a model's file. */
export type InspectedModel = Pick<ModelHeader, 'multilingual'> &
  Partial<Pick<ModelHeader, 'vocabulary' | 'audioLayers' | 'textLayers'>>;

const DEFAULT_TIMEOUTS: FetchTimeouts = { otherwiseMs: 3_000, answerMs: 20_000, stallMs: 30_000 };
const AUTO_MODEL_SPEC = 'auto';
/** A second model is worth its memory if it is smaller than the first by this factor. */
const SMALLER_BY = 4;

export interface ResolvedModel {
  /** Absolute. */
  path: string;
  profile: ModelProfile;
  source: ModelSource;
  /** The address, or the packages with their versions. */
  from?: string;
  /** A sentence for users if the model is not the one that `auto` stands for, or knows no words. */
  reason?: string;
  /** Why, with addresses and everything that was tried: for the operator. */
  detail?: string;
}

export interface ListedModel {
  name: string;
  megabytes: number | undefined;
  present: boolean;
  builtIn: boolean;
  /** Its weights are random: it knows no words. */
  synthetic: boolean;
  multilingual: boolean;
  /** SPDX identifier, of the weights. */
  licence: string;
  /** It can be rebuilt from registry packages if its publisher cannot be reached. */
  packaged: boolean;
  /** Source of the file, if it is here. */
  source?: ModelSource;
  from?: string;
}

/**
 * The models of this machine: resolves the setting's value, downloads what is missing, unpacks the built-in one. Files appear under their
 * names complete and verified, or not at all; two processes that want the same file wait for each other.
 */
export class ModelStore {
  readonly #options: ModelStoreOptions;
  readonly #fetcher: ModelFetcher;
  readonly #inspect: NonNullable<ModelStoreOptions['inspect']>;

  constructor(options: ModelStoreOptions) {
    const { directory, get, rebuild, onProgress, signal } = options;
    this.#options = options;
    this.#inspect = options.inspect ?? inspectModelFile;
    const baseUrl = options.baseUrl ?? process.env.PARLEY_MODEL_BASE_URL ?? DEFAULT_MODEL_BASE_URL;
    this.#fetcher = new ModelFetcher({
      ...{ directory, get, rebuild, onProgress, signal },
      baseUrl: baseUrl.replace(/\/+$/, ''),
      timeouts: { ...DEFAULT_TIMEOUTS, ...options.timeouts },
    });
  }

  /**
   * @param spec `auto`, a name in the catalogue, a path, or an https address (http: of this machine) of a ggml Whisper file
   * @param options.small `auto` takes the small model on a GPU, too. Default false
   * @param options.sha256 required checksum in hexadecimal, for a file or an address; verified before the file is read
   * @throws ModelError. `auto` always resolves to a model, at worst the built-in one
   */
  async resolve(
    spec: string,
    options: { device: 'cpu' | 'cuda'; small?: boolean; sha256?: string },
  ): Promise<ResolvedModel> {
    const { device, small = false, sha256 } = options;
    if (/^https?:\/\//i.test(spec)) return await this.#fromUrl(spec, sha256);
    const named = await this.#named(spec, small ? 'small' : device);
    if (named !== undefined) {
      await assertSum(named.path, sha256);
      return named;
    }
    if (spec.includes('/') || spec.includes('\\') || spec.endsWith('.bin')) return await this.#fromPath(spec, sha256);
    throw unknownModel(spec);
  }

  async #named(spec: string, choice: keyof typeof AUTO_MODELS): Promise<ResolvedModel | undefined> {
    if (spec === AUTO_MODEL_SPEC) return await this.#auto(choice);
    if (spec === BUILT_IN_MODEL.profile.name) return await this.#builtIn();
    const published = findPublishedModel(spec);
    return published && (await this.#published(published));
  }

  /**
   * The second model, for interims only.
   * @param spec as for `resolve`; `same`: none; `auto`: the largest in the catalogue that is already here, has at most a quarter of
   * `main`'s size and knows as many languages, else none
   * @returns undefined if the main model does both
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

  /** Fetches a model of the catalogue unless it is here. @param name `auto`: the one that this fetches on a CPU @throws ModelError */
  async pull(name: string): Promise<ResolvedModel> {
    if (name === AUTO_MODEL_SPEC) return await this.#published(catalogued(AUTO_MODELS.cpu[0]));
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
      synthetic: false,
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
        synthetic: false,
        multilingual: model.profile.multilingual,
        licence: WHISPER_LICENCE,
        packaged: model.rebuild !== undefined,
        ...(present ? await provenanceOf(path) : {}),
      };
    });
    return [builtIn, ...(await Promise.all(published)), ...(await this.#synthetic())];
  }

  /** The ones that are here. */
  async #synthetic(): Promise<ListedModel[]> {
    const files = await readdir(this.#options.directory).catch((): string[] => []);
    const names = files.filter((file) => file.endsWith('.bin')).map((file) => file.slice(0, -'.bin'.length));
    const listed = names.filter(isSynthName).map(async (name): Promise<ListedModel[]> => {
      const bytes = await sizeOf(this.#file(`${name}.bin`));
      if (bytes === undefined) return [];
      const common = { present: true, builtIn: false, synthetic: true, packaged: false, source: 'file' } as const;
      return [{ ...common, name, megabytes: bytes / 1e6, multilingual: true, licence: BUILT_IN_MODEL.licence }];
    });
    return (await Promise.all(listed)).flat().sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * Removes a downloaded model, or one with random weights, and files of failed attempts. @returns false if there was none. @throws
   * ModelError
   */
  async remove(name: string): Promise<boolean> {
    if (isSynthName(name)) return await this.#fetcher.remove({ name }, this.#file(`${name}.bin`));
    const published = findPublishedModel(name);
    if (published === undefined) {
      if (name !== BUILT_IN_MODEL.profile.name) throw unknownModel(name);
      throw new ModelError('MODEL_UNKNOWN', `${name} comes with Parley and cannot be removed.`);
    }
    return await this.#fetcher.remove(published, this.#file(published.fileName));
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
      if (!(error instanceof ModelError) || error.code === 'MODEL_INTERRUPTED') throw error;
      const otherwise = choice === 'cuda' && mayGoOn(error) ? await this.#auto('small') : await this.#demo();
      const why = `The model ${first} is not on this machine and could not be had.`;
      return {
        ...otherwise,
        reason: `${why} ${otherwise.reason ?? `${otherwise.profile.name} takes its place.`}`,
        detail: [error.message, otherwise.detail].filter(Boolean).join(' '),
      };
    }
  }

  async #demo(): Promise<ResolvedModel> {
    const reason =
      'The built-in demonstration model is active: it knows synthetic voices only and cannot transcribe people.';
    return { ...(await this.#builtIn()), reason };
  }

  async #published(model: PublishedModel, { hasOtherwise = false } = {}): Promise<ResolvedModel> {
    const path = this.#file(model.fileName);
    if (!(await isFile(path))) await this.#fetcher.published(model, { path, hasOtherwise });
    return { path, profile: model.profile, ...(await provenanceOf(path)) };
  }

  async #fromUrl(url: string, sha256: string | undefined): Promise<ResolvedModel> {
    if (!isSafeAddress(url)) {
      throw new ModelError(
        'MODEL_ADDRESS_INSECURE',
        `${shownUrl(url)} is not encrypted: anyone on the way could send another file. Use an https address.`,
      );
    }
    const name = nameOfUrl(url);
    const path = this.#file(`url-${keyOfUrl(url)}-${name.replace(/[^A-Za-z0-9._-]/g, '_')}`);
    // The address had another file before.
    if (sha256 !== undefined && (await isFile(path)) && (await fileChecksum(path, 'sha256')) !== sha256.toLowerCase()) {
      await this.#fetcher.remove({ name }, path);
    }
    if (!(await isFile(path))) {
      const check = async (part: string) => {
        await assertSum(part, sha256, shownUrl(url));
        await this.#check(part);
      };
      await this.#fetcher.address(url, { path, check });
    }
    return { path, ...ofFile(bareName(name), await this.#check(path)), source: 'address' };
  }

  async #fromPath(spec: string, sha256: string | undefined): Promise<ResolvedModel> {
    const path = resolvePath(spec);
    if (!(await isFile(path))) {
      throw new ModelError(
        'MODEL_NOT_FOUND',
        `There is no model file ${path}. Check the path, or name a published model.`,
      );
    }
    await assertSum(path, sha256);
    return { path, ...ofFile(bareName(basename(path)), await this.#check(path)), source: 'file' };
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
      throw new ModelError('MODEL_NOT_FOUND', `The built-in model ${packed} is missing. Reinstall Parley.`, {
        cause: error,
      });
    }
    // Named by its content: another version of Parley unpacks its own.
    const path = this.#file(`${BUILT_IN_MODEL.profile.name}-${sum}.bin`);
    const model = { path, profile: BUILT_IN_MODEL.profile, source: 'builtIn' as const };
    if (await isFile(path)) return model;
    try {
      await mkdir(this.#options.directory, { recursive: true });
      await withFileLock({ path: `${path}.lock` }, async () => {
        if (await isFile(path)) return;
        const part = await writeStreamTo(`${path}.part`, 'w');
        await pipeline(createReadStream(packed), createGunzip(), part).catch((error) => {
          if (error.code === 'ENOSPC') throw error;
          const sentence = `The built-in model ${packed} cannot be unpacked. Reinstall Parley.`;
          throw new ModelError('MODEL_UNREADABLE', sentence, { cause: error });
        });
        await rename(`${path}.part`, path);
      });
    } catch (error) {
      throw asDiskError(error, path);
    }
    return model;
  }

  async #check(path: string): Promise<InspectedModel> {
    try {
      return await this.#inspect(path);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      // The addon's own reader returns a whole sentence with the path.
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
}

/** Whether nobody else can change what comes from this address. */
function isSafeAddress(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(hostname);
}

/** @param name of the file, for the error; default: its path @throws ModelError `MODEL_CHECKSUM_MISMATCH` */
async function assertSum(path: string, sha256: string | undefined, name = path): Promise<void> {
  if (sha256 === undefined) return;
  const actual = await fileChecksum(path, 'sha256');
  if (actual === sha256.toLowerCase()) return;
  throw new ModelError(
    'MODEL_CHECKSUM_MISMATCH',
    `${name} is not the model that was asked for: its SHA-256 is ${actual} instead of ${sha256}. It is not used.`,
  );
}

/** Files without a note were downloaded from the publisher by an earlier version. */
async function provenanceOf(path: string): Promise<{ source: ModelSource; from?: string }> {
  return (await readProvenance(path)) ?? { source: 'download' };
}

function catalogued(name: string): PublishedModel {
  const model = findPublishedModel(name);
  if (model === undefined) throw unknownModel(name);
  return model;
}

function unknownModel(name: string): ModelError {
  const names = [BUILT_IN_MODEL.profile.name, ...PUBLISHED_MODELS.map((model) => model.name)].join(', ');
  return new ModelError(
    'MODEL_UNKNOWN',
    `There is no model "${name}". Give auto, a path or address of a ggml file, or one of: ${names}.`,
  );
}

/** The built-in model's file, or another format of it, named by path, gets its profile and warnings; so do random weights. */
function ofFile(name: string, head: InspectedModel): Pick<ResolvedModel, 'profile' | 'reason'> {
  if (name.startsWith(BUILT_IN_MODEL.profile.name)) return { profile: BUILT_IN_MODEL.profile };
  const profile = ordinaryProfile({ name, ...head });
  if (!name.startsWith(SYNTH_PREFIX)) return { profile };
  return { profile, reason: `The model ${name} has random weights: it measures speed and knows no words.` };
}

function bareName(fileName: string): string {
  return fileName.replace(/\.bin$/, '').replace(/^ggml-/, '');
}

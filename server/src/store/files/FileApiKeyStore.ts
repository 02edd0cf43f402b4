import { GRANTS } from '@parley/client-sdk/protocol';
import { z } from 'zod';
import type { ApiKey, ApiKeyStore } from '../ApiKeyStore.js';
import { StoreError } from '../StoreError.js';
import { readKeyFile, versionOf, withLock, writeKeyFile } from './keyFile.js';

const keysSchema = z.array(
  z.object({
    id: z.string(),
    name: z.string(),
    hash: z.string(),
    rooms: z.union([z.literal('*'), z.array(z.string())]),
    grants: z.array(z.enum(GRANTS)),
    createdAtMs: z.number(),
    expiresAtMs: z.number().optional(),
  }),
);
const usesSchema = z.record(z.string(), z.number());

export interface FileApiKeyStoreOptions {
  file: string;
  /** Keys at most. Default 1,000. */
  capacity?: number;
}

/**
 * API keys in a file that the command line and running servers share. Only `add` and `remove` write it; they block while they wait for
 * the lock, so they are for the command line. Last uses are in a second file, so that no use can undo a revocation.
 */
export class FileApiKeyStore implements ApiKeyStore {
  readonly #file: string;
  readonly #capacity: number;
  #version: string | undefined;
  #keys: ApiKey[] = [];

  constructor(options: FileApiKeyStoreOptions) {
    this.#file = options.file;
    this.#capacity = options.capacity ?? 1_000;
  }

  async list(): Promise<readonly ApiKey[]> {
    return this.#read();
  }

  async add(key: ApiKey): Promise<void> {
    withLock(this.#file, () => {
      const keys = this.#read();
      if (keys.length >= this.#capacity) {
        throw new StoreError('FULL', `There are ${keys.length} keys already. Revoke some first.`);
      }
      this.#write([...keys, key]);
    });
  }

  async remove(id: string): Promise<boolean> {
    return withLock(this.#file, () => {
      const keys = this.#read();
      const left = keys.filter((key) => key.id !== id);
      if (left.length === keys.length) return false;
      this.#write(left);
      return true;
    });
  }

  async lastUses(): Promise<ReadonlyMap<string, number>> {
    return this.#uses();
  }

  async noteUse({ id, atMs }: { id: string; atMs: number }): Promise<void> {
    const uses = [...this.#uses()].filter(([each]) => each !== id);
    const isThere = this.#read().some((key) => key.id === id);
    writeKeyFile(this.#usesFile, Object.fromEntries(isThere ? [...uses, [id, atMs]] : uses));
  }

  get #usesFile(): string {
    return `${this.#file}.uses`;
  }

  #read(): ApiKey[] {
    const version = versionOf(this.#file);
    if (version === undefined || version !== this.#version) {
      this.#keys = keysSchema.parse(readKeyFile(this.#file) ?? []);
      this.#version = version;
    }
    return this.#keys;
  }

  /** Of existing keys. An unreadable file counts as empty. */
  #uses(): Map<string, number> {
    const stored = usesSchema.safeParse(readKeyFile(this.#usesFile) ?? {});
    const known = new Set(this.#read().map(({ id }) => id));
    return new Map(stored.success ? Object.entries(stored.data).filter(([id]) => known.has(id)) : []);
  }

  #write(keys: ApiKey[]): void {
    writeKeyFile(this.#file, keys);
    this.#keys = keys;
    this.#version = versionOf(this.#file);
  }
}

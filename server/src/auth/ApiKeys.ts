import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { GRANTS, type Grant } from '@parley/client-sdk/protocol';
import { z } from 'zod';
import { readKeyFile, versionOf, withLock, writeKeyFile } from './keyFile.js';

const recordSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** SHA-256 of the secret, base64url. The secret is 256 random bits: there is nothing to slow a guesser down for. */
  hash: z.string(),
  rooms: z.union([z.literal('*'), z.array(z.string())]),
  grants: z.array(z.enum(GRANTS)),
  createdAtMs: z.number(),
  expiresAtMs: z.number().optional(),
});
const usesSchema = z.record(z.string(), z.number());

export type ApiKey = z.infer<typeof recordSchema>;

export interface NewApiKey {
  name: string;
  rooms: '*' | string[];
  grants: Grant[];
  /** Unix time. */
  expiresAtMs?: number | undefined;
}

/** Where they stand in the data folder. */
export const apiKeysFile = (dataDir: string): string => join(dataDir, 'keys', 'api-keys.json');

const MOST_KEYS = 1_000;
const SECRET = /^pk_([A-Za-z0-9]{12})_([A-Za-z0-9_-]{43})$/;
/** How exactly the last use is written down. */
const USE_EVERY_MS = 60_000;

/**
 * Keys of integrators: scoped to rooms and grants, kept as hashes in a file that the command line and running servers share. Servers
 * never write to it: when a key was last used stands in a file beside it, so that no use can undo a revocation.
 */
export class ApiKeys {
  readonly #file: string;
  readonly #now: () => number;
  #version: string | undefined;
  #keys: ApiKey[] = [];
  /** Of uses that this process has written down. */
  readonly #writtenAtMs = new Map<string, number>();

  constructor(options: { file: string; now?: () => number }) {
    this.#file = options.file;
    this.#now = options.now ?? Date.now;
  }

  /** @returns the secret, which nobody can be shown again @throws Error when there are too many keys */
  create(wanted: NewApiKey): { key: ApiKey; secret: string } {
    const id = randomBytes(9).toString('base64url').replace(/[-_]/g, '0');
    const secret = `pk_${id}_${randomBytes(32).toString('base64url')}`;
    const { name, rooms, grants, expiresAtMs } = wanted;
    const key: ApiKey = {
      id,
      name,
      hash: hashOf(secret),
      rooms,
      grants,
      createdAtMs: this.#now(),
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    };
    withLock(this.#file, () => {
      const keys = this.list();
      if (keys.length >= MOST_KEYS) throw new Error(`There are ${MOST_KEYS} keys already. Revoke some first.`);
      this.#write([...keys, key]);
    });
    return { key, secret };
  }

  list(): readonly ApiKey[] {
    const version = versionOf(this.#file);
    if (version === undefined || version !== this.#version) {
      this.#keys = z.array(recordSchema).parse(readKeyFile(this.#file) ?? []);
      this.#version = version;
    }
    return this.#keys;
  }

  /** @returns whether there was such a key */
  revoke(id: string): boolean {
    return withLock(this.#file, () => {
      const keys = this.list();
      const left = keys.filter((key) => key.id !== id);
      if (left.length === keys.length) return false;
      this.#write(left);
      return true;
    });
  }

  /** Unix times by id, each exact to a minute. */
  lastUses(): ReadonlyMap<string, number> {
    const stored = usesSchema.safeParse(readKeyFile(this.#usesFile) ?? {});
    return new Map(stored.success ? Object.entries(stored.data) : []);
  }

  /** Whose secret this is; undefined for nobody's, and for one that has run out or was revoked. */
  authenticate(secret: string): ApiKey | undefined {
    const id = SECRET.exec(secret)?.[1];
    const key = id === undefined ? undefined : this.list().find((each) => each.id === id);
    const expected = Buffer.from(key?.hash ?? hashOf(''), 'base64url');
    const same = timingSafeEqual(expected, Buffer.from(hashOf(secret), 'base64url'));
    const now = this.#now();
    if (key === undefined || !same || (key.expiresAtMs !== undefined && key.expiresAtMs <= now)) return undefined;
    this.#used(key.id, now);
    return key;
  }

  get #usesFile(): string {
    return `${this.#file}.uses`;
  }

  #used(id: string, now: number): void {
    if (now - (this.#writtenAtMs.get(id) ?? Number.NEGATIVE_INFINITY) < USE_EVERY_MS) return;
    const known = new Set(this.list().map((key) => key.id));
    const uses = [...this.lastUses()].filter(([each]) => known.has(each) && each !== id);
    writeKeyFile(this.#usesFile, Object.fromEntries([...uses, [id, now]]));
    for (const each of this.#writtenAtMs.keys()) if (!known.has(each)) this.#writtenAtMs.delete(each);
    this.#writtenAtMs.set(id, now);
  }

  #write(keys: ApiKey[]): void {
    writeKeyFile(this.#file, keys);
    this.#keys = keys;
    this.#version = versionOf(this.#file);
  }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

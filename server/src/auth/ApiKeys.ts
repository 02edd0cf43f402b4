import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Grant } from '@parley/client-sdk/protocol';
import type { ApiKey, ApiKeyStore } from '../store/ApiKeyStore.js';

export interface NewApiKey {
  name: string;
  rooms: '*' | string[];
  grants: Grant[];
  /** Unix time. */
  expiresAtMs?: number | undefined;
}

const SECRET = /^pk_([A-Za-z0-9]{12})_([A-Za-z0-9_-]{43})$/;
/** Precision with which the last use is stored. */
const USE_EVERY_MS = 60_000;

export interface ApiKeysOptions {
  store: ApiKeyStore;
  /** Unix time. */
  now?: () => number;
}

/** API keys of integrators: limited to rooms and grants, stored as hashes. */
export class ApiKeys {
  readonly #store: ApiKeyStore;
  readonly #now: () => number;
  /** Uses that this process has stored. */
  readonly #writtenAtMs = new Map<string, number>();

  constructor(options: ApiKeysOptions) {
    this.#store = options.store;
    this.#now = options.now ?? Date.now;
  }

  /** @returns the secret, which cannot be shown again @throws StoreError `FULL`, `LOCKED` */
  async create(wanted: NewApiKey): Promise<{ key: ApiKey; secret: string }> {
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
    await this.#store.add(key);
    return { key, secret };
  }

  list(): Promise<readonly ApiKey[]> {
    return this.#store.list();
  }

  /** @returns whether there was such a key @throws StoreError `LOCKED` */
  revoke(id: string): Promise<boolean> {
    return this.#store.remove(id);
  }

  /** Unix times by id, each exact to a minute. */
  lastUses(): Promise<ReadonlyMap<string, number>> {
    return this.#store.lastUses();
  }

  /** The key that belongs to a secret; undefined if there is none, or if it has expired or was revoked. */
  async authenticate(secret: string): Promise<ApiKey | undefined> {
    const id = SECRET.exec(secret)?.[1];
    const key = id === undefined ? undefined : (await this.#store.list()).find((each) => each.id === id);
    const expected = Buffer.from(key?.hash ?? hashOf(''), 'base64url');
    const same = timingSafeEqual(expected, Buffer.from(hashOf(secret), 'base64url'));
    const now = this.#now();
    if (key === undefined || !same || (key.expiresAtMs !== undefined && key.expiresAtMs <= now)) return undefined;
    await this.#used(key.id, now);
    return key;
  }

  async #used(id: string, now: number): Promise<void> {
    const before = this.#writtenAtMs.get(id) ?? Number.NEGATIVE_INFINITY;
    if (now - before < USE_EVERY_MS) return;
    // First, so that many uses at once write it once; taken back if it cannot be written.
    this.#writtenAtMs.set(id, now);
    try {
      await this.#store.noteUse({ id, atMs: now });
    } catch (error) {
      this.#writtenAtMs.set(id, before);
      throw error;
    }
    const known = new Set((await this.#store.list()).map((key) => key.id));
    for (const each of this.#writtenAtMs.keys()) if (!known.has(each)) this.#writtenAtMs.delete(each);
  }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

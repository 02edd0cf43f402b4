import type { Grant } from '@parley/client-sdk/protocol';

/** A key of an integrator. Unix times in milliseconds. */
export interface ApiKey {
  id: string;
  name: string;
  /** SHA-256 of the secret, base64url. The secret is 256 random bits, so a slow hash would add nothing. */
  hash: string;
  rooms: '*' | string[];
  grants: Grant[];
  createdAtMs: number;
  expiresAtMs?: number | undefined;
}

/**
 * The API keys of a deployment, shared by servers and the command line: each sees the others' changes with its next call. Every
 * implementation passes `conformance/apiKeyStoreSuite.ts`.
 */
export interface ApiKeyStore {
  /** All keys, oldest first, including expired ones. */
  list(): Promise<readonly ApiKey[]>;
  /** @throws StoreError `FULL` if there are too many, `LOCKED` if another program keeps the lock */
  add(key: ApiKey): Promise<void>;
  /** @returns whether there was such a key @throws StoreError `LOCKED` */
  remove(id: string): Promise<boolean>;
  /** When existing keys were last used, by id. */
  lastUses(): Promise<ReadonlyMap<string, number>>;
  /** Records a use. Never changes a key: a use after a removal does not restore it. */
  noteUse(use: { id: string; atMs: number }): Promise<void>;
}

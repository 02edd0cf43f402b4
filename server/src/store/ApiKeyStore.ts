import type { Grant } from '@parley/client-sdk/protocol';

/** A key of an integrator. Unix times in milliseconds. */
export interface ApiKey {
  id: string;
  name: string;
  /** SHA-256 of the secret, base64url. The secret is 256 random bits: there is nothing to slow a guesser down for. */
  hash: string;
  rooms: '*' | string[];
  grants: Grant[];
  createdAtMs: number;
  expiresAtMs?: number | undefined;
}

/**
 * The API keys of a deployment, which servers and the command line share: what one of them does is seen by all with their next call.
 * `conformance/apiKeyStoreSuite.ts` holds every implementation to this.
 */
export interface ApiKeyStore {
  /** All keys, the oldest first; those that have run out, too. */
  list(): Promise<readonly ApiKey[]>;
  /** @throws StoreError `FULL` where there are too many, `LOCKED` where another program does not let go */
  add(key: ApiKey): Promise<void>;
  /** @returns whether there was such a key @throws StoreError `LOCKED` */
  remove(id: string): Promise<boolean>;
  /** When keys were last used, by id; only of keys that are there. */
  lastUses(): Promise<ReadonlyMap<string, number>>;
  /** Writes a use down, and changes no key by that: a use that comes after a removal brings nothing back. */
  noteUse(use: { id: string; atMs: number }): Promise<void>;
}

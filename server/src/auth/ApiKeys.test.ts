import { expect, test } from 'vitest';
import type { ApiKey, ApiKeyStore } from '../store/ApiKeyStore.js';
import { ApiKeys } from './ApiKeys.js';

/** In memory; counts how often a use is written down. */
class CountingStore implements ApiKeyStore {
  readonly #keys: ApiKey[] = [];
  uses = 0;
  failing = false;

  async list(): Promise<readonly ApiKey[]> {
    return this.#keys;
  }

  async add(key: ApiKey): Promise<void> {
    this.#keys.push(key);
  }

  async remove(): Promise<boolean> {
    return false;
  }

  async lastUses(): Promise<ReadonlyMap<string, number>> {
    return new Map();
  }

  async noteUse(): Promise<void> {
    this.uses += 1;
    await Promise.resolve();
    if (this.failing) throw new Error('disk full');
  }
}

test('H2 many uses of a key at once are written down once, and again only when that failed', async () => {
  const store = new CountingStore();
  const keys = new ApiKeys({ store, now: () => 1_000_000 });
  const { secret } = await keys.create({ name: 'shop', rooms: '*', grants: ['join'] });
  store.failing = true;
  await expect(keys.authenticate(secret)).rejects.toThrow('disk full');
  store.failing = false;
  store.uses = 0;
  await Promise.all(Array.from({ length: 40 }, () => keys.authenticate(secret)));
  expect(store.uses).toBe(1);
});

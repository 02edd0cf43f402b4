import { beforeEach, describe, expect, test } from 'vitest';
import type { ApiKey, ApiKeyStore } from '../ApiKeyStore.js';

export interface KeyStoreSuiteOptions<Store> {
  /** Title of the implementation. */
  name: string;
  /** Makes an empty place, a new one for each test. @returns a function that opens a store there, like another process or a restart */
  create: () => () => Store;
}

const NOW = 1_800_000_000_000;
const keyOf = (id: string, parts: Partial<ApiKey> = {}): ApiKey => ({
  id,
  name: `key ${id}`,
  hash: `hash-of-${id}`,
  rooms: ['daily', 'weekly'],
  grants: ['join', 'listen'],
  createdAtMs: NOW,
  ...parts,
});

/** Registers the tests that every `ApiKeyStore` passes. The store must have room for 20 to 50 keys. */
export function testApiKeyStore({ name, create }: KeyStoreSuiteOptions<ApiKeyStore>): void {
  describe(`${name} as a store of API keys`, () => {
    let open: () => ApiKeyStore;
    let store: ApiKeyStore;
    beforeEach(() => {
      open = create();
      store = open();
    });

    const idsOf = async (of: ApiKeyStore) => (await of.list()).map(({ id }) => id);

    test('is empty at first', async () => {
      expect(await store.list()).toEqual([]);
      expect([...(await store.lastUses())]).toEqual([]);
      expect(await store.remove('a')).toBe(false);
    });

    test('gives keys back as they were, the oldest first', async () => {
      const keys = [keyOf('a'), keyOf('b', { rooms: '*', grants: ['join'], expiresAtMs: NOW + 1_000 })];
      for (const key of keys) await store.add(key);
      expect(await store.list()).toEqual(keys);
      expect(await open().list()).toEqual(keys);
    });

    test('knows at once what another one added or removed', async () => {
      const other = open();
      await other.list();
      await store.add(keyOf('a'));
      expect(await idsOf(other)).toEqual(['a']);
      await other.add(keyOf('b'));
      expect(await store.remove('a')).toBe(true);
      expect(await store.remove('a')).toBe(false);
      expect([await idsOf(store), await idsOf(other)]).toEqual([['b'], ['b']]);
    });

    test('loses none of those that are added at once', async () => {
      const other = open();
      const ids = Array.from({ length: 20 }, (_, index) => `k${index}`);
      await Promise.all(ids.map((id, index) => (index % 2 === 0 ? store : other).add(keyOf(id))));
      expect(new Set(await idsOf(store))).toEqual(new Set(ids));
    });

    test('keeps the last use of each key, and forgets it with the key', async () => {
      for (const id of ['a', 'b']) await store.add(keyOf(id));
      await store.noteUse({ id: 'a', atMs: NOW + 1 });
      await store.noteUse({ id: 'b', atMs: NOW + 2 });
      await store.noteUse({ id: 'a', atMs: NOW + 3 });
      const uses = await open().lastUses();
      expect([uses.get('a'), uses.get('b'), uses.size]).toEqual([NOW + 3, NOW + 2, 2]);
      await store.remove('a');
      expect([...(await store.lastUses()).keys()]).toEqual(['b']);
    });

    test('brings no key back by a use, nor changes one', async () => {
      await store.add(keyOf('a'));
      const other = open();
      await other.list();
      await store.remove('a');
      await other.noteUse({ id: 'a', atMs: NOW });
      expect(await store.list()).toEqual([]);
      expect((await store.lastUses()).size).toBe(0);
      await store.add(keyOf('b'));
      await other.noteUse({ id: 'b', atMs: NOW });
      expect(await store.list()).toEqual([keyOf('b')]);
    });

    test('takes so many keys, and says that it is full', async () => {
      const fill = async () => {
        for (let index = 0; index < 51; index += 1) await store.add(keyOf(`k${index}`));
      };
      await expect(fill()).rejects.toMatchObject({ code: 'FULL' });
      const [first] = await store.list();
      await store.remove(first?.id ?? '');
      await store.add(keyOf('last'));
      expect((await idsOf(store)).at(-1)).toBe('last');
    });
  });
}

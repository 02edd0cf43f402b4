import { beforeEach, describe, expect, test } from 'vitest';
import type { RevocationStore } from '../RevocationStore.js';
import type { KeyStoreSuiteOptions } from './apiKeyStoreSuite.js';

const NOW = 1_800_000_000_000;
const revoked = (key: string, forgetAtMs = NOW + 1_000) => ({ key, beforeMs: NOW, forgetAtMs });

/** Registers the tests that every `RevocationStore` passes. The store must have room for at least 100 entries. */
export function testRevocationStore({ name, create }: KeyStoreSuiteOptions<RevocationStore>): void {
  describe(`${name} as a store of revocations`, () => {
    let open: () => RevocationStore;
    beforeEach(() => {
      open = create();
    });

    const load = (nowMs = NOW) => open().load({ nowMs });

    test('is empty at first', async () => {
      expect(await load()).toEqual([]);
    });

    test('has after a restart what was appended before, with that of an earlier run', async () => {
      const entries = [revoked('a'), { issuer: 'https://id.example', notBeforeMs: NOW }, revoked('b')];
      for (const entry of entries) {
        const store = open();
        await store.load({ nowMs: NOW });
        await store.append(entry);
      }
      expect(new Set(await load())).toEqual(new Set(entries));
    });

    test('leaves out what is over, but no issuer', async () => {
      const store = open();
      await store.load({ nowMs: NOW });
      await store.append(revoked('short', NOW + 10));
      await store.append(revoked('long', NOW + 11));
      await store.append({ issuer: 'https://id.example', notBeforeMs: 1 });
      expect(await load(NOW + 10)).toEqual([
        revoked('long', NOW + 11),
        { issuer: 'https://id.example', notBeforeMs: 1 },
      ]);
    });

    test('has the newest entry of a key and of an issuer', async () => {
      const store = open();
      await store.load({ nowMs: NOW });
      await store.append(revoked('a', NOW + 5));
      await store.append({ issuer: 'i', notBeforeMs: 1 });
      await store.append({ ...revoked('a', NOW + 50), beforeMs: NOW + 1 });
      await store.append({ issuer: 'i', notBeforeMs: 2 });
      const loaded = await load();
      expect(loaded).toHaveLength(2);
      expect(loaded).toContainEqual({ ...revoked('a', NOW + 50), beforeMs: NOW + 1 });
      expect(loaded).toContainEqual({ issuer: 'i', notBeforeMs: 2 });
    });

    test('loses none of those that are appended at once', async () => {
      const store = open();
      await store.load({ nowMs: NOW });
      const keys = Array.from({ length: 50 }, (_, index) => `k${index}`);
      await Promise.all(keys.map((key) => store.append(revoked(key))));
      expect(await load()).toEqual(keys.map((key) => revoked(key)));
    });
  });
}

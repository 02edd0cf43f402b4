import { beforeEach, describe, expect, test } from 'vitest';
import type { SigningKey, SigningKeyStore } from '../SigningKeyStore.js';
import type { KeyStoreSuiteOptions } from './apiKeyStoreSuite.js';

const keyOf = (createdAtMs: number): SigningKey => ({
  kid: `kid-${createdAtMs}`,
  createdAtMs,
  key: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: `private half ${createdAtMs}` },
});

/** Registers the tests that every `SigningKeyStore` passes. */
export function testSigningKeyStore({ name, create }: KeyStoreSuiteOptions<SigningKeyStore>): void {
  describe(`${name} as a store of signing keys`, () => {
    let open: () => SigningKeyStore;
    let store: SigningKeyStore;
    beforeEach(() => {
      open = create();
      store = open();
    });

    test('is empty at first', async () => {
      expect(await store.list()).toEqual([]);
    });

    test('gives keys back as they were, the newest first, after a restart, too', async () => {
      for (const createdAtMs of [1, 2, 3]) await store.add(keyOf(createdAtMs), { dropUntilMs: 0 });
      expect(await store.list()).toEqual([keyOf(3), keyOf(2), keyOf(1)]);
      expect(await open().list()).toEqual([keyOf(3), keyOf(2), keyOf(1)]);
    });

    test('drops old keys with a new one, and no others', async () => {
      for (const createdAtMs of [1, 2, 3]) await store.add(keyOf(createdAtMs), { dropUntilMs: 0 });
      await store.add(keyOf(4), { dropUntilMs: 2 });
      expect(await store.list()).toEqual([keyOf(4), keyOf(3)]);
      await open().add(keyOf(5), { dropUntilMs: 100 });
      expect(await store.list()).toEqual([keyOf(5)]);
    });
  });
}

import { beforeEach, describe, expect, test } from 'vitest';
import type { TokenRevocation, TokenRevocationStore } from '../TokenRevocationStore.js';
import type { KeyStoreSuiteOptions } from './apiKeyStoreSuite.js';

const NOW = 1_800_000_000_000;
const one = (tokenId: string, mintedBy = 'key:a'): TokenRevocation => ({ mintedBy, tokenId, forgetAtMs: NOW + 1_000 });
const all = (mintedBy = 'key:a', beforeMs = NOW): TokenRevocation => ({ mintedBy, beforeMs, forgetAtMs: NOW + 1_000 });

/** Registers the tests that every `TokenRevocationStore` passes. The store must have room for at least 100 entries. */
export function testTokenRevocationStore({ name, create }: KeyStoreSuiteOptions<TokenRevocationStore>): void {
  describe(`${name} as a store of revoked room tokens`, () => {
    let open: () => TokenRevocationStore;
    let store: TokenRevocationStore;
    beforeEach(() => {
      open = create();
      store = open();
    });

    const add = (...revocations: TokenRevocation[]) =>
      Promise.all(revocations.map((revocation) => store.add(revocation, { nowMs: NOW })));
    const list = (nowMs = NOW) => store.list({ nowMs });

    test('is empty at first', async () => {
      expect(await list()).toEqual([]);
    });

    test('has what was added, also by another program, and after a restart', async () => {
      const other = open();
      expect(await other.list({ nowMs: NOW })).toEqual([]);
      await add(one('1'));
      await other.add(all('key:b'), { nowMs: NOW });
      for (const each of [store, other, open()])
        expect(await each.list({ nowMs: NOW })).toEqual([one('1'), all('key:b')]);
    });

    test('loses none of those that several programs add at once', async () => {
      const ids = Array.from({ length: 40 }, (_, index) => String(index));
      const programs = [open(), open()];
      await Promise.all(ids.map((id, index) => programs[index % 2]?.add(one(id), { nowMs: NOW })));
      expect(new Set(await list())).toEqual(new Set(ids.map((id) => one(id))));
    });

    test('leaves out what is over', async () => {
      await add(one('1'));
      expect(await list(NOW + 999)).toEqual([one('1')]);
      expect(await list(NOW + 1_000)).toEqual([]);
      const later = { ...all('key:b'), forgetAtMs: NOW + 5_000 };
      await store.add(later, { nowMs: NOW + 1_000 });
      expect(await list()).toEqual([later]);
    });

    test('has one entry for each token, and for all of a minter only that one', async () => {
      await add(one('1'), one('2'), one('1', 'key:b'));
      await add(one('1'));
      expect(await list()).toEqual([one('2'), one('1', 'key:b'), one('1')]);
      await add(all());
      expect(await list()).toEqual([one('1', 'key:b'), all()]);
      await add(one('3'), all('key:a', NOW + 1));
      expect(await list()).toEqual([one('1', 'key:b'), all('key:a', NOW + 1)]);
    });
  });
}

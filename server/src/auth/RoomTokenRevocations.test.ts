import { ManualTime } from '@parley/media/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { covers, type TokenRevocation, type TokenRevocationStore } from '../store/TokenRevocationStore.js';
import { LONGEST_ROOM_TOKEN_MS } from './RoomTokenIssuer.js';
import { LOOK_EVERY_MS, MOST_TOKENS, MOST_TOKENS_OF_MINTER, RoomTokenRevocations } from './RoomTokenRevocations.js';

const NOW = 1_800_000_000_000;

/** As several programs share it. */
class SharedStore implements TokenRevocationStore {
  entries: TokenRevocation[] = [];
  failing: string | undefined;

  async list({ nowMs }: { nowMs: number }): Promise<readonly TokenRevocation[]> {
    this.#assertWorks();
    return this.entries.filter(({ forgetAtMs }) => forgetAtMs > nowMs);
  }

  async add(revocation: TokenRevocation): Promise<void> {
    this.#assertWorks();
    this.entries = [...this.entries.filter((old) => !covers(revocation, old)), revocation];
  }

  #assertWorks(): void {
    if (this.failing !== undefined) throw Object.assign(new Error('it fails'), { code: this.failing });
  }
}

let time: ManualTime;
let wallClockMs: number;
let store: SharedStore;
beforeEach(() => {
  time = new ManualTime();
  wallClockMs = NOW;
  store = new SharedStore();
});

const open = () => RoomTokenRevocations.create({ store, time, wallClock: () => wallClockMs });
const token = (id: string, mintedBy = 'key:a', issuedAtMs = NOW) => ({ roomToken: { id, mintedBy }, issuedAtMs });
const pass = async (ms: number) => {
  wallClockMs += ms;
  await time.advanceAsync(ms);
};

describe('a room token that was revoked', () => {
  test('H20 alone is refused from then on, after a restart, too, and no other is', async () => {
    const revocations = await open();
    await revocations.revoke({ mintedBy: 'key:a', tokenId: '1' });
    for (const each of [revocations, await open()]) {
      expect(each.has(token('1'))).toBe(true);
      expect(each.has(token('2'))).toBe(false);
      expect(each.has({ issuedAtMs: NOW })).toBe(false);
    }
  });

  test('H20 by another than its minter is not revoked', async () => {
    const revocations = await open();
    await revocations.revoke({ mintedBy: 'key:b', tokenId: '1' });
    await revocations.revoke({ mintedBy: 'key:b' });
    expect(revocations.has(token('1'))).toBe(false);
  });

  test('H20 with all of its minter is refused, and what is made afterwards is not', async () => {
    const revocations = await open();
    await revocations.revoke({ mintedBy: 'key:a' });
    for (const each of [revocations, await open()]) {
      expect(each.has(token('1'))).toBe(true);
      expect(each.has(token('1', 'key:a', NOW + 1))).toBe(false);
      expect(each.has(token('1', 'key:b'))).toBe(false);
    }
    wallClockMs += 1_000;
    await revocations.revoke({ mintedBy: 'key:a' });
    expect(revocations.has(token('1', 'key:a', NOW + 1_000))).toBe(true);
  });

  test('H20 is refused at once, and until this process ends where it cannot be stored', async () => {
    const revocations = await open();
    store.failing = 'ENOSPC';
    const stored = revocations.revoke({ mintedBy: 'key:a', tokenId: '1' });
    expect(revocations.has(token('1'))).toBe(true);
    await expect(stored).rejects.toMatchObject({ code: 'ENOSPC' });
    store.failing = undefined;
    const stop = revocations.follow({ onChange: () => {}, onFailure: () => {} });
    await pass(LOOK_EVERY_MS);
    stop();
    expect(revocations.has(token('1'))).toBe(true);
  });

  test('is remembered as long as a token lives, and no longer', async () => {
    const revocations = await open();
    await revocations.revoke({ mintedBy: 'key:a', tokenId: '1' });
    await pass(LONGEST_ROOM_TOKEN_MS);
    await revocations.revoke({ mintedBy: 'key:a', tokenId: '2' });
    expect([revocations.has(token('1')), (await open()).has(token('1'))]).toEqual([true, true]);
    await pass(60_000);
    await revocations.revoke({ mintedBy: 'key:a', tokenId: '3' });
    expect([revocations.has(token('1')), (await open()).has(token('1'))]).toEqual([false, false]);
  });
});

describe('revocations by another program', () => {
  test('H20 take effect within half a second, and each is told of once', async () => {
    const server = await open();
    let changes = 0;
    const stop = server.follow({ onChange: () => (changes += 1), onFailure: () => {} });
    await pass(LOOK_EVERY_MS);
    expect(changes).toBe(0);
    const commandLine = await open();
    await commandLine.revoke({ mintedBy: 'key:a', tokenId: '1' });
    await pass(LOOK_EVERY_MS);
    expect([server.has(token('1')), changes]).toEqual([true, 1]);
    wallClockMs += 1;
    await commandLine.revoke({ mintedBy: 'key:a' });
    await pass(3 * LOOK_EVERY_MS);
    expect([server.has(token('2')), changes]).toEqual([true, 2]);
    stop();
    expect(time.pendingTimers).toBe(0);
  });

  test('H20 that cannot be read change nothing, it is said why, and they are looked at again', async () => {
    const server = await open();
    const reasons: string[] = [];
    const stop = server.follow({ onChange: () => {}, onFailure: (reason) => reasons.push(reason) });
    await server.revoke({ mintedBy: 'key:a', tokenId: '1' });
    store.failing = 'EACCES';
    await pass(LOOK_EVERY_MS);
    expect([server.has(token('1')), reasons]).toEqual([true, ['EACCES']]);
    await expect(open()).rejects.toThrow('it fails');
    store.failing = undefined;
    store.entries.push({ mintedBy: 'key:a', tokenId: '2', forgetAtMs: NOW + 60_000 });
    await pass(LOOK_EVERY_MS);
    expect(server.has(token('2'))).toBe(true);
    stop();
  });
});

describe('single tokens', () => {
  test('H20 beyond the limit of a minter are not dropped and not revoked: it is said to revoke all, which always works', async () => {
    const revocations = await open();
    for (let index = 0; index < MOST_TOKENS_OF_MINTER; index += 1) {
      await revocations.revoke({ mintedBy: 'key:a', tokenId: String(index) });
    }
    const oneMore = () => revocations.revoke({ mintedBy: 'key:a', tokenId: 'one more' });
    expect(oneMore).toThrow(
      expect.objectContaining({ code: 'RATE_LIMITED', message: expect.stringContaining('Revoke all tokens') }),
    );
    expect([revocations.has(token('one more')), revocations.has(token('0'))]).toEqual([false, true]);
    await revocations.revoke({ mintedBy: 'key:a', tokenId: '0' });
    await revocations.revoke({ mintedBy: 'key:b', tokenId: '1' });
    await revocations.revoke({ mintedBy: 'key:a' });
    expect(store.entries).toHaveLength(2);
    expect(revocations.has(token('one more'))).toBe(true);
    await oneMore();
  });

  test('H20 of everybody together are bounded, too, and all of a minter can be revoked all the same', async () => {
    const forgetAtMs = NOW + 60_000;
    store.entries = Array.from({ length: MOST_TOKENS }, (_, index) => {
      return { mintedBy: `key:${index % 100}`, tokenId: String(index), forgetAtMs };
    });
    const revocations = await open();
    const late = () => revocations.revoke({ mintedBy: 'key:late', tokenId: '1' });
    expect(late).toThrow(expect.objectContaining({ code: 'RATE_LIMITED', retryAfterMs: 60_000 }));
    await revocations.revoke({ mintedBy: 'key:late' });
    expect(revocations.has(token('1', 'key:late'))).toBe(true);
    await pass(60_000);
    await late();
  });
});

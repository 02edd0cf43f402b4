import { ParleyClient } from '@parley/client-sdk';
import { resourcesOf } from '@parley/server/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { freePort } from '../support/freePort.js';
import { IdentityProvider } from '../support/IdentityProvider.js';
import { ScriptedServer } from '../support/ScriptedServer.js';

/** As many as one process can be, which is the server as well. */
const CLIENTS = 1_000;
const PER_ROOM = 10;
const AT_ONCE = 50;
const ALL_BACK_MS = 30_000;
const JOIN_P99_MS = 5_000;

let provider: IdentityProvider;
let port: number;
beforeAll(async () => {
  provider = await IdentityProvider.start();
  port = await freePort();
});
afterAll(() => provider?.close());

function start(): Promise<ScriptedServer> {
  return ScriptedServer.start({
    port,
    keycloak: { url: provider.url },
    limits: { socketsPerAddress: 100_000 },
  });
}

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;

/** One client of the SDK, and when it did what. */
class Member {
  readonly client: ParleyClient;
  /** When it last showed its token. */
  shownAtMs = 0;
  lost = false;
  backAtMs: number | undefined;

  constructor(options: { url: string; token: string }) {
    this.client = new ParleyClient({
      url: options.url,
      credentials: async () => {
        this.shownAtMs = performance.now();
        return { kind: 'token', token: options.token };
      },
    });
    this.client.on('disconnected', () => {
      this.lost = true;
    });
    this.client.on('reconnected', () => {
      this.backAtMs = performance.now();
    });
  }
}

test(`S11 ${CLIENTS} clients of a server that starts anew are back soon, not all at the same moment, with one fetch of the keys`, async () => {
  // Before the clients are made: parts of them keep the function that they find.
  const timers = vi.spyOn(globalThis, 'setTimeout');
  const before = await start();
  const members: Member[] = [];
  for (let index = 0; index < CLIENTS; index += 1) {
    members.push(new Member({ url: before.url, token: await provider.token(`person ${index}`) }));
  }
  let after: ScriptedServer | undefined;
  try {
    const roomOf = (index: number) => `room-${Math.floor(index / PER_ROOM)}`;
    for (let from = 0; from < CLIENTS; from += AT_ONCE) {
      await Promise.all(
        members.slice(from, from + AT_ONCE).map(async ({ client }, index) => {
          await client.connect();
          await client.join({ room: roomOf(from + index) });
        }),
      );
    }
    expect(provider.keyRequests).toBe(1);
    expect((await resourcesOf(before.server)).peers).toBe(CLIENTS);

    timers.mockClear();
    await before.close();
    await expect.poll(() => members.every(({ lost }) => lost), { timeout: 10_000 }).toBe(true);
    // What they chose, since the moments at which a thousand clients get to it are spread by the work itself: 500 ms, scattered by half.
    const delaysMs = timers.mock.calls
      .map(([, delayMs = 0]) => delayMs)
      .filter((delayMs) => delayMs >= 250 && delayMs <= 750);
    expect(delaysMs.length).toBeGreaterThanOrEqual(CLIENTS);
    expect(percentile(delaysMs, 0.9) - percentile(delaysMs, 0.1)).toBeGreaterThan(300);

    const startedAt = performance.now();
    after = await start();
    await expect
      .poll(() => members.filter(({ backAtMs }) => backAtMs !== undefined).length, { timeout: ALL_BACK_MS })
      .toBe(CLIENTS);

    const backAfterMs = members.map(({ backAtMs = Infinity }) => backAtMs - startedAt);
    expect(Math.max(...backAfterMs)).toBeLessThan(ALL_BACK_MS);
    const joinMs = members.map(({ backAtMs = Infinity, shownAtMs }) => backAtMs - shownAtMs);
    expect(percentile(joinMs, 0.99)).toBeLessThan(JOIN_P99_MS);
    expect(provider.keyRequests, 'by the new server, for all of them').toBe(2);

    // Everybody where they were, and nobody twice.
    expect(await resourcesOf(after.server)).toMatchObject({
      peers: CLIENTS,
      rooms: CLIENTS / PER_ROOM,
      sockets: CLIENTS,
    });
    await expect
      .poll(() => members.filter(({ client }) => client.participants.size === PER_ROOM))
      .toHaveLength(CLIENTS);
    expect(new Set(members.map(({ client }) => client.state))).toEqual(new Set(['joined']));
  } finally {
    timers.mockRestore();
    for (const { client } of members) client.close();
    await before.close();
    await after?.close();
  }
}, 180_000);

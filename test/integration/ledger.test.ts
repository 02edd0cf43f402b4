import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { httpsGet, httpsPost } from '../support/httpsGet.js';
import { IdentityProvider } from '../support/IdentityProvider.js';
import type { SocketClient } from '../support/SocketClient.js';
import { TestServer } from '../support/TestServer.js';

/** More than the tests before the last one make. */
const MOST_REQUESTS = 40;

let provider: IdentityProvider;
let server: TestServer;
beforeAll(async () => {
  provider = await IdentityProvider.start();
  server = await TestServer.start({
    keycloak: { url: provider.url },
    rooms: { board: { members: { ada: ['join', 'listen'] } } },
    limits: { postsPerMinutePerAddress: MOST_REQUESTS },
  });
}, 60_000);
afterEach(() => server.disconnectAll());
afterAll(async () => {
  await server?.close();
  await provider?.close();
});

const MODERATOR = { realm_access: { roles: ['moderator'] } };
const SERVICE = { azp: 'parley-service', preferred_username: 'service-account-parley-service', sid: undefined };

const joined = (token: string, room: string): Promise<SocketClient> => server.joined(room, { kind: 'token', token });

/** @returns the books, or why they were not given */
async function ledgerOf(room: string, token?: string): Promise<unknown> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const { status, body } = await httpsGet(`${server.url}/api/rooms/${room}/ledger`, headers);
  const answer = JSON.parse(body) as { error?: { code: string } };
  return status === 200 ? answer : `${status} ${answer.error?.code}`;
}

test('the ledger over HTTP is the one over the socket, for those who may read the transcript', async () => {
  const token = await provider.token('ada');
  const ada = await joined(token, 'daily');
  const overSocket = await ada.ask('getLedger');
  expect(overSocket).toMatchObject({ ok: true });
  const books = (overSocket as { data: unknown }).data;
  expect(await ledgerOf('daily', token)).toEqual(books);
  // Being in the room is not asked for: its grants are.
  expect(await ledgerOf('daily', await provider.token('ben'))).toEqual(books);
  expect(await ledgerOf('daily', await provider.token('the service', SERVICE))).toEqual(books);
  expect(await ledgerOf('elsewhere', token)).toBe('404 ROOM_NOT_FOUND');
});

test('the ledger over HTTP is kept from everybody else', async () => {
  const token = await provider.token('ada');
  await joined(token, 'board');
  expect(await ledgerOf('board')).toBe('401 UNAUTHENTICATED');
  expect(await ledgerOf('board', 'nonsense')).toBe('401 UNAUTHENTICATED');
  // A member, but of one who does not read; no member; nobody's role.
  expect(await ledgerOf('board', token)).toBe('403 FORBIDDEN');
  expect(await ledgerOf('board', await provider.token('ben'))).toBe('403 FORBIDDEN');
  await joined(token, 'daily');
  expect(await ledgerOf('daily', await provider.token('zoe', { realm_access: { roles: [] } }))).toBe('403 FORBIDDEN');
  const nowS = Math.floor(Date.now() / 1_000);
  const late = await provider.token('ada', { iat: nowS - 400, exp: nowS - 100 });
  expect(await ledgerOf('daily', late)).toMatch(/^401 /);
});

test('a room token reads the ledger of its room alone, where it may read there', async () => {
  await joined(await provider.token('ada'), 'daily');
  const key = await provider.token('the service', SERVICE);
  const mint = async (grants: string[]) => {
    const { body } = await httpsPost(`${server.url}/api/rooms/daily/tokens`, {
      body: JSON.stringify({ name: 'Guest', grants }),
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    });
    return (JSON.parse(body) as { token: string }).token;
  };
  const reader = await mint(['join', 'readTranscript']);
  expect(await ledgerOf('daily', reader)).toEqual({ ledgers: [] });
  expect(await ledgerOf('board', reader)).toBe('403 FORBIDDEN');
  expect(await ledgerOf('daily', await mint(['join', 'speak']))).toBe('403 FORBIDDEN');
});

test('whoever was removed or signed out reads the ledger no more', async () => {
  const moderator = await joined(await provider.token('mia', MODERATOR), 'removal');
  const token = await provider.token('eve');
  const eve = await joined(token, 'removal');
  expect(await ledgerOf('removal', token)).toEqual({ ledgers: [] });
  const [{ participant }] = moderator.payloadsOf('participantJoined') as [{ participant: { participantId: string } }];
  expect(await moderator.codeOf('removeParticipant', { participantId: participant.participantId })).toBe('ok');
  expect(await ledgerOf('removal', token)).toBe('403 FORBIDDEN');
  eve.disconnect();

  const signedOut = await provider.token('sue');
  expect(await ledgerOf('removal', signedOut)).toEqual({ ledgers: [] });
  await httpsPost(`${server.url}/auth/backchannel-logout`, {
    body: new URLSearchParams({ logout_token: await provider.logoutToken({ sid: 'session of sue' }) }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  expect(await ledgerOf('removal', signedOut)).toBe('401 SIGNED_OUT');
});

test('H19 one address may ask for ledgers only so often, and can still have room tokens made', async () => {
  const asked = await Promise.all(Array.from({ length: MOST_REQUESTS + 1 }, () => ledgerOf('board', 'forged')));
  expect(asked).toContain('429 RATE_LIMITED');
  const { status } = await httpsPost(`${server.url}/api/rooms/daily/tokens`, { body: '{}', headers: {} });
  expect(status).toBe(401);
});

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Credentials, PROTOCOL_VERSION } from '@parley/client-sdk/protocol';
import { resourcesOf } from '@parley/server/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, httpsGet, httpsPost } from '../support/httpsGet.js';
import { IdentityProvider } from '../support/IdentityProvider.js';
import type { SocketClient } from '../support/SocketClient.js';
import { TestServer } from '../support/TestServer.js';

/** What Keycloak says of a client's own account. */
const SERVICE = {
  azp: 'parley-service',
  client_id: 'parley-service',
  preferred_username: 'service-account-parley-service',
  sid: undefined,
};
const CLI = fileURLToPath(new URL('../../server/dist/cli/main.js', import.meta.url));
const AT_ONCE_MS = 5_000;

let provider: IdentityProvider;
let server: TestServer;
beforeAll(async () => {
  provider = await IdentityProvider.start();
  server = await TestServer.start({
    meetingEndDelayMs: 50,
    keycloak: { url: provider.url, serviceClientSecret: 'a service secret', introspectEveryMs: 5_000 },
    rooms: { board: { members: { ada: ['join', 'listen'] } } },
  });
}, 60_000);
afterEach(() => server.disconnectAll());
afterAll(async () => {
  await server?.close();
  await provider?.close();
});

const clientWith = (token: string): SocketClient => server.client({ kind: 'token', token });

const joined = async (subject: string, room: string, claims: Record<string, unknown> = {}): Promise<SocketClient> =>
  server.joined(room, { kind: 'token', token: await provider.token(subject, claims) });

const post = (path: string, body: string, headers: Record<string, string>): Promise<Answer> =>
  httpsPost(`${server.url}${path}`, { body, headers });

const logout = (token: string) =>
  post('/auth/backchannel-logout', new URLSearchParams({ logout_token: token }).toString(), {
    'content-type': 'application/x-www-form-urlencoded',
  });

/** The same claims with `alg: none` and no signature. */
const unsigned = (token: string): string => {
  const header = Buffer.from(JSON.stringify({ alg: 'none', typ: 'logout+jwt' })).toString('base64url');
  return `${header}.${token.split('.')[1]}.`;
};

const transports = async () => (await resourcesOf(server.server)).transports;

describe('a token over a socket', () => {
  test('lets its holder in under its name, and a guest not at all', async () => {
    const ada = await joined('ada', 'names', { name: 'Ada Lovelace' });
    expect(await ada.codeOf('getSettings')).toBe('ok');
    const guest: Credentials = { kind: 'guest', subject: 'a-random-subject-1234', displayName: 'Eve' };
    const stranger = server.client(guest);
    expect(await stranger.connect()).toBe('UNAUTHENTICATED');
    const ben = clientWith(await provider.token('ben'));
    await ben.connect();
    const { participants } = await ben.join('names');
    expect(participants).toMatchObject([{ displayName: 'Ada Lovelace' }, { displayName: 'ben' }]);
  });

  test('K12 that was taken back is refused after a dropped network, and tells nothing of what was missed', async () => {
    const token = await provider.token('kim');
    const first = clientWith(token);
    await first.connect();
    await first.join('dropped');
    first.socket.io.engine.close();
    expect((await logout(await provider.logoutToken({ sid: 'session of kim' }))).status).toBe(200);
    const again = clientWith(token);
    expect(await again.connect()).toBe('SIGNED_OUT');
    expect(again.told).toEqual([]);
  });

  test('K12 that was taken back is refused on the very same socket, and what happened meanwhile is not recovered', async () => {
    const ben = await joined('ben', 'recovered', { realm_access: { roles: ['participant', 'moderator'] } });
    const kit = await joined('kit', 'recovered');
    const before = kit.told.length;
    kit.socket.io.engine.close();
    await expect.poll(() => kit.closed).toBe(true);
    expect((await logout(await provider.logoutToken({ sid: 'session of kit' }))).status).toBe(200);
    expect(await ben.codeOf('setRoomLocked', { locked: true })).toBe('ok');
    const again = kit.connect();
    kit.socket.connect();
    expect(await again).toBe('SIGNED_OUT');
    expect(kit.socket.connected).toBe(false);
    // Nor for who comes back in with a sign-in that holds.
    const token = await provider.token('kit', { sid: 'another sign-in of kit' });
    kit.socket.auth = { protocolVersion: PROTOCOL_VERSION, credentials: { kind: 'token', token } };
    const anew = kit.connect();
    kit.socket.connect();
    expect(await anew).toBe('connected');
    expect(kit.socket.recovered).not.toBe(true);
    expect(kit.told).toHaveLength(before);
    expect(ben.payloadsOf('roomLockChanged')).toEqual([{ locked: true }]);
  });

  test('K13 is renewed without touching media', async () => {
    const ada = await joined('ada', 'renewed');
    await ada.openTransports();
    const before = await transports();
    const answer = await ada.ask('refreshToken', { token: await provider.token('ada') });
    expect(answer).toMatchObject({ ok: true });
    expect(await transports()).toBe(before);
    expect(ada.told.filter(({ name }) => name === 'transportClosed' || name === 'dismissed')).toEqual([]);
  });

  test('K14 that runs out while its holder is silent ends socket and transports 30 s later', async () => {
    const nowS = Math.floor(Date.now() / 1_000);
    await expect.poll(transports).toBe(0);
    // Verified with 10 s of tolerance: it has run out already when it comes.
    const client = await joined('late', 'late', { iat: nowS - 100, exp: nowS - 5 });
    await client.openTransports();
    expect(client.payloadsOf('tokenExpiring')).toHaveLength(1);
    await expect.poll(() => client.closed, { timeout: 35_000, interval: 250 }).toBe(true);
    expect(client.farewell).toBe('TOKEN_EXPIRED');
    // exp + 30 s, give or take five.
    const endedAfterS = Date.now() / 1_000 - (nowS - 5);
    expect(endedAfterS).toBeGreaterThan(25);
    expect(endedAfterS).toBeLessThan(35);
    expect(await transports()).toBe(0);
  }, 60_000);

  test('K15 of somebody else, or of another sign-in, renews nothing', async () => {
    const ada = await joined('ada', 'mismatch');
    for (const other of [provider.token('ben'), provider.token('ada', { sid: 'another' })]) {
      expect(await ada.codeOf('refreshToken', { token: await other })).toBe('TOKEN_MISMATCH');
    }
    expect(await ada.codeOf('refreshToken', { token: 'nonsense' })).toBe('UNAUTHENTICATED');
    expect(await ada.codeOf('getSettings')).toBe('ok');
  });

  test('K16 good: ends socket and transports within 5 s; used twice, with a nonce, for something else, late, forged: not', async () => {
    const lou = await joined('lou', 'logout');
    const mia = await joined('mia', 'logout');
    await expect.poll(transports).toBe(0);
    await lou.openTransports();
    await mia.openTransports();
    const bad = await Promise.all([
      provider.logoutToken({ sid: 'session of mia', nonce: 'n' }),
      provider.logoutToken({ sid: 'session of mia', events: {} }),
      provider.logoutToken({ sid: 'session of mia', events: undefined }),
      provider.logoutToken({ sid: 'session of mia', iat: 1_000, exp: 1_060 }),
      provider.logoutToken({ sid: 'session of mia', aud: 'another-client' }),
      provider.logoutToken({ sid: 'session of mia', iss: 'https://evil.example' }),
      provider.logoutToken({ sid: 'session of mia', jti: undefined }),
      provider.logoutToken({}),
      provider.token('mia'),
    ]);
    for (const token of bad) expect((await logout(token)).status).toBe(400);
    const asked = await httpsGet(`${server.url}/auth/backchannel-logout?logout_token=${bad[0]}`);
    expect(asked.status).toBe(405);
    // Signed by somebody else, with the provider's key id.
    const forger = await IdentityProvider.start({ url: provider.url });
    const forged = await forger.logoutToken({ sid: 'session of mia' });
    await forger.close();
    expect((await logout(forged)).status).toBe(400);
    expect((await logout(unsigned(await provider.logoutToken({ sid: 'session of mia' })))).status).toBe(400);
    const good = await provider.logoutToken({ sid: 'session of lou' });
    expect((await logout(good)).status).toBe(200);
    await expect.poll(() => lou.closed, { timeout: AT_ONCE_MS }).toBe(true);
    expect(lou.farewell).toBe('SIGNED_OUT');
    await expect.poll(transports, { timeout: AT_ONCE_MS }).toBe(2);
    expect((await logout(good)).status).toBe(400);
    expect(mia.closed).toBe(false);
    expect(mia.payloadsOf('participantLeft')).toHaveLength(1);
  });

  test('K17 without a role that it had: the next message of a moderator is refused at once', async () => {
    const moderator = { realm_access: { roles: ['participant', 'moderator'] } };
    const mia = await joined('mia2', 'demoted', moderator);
    const ben = await joined('ben', 'demoted');
    expect(await mia.codeOf('setRoomLocked', { locked: true })).toBe('ok');
    expect(await mia.codeOf('refreshToken', { token: await provider.token('mia2') })).toBe('ok');
    expect(await mia.codeOf('setRoomLocked', { locked: false })).toBe('FORBIDDEN');
    expect(await ben.codeOf('endMeeting')).toBe('FORBIDDEN');
    expect(mia.payloadsOf('grantsChanged')).toEqual([{ grants: ['join', 'speak', 'listen', 'readTranscript'] }]);
  });

  test('that introspection calls inactive ends its connection: a disabled user is out with the next round', async () => {
    const token = await provider.token('dora');
    const dora = clientWith(token);
    await dora.connect();
    await dora.join('disabled');
    provider.inactive.add(token);
    await expect.poll(() => dora.farewell, { timeout: 12_000 }).toBe('SIGNED_OUT');
    const again = clientWith(token);
    expect(await again.connect()).toBe('SIGNED_OUT');
    const newer = clientWith(await provider.token('dora'));
    expect(await newer.connect()).toBe('SIGNED_OUT');
    const anew = clientWith(await provider.token('dora', { sid: 'another sign-in' }));
    expect(await anew.connect()).toBe('connected');
  }, 20_000);

  test('K12 that was taken back lets nothing be asked in the moment until its connection is closed', async () => {
    const nat = await joined('nat', 'moment');
    const asked: Promise<string>[] = [];
    nat.socket.on('dismissed', () => {
      for (const [name, request] of [
        ['resumeTranscript', { afterSeq: 0 }],
        ['join', { room: 'moment' }],
        ['createTransport', { direction: 'send' }],
      ] as const) {
        asked.push(nat.codeOf(name, request));
      }
    });
    expect((await logout(await provider.logoutToken({ sid: 'session of nat' }))).status).toBe(200);
    await expect.poll(() => nat.closed).toBe(true);
    expect(await Promise.all(asked)).toEqual(['SIGNED_OUT', 'SIGNED_OUT', 'SIGNED_OUT']);
  });

  test('K15 that is older than the one it is to replace is refused', async () => {
    const nowS = Math.floor(Date.now() / 1_000);
    const old = await provider.token('old', { iat: nowS - 60, realm_access: { roles: ['moderator'] } });
    const client = await joined('old', 'older');
    expect(await client.codeOf('refreshToken', { token: old })).toBe('TOKEN_MISMATCH');
    expect(await client.codeOf('setRoomLocked', { locked: true })).toBe('FORBIDDEN');
  });
});

describe('grants', () => {
  test('of a room with members hold, whatever the roles', async () => {
    const ada = await joined('ada', 'board');
    expect(await ada.codeOf('createTransport', { direction: 'send' })).toBe('FORBIDDEN');
    expect(await ada.codeOf('resumeTranscript', { afterSeq: 0 })).toBe('FORBIDDEN');
    expect(await ada.codeOf('getLedger')).toBe('FORBIDDEN');
    const ben = clientWith(await provider.token('ben', { realm_access: { roles: ['moderator'] } }));
    await ben.connect();
    expect(await ben.codeOf('join', { room: 'board' })).toBe('FORBIDDEN');
    // A room token's subject is the integrator's choice, and no member's.
    const service = await provider.token('service', SERVICE);
    const minted = await post('/api/rooms/elsewhere/tokens', JSON.stringify({ name: 'Not Ada', subject: 'ada' }), {
      authorization: `Bearer ${service}`,
      'content-type': 'application/json',
    });
    const notAda = clientWith((JSON.parse(minted.body) as { token: string }).token);
    await notAda.connect();
    expect(await notAda.codeOf('join', { room: 'board' })).toBe('FORBIDDEN');
    const nobody = clientWith(await provider.token('zoe', { realm_access: { roles: [] } }));
    await nobody.connect();
    expect(await nobody.codeOf('join', { room: 'open' })).toBe('FORBIDDEN');
  });

  test('of a moderator: mute, remove, lock, end', async () => {
    const mia = await joined('mia3', 'moderated', { realm_access: { roles: ['moderator'] } });
    const ben = await joined('ben', 'moderated');
    // A moderator who is removed moderates no more, not even before the connection is closed.
    const mod = clientWith(await provider.token('mod', { realm_access: { roles: ['moderator'] } }));
    await mod.connect();
    const { participantId: modId } = await mod.join('moderated');
    const last: Promise<string>[] = [];
    mod.socket.on('dismissed', () =>
      last.push(mod.codeOf('endMeeting'), mod.codeOf('setRoomLocked', { locked: true })),
    );
    expect(await mia.codeOf('removeParticipant', { participantId: modId })).toBe('ok');
    await expect.poll(() => mod.closed).toBe(true);
    expect(await Promise.all(last)).toEqual(['REMOVED', 'REMOVED']);
    const cy = clientWith(await provider.token('cy'));
    await cy.connect();
    const { participantId } = await cy.join('moderated');
    expect(await ben.codeOf('removeParticipant', { participantId })).toBe('FORBIDDEN');
    expect(await mia.codeOf('muteParticipant', { participantId })).toBe('ok');
    await expect.poll(() => cy.payloadsOf('mutedByModerator')).toEqual([{ producerIds: [] }]);
    expect(await mia.codeOf('removeParticipant', { participantId })).toBe('ok');
    await expect.poll(() => cy.farewell).toBe('REMOVED');
    const again = clientWith(await provider.token('cy'));
    await again.connect();
    expect(await again.codeOf('join', { room: 'moderated' })).toBe('REMOVED');
    expect(await mia.codeOf('setRoomLocked', { locked: true })).toBe('ok');
    const dee = clientWith(await provider.token('dee'));
    await dee.connect();
    expect(await dee.codeOf('join', { room: 'moderated' })).toBe('ROOM_LOCKED');
    expect(await mia.codeOf('endMeeting')).toBe('ok');
    await expect.poll(() => [mia.farewell, ben.farewell]).toEqual(['MEETING_ENDED', 'MEETING_ENDED']);
  });
});

describe('a room token', () => {
  const mint = (bearer: string, room: string, body: object) =>
    post(`/api/rooms/${room}/tokens`, JSON.stringify(body), {
      authorization: `Bearer ${bearer}`,
      'content-type': 'application/json',
    });

  test('of the service account lets a guest into its room alone, with its grants alone', async () => {
    const service = await provider.token('service', SERVICE);
    const { status, body } = await mint(service, 'visit', { name: 'Zoë', grants: ['join', 'listen'] });
    expect(status).toBe(201);
    const { token } = JSON.parse(body) as { token: string };
    const guest = clientWith(token);
    expect(await guest.connect()).toBe('connected');
    expect(await guest.codeOf('join', { room: 'elsewhere' })).toBe('FORBIDDEN');
    expect(await guest.join('visit')).toMatchObject({ grants: ['join', 'listen'] });
    expect(await guest.codeOf('createTransport', { direction: 'send' })).toBe('FORBIDDEN');
  });

  test('of a key from the command line lets a guest in, and no more once the key was revoked', async () => {
    const parley = async (...args: string[]) => {
      const environment = { ...process.env, PARLEY_DATA: server.folder, NO_COLOR: '1' };
      const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'keys', ...args], { env: environment });
      return stdout;
    };
    const made = await parley('create', 'school', '--rooms', 'visit', '--days', '1');
    const [secret = ''] = /pk_\S+/.exec(made) ?? [];
    const { status, body } = await mint(secret, 'visit', { name: 'Zoe', subject: 'pupil-7' });
    expect(status).toBe(201);
    const guest = clientWith((JSON.parse(body) as { token: string }).token);
    expect(await guest.connect()).toBe('connected');
    expect((await mint(secret, 'elsewhere', { name: 'Zoe' })).status).toBe(403);
    const listed = await parley('list');
    expect(listed).toContain('school');
    expect(listed).not.toContain(secret);
    await parley('revoke', listed.split(' ')[0] ?? '');
    expect((await mint(secret, 'visit', { name: 'Zoe' })).status).toBe(401);
  });

  test('is made for nobody else', async () => {
    const person = await provider.token('ada', { realm_access: { roles: ['admin'] } });
    // Somebody who signed in by the service's client is not the service.
    const byService = await provider.token('ada', { azp: 'parley-service' });
    for (const bearer of [person, byService, `pk_aaaaaaaaaaaa_${'a'.repeat(43)}`, '']) {
      expect((await mint(bearer, 'visit', { name: 'Zoe' })).status).toBe(401);
    }
  });
});

test('the audit log says who did what, by ids', async () => {
  const read = () => readFile(join(server.folder, 'audit.log'), 'utf8');
  await expect.poll(read, { timeout: 5_000 }).toContain('"tokenMinted"');
  const lines = (await read())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; time: string });
  const events = new Set(lines.map(({ event }) => event));
  expect([...events].sort()).toEqual([
    'apiKeyCreated',
    'apiKeyRevoked',
    'denied',
    'ended',
    'joined',
    'left',
    'moderated',
    'signedOut',
    'tokenMinted',
  ]);
  const has = (line: object) => expect(lines).toContainEqual(expect.objectContaining(line));
  has({ event: 'denied', what: 'join', code: 'ROOM_LOCKED', room: 'moderated' });
  has({ event: 'denied', what: 'join', code: 'REMOVED', room: 'moderated' });
  has({ event: 'denied', what: 'join', code: 'FORBIDDEN', room: 'board' });
  has({ event: 'denied', what: 'refreshToken', code: 'TOKEN_MISMATCH' });
  has({ event: 'denied', what: 'moderate', code: 'FORBIDDEN' });
  has({ event: 'left', reason: 'removed', code: 'REMOVED' });
  has({ event: 'left', reason: 'meetingEnded', code: 'MEETING_ENDED' });
  has({ event: 'left', reason: 'connectionLost', code: 'TOKEN_EXPIRED' });
  has({ event: 'ended', code: 'TOKEN_EXPIRED' });
  has({ event: 'signedOut', by: 'introspection', connections: 1 });
  has({ event: 'signedOut', by: 'logout', connections: 1 });
  expect(lines.every(({ time }) => !Number.isNaN(Date.parse(time)))).toBe(true);
  expect(await read()).not.toMatch(/Lovelace|Zoë|eyJ/);
});

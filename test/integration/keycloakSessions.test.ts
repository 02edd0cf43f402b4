import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Server, startServer } from '@parley/server';
import { resourcesOf } from '@parley/server/testing';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ensureDevelopmentCertificate } from '../../certs/generate.mjs';
import { freePort } from '../support/freePort.js';
import { httpsPost } from '../support/httpsGet.js';
import { KEYCLOAK_START_TIMEOUT_MS, KeycloakServer, keycloakAvailable } from '../support/KeycloakServer.js';
import { SocketClient } from '../support/SocketClient.js';

const PASSWORD = 'correct horse battery';
const SECRET = 'a secret of the service';
const AT_ONCE_MS = 5_000;

describe.skipIf(!keycloakAvailable)('sessions that Keycloak knows', () => {
  let folder: string;
  let keycloak: KeycloakServer;
  let server: Server;
  const clients: SocketClient[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-sessions-'));
    const port = await freePort();
    const origin = `https://127.0.0.1:${port}`;
    const { caPath } = await ensureDevelopmentCertificate({ dir: join(folder, 'tls'), addresses: [] });
    keycloak = await KeycloakServer.start({
      caFile: caPath,
      redirectOrigin: origin,
      backchannelUrl: `${origin}/auth/backchannel-logout`,
    });
    await keycloak.admin.setClientSecret({ secret: SECRET });
    server = await startServer({
      settings: {
        port,
        media: { port: 0 },
        model: 'parley-nano',
        dataDir: folder,
        keycloak: { url: keycloak.url, serviceClientSecret: SECRET, introspectEveryMs: 5_000 },
      },
      logger: pino({ level: 'silent' }),
    });
  }, KEYCLOAK_START_TIMEOUT_MS + 60_000);
  afterEach(() => {
    for (const client of clients.splice(0)) client.disconnect();
  });
  afterAll(async () => {
    await server?.close();
    await keycloak?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Somebody with these roles, in a room. */
  async function enter(username: string, roles: string[] = ['participant']) {
    const id = await keycloak.admin.createUser({ username, password: PASSWORD, roles });
    const tokens = await keycloak.passwordToken({ username, password: PASSWORD });
    const client = new SocketClient({ url: server.url, credentials: { kind: 'token', token: tokens.accessToken } });
    clients.push(client);
    expect(await client.connect()).toBe('connected');
    return { id, tokens, client, joined: await client.join(`room-of-${username}`) };
  }

  test('begin with the grants of the roles that Keycloak gives', async () => {
    expect((await enter('ada')).joined.grants).toEqual(['join', 'speak', 'listen', 'readTranscript']);
    expect((await enter('mia', ['moderator'])).joined.grants).toContain('moderate');
    expect((await enter('ari', ['archivist'])).joined.grants).toEqual(['join', 'listen', 'readTranscript', 'export']);
  });

  test('do not begin with an ID token, nor with a refresh token', async () => {
    const { tokens } = await enter('ida');
    for (const token of [tokens.idToken, tokens.refreshToken]) {
      const client = new SocketClient({ url: server.url, credentials: { kind: 'token', token: token ?? '' } });
      clients.push(client);
      expect(await client.connect()).toBe('UNAUTHENTICATED');
    }
  });

  test('lose a role that was taken away with the next refresh', async () => {
    const { id, tokens, client } = await enter('mod', ['moderator']);
    expect(await client.codeOf('setRoomLocked', { locked: true })).toBe('ok');
    await keycloak.admin.setUserRoles(id, ['participant']);
    const fresh = await keycloak.refreshedToken({ refreshToken: tokens.refreshToken ?? '' });
    expect(await client.codeOf('refreshToken', { token: fresh.accessToken })).toBe('ok');
    expect(await client.codeOf('setRoomLocked', { locked: false })).toBe('FORBIDDEN');
  });

  test('end within 5 s of a sign-out', async () => {
    const { id, client } = await enter('lou');
    await client.openTransports();
    await keycloak.admin.logoutUser(id);
    await expect.poll(() => client.farewell, { timeout: AT_ONCE_MS }).toBe('SIGNED_OUT');
    expect((await resourcesOf(server)).transports).toBe(0);
  });

  test('of a user who was disabled end with the next introspection', async () => {
    const { id, client, tokens } = await enter('dis');
    await keycloak.admin.disableUser(id);
    await expect.poll(() => client.farewell, { timeout: 15_000 }).toBe('SIGNED_OUT');
    // The token itself would be good for minutes yet.
    const again = new SocketClient({
      url: server.url,
      credentials: { kind: 'token', token: tokens.accessToken },
    });
    clients.push(again);
    expect(await again.connect()).toBe('SIGNED_OUT');
  }, 30_000);

  test('the service account lets guests in', async () => {
    const { accessToken } = await keycloak.clientCredentialsToken({ secret: SECRET });
    const { body } = await httpsPost(`${server.url}/api/rooms/visit/tokens`, {
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Zoe' }),
    });
    const { token } = JSON.parse(body) as { token: string };
    const client = new SocketClient({ url: server.url, credentials: { kind: 'token', token } });
    clients.push(client);
    expect(await client.connect()).toBe('connected');
    await client.join('visit');
  });

  // The last one: it ends everybody's.
  test('all end within 5 s when an administrator takes back what was signed before', async () => {
    const { client } = await enter('all');
    const { told, failed } = await keycloak.admin.pushNotBefore(
      // Tokens count whole seconds: this second's are still good.
      Math.floor(Date.now() / 1_000) + 1,
    );
    expect([told.length, failed.length]).toEqual([1, 0]);
    await expect.poll(() => client.farewell, { timeout: AT_ONCE_MS }).toBe('SIGNED_OUT');
  });
});

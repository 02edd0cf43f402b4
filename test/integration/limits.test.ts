import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import type { Credentials, IceServer } from '@parley/client-sdk/protocol';
import { type Server, type SettingsInput, startServer } from '@parley/server';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/freePort.js';
import { httpsGet } from '../support/httpsGet.js';
import { IdentityProvider } from '../support/IdentityProvider.js';
import { SocketClient } from '../support/SocketClient.js';

const TURN_SECRET = 'shared with coturn';
const clients: SocketClient[] = [];
let folder: string;

function start(settings: SettingsInput): Promise<Server> {
  return startServer({
    settings: { port: 0, media: { port: 0 }, model: 'parley-nano', dataDir: folder, ...settings },
    logger: pino({ level: 'silent' }),
  });
}

function guest(server: Server, more: Partial<Extract<Credentials, { kind: 'guest' }>> = {}): SocketClient {
  const subject = `subject-${Math.random().toString(36).slice(2)}-abcdefgh`;
  const client = new SocketClient({
    url: server.url,
    credentials: { kind: 'guest', subject, displayName: 'Ada', ...more },
  });
  clients.push(client);
  return client;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-limits-'));
});
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a small server', () => {
  let server: Server;
  beforeAll(async () => {
    server = await start({
      meetingEndDelayMs: 0,
      limits: { rooms: 1, participantsPerRoom: 2, connections: 3 },
      turn: { urls: ['turns:relay.example:443'], secret: TURN_SECRET, ttlS: 120 },
    });
  }, 60_000);
  afterAll(() => server?.close());

  async function connected(): Promise<SocketClient> {
    const client = guest(server);
    expect(await client.connect()).toBe('connected');
    return client;
  }

  test('takes so many rooms, so many people in each, so many sockets, and says which it is', async () => {
    const [ada, ben, cy] = [await connected(), await connected(), await connected()];
    expect(await guest(server).connect()).toBe('transport');
    expect(await ada.codeOf('join', { room: 'one' })).toBe('ok');
    expect(await ben.codeOf('join', { room: 'two' })).toBe('TOO_MANY_ROOMS');
    expect(await ben.codeOf('join', { room: 'one' })).toBe('ok');
    expect(await cy.codeOf('join', { room: 'one' })).toBe('ROOM_FULL');
    ben.disconnect();
    await expect.poll(() => cy.codeOf('join', { room: 'one' })).toBe('ok');
  });

  test('names relays with the join, each transport and each ICE restart, by credentials that coturn takes', async () => {
    const ada = await connected();
    const joined = await ada.join('relays');
    const made = await ada.ask('createTransport', { direction: 'send' });
    const transportId = made.ok ? made.data.transportId : undefined;
    const restarted = await ada.ask('restartIce', { transportId });
    const told = [joined, made.ok && made.data, restarted.ok && restarted.data] as { iceServers: IceServer[] }[];
    for (const { iceServers } of told) {
      const [{ urls, username = '', credential } = { urls: [] }] = iceServers;
      expect(urls).toEqual(['turns:relay.example:443']);
      expect(credential).toBe(createHmac('sha1', TURN_SECRET).update(username).digest('base64'));
      const [endS, participantId] = username.split(':');
      const leftS = Number(endS) - Date.now() / 1_000;
      expect(leftS).toBeGreaterThan(100);
      expect(leftS).toBeLessThanOrEqual(120);
      expect(participantId).toBe(joined.participantId);
    }
  });

  test('speaks TLS 1.2 or newer, and nothing older', async () => {
    const { port } = new URL(server.url);
    const shake = (version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') =>
      new Promise<string>((resolve) => {
        const socket: TLSSocket = connect(
          {
            host: '127.0.0.1',
            port: Number(port),
            minVersion: version,
            maxVersion: version,
            rejectUnauthorized: false,
            // Else this side would not even try.
            ciphers: 'DEFAULT@SECLEVEL=0',
          },
          () => {
            resolve(String(socket.getProtocol()));
            socket.destroy();
          },
        );
        socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      });
    expect(await shake('TLSv1.2')).toBe('TLSv1.2');
    expect(await shake('TLSv1.3')).toBe('TLSv1.3');
    expect(await shake('TLSv1.1')).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  });
});

test('S6 a program without an origin comes in as a guest where nobody but this machine can ask, else with the secret or a token', async () => {
  const server = await start({ origins: ['https://meet.example'], joinSecret: 'the right one' });
  try {
    expect(await guest(server).connect()).toBe('JOIN_SECRET_REQUIRED');
    expect(await guest(server, { joinSecret: 'the wrong one' }).connect()).toBe('JOIN_SECRET_REQUIRED');
    expect(await guest(server, { joinSecret: 'the right one' }).connect()).toBe('connected');
  } finally {
    await server.close();
  }
}, 60_000);

test.each<[string, SettingsInput]>([
  ['under a name of the world', { origins: ['https://meet.example'] }],
  ['behind a proxy on this machine', { trustedProxies: ['127.0.0.1'] }],
])(
  'a server %s makes a join secret up, although it listens on loopback alone',
  async (_, settings) => {
    const server = await start(settings);
    try {
      expect(server.joinSecret).toMatch(/^[a-z2-9]{12}$/);
      expect(await guest(server).connect()).toBe('JOIN_SECRET_REQUIRED');
    } finally {
      await server.close();
    }
  },
  60_000,
);

test('K10 on a cold boot without its Keycloak it is not ready and lets nobody in; it asks again and is', async () => {
  const port = await freePort();
  const server = await start({ keycloak: { url: `http://127.0.0.1:${port}` } });
  let provider: IdentityProvider | undefined;
  try {
    const readiness = async () => (await httpsGet(`${server.url}/readyz`)).status;
    expect(await readiness()).toBe(503);
    const early = new SocketClient({ url: server.url, credentials: { kind: 'token', token: 'x.y.z' } });
    clients.push(early);
    expect(await early.connect()).toBe('IDENTITY_UNAVAILABLE');
    provider = await IdentityProvider.start({ port });
    await expect.poll(readiness, { timeout: 30_000, interval: 250 }).toBe(200);
    const client = new SocketClient({
      url: server.url,
      credentials: { kind: 'token', token: await provider.token('ada') },
    });
    clients.push(client);
    expect(await client.connect()).toBe('connected');
    // Warm, an outage keeps nobody out whose token holds.
    const token = await provider.token('ben');
    await provider.close();
    provider = undefined;
    const ben = new SocketClient({ url: server.url, credentials: { kind: 'token', token } });
    clients.push(ben);
    expect(await ben.connect()).toBe('connected');
    expect(await readiness()).toBe(200);
  } finally {
    await provider?.close();
    await server.close();
  }
}, 90_000);

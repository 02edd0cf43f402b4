import { request } from 'node:http';
import type { Credentials } from '@parley/client-sdk/protocol';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SocketClient } from '../support/SocketClient.js';
import { TestServer } from '../support/TestServer.js';

let server: TestServer;
const clients: SocketClient[] = [];
beforeAll(async () => {
  server = await TestServer.start({ tls: { enabled: false } });
}, 60_000);
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
});
afterAll(() => server?.close());

async function guest(name: string, options: { subject?: string; cookie?: string } = {}): Promise<SocketClient> {
  const { subject = `a-subject-of-${name.replace(' ', '-')}-0123456789`, ...how } = options;
  const credentials: Credentials = { kind: 'guest', subject, displayName: name };
  const client = new SocketClient({ url: server.url, credentials, ...how });
  clients.push(client);
  expect(await client.connect()).toBe('connected');
  return client;
}

/** The cookie that a browser is given with its WebSocket. */
function cookieOfNewBrowser(): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = request(`${server.url}/socket.io/?EIO=4&transport=websocket`, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
    });
    asking.on('upgrade', ({ headers }, socket) => {
      socket.destroy();
      resolve(String(headers['set-cookie']).split(';')[0] ?? '');
    });
    asking.on('error', reject);
    asking.end();
  });
}

test('H12 a removed guest does not come back with another subject: not in that browser, nor unseen from that address', async () => {
  const room = 'removed';
  const host = await guest('Host');
  expect((await host.join(room)).grants).toContain('moderate');
  const cookie = await cookieOfNewBrowser();
  const eve = await guest('Eve', { cookie });
  const { participantId } = await eve.join(room);
  expect(await host.codeOf('removeParticipant', { participantId })).toBe('ok');

  const renamed = await guest('Somebody new', { cookie });
  expect(await renamed.codeOf('join', { room })).toBe('REMOVED');
  expect(await renamed.codeOf('requestAdmission', { room })).toBe('REMOVED');
  const cleared = await guest('Nobody', { subject: 'another-subject-0123456789' });
  expect(await cleared.codeOf('join', { room })).toBe('ADMISSION_REQUIRED');
  expect(await cleared.codeOf('requestAdmission', { room })).toBe('ok');
  await expect
    .poll(() => host.payloadsOf('waitingChanged'))
    .toMatchObject([{ waiting: [{ displayName: 'Nobody', fromAddressOfRemoved: true }] }]);
  // Another meeting knows nothing of it.
  expect(await renamed.codeOf('join', { room: 'another' })).toBe('ok');
});

test('H12 the guest who opens a room moderates it, and the key lets another device do so until the meeting ends', async () => {
  const room = 'owned';
  const ada = await guest('Ada');
  const { moderatorKey } = await ada.join(room);
  const ben = await guest('Ben');
  expect((await ben.join(room)).grants).not.toContain('moderate');
  expect(await ben.codeOf('setRoomLocked', { locked: true })).toBe('FORBIDDEN');
  expect(await ben.codeOf('leave')).toBe('ok');
  expect(await ben.codeOf('join', { room, moderatorKey: 'a guess' })).toBe('MODERATOR_KEY_INVALID');
  expect(await ben.codeOf('join', { room, moderatorKey })).toBe('ok');
  expect(await ben.codeOf('endMeeting')).toBe('ok');
  await expect.poll(() => [ada.closed, ben.closed]).toEqual([true, true]);
  const again = await guest('Ada');
  await again.join(room);
  const late = await guest('Cy');
  expect(await late.codeOf('join', { room, moderatorKey })).toBe('MODERATOR_KEY_INVALID');
});

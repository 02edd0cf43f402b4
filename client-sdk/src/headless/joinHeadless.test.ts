import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ScriptedServer } from '../../test-support/ScriptedServer.js';
import { committed } from '../../test-support/segments.js';
import { errorOf, type JoinResult } from '../protocol/index.js';
import { handshakeSchema } from '../protocol/schema.js';
import { type HeadlessOptions, joinHeadless, type RoomClient } from './index.js';

let server: ScriptedServer;
const clients: RoomClient[] = [];
beforeEach(async () => {
  server = await ScriptedServer.create();
  server.answers = {
    join: () =>
      ({
        room: 'daily',
        meetingId: committed(1).meetingId,
        meetingStartedAtMs: 0,
        participantId: 'me',
        participants: [{ participantId: 'me', displayName: 'Minutes', joinedAtMs: 0 }],
        routerRtpCapabilities: {},
        iceServers: [],
        lastSeq: 0,
        grants: ['join', 'readTranscript'],
        locked: false,
        transcription: { state: 'ready' },
        serverId: 's_1',
        features: { recording: false },
      }) as unknown as JoinResult,
    leave: () => ({}),
    refreshToken: () => ({ expiresAtMs: 0 }),
    resumeTranscript: () => ({ segments: [], firstSeq: 1, lastSeq: 0 }),
  };
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.close();
});

async function joined(options: Partial<HeadlessOptions> = {}): Promise<RoomClient> {
  const client = await joinHeadless({ url: server.url, room: 'daily', ...options });
  clients.push(client);
  return client;
}

const credentials = () => server.handshakes.map((shown) => handshakeSchema.parse(shown).credentials);

describe('joinHeadless', () => {
  test('joins to read along, and asks for no media', async () => {
    const client = await joined({ name: 'Minutes', settings: { language: 'de' } });
    const errors: unknown[] = [];
    client.on('error', ({ error }) => errors.push(error.code));
    expect(client.state).toBe('joined');
    const read = new Promise<string>((resolve) =>
      client.once('segmentUpdated', ({ segment }) => resolve(segment.text)),
    );
    server.notify('segmentCommitted', { segment: committed(1) });
    expect(await read).toBe(committed(1).text);
    expect(server.requests).toEqual([{ name: 'join', request: { room: 'daily', settings: { language: 'de' } } }]);
    expect(errors).toEqual([]);
  });

  test('takes no notice of media that the server announces', async () => {
    const client = await joined({ name: 'Minutes' });
    server.notify('mediaRestarted', { routerRtpCapabilities: {} });
    server.notify('transportClosed', { transportId: 't', reason: 'iceFailed' });
    server.notify('mutedByModerator', { producerIds: ['p'] });
    const read = new Promise((resolve) => client.once('segmentUpdated', resolve));
    server.notify('segmentCommitted', { segment: committed(1) });
    await read;
    expect(client.state).toBe('joined');
  });

  test('is somebody else with each call, unless it is said who', async () => {
    await joined({ name: 'Minutes' });
    await joined({ name: 'Minutes' });
    await joined({ name: 'Minutes', subject: 'the-bot-of-the-board', joinSecret: 'open sesame' });
    const [first, second, third] = credentials();
    expect(first).not.toEqual(second);
    expect(third).toEqual({
      kind: 'guest',
      subject: 'the-bot-of-the-board',
      displayName: 'Minutes',
      joinSecret: 'open sesame',
    });
  });

  test('shows a token, or asks for one each time', async () => {
    await joined({ token: 'a.b.c' });
    let count = 0;
    await joined({ getToken: async () => `token-${++count}` });
    expect(credentials()).toEqual([
      { kind: 'token', token: 'a.b.c' },
      { kind: 'token', token: 'token-1' },
    ]);
    server.notify('tokenExpiring', { expiresAtMs: 1, graceMs: 1 });
    await expect.poll(() => server.last('refreshToken')).toEqual({ token: 'token-2' });
  });

  test('rejects with the code of the server, and leaves no connection behind', async () => {
    server.answers.join = () => {
      throw errorOf('ROOM_LOCKED');
    };
    await expect(joined({ name: 'Minutes' })).rejects.toMatchObject({ code: 'ROOM_LOCKED' });
    await expect.poll(() => server.sockets.length).toBe(0);
  });

  test.each([{}, { name: 'Minutes', token: 'a.b.c' }])('refuses %j: it has to be said once who joins', async (who) => {
    await expect(joined(who)).rejects.toThrow(TypeError);
    expect(server.handshakes).toEqual([]);
  });
});

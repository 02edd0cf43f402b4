import { beforeEach, describe, expect, test } from 'vitest';
import { microphone, producerId } from '../test-support/media.js';
import { joinResult } from '../test-support/room.js';
import type { ScriptedServer } from '../test-support/ScriptedServer.js';
import { committed } from '../test-support/segments.js';
import { eventsOf, next, withClients } from '../test-support/withClients.js';
import type { ParleyClient } from './ParleyClient.js';
import { type Credentials, ParleyError } from './protocol/index.js';

let server: ScriptedServer;
const { newClient, connectedClient, joinedClient } = withClients((started) => {
  server = started;
});

describe('rights', () => {
  const token = (text: string): Credentials => ({ kind: 'token', token: text });

  test('are shown fresh at every connection', async () => {
    const texts = ['one', 'two'];
    const client = newClient({ credentials: async () => token(texts.shift() ?? 'more') });
    await client.connect();
    await client.join({ room: 'daily' });
    server.dismiss(new ParleyError('TOKEN_EXPIRED'));
    await next(client, 'reconnected');
    expect(server.handshakes).toMatchObject([{ credentials: token('one') }, { credentials: token('two') }]);
  });

  test('are renewed before they run out, without a word of the application', async () => {
    server.answers.refreshToken = () => ({ expiresAtMs: 1 });
    const texts = ['one', 'two'];
    const client = newClient({ credentials: async () => token(texts.shift() ?? 'more') });
    await client.connect();
    await client.join({ room: 'daily' });
    server.notify('tokenExpiring', { expiresAtMs: 5, graceMs: 30_000 });
    await expect.poll(() => server.last('refreshToken')).toEqual({ token: 'two' });
    expect(client.state).toBe('joined');
  });

  test('that cannot be renewed are told as an error, and the call goes on while they hold', async () => {
    const texts = ['one'];
    const client = newClient({
      credentials: async () => {
        const text = texts.shift();
        if (text === undefined) throw new Error('no network');
        return token(text);
      },
    });
    await client.connect();
    await client.join({ room: 'daily' });
    const events = eventsOf(client);
    server.notify('tokenExpiring', { expiresAtMs: 5, graceMs: 30_000 });
    await expect.poll(() => events).toEqual(['error UNAUTHENTICATED']);
    expect(client.state).toBe('joined');
  });

  test('change in the middle of a meeting, as does the door', async () => {
    const client = await joinedClient();
    expect(client.grants).toContain('speak');
    server.notify('grantsChanged', { grants: ['join', 'moderate'] });
    server.notify('roomLockChanged', { locked: true });
    await expect.poll(() => [client.grants, client.locked]).toEqual([['join', 'moderate'], true]);
  });

  test('of a moderator mute what somebody publishes, who can unmute it when the server allows it', async () => {
    server.answers.resumeProducer = () => ({});
    const id = producerId();
    server.answers.produce = () => ({ producerId: id });
    const client = await joinedClient();
    const publication = await client.publish(microphone());
    const muted: unknown[] = [];
    client.on('mutedByModerator', (event) => muted.push(event.publications));
    server.notify('mutedByModerator', { producerIds: [id] });
    await expect.poll(() => muted).toEqual([[publication]]);
    expect([publication.muted, publication.track.enabled]).toEqual([true, false]);
    await publication.unmute();
    expect([publication.muted, publication.track.enabled]).toEqual([false, true]);
    expect(server.last('resumeProducer')).toBeDefined();
  });

  test('H12 of a moderator mute for as long as they want: what the server does not unmute is muted here, too', async () => {
    const client = await joinedClient();
    const publication = await client.publish(microphone());
    await publication.mute();
    server.answers.resumeProducer = () => {
      throw new ParleyError('MUTED_BY_MODERATOR');
    };
    await expect(publication.unmute()).rejects.toMatchObject({ code: 'MUTED_BY_MODERATOR' });
    expect([publication.muted, publication.track.enabled]).toEqual([true, false]);
    let lifted = 0;
    client.on('muteLifted', () => {
      lifted += 1;
    });
    server.answers.resumeProducer = () => ({});
    server.notify('muteLifted', {});
    await expect.poll(() => lifted).toBe(1);
    expect(publication.muted).toBe(true);
    await publication.unmute();
    expect([publication.muted, publication.track.enabled]).toEqual([false, true]);
  });

  test('to moderate are asked of the server', async () => {
    for (const name of ['muteParticipant', 'liftMute', 'removeParticipant', 'setRoomLocked', 'askToSpeak'] as const) {
      server.answers[name] = () => ({});
    }
    server.answers.endMeeting = () => {
      throw new ParleyError('FORBIDDEN');
    };
    const client = await joinedClient();
    await client.muteParticipant('ben');
    await client.removeParticipant('cy');
    await client.setRoomLocked(true);
    expect(server.last('muteParticipant')).toEqual({ participantId: 'ben' });
    expect(server.last('removeParticipant')).toEqual({ participantId: 'cy' });
    expect(server.last('setRoomLocked')).toEqual({ locked: true });
    await expect(client.endMeeting()).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('a room that a moderator has to admit one to', () => {
  let admitted: boolean;
  beforeEach(() => {
    admitted = false;
    server.answers.join = () => {
      if (!admitted) throw new ParleyError('ADMISSION_REQUIRED');
      return joinResult();
    };
    server.answers.requestAdmission = () => ({});
  });
  const waits = (client: ParleyClient) => expect.poll(() => client.state).toBe('waiting');
  const admit = () => {
    admitted = true;
    server.notify('admitted', { room: 'daily' });
  };

  test('is waited for, and joined when that has happened', async () => {
    const client = await connectedClient();
    const events = eventsOf(client);
    const joining = client.join({ room: 'daily', settings: { language: 'de' } });
    await waits(client);
    expect(server.last('requestAdmission')).toEqual({ room: 'daily' });
    admit();
    await expect(joining).resolves.toMatchObject({ participantId: 'me' });
    expect(server.last('join')).toEqual({ room: 'daily', settings: { language: 'de' } });
    expect(events).toEqual(['waiting', 'joined']);
  });

  test('is joined, too, where the news overtakes the answer', async () => {
    server.answers.requestAdmission = () => {
      admit();
      return {};
    };
    const client = await connectedClient();
    await expect(client.join({ room: 'daily' })).resolves.toBeDefined();
  });

  test('is waited for through lost connections', async () => {
    const client = await connectedClient();
    const joining = client.join({ room: 'daily' });
    await waits(client);
    server.drop();
    await expect.poll(() => server.count('requestAdmission')).toBe(2);
    await waits(client);
    server.drop();
    await expect.poll(() => server.count('requestAdmission')).toBe(3);
    admit();
    await expect(joining).resolves.toBeDefined();
    await expect.poll(() => [client.state, server.count('leave')]).toEqual(['joined', 0]);
  });

  test.each([
    'join',
    'requestAdmission',
  ] as const)('is still waited for where the connection is lost before the answer to %s', async (name) => {
    const client = await connectedClient();
    const joining = client.join({ room: 'daily' });
    await waits(client);
    const answer = server.answers[name];
    Object.assign(server.answers, { [name]: undefined });
    const asked = server.count(name);
    server.drop();
    await expect.poll(() => server.count(name)).toBe(asked + 1);
    Object.assign(server.answers, { [name]: answer });
    server.drop();
    await waits(client);
    await expect.poll(() => server.count('requestAdmission')).toBe(name === 'join' ? 2 : 3);
    admit();
    await expect(joining).resolves.toBeDefined();
    await expect.poll(() => client.state).toBe('joined');
  });

  test('is not waited for after a leave, though the connection is lost before the answer', async () => {
    const client = await connectedClient();
    const joining = client.join({ room: 'daily' });
    await waits(client);
    Object.assign(server.answers, { join: undefined });
    server.drop();
    await expect.poll(() => server.count('join')).toBe(2);
    const left = client.leave();
    server.drop();
    await expect(joining).rejects.toMatchObject({ code: 'NOT_JOINED' });
    await left;
    await expect.poll(() => client.state).toBe('connected');
  });

  test('is not joined by who is refused, and the client is over', async () => {
    const client = await connectedClient();
    const joining = client.join({ room: 'daily' });
    await waits(client);
    server.dismiss(new ParleyError('ADMISSION_REFUSED'));
    await expect(joining).rejects.toMatchObject({ code: 'ADMISSION_REFUSED' });
    expect([client.state, client.disconnectReason]).toEqual(['disconnected', 'refused']);
  });

  test.each(['leave', 'close'] as const)('is not waited for after %s', async (end) => {
    server.answers.leave = () => ({});
    const client = await connectedClient();
    const joining = client.join({ room: 'daily' });
    joining.catch(() => {});
    await waits(client);
    await client[end]();
    await expect(joining).rejects.toMatchObject({ code: end === 'leave' ? 'NOT_JOINED' : 'CLIENT_CLOSED' });
    expect(client.state).toBe(end === 'leave' ? 'connected' : 'disconnected');
    expect(server.count('leave')).toBe(end === 'leave' ? 1 : 0);
  });

  test('refuses who does not want to wait', async () => {
    const client = await connectedClient();
    const joining = client.join({ room: 'daily', waitForAdmission: false });
    await expect(joining).rejects.toMatchObject({ code: 'ADMISSION_REQUIRED' });
    expect(server.count('requestAdmission')).toBe(0);
  });

  test('is known to moderators with those who wait, whom they admit or refuse', async () => {
    admitted = true;
    const waiting = [{ participantId: 'cy', displayName: 'Cy', waitingSinceMs: 5 }];
    server.answers.join = () => joinResult({ grants: ['join', 'moderate'], waitingRoom: true, waiting });
    for (const name of ['admitParticipant', 'refuseParticipant', 'setWaitingRoom'] as const) {
      server.answers[name] = () => ({});
    }
    const client = await joinedClient();
    expect([client.waitingRoom, client.waiting]).toEqual([true, waiting]);
    await client.admitParticipant('cy');
    await client.refuseParticipant('dee');
    await client.setWaitingRoom(false);
    expect(server.last('admitParticipant')).toEqual({ participantId: 'cy' });
    expect(server.last('refuseParticipant')).toEqual({ participantId: 'dee' });
    expect(server.last('setWaitingRoom')).toEqual({ on: false });
    server.notify('waitingChanged', { waiting: [] });
    server.notify('waitingRoomChanged', { on: false });
    await expect.poll(() => [client.waitingRoom, client.waiting]).toEqual([false, []]);
  });
});

describe('a transcript that was deleted', () => {
  test('H11 is forgotten at once, and after a return', async () => {
    server.answers.join = () => joinResult({ grants: ['join', 'readTranscript', 'moderate'] });
    server.answers.deleteTranscript = () => ({});
    const client = await joinedClient();
    const told: unknown[] = [];
    client.on('transcriptDeleted', (event) => void told.push([event, client.transcript.getSnapshot()]));
    server.notify('segmentCommitted', { segment: { ...committed(1), startMs: 1_000 } });
    await expect.poll(() => client.transcript.getSnapshot().length).toBe(1);
    await client.deleteTranscript();
    expect(server.count('deleteTranscript')).toBe(1);
    server.notify('transcriptDeleted', { beforeMs: 5_000 });
    await expect.poll(() => told).toEqual([[{ beforeMs: 5_000 }, []]]);
  });
});

describe('a room whose guests have keys and secrets', () => {
  test('gives the first its moderator key once: the client keeps it, and does not show it on a return', async () => {
    server.answers.join = () => joinResult({ moderatorKey: 'k1' });
    const client = await joinedClient();
    expect(client.moderatorKey).toBe('k1');
    server.answers.join = () => joinResult();
    server.drop();
    await expect.poll(() => [server.count('join'), client.state]).toEqual([2, 'joined']);
    expect([client.moderatorKey, server.last('join')]).toEqual(['k1', { room: 'daily' }]);
  });

  test('forgets the key with its meeting', async () => {
    server.answers.join = () => joinResult({ moderatorKey: 'k1' });
    const client = await joinedClient();
    server.answers.join = () => joinResult({ meetingId: 'm_2' });
    server.drop();
    await expect.poll(() => [client.state, client.moderatorKey]).toEqual(['joined', undefined]);
  });

  test('is joined with them, and the secret is shown at the door, too', async () => {
    server.answers.join = ({ moderatorKey }) => {
      if (moderatorKey === undefined) throw new ParleyError('ADMISSION_REQUIRED');
      return joinResult();
    };
    server.answers.requestAdmission = () => {
      throw new ParleyError('WAITING_ROOM_FULL');
    };
    const client = await connectedClient();
    await expect(client.join({ room: 'daily', roomSecret: 's' })).rejects.toMatchObject({ code: 'WAITING_ROOM_FULL' });
    expect(server.last('requestAdmission')).toEqual({ room: 'daily', roomSecret: 's' });
    await client.join({ room: 'daily', roomSecret: 's', moderatorKey: 'k' });
    expect(server.last('join')).toEqual({ room: 'daily', roomSecret: 's', moderatorKey: 'k' });
    expect(client.moderatorKey).toBe('k');
  });

  test('has a new secret when a moderator wants one, who knows it', async () => {
    server.answers.join = () => joinResult({ roomSecret: 'old' });
    server.answers.renewRoomSecret = () => ({ roomSecret: 'new' });
    const client = await joinedClient();
    expect(client.roomSecret).toBe('old');
    expect(await client.renewRoomSecret()).toBe('new');
    server.notify('roomSecretChanged', { roomSecret: 'new' });
    await expect.poll(() => client.roomSecret).toBe('new');
  });
});

import { describe, expect, test, vi } from 'vitest';
import { microphone } from '../test-support/media.js';
import { joinResult, participant } from '../test-support/room.js';
import type { ScriptedServer } from '../test-support/ScriptedServer.js';
import { committed, interim } from '../test-support/segments.js';
import { eventsOf, next, withClients } from '../test-support/withClients.js';
import { ParleyError } from './protocol/index.js';

let server: ScriptedServer;
const { newClient, joinedClient } = withClients((started) => {
  server = started;
});

describe('after a lost connection', () => {
  test('is back in the room as it was left, and asks only for what it missed', async () => {
    const client = await joinedClient();
    const publication = await client.publish(microphone());
    await publication.mute();
    server.notify('participantJoined', { participant: participant('ben') });
    server.notify('segmentCommitted', { segment: committed(1) });
    server.notify('interimUpdated', { segment: interim('unfinished', { startMs: 9_000 }) });
    await expect.poll(() => client.transcript.getSnapshot().length).toBe(2);
    const events = eventsOf(client);
    server.answers.join = () => joinResult({ lastSeq: 3, participants: [participant('me'), participant('cy')] });
    server.answers.resumeTranscript = () => ({ segments: [committed(2), committed(3)], firstSeq: 1, lastSeq: 3 });
    server.drop();
    await next(client, 'reconnected');
    await expect.poll(() => client.transcript.completeUpTo).toBe(3);
    expect(events).toEqual([
      'reconnecting',
      'CONNECTION_LOST comes back',
      'retracted unfinished',
      '-ben',
      '+cy',
      'joined',
      'reconnected',
      'final s2',
      'final s3',
    ]);
    expect(server.last('resumeTranscript')).toEqual({ afterSeq: 1 });
    expect(server.last('produce')).toMatchObject({ paused: true });
    expect([client.state, publication.closed]).toEqual(['joined', false]);
  });

  test.each([
    ['its own has ended', {}, 'meetingEnded'],
    ['the server was restarted', { serverId: 'server-2' }, 'serverRestarted'],
  ])('begins an empty transcript when the room holds another meeting, and says that %s', async (_, answer, reason) => {
    const client = await joinedClient();
    server.notify('segmentCommitted', { segment: committed(1) });
    await expect.poll(() => client.transcript.getSnapshot().length).toBe(1);
    const events = eventsOf(client);
    server.answers.join = () => joinResult({ meetingId: 'm_2', ...answer });
    server.drop();
    await next(client, 'reconnected');
    expect(client.transcript.getSnapshot()).toEqual([]);
    expect(events.slice(2)).toEqual([`m_1 -> m_2: ${reason}`, 'joined', 'reconnected elsewhere']);
  });

  test('is in the same meeting when only the server is another one', async () => {
    const client = await joinedClient();
    const events = eventsOf(client);
    server.answers.join = () => joinResult({ serverId: 'server-2' });
    server.drop();
    await next(client, 'reconnected');
    expect(events.slice(2)).toEqual(['joined', 'reconnected']);
  });

  test('that ran out of its only token is told to be over because of it', async () => {
    const client = await joinedClient();
    const events = eventsOf(client);
    server.refuse = new ParleyError('UNAUTHENTICATED').toWire();
    server.dismiss(new ParleyError('TOKEN_EXPIRED'));
    await expect.poll(() => client.state, { timeout: 5_000 }).toBe('disconnected');
    expect(events.at(-1)).toBe('disconnected: tokenExpired');
  });

  test.each([
    ['REMOVED', 'removed'],
    ['MEETING_ENDED', 'meetingEnded'],
    ['SIGNED_OUT', 'signedOut'],
  ] as const)('by %s is not sought again', async (code, reason) => {
    const client = await joinedClient();
    const events = eventsOf(client);
    server.dismiss(new ParleyError(code));
    await expect.poll(() => events).toEqual([`${code} is over`, `disconnected: ${reason}`]);
    expect([client.disconnectReason, server.handshakes.length]).toEqual([reason, 1]);
  });

  test('keeps the reason for its end when the application closes it as soon as it is told', async () => {
    const client = await joinedClient();
    const events = eventsOf(client);
    client.on('disconnected', () => {
      events.push(`for ${client.disconnectReason}`);
      client.close();
    });
    server.dismiss(new ParleyError('REMOVED'));
    await expect.poll(() => events).toEqual(['REMOVED is over', 'for removed', 'disconnected: removed']);
    expect(client.disconnectReason).toBe('removed');
  });

  test('gives up when it has tried for too long', async () => {
    const client = newClient({ reconnectTimeoutMs: 100 });
    await client.connect();
    await client.join({ room: 'daily' });
    const events = eventsOf(client);
    server.refuse = new ParleyError('INTERNAL').toWire();
    server.drop();
    await expect.poll(() => client.state, { timeout: 5_000 }).toBe('disconnected');
    expect(events).toEqual([
      'reconnecting',
      'CONNECTION_LOST comes back',
      'CONNECTION_LOST is over',
      'disconnected: connectionLost',
    ]);
    expect(server.handshakes.length).toBeGreaterThan(1);
  });

  test('does not count the time that the machine has slept', async () => {
    const client = newClient({ reconnectTimeoutMs: 100 });
    await client.connect();
    await client.join({ room: 'daily' });
    server.refuse = new ParleyError('INTERNAL').toWire();
    const now = Date.now.bind(Date);
    const lostAtMs = await new Promise<number>((resolve) => {
      client.once('disconnected', () => {
        // The timer that is running already is late by an hour.
        vi.spyOn(Date, 'now').mockImplementation(() => now() + 3_600_000);
        resolve(performance.now());
      });
      server.drop();
    });
    await expect.poll(() => client.state, { timeout: 5_000 }).toBe('disconnected');
    expect(performance.now() - lostAtMs).toBeGreaterThan(190);
  });

  test('does not publish before it is back', async () => {
    const client = await joinedClient();
    const lost = next(client, 'disconnected');
    server.drop();
    await lost;
    await expect(client.publish(microphone())).rejects.toMatchObject({ code: 'CONNECTION_LOST', retryable: true });
  });

  test('tries on when the room cannot be had for now', async () => {
    const client = await joinedClient();
    const events = eventsOf(client);
    let refusals = 2;
    server.answers.join = () => {
      refusals -= 1;
      if (refusals >= 0) throw new ParleyError('MEDIA_UNAVAILABLE');
      return joinResult();
    };
    server.drop();
    await expect.poll(() => events.at(-1), { timeout: 5_000 }).toBe('reconnected');
    expect(events).toEqual(['reconnecting', 'CONNECTION_LOST comes back', 'joined', 'reconnected']);
    expect(server.count('join')).toBe(4);
  });

  test('is over when the room does not take it back', async () => {
    const client = await joinedClient();
    const events = eventsOf(client);
    server.answers.join = () => {
      throw new ParleyError('INVALID_ROOM_NAME');
    };
    server.drop();
    await expect.poll(() => client.state, { timeout: 5_000 }).toBe('disconnected');
    expect(events).toEqual([
      'reconnecting',
      'CONNECTION_LOST comes back',
      'INVALID_ROOM_NAME is over',
      'disconnected: refused',
    ]);
  });

  test('comes back even if the connection is lost again on the way', async () => {
    const client = await joinedClient();
    const events = eventsOf(client);
    server.answers.join = () => {
      server.answers.join = () => joinResult();
      server.drop();
      return new Promise(() => {});
    };
    server.drop();
    await expect.poll(() => events.at(-1), { timeout: 5_000 }).toBe('reconnected');
    expect(events).toEqual(['reconnecting', 'CONNECTION_LOST comes back', 'joined', 'reconnected']);
  });

  test('tells of a track that it cannot publish again, and is back all the same', async () => {
    const client = await joinedClient();
    const track = microphone();
    await client.publish(track);
    const events = eventsOf(client);
    server.drop();
    track.stop();
    await next(client, 'reconnected');
    expect(events.slice(-3)).toEqual(['error MICROPHONE_NOT_FOUND', 'joined', 'reconnected']);
  });

  test('is over when the same person joins from another window', async () => {
    const client = await joinedClient();
    const events = eventsOf(client);
    server.dismiss(new ParleyError('DUPLICATE_PARTICIPANT'));
    await expect.poll(() => events).toEqual(['DUPLICATE_PARTICIPANT is over', 'disconnected: replaced']);
    expect(server.count('join')).toBe(1);
  });

  test('comes back from a server that restarts', async () => {
    const client = await joinedClient();
    const events = eventsOf(client);
    server.dismiss(new ParleyError('SERVER_SHUTTING_DOWN'));
    await next(client, 'disconnected');
    await server.close();
    await server.open();
    await next(client, 'reconnected');
    expect(events).toEqual(['reconnecting', 'SERVER_SHUTTING_DOWN comes back', 'joined', 'reconnected']);
  });
});

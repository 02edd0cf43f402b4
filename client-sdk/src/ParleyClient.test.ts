import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  announcement,
  fakeDevice,
  microphone,
  producerId,
  ROUTER_RTP_CAPABILITIES,
  transportParameters,
} from '../test-support/media.js';
import { answers, joinResult, participant } from '../test-support/room.js';
import { ScriptedServer } from '../test-support/ScriptedServer.js';
import { committed, interim } from '../test-support/segments.js';
import type { ParleyClientEvents } from './clientEvents.js';
import type { ParleyClientOptions } from './clientOptions.js';
import { ParleyClient } from './ParleyClient.js';
import { type Credentials, ParleyError } from './protocol/index.js';

const credentials: Credentials = { kind: 'guest', subject: 'a-random-subject', displayName: 'Ada' };

let server: ScriptedServer;
const clients: ParleyClient[] = [];
beforeEach(async () => {
  server = await ScriptedServer.create();
  server.answers = answers();
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const client of clients.splice(0)) client.close();
  await server.close();
});

function newClient(options: Partial<ParleyClientOptions> = {}): ParleyClient {
  const { device } = fakeDevice();
  const client = new ParleyClient({
    url: server.url,
    credentials,
    device,
    retryDelayMs: { min: 20, max: 40 },
    ...options,
  });
  clients.push(client);
  return client;
}

async function connectedClient(): Promise<ParleyClient> {
  const client = newClient();
  await client.connect();
  return client;
}

async function joinedClient(): Promise<ParleyClient> {
  const client = await connectedClient();
  await client.join({ room: 'daily' });
  return client;
}

/** Everything that the client tells, in short. */
function eventsOf(client: ParleyClient): string[] {
  const events: string[] = [];
  client.on('stateChanged', ({ state, reason }) => events.push(reason === undefined ? state : `${state}: ${reason}`));
  client.on('participantJoined', ({ participant }) => events.push(`+${participant.participantId}`));
  client.on('participantLeft', ({ participantId }) => events.push(`-${participantId}`));
  client.on('participantUpdated', ({ participant }) => events.push(`~${participant.participantId}`));
  client.on('segmentUpdated', ({ segment }) => events.push(`${segment.status} ${segment.id}`));
  client.on('segmentRetracted', ({ segmentId }) => events.push(`retracted ${segmentId}`));
  client.on('disconnected', ({ error, willReconnect }) =>
    events.push(`${error.code} ${willReconnect ? 'comes back' : 'is over'}`),
  );
  client.on('reconnected', ({ resumed }) => events.push(resumed ? 'reconnected' : 'reconnected elsewhere'));
  client.on('meetingChanged', ({ meetingId, previousMeetingId, reason }) =>
    events.push(`${previousMeetingId} -> ${meetingId}: ${reason}`),
  );
  client.on('error', ({ error }) => events.push(`error ${error.code}`));
  return events;
}

const next = (client: ParleyClient, name: keyof ParleyClientEvents) =>
  new Promise<void>((resolve) => client.once(name, () => resolve()));

/** An answer that a test gives when it likes. */
function held<T>(value: () => T) {
  let give: () => void = () => {};
  const answer = () =>
    new Promise<T>((resolve) => {
      give = () => resolve(value());
    });
  return { answer, give: () => give() };
}

describe('connecting', () => {
  test('goes by its states, once for all who ask', async () => {
    const client = newClient();
    const events = eventsOf(client);
    expect(client.state).toBe('idle');
    await Promise.all([client.connect(), client.connect()]);
    await client.connect();
    expect(events).toEqual(['connecting', 'connected']);
    expect(server.handshakes).toHaveLength(1);
  });

  test('fails with the code of the server, and can be tried again', async () => {
    server.refuse = new ParleyError('JOIN_SECRET_REQUIRED').toWire();
    const client = newClient();
    const events = eventsOf(client);
    await expect(client.connect()).rejects.toMatchObject({ code: 'JOIN_SECRET_REQUIRED' });
    expect(client.state).toBe('idle');
    server.refuse = undefined;
    await client.connect();
    expect(events).toEqual(['connecting', 'idle', 'connecting', 'connected']);
  });

  test('ends when the client is closed, which stays closed', async () => {
    const client = newClient();
    const connecting = client.connect();
    client.close();
    client.close();
    await expect(connecting).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    expect(client.state).toBe('disconnected');
    await expect(client.connect()).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    await expect(client.join({ room: 'daily' })).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    await expect(client.publish(microphone())).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  });

  test('needs an address where there is no page', () => {
    expect(() => new ParleyClient({ credentials })).toThrow(TypeError);
  });
});

describe('joining', () => {
  test('says who is there and what was said before', async () => {
    server.answers.join = () => joinResult({ lastSeq: 2, participants: [participant('me'), participant('ben')] });
    server.answers.resumeTranscript = () => ({ segments: [committed(1), committed(2)], firstSeq: 1, lastSeq: 2 });
    const client = await joinedClient();
    expect(client.state).toBe('joined');
    expect(client.self?.participantId).toBe('me');
    expect([...client.participants.keys()]).toEqual(['me', 'ben']);
    expect(client.transcription?.model.demo).toBe(true);
    await expect.poll(() => client.transcript.getSnapshot().map(({ id }) => id)).toEqual(['s1', 's2']);
  });

  test('loses nothing that overtakes the answer, and tells it afterwards', async () => {
    server.answers.join = () => {
      server.notify('participantJoined', { participant: participant('ben') });
      server.notify('segmentCommitted', { segment: committed(1) });
      return joinResult();
    };
    const client = newClient();
    await client.connect();
    const events = eventsOf(client);
    await client.join({ room: 'daily' });
    expect(events).toEqual(['joined', '+ben', 'final s1']);
    expect([...client.participants.keys()]).toEqual(['me', 'ben']);
  });

  test('hears those who are there, unless it does not want to', async () => {
    server.answers.createTransport = () => {
      server.notify('consumerCreated', announcement({ participantId: 'ben' }));
      return transportParameters();
    };
    const client = await connectedClient();
    const heard: string[] = [];
    client.on('trackSubscribed', ({ participantId, track }) => heard.push(`${participantId} ${track.kind}`));
    client.on('trackUnsubscribed', ({ participantId }) => heard.push(`${participantId} no more`));
    await client.join({ room: 'daily' });
    await expect.poll(() => heard).toEqual(['ben audio']);
    await client.leave();
    expect(heard).toEqual(['ben audio', 'ben no more']);
    const before = server.count('createTransport');
    await client.join({ room: 'daily', playback: false });
    expect(server.count('createTransport')).toBe(before);
  });

  test('works without WebRTC for who only reads along', async () => {
    const client = new ParleyClient({ url: server.url, credentials });
    clients.push(client);
    const events = eventsOf(client);
    await client.connect();
    await client.join({ room: 'daily', playback: false });
    expect(events).toEqual(['connecting', 'connected', 'joined']);
    await expect(client.publish(microphone())).rejects.toMatchObject({ code: 'BROWSER_UNSUPPORTED' });
  });

  test('is refused twice, and can be tried again after a refusal', async () => {
    const client = await connectedClient();
    server.answers.join = () => {
      throw new ParleyError('ROOM_FULL');
    };
    await expect(client.join({ room: 'daily' })).rejects.toMatchObject({ code: 'ROOM_FULL' });
    expect([client.state, client.self]).toEqual(['connected', undefined]);
    server.answers.join = () => joinResult();
    await expect(client.join({ room: 'daily' })).resolves.toMatchObject({ room: 'daily' });
    await expect(client.join({ room: 'other' })).rejects.toMatchObject({ code: 'ALREADY_JOINED' });
  });

  test('leaves the room again when its media cannot be had', async () => {
    server.answers.createTransport = () => {
      throw new ParleyError('MEDIA_UNAVAILABLE');
    };
    const client = await connectedClient();
    await expect(client.join({ room: 'daily' })).rejects.toMatchObject({ code: 'MEDIA_UNAVAILABLE' });
    expect([server.count('leave'), client.state, client.participants.size]).toEqual([1, 'connected', 0]);
  });

  test('gets rid of an earlier join that took effect after it had been given up', async () => {
    let inRoom = true;
    server.answers.join = () => {
      if (inRoom) throw new ParleyError('ALREADY_JOINED');
      return joinResult();
    };
    server.answers.leave = () => {
      inRoom = false;
      return {};
    };
    const client = await joinedClient();
    expect(client.state).toBe('joined');
  });

  test('fails when the connection is lost on the way, and the client is just connected afterwards', async () => {
    const client = await connectedClient();
    server.answers.join = () => new Promise(() => {});
    const joining = client.join({ room: 'daily' });
    await expect.poll(() => server.count('join')).toBe(1);
    const lost = next(client, 'disconnected');
    server.drop();
    await lost;
    expect(client.state).toBe('reconnecting');
    await expect(joining).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await expect.poll(() => client.state, { timeout: 5_000 }).toBe('connected');
    expect(server.count('join')).toBe(1);
  });
});

describe('leaving', () => {
  test('ends sending and hearing, keeps the connection and the transcript, and can be called twice', async () => {
    const client = await joinedClient();
    const publication = await client.publish(microphone());
    server.notify('segmentCommitted', { segment: committed(1) });
    await expect.poll(() => client.transcript.completeUpTo).toBe(1);
    await Promise.all([client.leave(), client.leave()]);
    await client.leave();
    expect([client.state, client.participants.size, client.self]).toEqual(['connected', 0, undefined]);
    expect(publication.closed).toBe(true);
    expect(client.transcript.getSnapshot()).toHaveLength(1);
    expect(server.count('leave')).toBe(1);
    await expect(client.publish(microphone())).rejects.toMatchObject({ code: 'NOT_JOINED' });
  });

  test('while joining ends both, on the server, too', async () => {
    const client = await connectedClient();
    const { answer, give } = held(joinResult);
    server.answers.join = answer;
    const joining = client.join({ room: 'daily' });
    await expect.poll(() => server.count('join')).toBe(1);
    const leaving = client.leave();
    give();
    await expect(joining).rejects.toMatchObject({ code: 'NOT_JOINED' });
    await leaving;
    expect([client.state, client.self, server.count('leave')]).toEqual(['connected', undefined, 1]);
  });

  test('in the same breath as joining asks the server for nothing', async () => {
    const client = await connectedClient();
    const joining = expect(client.join({ room: 'daily' })).rejects.toMatchObject({ code: 'NOT_JOINED' });
    await client.leave();
    await joining;
    expect([client.state, server.requests]).toEqual(['connected', []]);
  });

  test('does not wait for media that are on their way', async () => {
    const client = await connectedClient();
    server.answers.createTransport = () => new Promise<never>(() => {});
    const joining = client.join({ room: 'daily' });
    await expect.poll(() => server.count('createTransport')).toBe(1);
    const leaving = client.leave();
    await expect(joining).rejects.toMatchObject({ code: 'NOT_JOINED' });
    await leaving;
    expect(server.count('leave')).toBe(1);
  });

  test('and joining in one breath ends in the new room', async () => {
    const client = await joinedClient();
    server.answers.join = ({ room }) => joinResult({ room, meetingId: 'm_2' });
    const leaving = client.leave();
    const joined = await client.join({ room: 'other' });
    await leaving;
    expect(joined.room).toBe('other');
    expect(server.requests.map(({ name }) => name).filter((name) => /join|leave/.test(name))).toEqual([
      'join',
      'leave',
      'join',
    ]);
    expect(client.state).toBe('joined');
  });

  test('hears nothing of the room any more', async () => {
    const client = await joinedClient();
    const { answer, give } = held(() => ({}) as Record<string, never>);
    server.answers.leave = answer;
    const leaving = client.leave();
    await expect.poll(() => server.count('leave')).toBe(1);
    const events = eventsOf(client);
    server.notify('participantJoined', { participant: participant('ben') });
    give();
    await leaving;
    expect([events, client.participants.size]).toEqual([[], 0]);
  });

  test('is done by a new connection when the server does not let go', async () => {
    const client = await joinedClient();
    server.answers.leave = () => {
      throw new ParleyError('INTERNAL');
    };
    await client.leave();
    await expect.poll(() => server.handshakes.length, { timeout: 5_000 }).toBe(2);
    await expect.poll(() => client.state).toBe('connected');
  });

  test('while the connection is lost brings back a client without a room', async () => {
    const client = await joinedClient();
    const lost = next(client, 'disconnected');
    server.drop();
    await lost;
    const leaving = client.leave();
    expect(client.state).toBe('reconnecting');
    await leaving;
    await expect.poll(() => client.state, { timeout: 5_000 }).toBe('connected');
    expect(server.count('join')).toBe(1);
  });

  test('while it comes back leaves, whatever the server has answered', async () => {
    const client = await joinedClient();
    const { answer, give } = held(joinResult);
    server.answers.join = answer;
    server.drop();
    await expect.poll(() => server.count('join'), { timeout: 5_000 }).toBe(2);
    const leaving = client.leave();
    server.answers.join = ({ room }) => joinResult({ room });
    const joining = client.join({ room: 'other' });
    give();
    await leaving;
    await expect(joining).resolves.toMatchObject({ room: 'other' });
    expect(client.state).toBe('joined');
    expect(server.count('leave')).toBe(1);
  });
});

describe('closing', () => {
  test('after leaving is leaving; after joining again it is not', async () => {
    const gone = await joinedClient();
    const events = eventsOf(gone);
    await gone.leave();
    gone.close();
    expect(events).toEqual(['connected', 'disconnected: left']);
    const back = await joinedClient();
    await back.leave();
    await back.join({ room: 'daily' });
    back.close();
    expect(back.disconnectReason).toBe('closed');
  });

  test('ends a join that is on its way, wherever it is', async () => {
    for (const step of ['join', 'createTransport'] as const) {
      const client = await connectedClient();
      server.answers[step] = () => new Promise<never>(() => {});
      const before = server.count(step);
      const joining = client.join({ room: 'daily' });
      await expect.poll(() => server.count(step)).toBe(before + 1);
      client.close();
      await expect(joining).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
      expect([client.state, client.self]).toEqual(['disconnected', undefined]);
      server.answers.join = () => joinResult();
    }
  });

  test('ends a publishing that is on its way', async () => {
    const client = await joinedClient();
    server.answers.produce = () => new Promise<never>(() => {});
    const publishing = client.publish(microphone());
    await expect.poll(() => server.count('produce')).toBe(1);
    client.close();
    await expect(publishing).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  });

  test('tells its state last, and leaves the transcript to be read', async () => {
    const client = await joinedClient();
    server.notify('segmentCommitted', { segment: committed(1) });
    await expect.poll(() => client.transcript.completeUpTo).toBe(1);
    const events = eventsOf(client);
    client.close();
    expect(events).toEqual(['disconnected: closed']);
    expect(client.disconnectReason).toBe('closed');
    expect(client.transcript.getSnapshot()).toHaveLength(1);
    await expect.poll(() => server.sockets.length).toBe(0);
  });
});

describe('in the room', () => {
  test('follows participants, speech and the recogniser', async () => {
    const client = await joinedClient();
    const events = eventsOf(client);
    client.on('speechStarted', ({ participantId }) => events.push(`${participantId} speaks`));
    client.on('speechEnded', ({ participantId }) => events.push(`${participantId} is silent`));
    client.on('transcriptionChanged', ({ transcription }) => events.push(transcription.state));
    server.notify('participantJoined', { participant: participant('ben') });
    server.notify('speechStarted', { participantId: 'ben', track: 'microphone', atMs: 0 });
    await expect.poll(() => client.participants.get('ben')?.speaking).toBe(true);
    server.notify('speechEnded', { participantId: 'ben', track: 'microphone', atMs: 1 });
    server.notify('participantUpdated', { participant: participant('ben', { muted: true }) });
    server.notify('transcriptionChanged', { transcription: { ...joinResult().transcription, state: 'unavailable' } });
    server.notify('participantLeft', { participantId: 'ben', reason: 'left' });
    await expect.poll(() => events).toEqual(['+ben', 'ben speaks', 'ben is silent', '~ben', 'unavailable', '-ben']);
    expect([client.participants.has('ben'), client.transcription?.state]).toEqual([false, 'unavailable']);
  });

  test('follows what is said, and asks for what is missing', async () => {
    const client = await joinedClient();
    const events = eventsOf(client);
    const fetched: string[] = [];
    client.on('segmentUpdated', ({ segment, live }) => {
      if (!live) fetched.push(segment.id);
    });
    server.answers.resumeTranscript = () => ({ segments: [committed(2)], firstSeq: 1, lastSeq: 3 });
    server.notify('interimUpdated', { segment: interim('s1') });
    server.notify('interimUpdated', { segment: interim('noise') });
    server.notify('interimRetracted', { segmentId: 'noise' });
    server.notify('segmentCommitted', { segment: committed(1) });
    server.notify('segmentCommitted', { segment: committed(3) });
    await expect
      .poll(() => events)
      .toEqual(['interim s1', 'interim noise', 'retracted noise', 'final s1', 'final s3', 'final s2']);
    expect(server.last('resumeTranscript')).toEqual({ afterSeq: 1 });
    expect(fetched).toEqual(['s2']);
  });

  test('publishes a track, mutes it and ends it', async () => {
    const client = await joinedClient();
    const publication = await client.publish(microphone());
    await publication.mute();
    await publication.close();
    const names = server.requests.map(({ name }) => name);
    expect(names.slice(-3)).toEqual(['produce', 'pauseProducer', 'closeProducer']);
  });

  test('stays in the room when the media of the server restart', async () => {
    const client = await joinedClient();
    await client.publish(microphone());
    server.notify('mediaRestarted', { routerRtpCapabilities: ROUTER_RTP_CAPABILITIES });
    await expect.poll(() => server.count('produce')).toBe(2);
    expect([server.count('join'), server.count('leave'), client.state]).toEqual([1, 0, 'joined']);
  });

  test('makes a new connection when media cannot be had on this one', async () => {
    const client = await joinedClient();
    const events = eventsOf(client);
    await client.publish(microphone());
    const { createTransport } = server.answers;
    server.answers.createTransport = () => {
      throw new ParleyError('TOO_MANY_TRANSPORTS');
    };
    const lost = next(client, 'disconnected');
    server.notify('mediaRestarted', { routerRtpCapabilities: ROUTER_RTP_CAPABILITIES });
    await lost;
    server.answers = { ...server.answers, createTransport };
    await next(client, 'reconnected');
    expect(server.count('produce')).toBe(2);
    expect(events).toEqual(['reconnecting', 'TOO_MANY_TRANSPORTS comes back', 'joined', 'reconnected']);
  });
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

describe('the captions of a room', () => {
  test('tells what speakers, books and settings do, as the server tells it', async () => {
    const client = await joinedClient();
    const seen: unknown[] = [];
    for (const name of ['trackActivity', 'trackStateChanged', 'ledgerUpdated', 'transcriptionDegraded'] as const) {
      client.on(name, (payload) => seen.push([name, payload]));
    }
    const whose = { participantId: 'p_1', track: 'microphone' } as const;
    const activity = { type: 'wakePhraseDetected', phrase: 'hey parley', score: 0.9, atMs: 10 } as const;
    server.notify('trackActivity', { ...whose, activity });
    server.notify('trackStateChanged', { ...whose, state: 'speaking' });
    await expect
      .poll(() => seen)
      .toEqual([
        ['trackActivity', { ...whose, activity }],
        ['trackStateChanged', { ...whose, state: 'speaking' }],
      ]);
  });

  test('keeps in mind whether the recogniser is behind', async () => {
    const client = await joinedClient();
    const degradation = { level: 2, reason: 'Many people speak.', interimIntervalFactor: 4 } as const;
    server.notify('transcriptionDegraded', degradation);
    await next(client, 'transcriptionDegraded');
    expect(client.transcription?.degradation).toEqual(degradation);
    server.notify('transcriptionRecovered', {});
    await next(client, 'transcriptionRecovered');
    expect(client.transcription).toBeDefined();
    expect(client.transcription?.degradation).toBeUndefined();
  });

  test('asks for books and diagnostics, and changes settings', async () => {
    server.answers.getLedger = () => ({ ledgers: [] });
    server.answers.subscribeDiagnostics = () => ({});
    server.answers.updateSettings = () => {
      throw new ParleyError('INVALID_SETTINGS');
    };
    const client = await joinedClient();
    expect(await client.getLedger()).toEqual([]);
    await client.subscribeDiagnostics(true);
    expect(server.last('subscribeDiagnostics')).toEqual({ on: true });
    const change = { scope: 'participant', settings: { language: 'xx-yy' } } as const;
    await expect(client.updateSettings(change)).rejects.toMatchObject({ code: 'INVALID_SETTINGS' });
    expect(server.last('updateSettings')).toEqual(change);
  });

  test("brings one's own settings along when joining", async () => {
    const client = await connectedClient();
    await client.join({ room: 'daily', settings: { language: 'de' } });
    expect(server.last('join')).toEqual({ room: 'daily', settings: { language: 'de' } });
  });
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

import { describe, expect, onTestFinished, test } from 'vitest';
import { announcement, microphone, ROUTER_RTP_CAPABILITIES, transportParameters } from '../test-support/media.js';
import { joinResult, participant } from '../test-support/room.js';
import type { ScriptedServer } from '../test-support/ScriptedServer.js';
import { committed, interim } from '../test-support/segments.js';
import { credentials, eventsOf, held, next, withClients } from '../test-support/withClients.js';
import { ParleyClient } from './ParleyClient.js';
import { ParleyError } from './protocol/index.js';

let server: ScriptedServer;
const { newClient, connectedClient, joinedClient } = withClients((started) => {
  server = started;
});

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
    // Without the fake device, as in Node.
    const client = new ParleyClient({ url: server.url, credentials });
    onTestFinished(() => client.close());
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

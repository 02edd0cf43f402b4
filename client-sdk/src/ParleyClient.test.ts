import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateRouterRtpCapabilities } from 'mediasoup-client/fakeParameters';
import { Server, type Socket } from 'socket.io';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ParleyClient } from './ParleyClient.js';
import {
  type Ack,
  type CommittedSegment,
  type Credentials,
  type JoinResult,
  ParleyError,
  type Participant,
  type WireError,
} from './protocol/index.js';
import { SignalingChannel } from './signaling/SignalingChannel.js';

const credentials: Credentials = { kind: 'guest', subject: 'a-random-subject', displayName: 'Ada' };

// The browser's WebRTC is not here; what a client does with it is shown by the browser tests.
vi.mock('./media/MediaSession.js', () => ({
  MediaSession: {
    create: () =>
      Promise.resolve({
        close() {},
        owns: () => false,
        publish: () => Promise.resolve(),
        consume: () => Promise.resolve(),
      }),
  },
}));

type Answer = (request: never) => unknown;

/** A server that speaks the protocol as far as a test tells it to. */
class FakeServer {
  readonly #http: HttpServer = createServer();
  readonly #io = new Server(this.#http, { transports: ['websocket'] });
  readonly requests: { name: string; request: unknown }[] = [];
  readonly sockets: Socket[] = [];
  refuse: WireError | undefined;
  answers: Record<string, Answer> = {};

  async listen(): Promise<string> {
    this.#io.use((_socket, next) => {
      const error = this.refuse;
      next(
        error === undefined ? undefined : Object.assign(new Error(error.code), { data: { code: error.code, error } }),
      );
    });
    this.#io.on('connection', (socket) => {
      this.sockets.push(socket);
      socket.onAny((name: string, request: never, ack: (answer: Ack<unknown>) => void) => {
        this.requests.push({ name, request });
        const answer = this.answers[name];
        if (answer === undefined) return;
        try {
          ack({ ok: true, data: answer(request) });
        } catch (error) {
          ack({ ok: false, error: (error as ParleyError).toWire() });
        }
      });
    });
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  count(name: string): number {
    return this.requests.filter((request) => request.name === name).length;
  }

  dismiss(error: ParleyError): void {
    for (const socket of this.sockets.splice(0)) {
      socket.emit('dismissed', { error: error.toWire() });
      socket.disconnect(true);
    }
  }

  /** As a broken network does. */
  drop(): void {
    for (const socket of this.sockets.splice(0)) socket.conn.close();
  }

  async close(): Promise<void> {
    await this.#io.close();
  }
}

let server: FakeServer;
let url: string;
const clients: { close(): void }[] = [];
beforeEach(async () => {
  server = new FakeServer();
  url = await server.listen();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.close();
});

function participant(participantId: string): Participant {
  return { participantId, displayName: participantId, joinedAtMs: 0, publishing: false, muted: false, speaking: false };
}

function joinResult(overrides: Partial<JoinResult> = {}): JoinResult {
  return {
    room: 'daily',
    meetingId: 'm_1',
    meetingStartedAtMs: 0,
    participantId: 'me',
    participants: [participant('me')],
    routerRtpCapabilities: generateRouterRtpCapabilities() as JoinResult['routerRtpCapabilities'],
    iceServers: [],
    lastSeq: 0,
    transcription: {
      state: 'ready',
      mode: 'balanced',
      model: { name: 'parley-nano', demo: true },
      engine: { name: 'x', device: 'cpu', deviceName: 'x' },
    },
    ...overrides,
  };
}

function final(seq: number, meetingId = 'm_1'): CommittedSegment {
  return {
    id: `${meetingId}-s${seq}`,
    meetingId,
    participantId: 'p',
    displayName: 'Ben',
    track: 'microphone',
    startMs: seq * 1_000,
    endMs: seq * 1_000 + 500,
    text: `sentence ${seq}`,
    language: 'en',
    confidence: 1,
    revision: 1,
    status: 'final',
    seq,
  };
}

function newClient(): ParleyClient {
  const client = new ParleyClient({ url, credentials });
  clients.push(client);
  return client;
}

async function joinedClient(): Promise<ParleyClient> {
  server.answers.join ??= () => joinResult();
  server.answers.resumeTranscript ??= () => ({ segments: [], firstSeq: 0, lastSeq: 0 });
  const client = newClient();
  await client.connect();
  await client.join({ room: 'daily' });
  return client;
}

describe('SignalingChannel', () => {
  async function channel(options: { requestTimeoutMs?: number } = {}): Promise<SignalingChannel> {
    const opened = new SignalingChannel({ url, credentials, ...options });
    clients.push(opened);
    await opened.connect();
    return opened;
  }

  test('rejects with the code of the server when it is refused', async () => {
    server.refuse = new ParleyError('JOIN_SECRET_REQUIRED').toWire();
    await expect(channel()).rejects.toMatchObject({ code: 'JOIN_SECRET_REQUIRED', retryable: false });
  });

  test('rejects with CONNECTION_FAILED when nobody is there', async () => {
    const unreachable = new SignalingChannel({ url: 'http://127.0.0.1:1', credentials });
    clients.push(unreachable);
    await expect(unreachable.connect()).rejects.toMatchObject({ code: 'CONNECTION_FAILED', retryable: true });
  });

  test('settles a request with its answer, its error, its timeout, or the loss of the connection', async () => {
    const opened = await channel({ requestTimeoutMs: 100 });
    server.answers.leave = () => ({});
    await expect(opened.request('leave', {})).resolves.toEqual({});
    server.answers.leave = () => {
      throw new ParleyError('NOT_JOINED');
    };
    await expect(opened.request('leave', {})).rejects.toMatchObject({ code: 'NOT_JOINED' });
    delete server.answers.leave;
    await expect(opened.request('leave', {})).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' });
    const waiting = opened.request('join', { room: 'daily' });
    server.drop();
    await expect(waiting).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });

  test('rejects what is asked after, and what waits at, its end', async () => {
    const opened = await channel();
    const waiting = opened.request('leave', {});
    opened.close();
    await expect(waiting).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    await expect(opened.request('leave', {})).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  });

  test('comes back after a dismissal only when its code says that this may work', async () => {
    const opened = await channel();
    const losses: { code: string; willReconnect: boolean }[] = [];
    opened.on('disconnected', ({ error, willReconnect }) => losses.push({ code: error.code, willReconnect }));
    const back = new Promise((resolve) => opened.once('reconnected', resolve));
    server.dismiss(new ParleyError('SERVER_SHUTTING_DOWN', { retryAfterMs: 10 }));
    await back;
    server.dismiss(new ParleyError('DUPLICATE_PARTICIPANT'));
    await expect
      .poll(() => losses)
      .toEqual([
        { code: 'SERVER_SHUTTING_DOWN', willReconnect: true },
        { code: 'DUPLICATE_PARTICIPANT', willReconnect: false },
      ]);
    expect(opened.connected).toBe(false);
  });
});

describe('ParleyClient', () => {
  test('joins, knows who is there, and reads what was said before', async () => {
    server.answers.join = () => joinResult({ lastSeq: 2, participants: [participant('me'), participant('ben')] });
    server.answers.resumeTranscript = () => ({ segments: [final(1), final(2)], firstSeq: 1, lastSeq: 2 });
    const client = await joinedClient();
    expect(client.state).toBe('joined');
    expect(client.self?.participantId).toBe('me');
    expect([...client.participants.keys()]).toEqual(['me', 'ben']);
    expect(client.transcription?.model.demo).toBe(true);
    await expect
      .poll(() => client.transcript.getSnapshot().map(({ text }) => text))
      .toEqual(['sentence 1', 'sentence 2']);
  });

  test('loses no notification that overtakes the answer to its join', async () => {
    server.answers.join = () => {
      for (const socket of server.sockets) {
        socket.emit('participantJoined', { participant: participant('ben') });
        socket.emit('segmentCommitted', { segment: final(1) });
      }
      return joinResult();
    };
    const client = await joinedClient();
    await expect.poll(() => [...client.participants.keys()]).toEqual(['me', 'ben']);
    expect(client.transcript.getSnapshot()).toHaveLength(1);
  });

  test('follows participants, speech and segments', async () => {
    const client = await joinedClient();
    const seen: string[] = [];
    client.on('segmentUpdated', ({ segment }) => seen.push(`${segment.status} ${segment.text}`));
    client.on('segmentRetracted', ({ segmentId }) => seen.push(`retracted ${segmentId}`));
    const [socket] = server.sockets;
    socket?.emit('participantJoined', { participant: participant('ben') });
    socket?.emit('speechStarted', { participantId: 'ben', track: 'microphone', atMs: 0 });
    socket?.emit('interimUpdated', { segment: { ...final(1), status: 'interim', text: 'sen', seq: undefined } });
    socket?.emit('interimUpdated', { segment: { ...final(2), id: 'noise', status: 'interim', seq: undefined } });
    socket?.emit('interimRetracted', { segmentId: 'noise' });
    socket?.emit('segmentCommitted', { segment: final(1) });
    await expect.poll(() => seen).toEqual(['interim sen', 'interim sentence 2', 'retracted noise', 'final sentence 1']);
    expect(client.participants.get('ben')?.speaking).toBe(true);
    socket?.emit('participantLeft', { participantId: 'ben', reason: 'left' });
    await expect.poll(() => client.participants.has('ben')).toBe(false);
  });

  test('joins again after a lost connection and asks only for what it missed', async () => {
    const client = await joinedClient();
    const [socket] = server.sockets;
    socket?.emit('segmentCommitted', { segment: final(1) });
    await expect.poll(() => client.transcript.completeUpTo).toBe(1);
    server.answers.join = () => joinResult({ lastSeq: 3 });
    server.answers.resumeTranscript = () => ({ segments: [final(2), final(3)], firstSeq: 1, lastSeq: 3 });
    const back = new Promise((resolve) => client.once('reconnected', () => resolve(undefined)));
    server.drop();
    await expect.poll(() => client.state).toBe('reconnecting');
    await back;
    await expect.poll(() => client.transcript.completeUpTo).toBe(3);
    expect(server.requests.filter(({ name }) => name === 'resumeTranscript').at(-1)?.request).toEqual({ afterSeq: 1 });
    expect(client.state).toBe('joined');
  }, 15_000);

  test('begins an empty transcript when it comes back into another meeting', async () => {
    const client = await joinedClient();
    server.sockets[0]?.emit('segmentCommitted', { segment: final(1) });
    await expect.poll(() => client.transcript.getSnapshot().length).toBe(1);
    server.answers.join = () => joinResult({ meetingId: 'm_2' });
    const back = new Promise((resolve) => client.once('reconnected', () => resolve(undefined)));
    server.drop();
    await back;
    expect(client.transcript.getSnapshot()).toEqual([]);
  }, 15_000);

  test('is over when the same person joins from another window', async () => {
    const client = await joinedClient();
    const ended = new Promise<{ error: ParleyError; willReconnect: boolean }>((resolve) =>
      client.once('disconnected', resolve),
    );
    server.dismiss(new ParleyError('DUPLICATE_PARTICIPANT'));
    expect(await ended).toMatchObject({ error: { code: 'DUPLICATE_PARTICIPANT' }, willReconnect: false });
    expect(client.state).toBe('closed');
    expect(server.count('join')).toBe(1);
  });

  test('refuses a second join, a track without a room, and everything after its end', async () => {
    const client = await joinedClient();
    await expect(client.join({ room: 'other' })).rejects.toMatchObject({ code: 'ALREADY_JOINED' });
    server.answers.leave = () => ({});
    await client.leave();
    await client.leave();
    expect(client.state).toBe('connected');
    await expect(client.publish({} as MediaStreamTrack)).rejects.toMatchObject({ code: 'NOT_JOINED' });
    client.close();
    client.close();
    await expect(client.connect()).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  });

  test('can be asked again after a join that was refused', async () => {
    server.answers.join = () => {
      throw new ParleyError('ROOM_FULL');
    };
    const client = newClient();
    await client.connect();
    await expect(client.join({ room: 'daily' })).rejects.toMatchObject({ code: 'ROOM_FULL' });
    server.answers.join = () => joinResult();
    await expect(client.join({ room: 'daily' })).resolves.toMatchObject({ room: 'daily' });
  });

  test('closed while it connects, it stays closed and the wait ends', async () => {
    const client = newClient();
    const connecting = client.connect();
    client.close();
    await expect(connecting).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    expect(client.state).toBe('closed');
  });
});

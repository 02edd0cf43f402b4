import { type Ack, LIMITS, PROTOCOL_VERSION, type RequestName } from '@parley/client-sdk/protocol';
import { requestSchemas } from '@parley/client-sdk/protocol/schema';
import { type Server, startServer } from '@parley/server';
import { resourcesOf } from '@parley/server/testing';
import { pino } from 'pino';
import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, httpsGet } from '../support/httpsGet.js';

const logger = pino({ level: 'silent' });
const NAMES = Object.keys(requestSchemas) as RequestName[];
const RECV_CAPABILITIES = {
  codecs: [{ kind: 'audio', mimeType: 'audio/opus', preferredPayloadType: 100, clockRate: 48_000, channels: 2 }],
};

let server: Server;
const sockets: Socket[] = [];
beforeAll(async () => {
  server = await startServer({
    settings: {
      port: 0,
      media: { port: 0 },
      model: 'parley-nano',
      meetingEndDelayMs: 50,
      limits: { messageBurst: 10_000 },
    },
    logger,
  });
}, 60_000);
afterAll(() => server?.close());
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.disconnect();
});

interface ClientOptions {
  subject?: string;
  displayName?: string;
  auth?: unknown;
  url?: string;
  headers?: Record<string, string>;
}

function open(options: ClientOptions = {}): Socket {
  const { subject = `subject-${Math.random().toString(36).slice(2)}-abcdefgh`, displayName = 'Ada' } = options;
  const credentials = { kind: 'guest', subject, displayName };
  const socket = io(options.url ?? server.url, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    rejectUnauthorized: false,
    auth: (options.auth ?? { protocolVersion: PROTOCOL_VERSION, credentials }) as Record<string, unknown>,
    ...(options.headers === undefined ? {} : { extraHeaders: options.headers }),
  });
  sockets.push(socket);
  return socket;
}

function connected(socket: Socket): Promise<Socket> {
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket));
    socket.once('connect_error', reject);
  });
}

/** The server's code for a refused connection; `transport` when the upgrade itself was refused. */
function refusalOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('connect', () => resolve('connected'));
    socket.once('connect_error', (error: Error & { data?: { code?: string } }) =>
      resolve(error.data?.code ?? 'transport'),
    );
  });
}

function ask(socket: Socket, name: string, request: unknown): Promise<Ack<Record<string, unknown>>> {
  return socket.timeout(5_000).emitWithAck(name, request) as Promise<Ack<Record<string, unknown>>>;
}

async function codeOf(socket: Socket, name: string, request: unknown): Promise<string> {
  const answer = await ask(socket, name, request);
  return answer.ok ? 'ok' : answer.error.code;
}

async function joined(room: string, options: ClientOptions = {}): Promise<Socket> {
  const socket = await connected(open(options));
  expect(await codeOf(socket, 'join', { room })).toBe('ok');
  return socket;
}

async function transportOf(socket: Socket, direction: 'send' | 'recv'): Promise<string> {
  const request = direction === 'send' ? { direction } : { direction, rtpCapabilities: RECV_CAPABILITIES };
  const answer = await ask(socket, 'createTransport', request);
  if (!answer.ok) throw new Error(answer.error.code);
  return String(answer.data.transportId);
}

function rtpParameters(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    mid: '0',
    codecs: [{ mimeType: 'audio/opus', payloadType: 111, clockRate: 48_000, channels: 2, parameters: {} }],
    encodings: [{ ssrc: 12_345 }],
    rtcp: { cname: 'x' },
    ...overrides,
  };
}

function get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return httpsGet(`${server.url}${path}`, headers);
}

describe('the edge', () => {
  test('S1 lives through every request in every wrong form, and goes on serving others', async () => {
    const hostile = await connected(open());
    const other = await joined('quiet', { displayName: 'Ben' });
    for (const name of NAMES) {
      for (const args of [[], [null], [{}], ['text', 7], [[], {}], [{}, { ack: true }], [{}, {}, {}]]) {
        hostile.emit(name, ...args);
      }
      for (const request of [null, [], 'text', 5, { a: { b: {} } }]) {
        expect(await codeOf(hostile, name, request), name).not.toBe('INTERNAL');
      }
    }
    expect(await codeOf(hostile, '__proto__', {})).toBe('UNKNOWN_EVENT');
    expect(await codeOf(other, 'resumeTranscript', { afterSeq: 0 })).toBe('ok');
  });

  test('S7 refuses other protocol versions, nameless people and what is no handshake, each with its code', async () => {
    const credentials = { kind: 'guest', subject: 'a-subject-of-enough-letters', displayName: 'Ada' };
    expect(await refusalOf(open({ auth: { protocolVersion: 99, credentials } }))).toBe('PROTOCOL_VERSION_UNSUPPORTED');
    expect(await refusalOf(open({ auth: { protocolVersion: PROTOCOL_VERSION - 1, credentials } }))).toBe(
      'PROTOCOL_VERSION_UNSUPPORTED',
    );
    expect(await refusalOf(open({ auth: {} }))).toBe('PROTOCOL_VERSION_UNSUPPORTED');
    const old = open({ auth: { protocolVersion: PROTOCOL_VERSION - 1, credentials } });
    const refused = await new Promise<Error & { data?: { error: { message: string } } }>((resolve) =>
      old.once('connect_error', resolve),
    );
    expect(refused.data?.error.message).toContain(`uses protocol version ${PROTOCOL_VERSION}`);
    expect(await codeOf(await connected(open()), 'dance', {})).toBe('UNKNOWN_EVENT');
    expect(await refusalOf(open({ displayName: '  ' }))).toBe('INVALID_DISPLAY_NAME');
    expect(await refusalOf(open({ displayName: 'a\u202eb' }))).toBe('INVALID_DISPLAY_NAME');
    expect(await refusalOf(open({ subject: 'short' }))).toBe('UNAUTHENTICATED');
    expect(
      await refusalOf(
        open({ auth: { protocolVersion: PROTOCOL_VERSION, credentials: { kind: 'token', token: 'x' } } }),
      ),
    ).toBe('UNAUTHENTICATED');
  });

  test('S6 lets no page of another origin open a socket or read a response', async () => {
    const { port } = new URL(server.url);
    for (const origin of [
      'https://evil.example',
      'null',
      `https://127.0.0.1.evil.example:${port}`,
      'https://127.0.0.1:1',
    ]) {
      expect(await refusalOf(open({ headers: { origin } })), origin).toBe('transport');
      expect((await get('/', { origin })).status, origin).toBe(403);
    }
    expect(await refusalOf(open({ headers: { origin: server.url } }))).toBe('connected');
    expect((await get('/', { host: `evil.example:${port}` })).status).toBe(403);
    expect((await get('/')).status).toBe(200);
  });

  test('S6 takes no polling transport', async () => {
    // With polling, an `Origin` would be looked at in the same place; there is no polling.
    for (const origin of [server.url, 'https://evil.example', 'null']) {
      const { status, body } = await get('/socket.io/?EIO=4&transport=polling', { origin });
      expect([400, 403], origin).toContain(status);
      expect(body, origin).not.toContain('"sid"');
    }
  });

  test('S3 closes a connection that sends too much at once, and that one alone', async () => {
    const other = await joined('calm', { displayName: 'Ben' });
    const loud = await connected(open());
    const closed = new Promise((resolve) => loud.once('disconnect', resolve));
    const before = process.memoryUsage().rss;
    loud.emit('join', { room: 'x'.repeat(LIMITS.messageBytes + 1_000) });
    await closed;
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * 2 ** 20);
    expect(await codeOf(other, 'resumeTranscript', { afterSeq: 0 })).toBe('ok');
  });

  test('answers health and readiness, and warns of the demo model', async () => {
    expect(await get('/healthz')).toEqual({ status: 200, body: '{"status":"ok"}' });
    const { status, body } = await get('/readyz');
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      status: 'ready',
      transcription: {
        state: 'ready',
        mode: 'balanced',
        model: { name: 'parley-nano', demo: true, source: 'builtIn' },
      },
      warning: expect.stringContaining('only a few synthetic voices'),
    });
  });

  test('names its model, and where that came from, to those who have not joined and to those who do', async () => {
    const model = { name: 'parley-nano', demo: true, source: 'builtIn' };
    expect(JSON.parse((await get('/api/identity')).body)).toMatchObject({ model });
    const answer = await ask(await connected(open()), 'join', { room: 'model' });
    expect(answer).toMatchObject({ ok: true, data: { transcription: { model } } });
  });
});

describe('a room', () => {
  test('refuses bad names, a second join, and everything before the first', async () => {
    const socket = await connected(open());
    expect(await codeOf(socket, 'join', { room: 'no spaces please' })).toBe('INVALID_ROOM_NAME');
    expect(await codeOf(socket, 'leave', {})).toBe('NOT_JOINED');
    expect(await codeOf(socket, 'resumeTranscript', { afterSeq: 0 })).toBe('NOT_JOINED');
    expect(await codeOf(socket, 'createTransport', { direction: 'send' })).toBe('NOT_JOINED');
    for (const name of ['getSettings', 'getLedger']) expect(await codeOf(socket, name, {}), name).toBe('NOT_JOINED');
    expect(await codeOf(socket, 'subscribeDiagnostics', { on: true })).toBe('NOT_JOINED');
    expect(await codeOf(socket, 'updateSettings', { scope: 'room', settings: {} })).toBe('NOT_JOINED');
    expect(await codeOf(socket, 'join', { room: 'twice' })).toBe('ok');
    expect(await codeOf(socket, 'join', { room: 'twice' })).toBe('ALREADY_JOINED');
    expect(await codeOf(socket, 'join', { room: 'another' })).toBe('ALREADY_JOINED');
    expect(await codeOf(socket, 'leave', {})).toBe('ok');
    expect(await codeOf(socket, 'join', { room: 'another' })).toBe('ok');
  });

  test.each([
    // A name is shown as text: letters of any kind are welcome, what steers the text is not.
    ['a way up', '../etc/passwd', 'connected'],
    ['a face', '😀', 'connected'],
    ['what objects are made of', '__proto__', 'connected'],
    ['a NUL', 'a\u0000b', 'INVALID_DISPLAY_NAME'],
    ['text turned around', 'a\u202Eb', 'INVALID_DISPLAY_NAME'],
    ['ten thousand letters', 'x'.repeat(10_000), 'INVALID_DISPLAY_NAME'],
    ['nothing', '', 'INVALID_DISPLAY_NAME'],
    ['no text', { $ne: '' }, 'INVALID_DISPLAY_NAME'],
  ])('S13 takes no room name with %s; for the name of a person it is as harmless as it looks', async (_, name, outcome) => {
    const socket = await connected(open());
    expect(await codeOf(socket, 'join', { room: name })).toBe('INVALID_ROOM_NAME');
    expect(await refusalOf(open({ displayName: name as string }))).toBe(outcome);
  });

  test('lets two joins at once in only once', async () => {
    const socket = await connected(open());
    const codes = await Promise.all(['a', 'b'].map((room) => codeOf(socket, 'join', { room })));
    expect(codes.toSorted()).toEqual(['ALREADY_JOINED', 'ok']);
  });

  test('takes no track without a transport, of the wrong kind, or malformed; the media worker lives on', async () => {
    const socket = await joined('produce');
    const produce = { transportId: 'none', track: 'microphone', paused: false, rtpParameters: rtpParameters() };
    expect(await codeOf(socket, 'produce', produce)).toBe('TRANSPORT_REQUIRED');
    const receiving = await transportOf(socket, 'recv');
    expect(await codeOf(socket, 'produce', { ...produce, transportId: receiving })).toBe('TRANSPORT_REQUIRED');
    const sending = await transportOf(socket, 'send');
    const [pid] = server.childPids.sfu;
    for (const parameters of [
      rtpParameters({ codecs: [{ mimeType: 'video/VP8', payloadType: 96, clockRate: 90_000 }] }),
      rtpParameters({ codecs: [{ mimeType: 'audio/PCMU', payloadType: 0, clockRate: 8_000 }] }),
      // Nothing to tell its packets by: neither mid nor SSRC.
      rtpParameters({ mid: undefined, encodings: [{}] }),
      rtpParameters({ encodings: [{ ssrc: 1, codecPayloadType: 5 }] }),
    ]) {
      const code = await codeOf(socket, 'produce', { ...produce, transportId: sending, rtpParameters: parameters });
      expect(['INVALID_RTP_PARAMETERS', 'BAD_REQUEST']).toContain(code);
    }
    expect(await codeOf(socket, 'produce', { ...produce, transportId: sending })).toBe('ok');
    expect(await codeOf(socket, 'produce', { ...produce, transportId: sending })).toBe('TOO_MANY_PRODUCERS');
    expect(server.childPids.sfu).toEqual([pid]);
  });

  test('announces ICE on loopback alone, where the server is not open to the network', async () => {
    const socket = await joined('ice');
    const answer = await ask(socket, 'createTransport', { direction: 'send' });
    const candidates = answer.ok ? (answer.data.iceCandidates as { address: string; protocol: string }[]) : [];
    expect(new Set(candidates.map(({ address }) => address))).toEqual(new Set(['127.0.0.1']));
    expect(new Set(candidates.map(({ protocol }) => protocol))).toEqual(new Set(['udp', 'tcp']));
  });

  test('gives one transport a direction, and nobody the transport, producer or consumer of somebody else', async () => {
    const ada = await joined('mine', { displayName: 'Ada' });
    const ben = await joined('mine', { displayName: 'Ben' });
    const transportId = await transportOf(ada, 'send');
    expect(await codeOf(ada, 'createTransport', { direction: 'send' })).toBe('TOO_MANY_TRANSPORTS');
    const fingerprints = [{ algorithm: 'sha-256', value: Array(32).fill('AB').join(':') }];
    const dtlsParameters = { role: 'client', fingerprints };
    expect(await codeOf(ben, 'connectTransport', { transportId, dtlsParameters })).toBe('TRANSPORT_NOT_FOUND');
    expect(await codeOf(ben, 'restartIce', { transportId })).toBe('TRANSPORT_NOT_FOUND');
    const produced = await ask(ada, 'produce', {
      transportId,
      track: 'microphone',
      paused: false,
      rtpParameters: rtpParameters({ encodings: [{ ssrc: 777 }] }),
    });
    const producerId = produced.ok ? String(produced.data.producerId) : '';
    for (const name of ['pauseProducer', 'resumeProducer', 'closeProducer']) {
      expect(await codeOf(ben, name, { producerId }), name).toBe('PRODUCER_NOT_FOUND');
    }
    expect(await codeOf(ben, 'resumeConsumer', { consumerId: 'none' })).toBe('CONSUMER_NOT_FOUND');
    expect(await codeOf(ada, 'pauseProducer', { producerId })).toBe('ok');
    expect(await codeOf(ada, 'closeProducer', { producerId })).toBe('ok');
  });

  test('S8 tells the older connection of the same person that it was replaced, and the others nothing of a leave', async () => {
    const subject = 'one-and-the-same-subject';
    const watcher = await joined('windows', { displayName: 'Ben' });
    const left: unknown[] = [];
    watcher.on('participantLeft', (payload) => left.push(payload));
    const first = await joined('windows', { subject });
    const askedAt = performance.now();
    const dismissed = new Promise<{ error: { code: string } }>((resolve) => first.once('dismissed', resolve));
    const gone = new Promise((resolve) => first.once('disconnect', resolve));
    const second = await joined('windows', { subject });
    expect((await dismissed).error.code).toBe('DUPLICATE_PARTICIPANT');
    await gone;
    expect(performance.now() - askedAt).toBeLessThan(1_000);
    const again = await ask(second, 'resumeTranscript', { afterSeq: 0 });
    expect(again).toMatchObject({ ok: true, data: { segments: [], lastSeq: 0 } });
    expect(left).toEqual([]);
  });

  test('S5 closes a connection that joins nothing', async () => {
    const socket = await connected(open());
    const dismissed = new Promise<{ error: { code: string } }>((resolve) => socket.once('dismissed', resolve));
    const gone = new Promise((resolve) => socket.once('disconnect', resolve));
    expect((await dismissed).error.code).toBe('JOIN_TIMEOUT');
    await gone;
  }, 15_000);

  test('holds nothing when everybody has left', async () => {
    for (const socket of sockets.splice(0)) socket.disconnect();
    await expect
      .poll(async () => {
        const { rooms, peers, transports, producers, consumers, pipelines, sockets: open } = await resourcesOf(server);
        return { rooms, peers, transports, producers, consumers, pipelines, open };
      })
      .toEqual({ rooms: 0, peers: 0, transports: 0, producers: 0, consumers: 0, pipelines: 0, open: 0 });
  });
});

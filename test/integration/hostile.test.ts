import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROTOCOL_VERSION } from '@parley/client-sdk/protocol';
import { type Server, startServer } from '@parley/server';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { SocketClient } from '../support/SocketClient.js';

const CONNECTS_PER_MINUTE = 60;

let folder: string;
let server: Server;
const clients: SocketClient[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-hostile-'));
  server = await startServer({
    settings: {
      port: 0,
      media: { port: 0 },
      model: 'parley-nano',
      dataDir: folder,
      // So that frames can be written by hand.
      tls: { enabled: false },
      limits: { connectsPerMinutePerAddress: CONNECTS_PER_MINUTE },
    },
    logger: pino({ level: 'silent' }),
  });
}, 60_000);
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
});
afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

function guest(): SocketClient {
  const subject = `subject-${Math.random().toString(36).slice(2)}-abcdefgh`;
  const client = new SocketClient({ url: server.url, credentials: { kind: 'guest', subject, displayName: 'Ada' } });
  clients.push(client);
  return client;
}

async function joined(room: string): Promise<SocketClient> {
  const client = guest();
  expect(await client.connect()).toBe('connected');
  await client.join(room);
  return client;
}

const HANDSHAKE = `40${JSON.stringify({
  protocolVersion: PROTOCOL_VERSION,
  credentials: { kind: 'guest', subject: 'a-random-subject-1234', displayName: 'Eve' },
})}`;

/** Says frames of its own making after a proper beginning. @returns whether the server closed the socket */
function sayRaw(frames: readonly (string | Uint8Array<ArrayBuffer>)[]): Promise<'closed' | 'open'> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  return new Promise((resolve, reject) => {
    socket.onerror = () => reject(new Error('not even the upgrade'));
    socket.onopen = () => {
      socket.send(HANDSHAKE);
    };
    let begun = false;
    socket.onmessage = ({ data }) => {
      if (begun || !String(data).startsWith('40')) return;
      begun = true;
      for (const frame of frames) socket.send(frame);
      setTimeout(() => {
        resolve('open');
        socket.close();
      }, 500);
    };
    socket.onclose = () => resolve('closed');
  });
}

describe('a hostile client takes nobody else down', () => {
  const deep = (depth: number) => `42["join",${'['.repeat(depth)}${']'.repeat(depth)}]`;
  const FRAMES: [string, (string | Uint8Array<ArrayBuffer>)[], 'closed' | 'open'][] = [
    ['bad JSON', ['42["join",{'], 'closed'],
    ['a reserved name', ['42["disconnect"]'], 'closed'],
    ['an object for a name', ['42[{"a":1}]'], 'closed'],
    ['a number for a name', ['42[7,{}]'], 'open'],
    ['binary out of nowhere', [new Uint8Array([1, 2, 3])], 'closed'],
    ['999 attachments that never come', ['45999-["join",{"_placeholder":true,"num":0}]'], 'closed'],
    ['a packet of no type', ['9'], 'closed'],
    ['nesting of 40,000', [deep(40_000)], 'open'],
  ];

  test.each(FRAMES)('S2 with %s', async (_, frames, outcome) => {
    const other = await joined('calm');
    const before = process.cpuUsage();
    expect(await sayRaw(frames)).toBe(outcome);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(1_000);
    expect(await other.codeOf('resumeTranscript', { afterSeq: 0 })).toBe('ok');
  });

  test('S4 with a thousand requests at once: it is told to wait, then sent away; others are served as ever', async () => {
    const other = await joined('quiet');
    const loud = await joined('loud');
    const codes: string[] = [];
    for (let count = 0; count < 1_000; count += 1) {
      loud.socket.emit(
        'getSettings',
        {},
        (answer: { ok: boolean; error?: { code: string; retryAfterMs?: number } }) => {
          codes.push(answer.ok ? 'ok' : `${answer.error?.code} ${answer.error?.retryAfterMs !== undefined}`);
        },
      );
    }
    const askedAt = performance.now();
    expect(await other.codeOf('resumeTranscript', { afterSeq: 0 })).toBe('ok');
    expect(performance.now() - askedAt).toBeLessThan(2_000);
    await expect.poll(() => loud.closed, { timeout: 5_000 }).toBe(true);
    expect(loud.farewell).toBe('RATE_LIMITED');
    expect(codes.filter((code) => code === 'ok').length).toBeLessThanOrEqual(150);
    expect(codes).toContain('RATE_LIMITED true');
    expect(other.closed).toBe(false);
  });

  test('S5 with an upgrade that never ends: it is closed', async () => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    // Whoever does not read does not see the end either.
    socket.resume();
    socket.write('GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: ');
    const startedAt = performance.now();
    await closed;
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  }, 30_000);

  // The last one: afterwards nobody comes in from this address for a minute.
  test('S5 with 500 connections from one address: so many come in, and those who are in stay', async () => {
    const other = await joined('before');
    const attempts = Array.from({ length: 500 }, () => guest());
    const outcomes = await Promise.all(attempts.map((client) => client.connect()));
    const connected = outcomes.filter((outcome) => outcome === 'connected').length;
    expect(connected).toBeLessThanOrEqual(CONNECTS_PER_MINUTE);
    expect(outcomes.filter((outcome) => outcome === 'transport').length).toBe(500 - connected);
    expect(await other.codeOf('resumeTranscript', { afterSeq: 0 })).toBe('ok');
  }, 60_000);
});

import { connect } from 'node:net';
import { type Credentials, LIMITS, PROTOCOL_VERSION } from '@parley/client-sdk/protocol';
import { percentile } from '@parley/media/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { SocketClient } from '../support/SocketClient.js';
import { TestServer } from '../support/TestServer.js';

const CONNECTS_PER_MINUTE = 250;
const SECRET = 'a join secret';

type Frame = string | Uint8Array<ArrayBuffer>;

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({
    joinSecret: SECRET,
    // So that frames can be written by hand.
    tls: { enabled: false },
    limits: { connectsPerMinutePerAddress: CONNECTS_PER_MINUTE },
  });
}, 60_000);
afterEach(() => server.disconnectAll());
afterAll(() => server?.close());

function credentials(joinSecret = SECRET): Credentials {
  const subject = `subject-${Math.random().toString(36).slice(2)}-abcdefgh`;
  return { kind: 'guest', subject, displayName: 'Ada', joinSecret };
}

const joined = (room: string): Promise<SocketClient> => server.joined(room, credentials());

/** A CONNECT packet, by default the one of somebody who may come in. */
function handshake(joinSecret = SECRET): string {
  const credentials = { kind: 'guest', subject: 'a-random-subject-1234', displayName: 'Eve', joinSecret };
  return `40${JSON.stringify({ protocolVersion: PROTOCOL_VERSION, credentials })}`;
}

/** A WebSocket past its upgrade, with all that it was told. */
class RawSocket {
  readonly socket: WebSocket;
  readonly heard: string[] = [];
  readonly opened: Promise<void>;
  /** With the code of the close frame. */
  readonly closed: Promise<number>;
  isClosed = false;

  constructor() {
    this.socket = new WebSocket(`${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
    this.socket.onmessage = ({ data }) => this.heard.push(String(data));
    this.opened = new Promise((resolve, reject) => {
      this.socket.onopen = () => resolve();
      this.socket.onerror = () => reject(new Error('not even the upgrade'));
    });
    this.closed = new Promise((resolve) => {
      this.socket.onclose = ({ code }) => {
        this.isClosed = true;
        resolve(code);
      };
    });
  }

  /** Past its handshake, too. */
  static async connected(): Promise<RawSocket> {
    const raw = new RawSocket();
    await raw.opened;
    raw.socket.send(handshake());
    await expect.poll(() => raw.heardOf('40')).toHaveLength(1);
    return raw;
  }

  heardOf(type: string): string[] {
    return this.heard.filter((packet) => packet.startsWith(type));
  }

  close(): void {
    this.socket.close();
  }
}

const ofCpuMs = (before: NodeJS.CpuUsage) => {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
};
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a hostile client takes nobody else down', () => {
  const deep = (depth: number) => `420["join",${'['.repeat(depth)}${']'.repeat(depth)}]`;
  const FRAMES: [string, Frame, 'closed' | 'open'][] = [
    ['bad JSON', '42["join",{', 'closed'],
    ['a reserved name', '42["disconnect"]', 'closed'],
    ['an object for a name', '42[{"a":1}]', 'closed'],
    ['a number for a name', '42[7,{}]', 'open'],
    ['binary out of nowhere', new Uint8Array([1, 2, 3]), 'closed'],
    ['999 attachments that never come', '45999-["join",{"_placeholder":true,"num":0}]', 'closed'],
    ['a packet of no type', '9', 'closed'],
    ['nesting of 40,000', deep(40_000), 'open'],
  ];

  test.each(FRAMES)('S2 with %s: for a few milliseconds of CPU', async (_, frame, outcome) => {
    const other = await joined('calm');
    const costsMs: number[] = [];
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const raw = await RawSocket.connected();
      const before = process.cpuUsage();
      raw.socket.send(frame);
      await Promise.race([raw.closed, later(100)]);
      costsMs.push(ofCpuMs(before));
      if (outcome === 'closed') await raw.closed;
      expect(raw.isClosed).toBe(outcome === 'closed');
      raw.close();
    }
    // 10 ms are the goal. This process is client and server, and now and then has other things to do as well: most of the time it is no
    // more than three times that, on a slow machine either.
    expect(percentile(costsMs, 0.5)).toBeLessThan(30);
    expect(await other.codeOf('resumeTranscript', { afterSeq: 0 })).toBe('ok');
  });

  test('S2 with nesting of 40,000: it is told that this is no request', async () => {
    const raw = await RawSocket.connected();
    raw.socket.send(deep(40_000));
    await expect.poll(() => raw.heardOf('430')).toHaveLength(1);
    expect(raw.heardOf('430')[0]).toMatch(/"ok":false.*"code":"BAD_REQUEST"/);
    raw.close();
  });

  test('S3 with a frame of 200 KB: it is closed with 1009; nothing is unpacked', async () => {
    const other = await joined('small');
    const frame = `42["join",{"room":"${'x'.repeat(200_000)}"}]`;
    expect(frame.length).toBeGreaterThan(LIMITS.messageBytes);
    const raw = await RawSocket.connected();
    expect(raw.socket.extensions).not.toContain('permessage-deflate');
    raw.socket.send(frame);
    expect(await raw.closed).toBe(1009);
    expect(await other.codeOf('resumeTranscript', { afterSeq: 0 })).toBe('ok');
  });

  test('S3 with the head of a frame of 200 KB: it is closed before the rest has come, so nothing is kept', async () => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      [
        'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
        `Host: ${hostname}:${port}`,
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
        '\r\n',
      ].join('\r\n'),
    );
    // RFC 6455, 5.2: a masked text of a length in eight bytes, and no byte of it.
    const head = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
    head.writeUInt32BE(200_000, 6);
    socket.once('data', () => socket.write(head));
    const heard: Buffer[] = [];
    for await (const chunk of socket) heard.push(chunk as Buffer);
    // The last it says is why: a close frame of the two bytes of its code.
    expect(Buffer.concat(heard).subarray(-4)).toEqual(Buffer.from([0x88, 2, 1_009 >> 8, 1_009 & 0xff]));
  });

  test('S4 with a thousand requests a second: it is told to wait, then sent away; others are served as fast as ever', async () => {
    const other = await joined('quiet');
    const slowestOf = async (count: number) => {
      const tookMs: number[] = [];
      for (let asked = 0; asked < count; asked += 1) {
        const from = performance.now();
        expect(await other.codeOf('resumeTranscript', { afterSeq: 0 })).toBe('ok');
        tookMs.push(performance.now() - from);
      }
      return tookMs.sort((a, b) => a - b)[Math.floor(count * 0.99)] ?? 0;
    };
    const quietMs = await slowestOf(60);
    const loud = await joined('loud');
    const codes: string[] = [];
    let sent = 0;
    const shouting = setInterval(() => {
      for (let count = 0; count < 10 && sent < 1_000; count += 1, sent += 1) {
        loud.socket.emit(
          'getSettings',
          {},
          (answer: { ok: boolean; error?: { code: string; retryAfterMs?: number } }) => {
            codes.push(answer.ok ? 'ok' : `${answer.error?.code} ${answer.error?.retryAfterMs !== undefined}`);
          },
        );
      }
    }, 10);
    const loudMs = await slowestOf(60);
    await expect.poll(() => loud.closed, { timeout: 5_000 }).toBe(true);
    clearInterval(shouting);
    // Twice, and what a busy machine adds to anything.
    expect(loudMs).toBeLessThan(2 * quietMs + 150);
    expect(loud.farewell).toBe('RATE_LIMITED');
    expect(codes.filter((code) => code === 'ok').length).toBeLessThanOrEqual(150 + 20 * 5);
    expect(codes).toContain('RATE_LIMITED true');
    expect(other.closed).toBe(false);
  });

  test('H4 with acks that nobody asked for, and signs of life: it is told to slow down and cut off; others are served', async () => {
    const other = await joined('calm');
    for (const packet of ['431[]', '3', `43${'1'.repeat(50_000)}[]`]) {
      const raw = await RawSocket.connected();
      for (let count = 0; count < 2_000; count += 1) raw.socket.send(packet);
      await raw.closed;
      expect(raw.heardOf('42["dismissed"').join(), packet.slice(0, 10)).toContain('RATE_LIMITED');
    }
    expect(await other.codeOf('resumeTranscript', { afterSeq: 0 })).toBe('ok');
  });

  test('H4 with WebSocket pings before it says who it is: it is cut off', async () => {
    const { hostname, port, host } = new URL(server.url);
    const flood = connect(Number(port), hostname);
    flood.on('error', () => {});
    const closed = new Promise((resolve) => flood.once('close', resolve));
    const upgrade = [
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
      `Host: ${host}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`,
      'Sec-WebSocket-Version: 13',
    ];
    flood.write(`${upgrade.join('\r\n')}\r\n\r\n`);
    await new Promise((resolve) => flood.once('data', resolve));
    // Whoever does not read does not see the end either.
    flood.resume();
    // FIN and PING, masked with zeros, empty.
    const ping = Buffer.from([0x89, 0x80, 0, 0, 0, 0]);
    flood.write(Buffer.concat(Array<Buffer>(5_000).fill(ping)));
    await expect(closed).resolves.toBeDefined();
  });

  test('S5 with an upgrade that never ends, a socket that says nothing, and one that joins nothing: closed after 10 s', async () => {
    const { hostname, port } = new URL(server.url);
    const startedAt = performance.now();
    const slow = connect(Number(port), hostname);
    slow.on('error', () => {});
    // Whoever does not read does not see the end either.
    slow.resume();
    slow.write('GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: ');
    const drip = setInterval(() => slow.write('x'), 1_000);
    const mute = new RawSocket();
    const idle = await RawSocket.connected();
    await Promise.all([new Promise((resolve) => slow.once('close', resolve)), mute.closed, idle.closed]);
    clearInterval(drip);
    expect(idle.heardOf('42["dismissed"').join()).toContain('JOIN_TIMEOUT');
    expect(performance.now() - startedAt).toBeLessThan(15_000);
  }, 30_000);
});

describe('the join secret', () => {
  test('S5 is not guessed over one WebSocket: the refusal comes, then the end', async () => {
    const client = server.client(credentials('wrong'));
    expect(await client.connect()).toBe('JOIN_SECRET_REQUIRED');

    const raw = new RawSocket();
    await raw.opened;
    raw.socket.send(handshake('guess 1'));
    await expect.poll(() => raw.heardOf('44')).toHaveLength(1);
    expect(raw.heardOf('44')[0]).toContain('JOIN_SECRET_REQUIRED');
    await raw.closed;

    const stubborn = new RawSocket();
    await stubborn.opened;
    stubborn.socket.send(handshake('guess 1'));
    await expect.poll(() => stubborn.heardOf('44')).toHaveLength(1);
    stubborn.socket.send(handshake());
    await stubborn.closed;
    expect(stubborn.heardOf('40')).toEqual([]);
  });

  test('S5 is not guessed by many CONNECTs at once, in whatever namespace', async () => {
    const raw = new RawSocket();
    await raw.opened;
    for (let guess = 0; guess < 100; guess += 1) raw.socket.send(handshake(`guess ${guess}`));
    raw.socket.send(handshake());
    await raw.closed;
    expect(raw.heardOf('40')).toEqual([]);
    expect(raw.heardOf('44').length).toBeLessThanOrEqual(1);

    const elsewhere = new RawSocket();
    await elsewhere.opened;
    for (let attempt = 0; attempt < 100; attempt += 1) elsewhere.socket.send(`40/n${attempt},{}`);
    await elsewhere.closed;
    expect(elsewhere.heardOf('44').length).toBeLessThanOrEqual(1);
    // One who is in and connects again is out.
    const greedy = await RawSocket.connected();
    greedy.socket.send(handshake());
    await greedy.closed;
    expect(greedy.heardOf('40')).toHaveLength(1);
  });
});

// The last one: afterwards nobody comes in from this address for a minute.
test('S5 with 500 connections from one address: so many come in, and those who are in stay', async () => {
  const other = await joined('before');
  const attempts = Array.from({ length: 500 }, () => server.client(credentials()));
  const outcomes = await Promise.all(attempts.map((client) => client.connect()));
  const connected = outcomes.filter((outcome) => outcome === 'connected').length;
  expect(connected).toBeLessThanOrEqual(CONNECTS_PER_MINUTE);
  expect(outcomes.filter((outcome) => outcome === 'transport').length).toBe(500 - connected);
  expect(await other.codeOf('resumeTranscript', { afterSeq: 0 })).toBe('ok');
}, 60_000);

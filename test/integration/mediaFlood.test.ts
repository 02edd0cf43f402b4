import type { Socket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LocalMediaNode, type MediaNode, ModelStore } from '@parley/media/node';
import { resolveSpeechSettings } from '@parley/media/settings';
import { OpusEncoder, PACKET_TICKS } from '@parley/media/testing';
import { type Server, startServer } from '@parley/server';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { SocketClient } from '../support/SocketClient.js';
import { PlainSfu } from './support/PlainSfu.js';
import { engineThere } from './support/SpeechRig.js';

const PAYLOAD_TYPE = 111;
const FLOOD = { packetsPerSecond: 1_000, everyMs: 5 };
/** Of 13 bytes each: 39 kB a second, a third of what a transport may receive. */
const SMALL_PACKETS_PER_SECOND = 3_000;
/** Frames in one packet of the flood: 120 ms, the most that Opus allows. */
const FRAMES = 6;
const SILENCE_MS = 2_000;
const RECV_CAPABILITIES = {
  codecs: [{ kind: 'audio', mimeType: 'audio/opus', preferredPayloadType: 100, clockRate: 48_000, channels: 2 }],
};

/** One sentence and the silence after it, as a browser sends it. */
function packetsOf(name: string): Uint8Array[] {
  const bytes = readFileSync(new URL(`../fixtures/speech/${name}.s16le`, import.meta.url));
  const speech = new Int16Array(new Uint8Array(bytes).buffer);
  const pcm = new Int16Array(speech.length + SILENCE_MS * 16);
  pcm.set(speech);
  const encoder = new OpusEncoder();
  const packets = encoder.encode(pcm, { lossPercent: 0 });
  encoder.close();
  return packets;
}

/** The frame of a packet so many times, as one packet (RFC 6716 section 3.2.5: code 3, constant bit rate). */
function repeated(packet: Uint8Array): Uint8Array {
  const frame = packet.subarray(1);
  return Uint8Array.from([(packet[0] ?? 0) | 3, FRAMES, ...Array.from({ length: FRAMES }, () => [...frame]).flat()]);
}

/** Somebody in a room, with a transport for sending and one for receiving, as raw sockets. */
interface Member {
  client: SocketClient;
  participantId: string;
  ssrc: number;
  media: Socket;
  /** Packets of others that were forwarded to them. */
  received: () => number;
}

function rtp(options: { number: number; timestamp: number; ssrc: number; payload: Uint8Array }): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt8(0x80, 0);
  header.writeUInt8(PAYLOAD_TYPE, 1);
  header.writeUInt16BE(options.number & 0xffff, 2);
  header.writeUInt32BE(options.timestamp >>> 0, 4);
  header.writeUInt32BE(options.ssrc, 8);
  return Buffer.concat([header, options.payload]);
}

describe.skipIf(!engineThere)('a member with a raw connection who floods the real SFU', () => {
  const packets = packetsOf('en-01');
  // Another voice: the same one would be taken for crosstalk.
  const floodPackets = packetsOf('fr-13').map(repeated);
  const sockets: Socket[] = [];
  const clients: SocketClient[] = [];
  const timers: NodeJS.Timeout[] = [];
  let folder: string;
  let sfu: PlainSfu;
  let node: MediaNode;
  let server: Server;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-flood-'));
    sfu = await PlainSfu.create();
    const workerBinary = process.env.PARLEY_MEDIASOUP_WORKER;
    const builtInDirectory = fileURLToPath(new URL('../../native/models', import.meta.url));
    const store = new ModelStore({ directory: join(folder, 'models'), builtInDirectory });
    node = await LocalMediaNode.create({
      sfu: {
        workers: 1,
        addresses: [{ ip: '127.0.0.1' }],
        port: 0,
        ...(workerBinary === undefined ? {} : { workerBinary }),
      },
      pipelineWorkers: 1,
      recognizer: {
        model: await store.resolve('parley-nano', { device: 'cpu' }),
        device: 'cpu',
        socketDirectory: folder,
      },
      settings: resolveSpeechSettings('balanced'),
      logger: () => {},
    });
    server = await startServer({
      settings: { port: 0, media: { port: 0 }, model: 'parley-nano', dataDir: folder },
      logger: pino({ level: 'silent' }),
      media: sfu.within(node),
    });
  }, 60_000);
  afterEach(() => {
    for (const timer of timers.splice(0)) clearInterval(timer);
    for (const client of clients.splice(0)) client.disconnect();
    for (const socket of sockets.splice(0)) socket.close();
  });
  afterAll(async () => {
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  let ssrcs = 1_000;
  async function enter(room: string, name: string): Promise<Member> {
    const client = new SocketClient({
      url: server.url,
      credentials: { kind: 'guest', subject: `the-whole-subject-of-${name}`, displayName: name },
    });
    clients.push(client);
    expect(await client.connect()).toBe('connected');
    const { participantId } = await client.join(room);
    const ssrc = ssrcs++;
    const transport = async (request: object) => {
      const answer = await client.ask('createTransport', request);
      if (!answer.ok) throw new Error(answer.error.code);
      const transportId = answer.data.transportId as string;
      const socket = await sfu.socketTo(transportId);
      sockets.push(socket);
      return { transportId, socket };
    };
    const sending = await transport({ direction: 'send' });
    const receiving = await transport({ direction: 'recv', rtpCapabilities: RECV_CAPABILITIES });
    let received = 0;
    receiving.socket.on('message', () => {
      received += 1;
    });
    // By its first packet, the SFU knows where to send to.
    receiving.socket.send(rtp({ number: 0, timestamp: 0, ssrc: 1, payload: new Uint8Array(1) }));
    client.socket.on(
      'consumerCreated',
      ({ consumerId }: { consumerId: string }) => void client.ask('resumeConsumer', { consumerId }),
    );
    const produced = await client.ask('produce', {
      transportId: sending.transportId,
      track: 'microphone',
      paused: false,
      rtpParameters: {
        codecs: [{ mimeType: 'audio/opus', payloadType: PAYLOAD_TYPE, clockRate: 48_000, channels: 2 }],
        encodings: [{ ssrc }],
        rtcp: { cname: name },
      },
    });
    if (!produced.ok) throw new Error(produced.error.code);
    return { client, participantId: participantId as string, ssrc, media: sending.socket, received: () => received };
  }

  /** At the pace of a microphone. */
  async function speak({ media, ssrc }: Member): Promise<void> {
    const startedAtMs = performance.now();
    for (let number = 0; number < packets.length; number += 1) {
      const payload = packets[number] as Uint8Array;
      media.send(rtp({ number, timestamp: number * PACKET_TICKS, ssrc, payload }));
      await sleep(Math.max(0, startedAtMs + (number + 1) * 20 - performance.now()));
    }
  }

  /** @returns a function that ends it */
  function pour(
    media: Socket,
    options: { packetsPerSecond: number; packetAt: (number: number) => Buffer },
  ): () => void {
    const { packetsPerSecond, packetAt } = options;
    const startedAtMs = performance.now();
    let number = 0;
    const timer = setInterval(() => {
      const due = ((performance.now() - startedAtMs) * packetsPerSecond) / 1_000;
      for (; number < due; number += 1) media.send(packetAt(number));
    }, FLOOD.everyMs);
    timers.push(timer);
    return () => clearInterval(timer);
  }

  /** @returns a function that ends it */
  function flood({ media, ssrc }: Member, ticks: number): () => void {
    return pour(media, {
      packetsPerSecond: FLOOD.packetsPerSecond,
      packetAt: (number) => {
        const payload = floodPackets[number % floodPackets.length] as Uint8Array;
        return rtp({ number, timestamp: number * ticks, ssrc, payload });
      },
    });
  }

  const linesOf = ({ client, participantId }: Member) =>
    client
      .payloadsOf('segmentCommitted')
      .map((payload) => (payload as { segment: { participantId: string; status: string; text: string } }).segment)
      .filter((segment) => segment.participantId === participantId)
      .map(({ status, text }) => [status, text]);

  const residentBytes = () => {
    const [pid] = node.pids.media;
    return 1_024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  };

  test.each([
    ['timestamps that jump', 11 * 48_000],
    ['timestamps that count along', FRAMES * PACKET_TICKS],
  ])(
    'H1 with %s is muted, then removed, and the captions of another speaker stay what they are',
    async (_, ticks) => {
      const alone = await enter(`quiet-${ticks}`, 'Ada');
      await speak(alone);
      await expect.poll(() => linesOf(alone).length, { timeout: 10_000 }).toBeGreaterThan(0);
      const before = residentBytes();

      const ada = await enter(`flooded-${ticks}`, 'Ada');
      const mallory = await enter(`flooded-${ticks}`, 'Mallory');
      const stop = flood(mallory, ticks);
      const muted = expect
        .poll(() => ada.client.payloadsOf('participantMuted'), { timeout: 15_000, interval: 20 })
        .toMatchObject([{ participantId: mallory.participantId, reason: 'flooding' }])
        .then(() => ada.received());
      await Promise.all([muted, speak(ada)]);
      const copies = await muted;
      // What was on its way, and nothing of what came after.
      expect(copies).toBeLessThan(6_000);
      expect(ada.received() - copies).toBeLessThan(300);
      expect(mallory.received()).toBeGreaterThan(packets.length / 2);

      await expect.poll(() => mallory.client.farewell, { timeout: 25_000 }).toBe('FLOODING');
      stop();
      await expect
        .poll(() => ada.client.payloadsOf('participantLeft'))
        .toEqual([{ participantId: mallory.participantId, reason: 'removed' }]);
      await expect.poll(() => linesOf(ada), { timeout: 10_000 }).toEqual(linesOf(alone));
      expect(residentBytes() - before).toBeLessThan(100_000_000);
    },
    120_000,
  );

  test.each([
    ['of their own track', (member: Member) => member.ssrc],
    ['of no track', () => 999_999],
  ])(
    'H1 with packets of 13 bytes %s is muted, and removed although nothing of them is forwarded',
    async (of, ssrcOf) => {
      const grace = await enter(`small ${of}`.replaceAll(' ', '-'), 'Grace');
      const mallory = await enter(`small ${of}`.replaceAll(' ', '-'), 'Mallory');
      const payload = Uint8Array.of(0);
      const startedAtMs = performance.now();
      const stop = pour(mallory.media, {
        packetsPerSecond: SMALL_PACKETS_PER_SECOND,
        packetAt: (number) => rtp({ number, timestamp: number * PACKET_TICKS, ssrc: ssrcOf(mallory), payload }),
      });
      await expect
        .poll(() => grace.client.payloadsOf('participantMuted'), { timeout: 15_000, interval: 20 })
        .toMatchObject([{ participantId: mallory.participantId, reason: 'flooding' }]);
      await expect.poll(() => mallory.client.farewell, { timeout: 25_000 }).toBe('FLOODING');
      stop();
      expect(performance.now() - startedAtMs).toBeLessThan(20_000);
      expect(grace.client.closed).toBe(false);
    },
    60_000,
  );
});

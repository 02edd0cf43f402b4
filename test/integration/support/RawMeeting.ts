import type { Socket } from 'node:dgram';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LocalMediaNode, type MediaNode, ModelStore } from '@parley/media/node';
import { resolveSpeechSettings } from '@parley/media/settings';
import { OpusEncoder, PACKET_TICKS, readSound } from '@parley/media/testing';
import { type Server, type SettingsInput, startServer } from '@parley/server';
import { pino } from 'pino';
import { SocketClient } from '../../support/SocketClient.js';
import { PlainSfu } from './PlainSfu.js';

const PAYLOAD_TYPE = 111;
const PACKET_MS = 20;
const SILENCE_MS = 2_000;
const RECV_CAPABILITIES = {
  codecs: [{ kind: 'audio', mimeType: 'audio/opus', preferredPayloadType: 100, clockRate: 48_000, channels: 2 }],
};

/** One sentence of the fixtures and the silence after it, as a browser sends it. @param file 16 kHz samples (`.s16le`), or `.flac` */
export async function packetsOf(file: string): Promise<Uint8Array[]> {
  const url = new URL(`../../fixtures/speech/${file}`, import.meta.url);
  const speech = file.endsWith('.flac')
    ? await readSound(url)
    : new Int16Array(new Uint8Array(await readFile(url)).buffer);
  const pcm = new Int16Array(speech.length + SILENCE_MS * 16);
  pcm.set(speech);
  const encoder = new OpusEncoder();
  const packets = encoder.encode(pcm, { lossPercent: 0 });
  encoder.close();
  return packets;
}

/** Somebody in a room, with a transport for sending and one for receiving, as raw sockets. */
export class RawMember {
  readonly client: SocketClient;
  readonly participantId: string;
  readonly #ssrc: number;
  readonly #media: Socket;
  #received = 0;
  #number = 0;
  #startedAtMs: number | undefined;

  constructor(parts: { client: SocketClient; participantId: string; ssrc: number; media: Socket }) {
    this.client = parts.client;
    this.participantId = parts.participantId;
    this.#ssrc = parts.ssrc;
    this.#media = parts.media;
  }

  /** Packets of others that were forwarded to them. */
  get received(): number {
    return this.#received;
  }

  countReceived(): void {
    this.#received += 1;
  }

  /** @param packet.ssrc default: that of their track */
  send(packet: { number: number; timestamp: number; payload: Uint8Array; ssrc?: number | undefined }): void {
    this.#media.send(rtp({ ...packet, ssrc: packet.ssrc ?? this.#ssrc }));
  }

  /** Goes on at the pace of a microphone, from where it stopped. */
  async speak(packets: readonly Uint8Array[]): Promise<void> {
    this.#startedAtMs ??= performance.now() - this.#number * PACKET_MS;
    for (const payload of packets) {
      const number = this.#number++;
      this.send({ number, timestamp: number * PACKET_TICKS, payload });
      await sleep(Math.max(0, this.#startedAtMs + this.#number * PACKET_MS - performance.now()));
    }
  }

  /** This member's lines of the transcript, as they received them. */
  get lines(): { status: string; text: string; reason?: string; startMs: number; endMs: number }[] {
    return this.client
      .payloadsOf('segmentCommitted')
      .map((payload) => (payload as { segment: Line }).segment)
      .filter((segment) => segment.participantId === this.participantId);
  }
}

type Line = { participantId: string } & RawMember['lines'][number];

function rtp(options: { number: number; timestamp: number; ssrc: number; payload: Uint8Array }): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt8(0x80, 0);
  header.writeUInt8(PAYLOAD_TYPE, 1);
  header.writeUInt16BE(options.number & 0xffff, 2);
  header.writeUInt32BE(options.timestamp >>> 0, 4);
  header.writeUInt32BE(options.ssrc, 8);
  return Buffer.concat([header, options.payload]);
}

/** A whole server with the built-in model and the real SFU, whose members send plain RTP: any packets, at any rate. */
export class RawMeeting {
  readonly server: Server;
  readonly node: MediaNode;
  readonly #sfu: PlainSfu;
  readonly #folder: string;
  readonly #sockets: Socket[] = [];
  readonly #clients: SocketClient[] = [];
  #ssrcs = 1_000;

  private constructor(parts: { server: Server; node: MediaNode; sfu: PlainSfu; folder: string }) {
    this.server = parts.server;
    this.node = parts.node;
    this.#sfu = parts.sfu;
    this.#folder = parts.folder;
  }

  static async create(settings: SettingsInput = {}): Promise<RawMeeting> {
    const folder = await mkdtemp(join(tmpdir(), 'parley-raw-'));
    const sfu = await PlainSfu.create();
    const workerBinary = process.env.PARLEY_MEDIASOUP_WORKER;
    const builtInDirectory = fileURLToPath(new URL('../../../native/models', import.meta.url));
    const store = new ModelStore({ directory: join(folder, 'models'), builtInDirectory });
    const node = await LocalMediaNode.create({
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
    const server = await startServer({
      settings: { port: 0, media: { port: 0 }, model: 'parley-nano', dataDir: folder, ...settings },
      logger: pino({ level: 'silent' }),
      media: sfu.within(node),
    });
    return new RawMeeting({ server, node, sfu, folder });
  }

  get auditFile(): string {
    return join(this.#folder, 'audit.log');
  }

  /** Everybody leaves. */
  leaveAll(): void {
    for (const client of this.#clients.splice(0)) client.disconnect();
    for (const socket of this.#sockets.splice(0)) socket.close();
  }

  async close(): Promise<void> {
    this.leaveAll();
    await this.server.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Somebody joins, sends and receives. @param asked more of what `join` takes */
  async enter(room: string, name: string, asked: object = {}): Promise<RawMember> {
    const client = new SocketClient({
      url: this.server.url,
      credentials: { kind: 'guest', subject: `the-whole-subject-of-${name}`, displayName: name },
    });
    this.#clients.push(client);
    const connected = await client.connect();
    if (connected !== 'connected') throw new Error(connected);
    const joined = await this.#ask(client, 'join', { room, ...asked });
    const ssrc = this.#ssrcs++;
    const sending = await this.#transport(client, { direction: 'send' });
    const receiving = await this.#transport(client, { direction: 'recv', rtpCapabilities: RECV_CAPABILITIES });
    const participantId = joined.participantId as string;
    const member = new RawMember({ client, participantId, ssrc, media: sending.socket });
    receiving.socket.on('message', () => member.countReceived());
    // By its first packet, the SFU knows where to send to.
    receiving.socket.send(rtp({ number: 0, timestamp: 0, ssrc: 1, payload: new Uint8Array(1) }));
    client.socket.on(
      'consumerCreated',
      ({ consumerId }: { consumerId: string }) => void client.ask('resumeConsumer', { consumerId }),
    );
    await this.#ask(client, 'produce', {
      transportId: sending.transportId,
      track: 'microphone',
      paused: false,
      rtpParameters: {
        codecs: [{ mimeType: 'audio/opus', payloadType: PAYLOAD_TYPE, clockRate: 48_000, channels: 2 }],
        encodings: [{ ssrc }],
        rtcp: { cname: name },
      },
    });
    return member;
  }

  async #transport(client: SocketClient, request: object): Promise<{ transportId: string; socket: Socket }> {
    const transportId = (await this.#ask(client, 'createTransport', request)).transportId as string;
    const socket = await this.#sfu.socketTo(transportId);
    this.#sockets.push(socket);
    return { transportId, socket };
  }

  async #ask(client: SocketClient, name: string, request: object): Promise<Record<string, unknown>> {
    const answer = await client.ask(name, request);
    if (!answer.ok) throw new Error(answer.error.code);
    return answer.data;
  }
}

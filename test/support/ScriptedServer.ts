import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommittedSegment, Credentials } from '@parley/client-sdk/protocol';
import { type Server, type StartServerOptions, startServer } from '@parley/server';
import { pino } from 'pino';
import { ScriptedMedia } from './ScriptedMedia.js';
import { SocketClient } from './SocketClient.js';

type Settings = NonNullable<StartServerOptions['settings']>;

const RTP_PARAMETERS = {
  mid: '0',
  codecs: [{ mimeType: 'audio/opus', payloadType: 111, clockRate: 48_000, channels: 2, parameters: {} }],
  encodings: [{ ssrc: 12_345 }],
  rtcp: { cname: 'x' },
};

export interface Speaker {
  client: SocketClient;
  participantId: string;
}

/** The whole server over plain http, with words from the test (`media`) instead of audio. */
export class ScriptedServer {
  readonly server: Server;
  readonly media: ScriptedMedia;
  /** Codes in the lines of the log, in order. */
  readonly loggedCodes: string[];
  readonly #folder: string;
  readonly #clients: SocketClient[] = [];

  private constructor(parts: { server: Server; media: ScriptedMedia; loggedCodes: string[]; folder: string }) {
    this.server = parts.server;
    this.media = parts.media;
    this.loggedCodes = parts.loggedCodes;
    this.#folder = parts.folder;
  }

  static async start(settings: Settings = {}): Promise<ScriptedServer> {
    const folder = await mkdtemp(join(tmpdir(), 'parley-scripted-'));
    const media = new ScriptedMedia();
    const loggedCodes: string[] = [];
    const note = (line: string) => {
      const { code } = JSON.parse(line) as { code?: string };
      if (code !== undefined) loggedCodes.push(code);
    };
    const server = await startServer({
      settings: {
        port: 0,
        model: 'parley-nano',
        device: 'cpu',
        dataDir: folder,
        tls: { enabled: false },
        audit: { enabled: false },
        ...settings,
        limits: { messageBurst: 10_000, connectsPerMinutePerAddress: 100_000, ...settings.limits },
      },
      logger: pino({ level: 'warn' }, { write: note }),
      media: media.node,
    });
    return new ScriptedServer({ server, media, loggedCodes, folder });
  }

  get url(): string {
    return this.server.url;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** A client that has joined; a new user unless `subject` is given. */
  async joined(room: string, options: { subject?: string } = {}): Promise<SocketClient> {
    const { subject = `subject-${Math.random().toString(36).slice(2)}-abcdefgh` } = options;
    const credentials: Credentials = { kind: 'guest', subject, displayName: 'Ada' };
    const client = new SocketClient({ url: this.url, credentials });
    this.#clients.push(client);
    const outcome = await client.connect();
    if (outcome !== 'connected') throw new Error(outcome);
    await client.join(room);
    return client;
  }

  /** A participant for whom `media` can say words. */
  async speaker(room: string): Promise<Speaker> {
    const client = await this.joined(room);
    const transport = await client.ask('createTransport', { direction: 'send' });
    if (!transport.ok) throw new Error(transport.error.code);
    const { transportId } = transport.data;
    const produced = await client.ask('produce', {
      transportId,
      track: 'microphone',
      paused: false,
      rtpParameters: RTP_PARAMETERS,
    });
    if (!produced.ok) throw new Error(produced.error.code);
    return { client, participantId: String(client.joined?.participantId) };
  }

  async close(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.disconnect();
    await this.server.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Everything after `afterSeq`, page by page. */
export async function resumeAll(client: SocketClient, afterSeq: number): Promise<CommittedSegment[][]> {
  const pages: CommittedSegment[][] = [];
  for (let from = afterSeq; ; ) {
    const answer = await client.ask('resumeTranscript', { afterSeq: from });
    if (!answer.ok) throw new Error(answer.error.code);
    const segments = answer.data.segments as CommittedSegment[];
    const last = segments.at(-1);
    if (last === undefined) return pages;
    pages.push(segments);
    from = last.seq;
  }
}

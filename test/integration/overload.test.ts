import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Credentials } from '@parley/client-sdk/protocol';
import { DEFAULT_RECOGNITION_SETTINGS } from '@parley/media/asr';
import { RecognitionClient } from '@parley/media/worker';
import { type Server, startServer } from '@parley/server';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpsGet } from '../support/httpsGet.js';
import { loadPcm } from '../support/loadPcm.js';
import { SocketClient } from '../support/SocketClient.js';
import { engineThere } from './support/SpeechRig.js';

/** So many finals of somebody else wait at any time, each of them for seconds. */
const FLOOD = 100;
const WINDOW_SAMPLES = 10 * 16_000;

let folder: string;
let server: Server;
const clients: SocketClient[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-overload-'));
  server = await startServer({
    settings: { port: 0, media: { port: 0 }, model: 'parley-nano', device: 'cpu', dataDir: folder },
    logger: pino({ level: 'silent' }),
  });
}, 60_000);
afterAll(async () => {
  for (const client of clients) client.disconnect();
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

async function connected(name: string): Promise<SocketClient> {
  const credentials: Credentials = { kind: 'guest', subject: `subject-of-${name}-in-this-test`, displayName: name };
  const client = new SocketClient({ url: server.url, credentials });
  clients.push(client);
  expect(await client.connect()).toBe('connected');
  return client;
}

/** Where the server's ASR process listens: any process of this account may be its client, as another media worker would. */
async function asrSocketPath(): Promise<string> {
  const folder = `/proc/${server.childPids.asr}/fd`;
  const links = await Promise.all((await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => '')));
  const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  for (const line of (await readFile('/proc/net/unix', 'utf8')).split('\n')) {
    const [, , , , , , inode = '', path = ''] = line.trim().split(/\s+/);
    if (inodes.has(inode) && path.endsWith('.sock')) return path;
  }
  throw new Error('the ASR process listens nowhere');
}

/** Asks for finals faster than they can be made, until it is stopped. */
function flood(socketPath: string): { stop(): Promise<void> } {
  const client = RecognitionClient.create({ socketPath });
  const pcm = loadPcm('meeting-sarah').slice(0, WINDOW_SAMPLES);
  let stopped = false;
  const workers = Array.from({ length: FLOOD }, async (_, index) => {
    while (!stopped) {
      await client
        .recognize({
          kind: 'final',
          meetingId: 'elsewhere',
          trackId: `speaker ${index}`,
          pcm,
          settings: DEFAULT_RECOGNITION_SETTINGS,
          deadlineMs: 60_000,
        })
        // Some are shed: that is what is asked for here.
        .catch(() => new Promise((resolve) => setTimeout(resolve, 50)));
    }
  });
  return {
    stop: async () => {
      stopped = true;
      await client.close();
      await Promise.all(workers);
    },
  };
}

const levelsOf = (client: SocketClient) =>
  client.payloadsOf('transcriptionDegraded').map((payload) => (payload as { level: number }).level);

describe.skipIf(!engineThere || process.platform !== 'linux')('a recogniser with more to do than it can', () => {
  test('ends interims and tells so, keeps new rooms out, and is told to have recovered', async () => {
    const ada = await connected('Ada');
    await ada.join('standing');
    const elsewhere = flood(await asrSocketPath());
    try {
      await expect.poll(() => levelsOf(ada), { timeout: 60_000, interval: 100 }).toEqual([3, 3]);
      expect(ada.payloadsOf('transcriptionDegraded')).toMatchObject([
        { interimIntervalFactor: null },
        { interimIntervalFactor: null },
      ]);
      expect(ada.payloadsOf('transcriptionRecovered')).toEqual([]);

      const ben = await connected('Ben');
      const refused = await ben.ask('join', { room: 'another' });
      expect(refused).toMatchObject({ ok: false, error: { code: 'SERVER_OVERLOADED', retryable: true } });
      const { retryAfterMs } = (refused as { error: { retryAfterMs?: number } }).error;
      expect(retryAfterMs).toBeGreaterThanOrEqual(10_000);
      expect(retryAfterMs).toBeLessThanOrEqual(20_000);
      // A meeting that is on lets people in, and tells them how things are.
      expect(await ben.join('standing')).toMatchObject({ transcription: { degradation: { level: 3 } } });

      const { body } = await httpsGet(`${server.url}/metrics`);
      expect(body).toMatch(/^parley_load_level 4$/m);
      const oldest = /^parley_recognition_queue_age_ms\{kind="final",quantile="max"\} (\S+)$/m.exec(body)?.[1];
      expect(Number(oldest)).toBeGreaterThan(1_000);
    } finally {
      await elsewhere.stop();
    }
    await expect.poll(() => ada.payloadsOf('transcriptionRecovered'), { timeout: 60_000, interval: 100 }).toEqual([{}]);
    expect(levelsOf(ada)).toEqual([3, 3, 3]);
    const { body } = await httpsGet(`${server.url}/metrics`);
    expect(body).toMatch(/^parley_load_level 0$/m);
    expect(body).toMatch(/^parley_recognitions_dropped\{cause="cancelled"\} [1-9]/m);
    const cem = await connected('Cem');
    await cem.join('another');
  }, 180_000);
});

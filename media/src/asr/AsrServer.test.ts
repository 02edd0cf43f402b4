import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { monotonicNowMs } from '../process/clock.js';
import { AsrServer, type AsrServerLimits } from './AsrServer.js';
import { encodeFrame } from './framing.js';
import { BUILT_IN_MODEL } from './modelCatalogue.js';
import { RecognitionClient } from './RecognitionClient.js';
import { FakeEngine, type FakeJobScript } from './testing/FakeEngine.js';
import type { RecognitionRequest } from './types.js';

let directory = '';
let engine: FakeEngine;
let server: AsrServer;
const clients: RecognitionClient[] = [];
const fatal: string[] = [];

async function start(options: { lanes?: number; limits?: Partial<AsrServerLimits> } = {}): Promise<RecognitionClient> {
  engine = new FakeEngine();
  server = await AsrServer.create({
    engine,
    lanes: options.lanes ?? 1,
    profile: BUILT_IN_MODEL.profile,
    socketPath: join(directory, 'sub', 'asr.sock'),
    onFatal: (reason) => fatal.push(reason),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  engine.started.length = 0;
  return await newClient();
}

async function newClient(): Promise<RecognitionClient> {
  const client = RecognitionClient.create({ socketPath: join(directory, 'sub', 'asr.sock') });
  clients.push(client);
  await waitFor(() => client.state === 'ready');
  return client;
}

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

function request(script: FakeJobScript, fields: Partial<RecognitionRequest> = {}): RecognitionRequest {
  return {
    kind: 'final',
    roomId: 'room',
    speakerId: 'speaker',
    pcm: new Int16Array(1_600),
    settings: { language: 'auto', beamSize: 1, prompt: JSON.stringify(script), words: false },
    deadlineAtMs: monotonicNowMs() + 5_000,
    ...fields,
  };
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-asr-'));
  fatal.length = 0;
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

describe('AsrServer', () => {
  it('listens on a socket that only its account can use', async () => {
    await start();
    const path = join(directory, 'sub', 'asr.sock');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
  });

  it('answers with the text and the times in queue and engine', async () => {
    const client = await start();
    const [first, second] = await Promise.all([
      client.recognize(request({ text: 'one', delayMs: 30 })),
      client.recognize(request({ text: 'two' }, { speakerId: 'b' })),
    ]);
    expect([first.text, second.text]).toEqual(['one', 'two']);
    expect(first.engineMs).toBeGreaterThanOrEqual(29);
    expect(second.queuedMs).toBeGreaterThanOrEqual(25);
  });

  it('keeps each lane to one job and uses all lanes', async () => {
    const client = await start({ lanes: 3 });
    engine.peak = 0;
    const texts = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        client.recognize(request({ text: `t${i}`, delayMs: 5 }, { speakerId: `s${i}` })),
      ),
    );
    expect(texts.map((hypothesis) => hypothesis.text)).toEqual(Array.from({ length: 12 }, (_, i) => `t${i}`));
    expect(engine.peak).toBe(3);
  });

  it('gives finals of one client before interims of another', async () => {
    const client = await start();
    const other = await newClient();
    const busy = client.recognize(request({ delayMs: 40 }));
    await waitFor(() => engine.started.length === 1);
    const interim = other.recognize(request({ text: 'interim' }, { kind: 'interim', speakerId: 'i' }));
    await waitFor(() => server.stats.waitingInterims === 1);
    const final = client.recognize(request({ text: 'final' }, { speakerId: 'f' }));
    await Promise.all([busy, interim, final]);
    expect(engine.started.map((job) => JSON.parse(job.prompt).text)).toEqual([undefined, 'final', 'interim']);
  });

  it('aborts the running interim of a speaker whose final waits', async () => {
    const client = await start();
    const interim = expect(
      client.recognize(request({ hang: true }, { kind: 'interim', speakerId: 'a' })),
    ).rejects.toMatchObject({ code: 'SUPERSEDED' });
    await waitFor(() => engine.started.length === 1);
    expect((await client.recognize(request({ text: 'final' }, { speakerId: 'a' }))).text).toBe('final');
    await interim;
  });

  it('stops a job at its deadline and goes on with the next', async () => {
    const client = await start();
    const hung = client.recognize(request({ hang: true }, { deadlineAtMs: monotonicNowMs() + 50 }));
    await expect(hung).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect((await client.recognize(request({ text: 'next' }))).text).toBe('next');
    expect(fatal).toEqual([]);
  });

  it('stops a job that takes longer than its budget, long before a late deadline', async () => {
    const client = await start({ limits: { shortestBudgetMs: 40, budgetFactor: 0 } });
    const hung = client.recognize(request({ hang: true }));
    await expect(hung).rejects.toMatchObject({ code: 'RECOGNIZER_FAILED' });
  });

  it('declares itself lost when a lane does not stop', async () => {
    const client = await start({ limits: { stuckLaneMs: 20 } });
    const deaf = client.recognize(request({ deaf: true }, { deadlineAtMs: monotonicNowMs() + 30 }));
    await expect(deaf).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await waitFor(() => fatal.length > 0);
    expect(fatal).toEqual(['lane 0 did not stop within 20 ms']);
  });

  it('passes on failures, and declares itself lost after five in a row', async () => {
    const client = await start();
    for (let i = 0; i < 4; i++) {
      const failed = client.recognize(request({ fail: 'device lost' }));
      await expect(failed).rejects.toMatchObject({ code: 'RECOGNIZER_FAILED', message: 'device lost' });
    }
    await client.recognize(request({}));
    for (let i = 0; i < 5; i++) {
      expect(fatal).toEqual([]);
      await client.recognize(request({ fail: 'device lost' })).catch(() => {});
    }
    expect(fatal).toHaveLength(1);
  });

  it('forgets the jobs of a client that goes, running ones included', async () => {
    const client = await start();
    const leaving = await newClient();
    const gone = [leaving.recognize(request({ hang: true })), leaving.recognize(request({ text: 'x' }))];
    const settled = Promise.allSettled(gone);
    await waitFor(() => engine.started.length === 1);
    await leaving.close();
    await settled;
    expect((await client.recognize(request({ text: 'still here' }))).text).toBe('still here');
    expect(server.stats).toMatchObject({ running: 0, waitingFinals: 0 });
    expect(engine.started).toHaveLength(2);
  });

  it('finds no speech in no audio', async () => {
    const client = await start();
    const empty = await client.recognize(request({ text: 'ghost' }, { pcm: new Int16Array(0) }));
    expect(empty).toMatchObject({ text: '', confidence: 0 });
  });

  it.each([
    ['bytes that are no frame', Buffer.from([0, 0, 0, 0, 0])],
    ['an unknown message', encodeFrame({ type: 'reboot' })],
    ['a request with a wrong field', encodeFrame({ type: 'recognize', id: -1 })],
  ])('closes a connection that brings %s, and serves the others', async (_what, bytes) => {
    const client = await start();
    const socket = connect(join(directory, 'sub', 'asr.sock'));
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('data', () => {});
    socket.write(bytes);
    await closed;
    expect(server.stats.brokenConnections).toBe(1);
    expect((await client.recognize(request({ text: 'served' }))).text).toBe('served');
  });

  it('ends everything when it is closed, twice as well as once', async () => {
    const client = await start();
    const interim = client.recognize(request({ hang: true }, { kind: 'interim' }));
    const lost = expect(interim).rejects.toMatchObject({ code: 'RECOGNIZER_UNAVAILABLE' });
    await waitFor(() => engine.started.length === 1);
    await server.close();
    await server.close();
    await lost;
  });
});

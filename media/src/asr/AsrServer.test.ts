import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeFrame, FrameDecoder } from '../process/framing.js';
import { BUILT_IN_MODEL } from '../settings/modelCatalogue.js';
import type { ModelProfile } from '../settings/modelProfile.js';
import { ManualTime } from '../testing/ManualTime.js';
import { RecognitionClient } from '../worker/recognition/RecognitionClient.js';
import { AsrServer } from './AsrServer.js';
import { DEFAULT_RECOGNITION_SETTINGS, type Draft, type RecognitionRequest } from './contract/recognition.js';
import type { AsrServerLimits } from './contract/serverLimits.js';
import { FakeEngine, type FakeJobScript } from './testing/FakeEngine.js';
import { fakeTokens } from './testing/fakeTokens.js';

/**
 * The clocks of the two sides start years apart, like those of two machines. They only move when a test moves them; timers that are due at
 * once run at once.
 */
let time: ManualTime;
let clientTime: ManualTime;
let flow: NodeJS.Immediate;
let directory = '';
let engine: FakeEngine;
let server: AsrServer;
const clients: RecognitionClient[] = [];
const fatal: string[] = [];

interface Start {
  lanes?: number;
  interim?: FakeEngine;
  /** Default: like the main one's. */
  interimProfile?: ModelProfile;
  limits?: Partial<AsrServerLimits>;
}

async function start(options: Start = {}): Promise<RecognitionClient> {
  engine = new FakeEngine({ model: 'main', time });
  server = await AsrServer.create({
    engines: {
      final: { engine, profile: BUILT_IN_MODEL.profile },
      ...(options.interim === undefined
        ? {}
        : { interim: { engine: options.interim, profile: options.interimProfile ?? BUILT_IN_MODEL.profile } }),
    },
    plan: { jobs: options.lanes ?? 1, threadsPerJob: 1, cores: options.lanes ?? 1 },
    socketPath: join(directory, 'sub', 'asr.sock'),
    onFatal: (reason) => fatal.push(reason),
    time,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  engine.started.length = 0;
  return await newClient();
}

async function newClient(): Promise<RecognitionClient> {
  const client = RecognitionClient.create({ socketPath: join(directory, 'sub', 'asr.sock'), time: clientTime });
  clients.push(client);
  await waitFor(() => client.state === 'ready');
  return client;
}

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

function request(script: FakeJobScript, fields: Partial<RecognitionRequest> = {}): RecognitionRequest {
  return {
    kind: 'final',
    meetingId: 'room',
    trackId: 'speaker',
    pcm: new Int16Array(1_600),
    settings: { ...DEFAULT_RECOGNITION_SETTINGS, prompt: JSON.stringify(script) },
    deadlineMs: 5_000,
    ...fields,
  };
}

beforeEach(async () => {
  time = new ManualTime(70_000);
  clientTime = new ManualTime(9e10);
  const move = () => {
    time.advance(0);
    clientTime.advance(0);
    flow = setImmediate(move);
  };
  move();
  directory = await mkdtemp(join(tmpdir(), 'parley-asr-'));
  fatal.length = 0;
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await server.close();
  clearImmediate(flow);
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
    const answers = Promise.all([
      client.recognize(request({ text: 'one', delayMs: 30 })),
      client.recognize(request({ text: 'two', delayMs: 10 }, { trackId: 'b' })),
    ]);
    await waitFor(() => server.stats.waitingFinals === 1);
    time.advance(30);
    await waitFor(() => engine.started.length === 2);
    time.advance(10);
    expect(await answers).toMatchObject([
      { text: 'one', queuedMs: 0, engineMs: 30 },
      { text: 'two', queuedMs: 30, engineMs: 10 },
    ]);
  });

  it('runs as many jobs at a time as its plan has, and never more', async () => {
    const client = await start({ lanes: 3 });
    engine.peak = 0;
    const all = Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        client.recognize(request({ text: `t${i}`, delayMs: 5 }, { trackId: `s${i}` })),
      ),
    );
    for (let round = 1; round <= 4; round++) {
      await waitFor(() => engine.started.length === 3 * round);
      time.advance(5);
    }
    const texts = await all;
    expect(texts.map((hypothesis) => hypothesis.text)).toEqual(Array.from({ length: 12 }, (_, i) => `t${i}`));
    expect(engine.peak).toBe(3);
  });

  it('gives finals of one client before interims of another', async () => {
    const client = await start();
    const other = await newClient();
    const busy = client.recognize(request({ delayMs: 40 }));
    await waitFor(() => engine.started.length === 1);
    const interim = other.recognize(request({ text: 'interim' }, { kind: 'interim', trackId: 'i' }));
    await waitFor(() => server.stats.waitingInterims === 1);
    const final = client.recognize(request({ text: 'final' }, { trackId: 'f' }));
    await waitFor(() => server.stats.waitingFinals === 1);
    time.advance(40);
    await Promise.all([busy, interim, final]);
    expect(engine.started.map((job) => JSON.parse(job.prompt).text)).toEqual([undefined, 'final', 'interim']);
  });

  it('gives the interim of an utterance that shows nothing yet before one of an utterance that does', async () => {
    const client = await start();
    const busy = client.recognize(request({ delayMs: 40 }));
    await waitFor(() => engine.started.length === 1);
    const ask = (text: string, first: boolean) =>
      client.recognize(request({ text }, { kind: 'interim', trackId: text, first }));
    const interims = [ask('later', false), ask('first', true)];
    await waitFor(() => server.stats.waitingInterims === 2);
    time.advance(40);
    await Promise.all([busy, ...interims]);
    expect(engine.started.map((job) => JSON.parse(job.prompt).text)).toEqual([undefined, 'first', 'later']);
  });

  it('stops a job at its deadline and goes on with the next', async () => {
    const client = await start();
    const hung = client.recognize(request({ hang: true }, { deadlineMs: 50 }));
    await waitFor(() => engine.started.length === 1);
    time.advance(49);
    expect(server.stats.running).toBe(1);
    time.advance(1);
    await expect(hung).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect((await client.recognize(request({ text: 'next' }))).text).toBe('next');
    expect(fatal).toEqual([]);
  });

  it('stops a job that takes longer than its budget, long before a late deadline', async () => {
    const client = await start({ limits: { shortestBudgetMs: 40, budgetFactor: 0 } });
    const hung = client.recognize(request({ hang: true }));
    await waitFor(() => engine.started.length === 1);
    time.advance(40);
    await expect(hung).rejects.toMatchObject({ code: 'ENGINE_TOO_SLOW' });
  });

  it('declares itself lost when a job does not stop', async () => {
    const client = await start({ limits: { stuckJobMs: 20 } });
    const deaf = client.recognize(request({ deaf: true }, { deadlineMs: 30 }));
    await waitFor(() => engine.started.length === 1);
    clientTime.advance(30);
    await expect(deaf).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await waitFor(() => server.stats.dropped.cancelled === undefined && server.stats.running === 1);
    expect(fatal).toEqual([]);
    // The cancellation takes a moment to arrive.
    while (fatal.length === 0) {
      time.advance(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(fatal).toEqual(['a job did not stop within 20 ms']);
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

  it('makes room for another job when a sender gives its own up, at once and without an answer', async () => {
    const client = await start();
    const controller = new AbortController();
    const speculative = client.recognize(request({ hang: true }), { signal: controller.signal });
    const gone = expect(speculative).rejects.toMatchObject({ code: 'SUPERSEDED' });
    await waitFor(() => engine.started.length === 1);
    const next = client.recognize(request({ text: 'next' }, { trackId: 'other' }));
    await waitFor(() => server.stats.waitingFinals === 1);
    controller.abort();
    // In no time at all: both clocks stand still.
    expect((await next).text).toBe('next');
    await gone;
    expect(server.stats).toMatchObject({ answered: 1, dropped: { cancelled: 1 }, rejected: {}, running: 0 });
    expect(client.stats.unknownAnswers).toBe(0);
  });

  it('counts engine time, and apart that of jobs which came to nothing', async () => {
    const client = await start();
    const answered = client.recognize(request({ delayMs: 30 }));
    await waitFor(() => engine.started.length === 1);
    time.advance(30);
    await answered;
    expect(server.stats).toMatchObject({ engineMs: 30, discardedEngineMs: 0 });
    const controller = new AbortController();
    const given = client.recognize(request({ hang: true }), { signal: controller.signal }).catch(() => {});
    await waitFor(() => engine.started.length === 2);
    time.advance(40);
    controller.abort();
    await given;
    await waitFor(() => server.stats.running === 0);
    expect(server.stats).toMatchObject({ engineMs: 70, discardedEngineMs: 40 });
  });

  it('sends the load to every client when it connects', async () => {
    const client = await start();
    expect(client.pace).toBe(0);
    await client.close();
    const socket = connect(join(directory, 'sub', 'asr.sock'));
    const decoder = new FrameDecoder();
    const messages: unknown[] = [];
    socket.on('data', (chunk) => {
      for (const { header } of decoder.push(chunk)) messages.push(header);
    });
    await waitFor(() => messages.length === 2);
    socket.destroy();
    expect(messages[1]).toEqual({ type: 'load', level: 0, reason: 'recovered', interimIntervalMs: 0 });
  });

  it('takes no interims while finals wait, and reports it', async () => {
    const load = { finalMs: 20, busyForMs: 1, calmForMs: 60_000 };
    const client = await start({ limits: { load } });
    const late = { deadlineMs: 4_000 };
    const hung = [
      client.recognize(request({ hang: true }, late)).catch(() => {}),
      client.recognize(request({}, late)).catch(() => {}),
    ];
    const interim = expect(
      client.recognize(request({}, { kind: 'interim', trackId: 'i', deadlineMs: 4_000 })),
    ).rejects.toMatchObject({ code: 'OVERLOADED' });
    await waitFor(() => server.stats.waitingInterims === 1);
    time.advance(1_000);
    await waitFor(() => client.pace === null);
    await interim;
    expect(server.stats).toMatchObject({ dropped: { noInterims: 1 }, waitingInterims: 0 });
    expect(server.stats.load).toBeGreaterThanOrEqual(3);
    await client.close();
    await Promise.all(hung);
  });

  it('refuses a language that its model does not know, as often as it is asked, and the engine is none the worse', async () => {
    const client = await start();
    const settings = { ...DEFAULT_RECOGNITION_SETTINGS, language: 'it' };
    for (let i = 0; i < 6; i++) {
      await expect(client.recognize(request({}, { settings }))).rejects.toMatchObject({
        code: 'NOT_SUPPORTED',
        message: 'The model parley-nano does not know the language it. It knows de, en, es, fr.',
      });
    }
    expect(engine.started).toEqual([]);
    expect(fatal).toEqual([]);
    expect((await client.recognize(request({ text: 'on' }))).text).toBe('on');
  });

  describe('with a second engine', () => {
    it('answers interims with it and finals with the main one', async () => {
      const interim = new FakeEngine({ model: 'small', time });
      const client = await start({ interim });
      const say = { sayModel: true };
      expect((await client.recognize(request(say))).text).toBe('main');
      expect((await client.recognize(request(say, { kind: 'interim' }))).text).toBe('small');
    });

    it.each([
      ['in a language that the second model does not know', { language: 'de' }, 'main'],
      ['in a language that is to be found, where the second model knows a single one', { language: 'auto' }, 'main'],
      ['in its language', { language: 'en' }, 'small'],
    ])('answers interims %s with the model that can', async (_, wish, model) => {
      const interim = new FakeEngine({ model: 'small', time });
      const client = await start({ interim, interimProfile: { ...BUILT_IN_MODEL.profile, languages: ['en'] } });
      const { settings } = request({ sayModel: true });
      const asked = request({}, { kind: 'interim', settings: { ...settings, ...wish } });
      expect((await client.recognize(asked)).text).toBe(model);
    });

    it('gives each model its own drafts back, and never those of the other', async () => {
      const interim = new FakeEngine({ time });
      const client = await start({ interim, interimProfile: { ...BUILT_IN_MODEL.profile, name: 'small' } });
      const ask = async (kind: RecognitionRequest['kind'], draft?: Draft) => {
        const asked = request({ text: 'hello there' }, { kind, ...(draft === undefined ? {} : { draft }) });
        const answer = await client.recognize(asked);
        const { started } = kind === 'interim' ? interim : engine;
        return { answer, job: started.at(-1) };
      };
      const { draft: small } = (await ask('interim')).answer;
      expect(small).toEqual({ model: 'small', tokens: fakeTokens('hello there') });
      expect((await ask('interim', small)).job?.draft).toEqual(small?.tokens);
      const final = await ask('final', small);
      expect(final.job?.draft).toBeUndefined();
      const { draft: main } = final.answer;
      expect(main?.model).toBe(BUILT_IN_MODEL.profile.name);
      expect((await ask('final', main)).job?.draft).toEqual(main?.tokens);
      expect((await ask('interim', main)).job?.draft).toBeUndefined();
    });

    it('never has more jobs at a time than the plan for both of them', async () => {
      const interim = new FakeEngine({ time });
      const client = await start({ interim, lanes: 2 });
      const peak = () => server.stats.running;
      let most = 0;
      const all = Array.from({ length: 8 }, (_, i) =>
        client
          .recognize(request({ delayMs: 5 }, { kind: i % 2 === 0 ? 'final' : 'interim', trackId: `s${i}` }))
          .finally(() => {
            most = Math.max(most, peak());
          }),
      );
      await waitFor(() => {
        time.advance(1);
        most = Math.max(most, peak());
        return server.stats.answered === 8;
      });
      await Promise.all(all);
      expect(most).toBe(2);
    });

    it('aborts an interim on its own engine for the final of the same speaker', async () => {
      const interim = new FakeEngine({ time });
      const client = await start({ interim });
      const old = expect(client.recognize(request({ hang: true }, { kind: 'interim' }))).rejects.toMatchObject({
        code: 'SUPERSEDED',
      });
      await waitFor(() => server.stats.running === 1);
      expect((await client.recognize(request({ text: 'final' }))).text).toBe('final');
      await old;
      expect(server.stats.dropped).toEqual({ superseded: 1 });
    });

    it('does without it when it cannot do the warm-up, says why, and frees it', async () => {
      const interim = new FakeEngine({ time });
      interim.transcribe = () => Promise.reject(new Error('no memory'));
      const client = await start({ interim });
      expect(server.interimFailure).toBe('no memory');
      expect(interim.closed).toBe(true);
      expect((await client.recognize(request({ sayModel: true }, { kind: 'interim' }))).text).toBe('main');
    });

    it('is lost when either fails five times in a row, whatever the other does', async () => {
      const interim = new FakeEngine({ time });
      const client = await start({ interim });
      for (let i = 0; i < 5; i++) {
        expect(fatal).toEqual([]);
        await client.recognize(request({ fail: 'device lost' }, { kind: 'interim' })).catch(() => {});
        await client.recognize(request({}));
      }
      expect(fatal).toHaveLength(1);
    });
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

  it.each([
    ['one that is too long', { model: 'x', tokens: new Array(225).fill(7) }],
    ['one of no tokens', { model: 'x', tokens: [] }],
    ['a token below 0', { model: 'x', tokens: [7, -1] }],
    ['a token beyond every vocabulary', { model: 'x', tokens: [60_001] }],
    ['half a token', { model: 'x', tokens: [0.5] }],
    ['text', { model: 'x', tokens: 'Hello.' }],
    ['one of no model', { tokens: [7] }],
    ['one with more in it', { model: 'x', tokens: [7], text: 'Hello.' }],
    ['tokens alone', [7]],
  ])('closes a connection that brings a draft which is none: %s', async (_what, draft) => {
    await start();
    const ask = (changes: object) => {
      const { pcm, ...fields } = request({});
      return encodeFrame(
        { ...fields, type: 'recognize', id: 1, speculative: false, first: false, suspect: false, ...changes },
        pcm,
      );
    };
    const socket = connect(join(directory, 'sub', 'asr.sock'));
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('data', () => {});
    socket.write(ask({ draft: { model: 'x', tokens: [0, 60_000] } }));
    await waitFor(() => server.stats.answered === 1);
    expect(server.stats.brokenConnections).toBe(0);
    socket.write(ask({ draft }));
    await closed;
    expect(server.stats).toMatchObject({ brokenConnections: 1, answered: 1 });
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

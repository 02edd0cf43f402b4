import { getEventListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { capabilitiesOf } from '../../asr/contract/capabilities.js';
import type { InterimPace } from '../../asr/contract/load.js';
import { PROTOCOL_VERSION, type RecognizeHeader, type ToClient, type ToServer } from '../../asr/contract/protocol.js';
import { DEFAULT_RECOGNITION_SETTINGS, type RecognitionRequest } from '../../asr/contract/recognition.js';
import { encodeFrame, FrameDecoder } from '../../process/framing.js';
import { BUILT_IN_MODEL } from '../../settings/modelCatalogue.js';
import { hypothesisOf } from '../../testing/FakeRecognizer.js';
import { ManualTime } from '../../testing/ManualTime.js';
import { RecognitionClient, type RecognitionClientLimits } from './RecognitionClient.js';

/** The other end of the socket: records what arrives, and answers as the test wants. */
class FakeServer {
  readonly received: ToServer[] = [];
  readonly sockets = new Set<Socket>();
  readonly path: string;
  capabilities = capabilitiesOf({ final: BUILT_IN_MODEL });
  connections = 0;
  samples = 0;
  paused = false;
  #server: Server | undefined;
  #waiters: (() => void)[] = [];

  constructor(path: string) {
    this.path = path;
  }

  async listen(): Promise<void> {
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.path, resolve));
  }

  #accept(socket: Socket): void {
    this.connections += 1;
    this.sockets.add(socket);
    const decoder = new FrameDecoder();
    if (this.paused) socket.pause();
    else
      socket.on('data', (chunk) => {
        for (const { header, pcm } of decoder.push(chunk)) {
          this.received.push(header as ToServer);
          this.samples += pcm.length;
        }
        this.#wake();
      });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.sockets.delete(socket);
      this.#wake();
    });
    this.say({ type: 'hello', protocol: PROTOCOL_VERSION, capabilities: this.capabilities });
    this.#wake();
  }

  say(message: ToClient): void {
    for (const socket of this.sockets) socket.write(encodeFrame(message));
  }

  sayRaw(bytes: Buffer): void {
    for (const socket of this.sockets) socket.write(bytes);
  }

  dropAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  get requests(): RecognizeHeader[] {
    return this.received.filter((message) => message.type === 'recognize');
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }

  async close(): Promise<void> {
    this.dropAll();
    await new Promise<void>((resolve) => (this.#server ? this.#server.close(() => resolve()) : resolve()));
  }
}

let directory = '';
let server: FakeServer;
let client: RecognitionClient;
const paces: InterimPace[] = [];

const limits: Partial<RecognitionClientLimits> = { reconnectMs: { first: 1, longest: 5 } };

function createClient(overrides: Partial<RecognitionClientLimits> = {}): Promise<RecognitionClient> {
  return new Promise((resolve) => {
    const created = RecognitionClient.create({
      socketPath: server.path,
      limits: { ...limits, ...overrides },
      onPaceChange: (pace) => paces.push(pace),
      onStateChange: (state) => {
        if (state === 'ready') resolve(created);
      },
    });
    client = created;
  });
}

function request(fields: Partial<RecognitionRequest> = {}): RecognitionRequest {
  return {
    kind: 'final',
    meetingId: 'room',
    trackId: 'speaker',
    pcm: new Int16Array(1_600),
    settings: DEFAULT_RECOGNITION_SETTINGS,
    deadlineMs: 10_000,
    ...fields,
  };
}

const rejectsWith = (promise: Promise<unknown>, code: string) => expect(promise).rejects.toMatchObject({ code });
const idAt = (index: number): number => server.requests[index]?.id ?? 0;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-client-'));
  paces.length = 0;
  server = new FakeServer(join(directory, 'asr.sock'));
  await server.listen();
});

afterEach(async () => {
  await client?.close();
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

describe('RecognitionClient', () => {
  it('sends the audio and gives back the hypothesis', async () => {
    await createClient();
    const answer = client.recognize(request());
    await server.until(() => server.requests.length === 1);
    expect(server.samples).toBe(1_600);
    server.say({ type: 'result', id: idAt(0), hypothesis: hypothesisOf('hello') });
    expect((await answer).text).toBe('hello');
    expect(client.stats).toMatchObject({ pendingFinals: 0, pendingPcmBytes: 0 });
  });

  it('says how much of the time is left whenever it sends: at first, after it has waited, and to the next process', async () => {
    const time = new ManualTime(9e10);
    client = RecognitionClient.create({ socketPath: server.path, time });
    const early = client.recognize(request({ trackId: 'early', deadlineMs: 10_000 }));
    time.advance(1_000);
    await server.until(() => server.requests.length === 1);
    time.advance(2_500);
    const connections = server.connections;
    server.dropAll();
    while (server.connections === connections) {
      // The wait before the next try.
      time.advance(20);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const waitedMs = time.now() - 9e10;
    await server.until(() => server.requests.length === 2);
    expect(server.requests.map(({ deadlineMs }) => deadlineMs)).toEqual([9_000, 10_000 - waitedMs]);
    time.advance(10_000 - waitedMs);
    await rejectsWith(early, 'DEADLINE_EXCEEDED');
  });

  it('rejects with the code that the recogniser gives', async () => {
    await createClient();
    const answer = rejectsWith(client.recognize(request()), 'OVERLOADED');
    await server.until(() => server.requests.length === 1);
    server.say({ type: 'error', id: idAt(0), code: 'OVERLOADED', message: 'too many' });
    await answer;
  });

  it('does not let an answer to an unknown or settled request resolve another', async () => {
    await createClient();
    const answer = client.recognize(request());
    await server.until(() => server.requests.length === 1);
    server.say({ type: 'result', id: idAt(0) + 1, hypothesis: hypothesisOf('wrong') });
    server.say({ type: 'result', id: idAt(0), hypothesis: hypothesisOf('right') });
    server.say({ type: 'result', id: idAt(0), hypothesis: hypothesisOf('twice') });
    expect((await answer).text).toBe('right');
    const second = client.recognize(request());
    await server.until(() => server.requests.length === 2);
    server.say({ type: 'result', id: idAt(1), hypothesis: hypothesisOf('second') });
    expect((await second).text).toBe('second');
    expect(client.stats.unknownAnswers).toBe(2);
  });

  it('sends unanswered finals again after the process died, and marks the one that was in the engine', async () => {
    await createClient();
    const inEngine = client.recognize(request({ trackId: 'a' }));
    const waiting = client.recognize(request({ trackId: 'b' }));
    await server.until(() => server.requests.length === 2);
    server.say({ type: 'started', id: idAt(0) });
    server.say({ type: 'result', id: 999, hypothesis: hypothesisOf('flush') });
    while (client.stats.unknownAnswers === 0) await new Promise((resolve) => setImmediate(resolve));
    server.dropAll();
    await server.until(() => server.requests.length === 4);
    expect(server.requests.map((sent) => sent.suspect)).toEqual([false, false, true, false]);
    for (const sent of server.requests.slice(2)) {
      server.say({ type: 'result', id: sent.id, hypothesis: hypothesisOf(sent.trackId) });
    }
    expect([(await inEngine).text, (await waiting).text]).toEqual(['a', 'b']);
    expect(client.stats.reconnects).toBe(1);
  });

  it('gives up a final that was in the engine at two deaths, and no other', async () => {
    await createClient();
    const poison = rejectsWith(client.recognize(request({ trackId: 'poison' })), 'RECOGNIZER_FAILED');
    const innocent = client.recognize(request({ trackId: 'innocent' }));
    for (let death = 1; death <= 2; death++) {
      await server.until(() => server.requests.length === 2 * death);
      const id = server.requests.findLast((sent) => sent.trackId === 'poison')?.id ?? 0;
      server.say({ type: 'started', id });
      for (const socket of server.sockets) socket.end();
      await server.until(() => server.connections === death + 1);
    }
    await poison;
    await server.until(() => server.requests.length === 5);
    expect(server.requests[4]).toMatchObject({ trackId: 'innocent', suspect: false });
    server.say({ type: 'result', id: idAt(4), hypothesis: hypothesisOf('fine') });
    expect((await innocent).text).toBe('fine');
  });

  /** The engine starts with the speakers' last requests, and the process dies from it. */
  async function dieOver(...trackIds: string[]): Promise<void> {
    const { connections } = server;
    for (const trackId of trackIds) {
      const id = server.requests.findLast((sent) => sent.trackId === trackId)?.id ?? 0;
      server.say({ type: 'started', id });
    }
    for (const socket of server.sockets) socket.end();
    await server.until(() => server.connections === connections + 1);
    while (client.state !== 'ready') await new Promise((resolve) => setImmediate(resolve));
  }
  const asked = (count: number) => server.until(() => server.requests.length === count);

  it("takes no more interims over audio that ended the process twice, and fails the speaker's final at the next death", async () => {
    await createClient();
    const interim = () => request({ kind: 'interim', trackId: 'poison' });
    for (let death = 1; death <= 2; death++) {
      const answer = rejectsWith(client.recognize(interim()), 'RECOGNIZER_UNAVAILABLE');
      await asked(death);
      expect(server.requests.at(-1)?.suspect).toBe(death > 1);
      await dieOver('poison');
      await answer;
    }
    await rejectsWith(client.recognize(interim()), 'RECOGNIZER_FAILED');
    const final = rejectsWith(client.recognize(request({ trackId: 'poison' })), 'RECOGNIZER_FAILED');
    await asked(3);
    expect(server.requests[2]).toMatchObject({ kind: 'final', suspect: true });
    await dieOver('poison');
    await final;
    // What is said after it is other audio.
    const next = client.recognize(interim());
    await asked(4);
    expect(server.requests[3]).toMatchObject({ kind: 'interim', suspect: false });
    server.say({ type: 'result', id: idAt(3), hypothesis: hypothesisOf('fine') });
    expect((await next).text).toBe('fine');
  });

  it('clears the interims of a speaker at the first answer', async () => {
    await createClient();
    const first = rejectsWith(client.recognize(request({ kind: 'interim' })), 'RECOGNIZER_UNAVAILABLE');
    await asked(1);
    await dieOver('speaker');
    await first;
    for (const [index, suspect] of [true, false].entries()) {
      const answer = client.recognize(request({ kind: 'interim' }));
      await asked(index + 2);
      expect(server.requests.at(-1)?.suspect).toBe(suspect);
      server.say({ type: 'result', id: idAt(index + 1), hypothesis: hypothesisOf('fine') });
      await answer;
    }
  });

  it('keeps a final that ran beside the interims which ended the process', async () => {
    await createClient();
    const innocent = client.recognize(request({ trackId: 'innocent' }));
    await asked(1);
    for (let death = 1; death <= 2; death++) {
      const poison = client.recognize(request({ kind: 'interim', trackId: 'poison' }));
      const refused = rejectsWith(poison, 'RECOGNIZER_UNAVAILABLE');
      await asked(2 * death);
      // The second is suspect, as the final is by then: the process does not run the two together.
      await dieOver('poison', ...(server.requests.at(-1)?.suspect ? [] : ['innocent']));
      await refused;
      await asked(2 * death + 1);
    }
    server.say({ type: 'result', id: server.requests.at(-1)?.id ?? 0, hypothesis: hypothesisOf('fine') });
    expect((await innocent).text).toBe('fine');
  });

  it('blames the one suspect, and only suspects what ran beside it', async () => {
    await createClient();
    const poison = rejectsWith(client.recognize(request({ trackId: 'poison' })), 'RECOGNIZER_FAILED');
    const others = ['a', 'b'].map((trackId) => client.recognize(request({ trackId })));
    await asked(3);
    await dieOver('poison');
    await asked(6);
    await dieOver('poison', 'a');
    await poison;
    await asked(8);
    expect(server.requests.slice(6)).toMatchObject([
      { trackId: 'a', suspect: true },
      { trackId: 'b', suspect: false },
    ]);
    for (const sent of server.requests.slice(6)) {
      server.say({ type: 'result', id: sent.id, hypothesis: hypothesisOf(sent.trackId) });
    }
    expect((await Promise.all(others)).map(({ text }) => text)).toEqual(['a', 'b']);
  });

  it('rejects interims when the process dies, and while none is there', async () => {
    await createClient();
    const interim = rejectsWith(client.recognize(request({ kind: 'interim' })), 'RECOGNIZER_UNAVAILABLE');
    await server.until(() => server.requests.length === 1);
    await server.close();
    await interim;
    await rejectsWith(client.recognize(request({ kind: 'interim' })), 'RECOGNIZER_UNAVAILABLE');
  });

  it('keeps finals that come while no process is there', async () => {
    await server.close();
    client = RecognitionClient.create({ socketPath: server.path, limits });
    const answer = client.recognize(request());
    await server.listen();
    await server.until(() => server.requests.length === 1);
    server.say({ type: 'result', id: idAt(0), hypothesis: hypothesisOf('late') });
    expect((await answer).text).toBe('late');
  });

  it('gives finals up when no process has been there for long, and takes them again when one is', async () => {
    await server.close();
    client = RecognitionClient.create({ socketPath: server.path, limits: { ...limits, unavailableAfterMs: 30 } });
    await rejectsWith(client.recognize(request()), 'RECOGNIZER_UNAVAILABLE');
    await rejectsWith(client.recognize(request()), 'RECOGNIZER_UNAVAILABLE');
    await server.listen();
    await server.until(() => server.connections === 1);
    while (client.state !== 'ready') await new Promise((resolve) => setImmediate(resolve));
    const answer = client.recognize(request());
    await server.until(() => server.requests.length === 1);
    server.say({ type: 'result', id: idAt(0), hypothesis: hypothesisOf('back') });
    expect((await answer).text).toBe('back');
  });

  it('holds one interim a speaker: a newer one takes its place and the old one is called off', async () => {
    await createClient();
    const old = rejectsWith(client.recognize(request({ kind: 'interim' })), 'SUPERSEDED');
    const other = client.recognize(request({ kind: 'interim', trackId: 'other' }));
    const newer = client.recognize(request({ kind: 'interim' }));
    await old;
    await server.until(() => server.received.length === 4);
    expect(server.received).toContainEqual({ type: 'cancel', id: idAt(0) });
    for (const sent of server.requests) server.say({ type: 'result', id: sent.id, hypothesis: hypothesisOf('x') });
    await Promise.all([other, newer]);
  });

  it('keeps the deadline by itself when the process says nothing, and calls the request off', async () => {
    await createClient();
    await rejectsWith(client.recognize(request({ deadlineMs: 30 })), 'DEADLINE_EXCEEDED');
    await server.until(() => server.received.some((message) => message.type === 'cancel'));
  });

  it('rejects what comes after its deadline, without an end, or is longer than 30 s', async () => {
    await createClient();
    await rejectsWith(client.recognize(request({ deadlineMs: 0 })), 'DEADLINE_EXCEEDED');
    await rejectsWith(client.recognize(request({ deadlineMs: Number.NaN })), 'DEADLINE_EXCEEDED');
    await rejectsWith(client.recognize(request({ pcm: new Int16Array(480_001) })), 'RECOGNIZER_FAILED');
    expect(server.requests).toEqual([]);
  });

  it('gives a request up on its signal', async () => {
    await createClient();
    const controller = new AbortController();
    const answer = rejectsWith(client.recognize(request(), { signal: controller.signal }), 'SUPERSEDED');
    await server.until(() => server.requests.length === 1);
    controller.abort();
    await answer;
    await server.until(() => server.received.some((message) => message.type === 'cancel'));
    await rejectsWith(client.recognize(request(), { signal: controller.signal }), 'SUPERSEDED');
  });

  it('leaves nothing behind of thousands of requests that were given up', async () => {
    await createClient();
    const controllers: AbortController[] = [];
    for (let i = 0; i < 2_000; i++) {
      const controller = new AbortController();
      controllers.push(controller);
      const given = rejectsWith(client.recognize(request(), { signal: controller.signal }), 'SUPERSEDED');
      controller.abort();
      await given;
    }
    const { signal } = new AbortController();
    const last = client.recognize(request(), { signal });
    // Requests cancelled before the socket took them were never sent.
    await server.until(() => server.requests.at(-1)?.id === 2_001);
    server.say({ type: 'result', id: 2_001, hypothesis: hypothesisOf('last') });
    expect((await last).text).toBe('last');
    for (const each of [signal, ...controllers.map((controller) => controller.signal)]) {
      expect(getEventListeners(each, 'abort')).toEqual([]);
    }
    expect(client.stats).toMatchObject({ pendingFinals: 0, pendingInterims: 0, pendingPcmBytes: 0, unknownAnswers: 0 });
  });

  it('says how often interims are worth asking for, once for each change, and asks for none while there are none', async () => {
    await createClient();
    expect(client.pace).toBe(0);
    server.say({ type: 'load', level: 3, reason: 'finalsWait', interimIntervalMs: 400 });
    server.say({ type: 'load', level: 3, reason: 'finalsWait', interimIntervalMs: 450 });
    while (client.pace !== null) await new Promise((resolve) => setImmediate(resolve));
    await rejectsWith(client.recognize(request({ kind: 'interim' })), 'OVERLOADED');
    const final = client.recognize(request());
    await server.until(() => server.requests.length === 1);
    server.say({ type: 'load', level: 1, reason: 'manySpeak', interimIntervalMs: 1_200 });
    server.say({ type: 'result', id: idAt(0), hypothesis: hypothesisOf('final') });
    await final;
    const interim = client.recognize(request({ kind: 'interim' }));
    await server.until(() => server.requests.length === 2);
    server.say({ type: 'result', id: idAt(1), hypothesis: hypothesisOf('interim') });
    await interim;
    expect(paces).toEqual([null, 1_200]);
  });

  it('knows what the process can do once it is there, and asks for no interims where it makes none', async () => {
    server.capabilities = { ...server.capabilities, interims: false };
    client = RecognitionClient.create({ socketPath: server.path, limits });
    expect(client.capabilities).toBeUndefined();
    while (client.state !== 'ready') await new Promise((resolve) => setImmediate(resolve));
    expect(client.capabilities).toEqual(server.capabilities);
    await rejectsWith(client.recognize(request({ kind: 'interim' })), 'NOT_SUPPORTED');
    expect(server.requests).toEqual([]);
  });

  it('hands on whatever a hypothesis may say', async () => {
    await createClient();
    const answer = client.recognize(request());
    await server.until(() => server.requests.length === 1);
    const words = [{ text: 'so', startMs: 0, endMs: 300, probability: 0.9 }];
    const hypothesis = { ...hypothesisOf('so'), truncated: true, loopAtMs: 300.5, words };
    server.say({ type: 'result', id: idAt(0), hypothesis });
    expect(await answer).toEqual(hypothesis);
  });

  it('sends every setting, and nothing else of what the caller holds', async () => {
    await createClient();
    const settings = {
      ...DEFAULT_RECOGNITION_SETTINGS,
      languages: ['de', 'en'],
      settled: { language: 'en', switchProbability: 1.5 },
      task: 'translate' as const,
      tokensPerSecond: 9,
      of: 'the caller',
    };
    const draft = { model: 'base', tokens: [50_000, 7] };
    const answer = client.recognize(request({ settings, draft }));
    await server.until(() => server.requests.length === 1);
    const { of: _, ...sent } = settings;
    const likelier = { language: 'de', probability: 0.5 };
    expect(server.requests[0]).toMatchObject({ settings: sent, draft });
    expect(server.requests[0]?.settings).toEqual(sent);
    const hypothesis = { ...hypothesisOf('Hallo'), rejected: 'repetition' as const, likelier, draft };
    server.say({ type: 'result', id: idAt(0), hypothesis });
    expect(await answer).toEqual(hypothesis);
  });

  it.each([
    ['settings.prompt', { settings: { ...DEFAULT_RECOGNITION_SETTINGS, prompt: 'x'.repeat(8_001) } }],
    ['settings.beamSize', { settings: { ...DEFAULT_RECOGNITION_SETTINGS, beamSize: 9 } }],
    ['meetingId', { meetingId: '' }],
    ['draft.tokens', { draft: { model: 'base', tokens: new Array(225).fill(1) } }],
    ['draft.tokens.1', { draft: { model: 'base', tokens: [1, 60_001] } }],
  ])('refuses a request whose %s would cost it the connection', async (path, fields) => {
    await createClient();
    await expect(client.recognize(request(fields))).rejects.toMatchObject({
      code: 'RECOGNIZER_FAILED',
      message: `the request's ${path} is out of its bounds`,
    });
    expect(server.connections).toBe(1);
  });

  it('refuses finals beyond their number and their bytes', async () => {
    await createClient({ pendingFinals: 2, pendingPcmBytes: 10_000 });
    const first = rejectsWith(client.recognize(request({ pcm: new Int16Array(4_000) })), 'CLOSED');
    await rejectsWith(client.recognize(request({ pcm: new Int16Array(1_001) })), 'OVERLOADED');
    const second = rejectsWith(client.recognize(request({ pcm: new Int16Array(1_000) })), 'CLOSED');
    await rejectsWith(client.recognize(request({ pcm: new Int16Array(0) })), 'OVERLOADED');
    await client.close();
    await Promise.all([first, second]);
  });

  it('does not write on while the other side does not read, and sends finals first when it does again', async () => {
    server.paused = true;
    await createClient();
    const all: Promise<unknown>[] = [];
    for (let i = 0; i < 20; i++) {
      all.push(rejectsWith(client.recognize(request({ trackId: `f${i}`, pcm: new Int16Array(480_000) })), 'CLOSED'));
    }
    all.push(rejectsWith(client.recognize(request({ kind: 'interim', trackId: 'i' })), 'CLOSED'));
    all.push(rejectsWith(client.recognize(request({ trackId: 'last' })), 'CLOSED'));
    const [socket] = server.sockets;
    const decoder = new FrameDecoder();
    socket?.on('data', (chunk) => {
      for (const { header } of decoder.push(chunk)) server.received.push(header as ToServer);
    });
    socket?.resume();
    while (server.requests.length < 22) await new Promise((resolve) => setImmediate(resolve));
    expect(server.requests.slice(-2).map((sent) => sent.trackId)).toEqual(['last', 'i']);
    await client.close();
    await Promise.all(all);
  });

  it.each([
    ['bytes that are no frame', Buffer.from([255, 255, 255, 255, 0])],
    ['an unknown message', encodeFrame({ type: 'surprise' })],
    ['a result that is none', encodeFrame({ type: 'result', id: 1, hypothesis: { text: 5 } })],
    [
      'another protocol',
      encodeFrame({
        type: 'hello',
        protocol: PROTOCOL_VERSION + 1,
        capabilities: capabilitiesOf({ final: BUILT_IN_MODEL }),
      }),
    ],
  ])('leaves a connection that brings %s, counts it, and asks again on a new one', async (_what, bytes) => {
    await createClient();
    const answer = client.recognize(request());
    await server.until(() => server.requests.length === 1);
    server.sayRaw(bytes);
    await server.until(() => server.requests.length === 2);
    expect(client.stats.brokenConnections).toBe(1);
    server.say({ type: 'result', id: idAt(1), hypothesis: hypothesisOf('again') });
    expect((await answer).text).toBe('again');
  });
});

import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_RECOGNITION_SETTINGS, type RecognitionRequest } from '@parley/media/asr';
import { AsrService, type AsrServiceOptions } from '@parley/media/node';
import { monotonicNowMs } from '@parley/media/process';
import type { ModelProfile } from '@parley/media/settings';
import { FAKE_ASR_ENTRY, type FakeJobScript } from '@parley/media/testing';
import { RecognitionClient } from '@parley/media/worker';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const profile: ModelProfile = {
  name: 'fake',
  demo: true,
  windowPolicy: 'utterance',
  longestWindowMs: 10_000,
  multilingual: true,
};

let directory = '';
let service: AsrService | undefined;
let client: RecognitionClient | undefined;

async function start(
  options: Partial<AsrServiceOptions> = {},
): Promise<{ service: AsrService; client: RecognitionClient }> {
  const asr = await AsrService.create({
    entry: FAKE_ASR_ENTRY,
    socketDirectory: directory,
    model: { path: 'fake', profile },
    device: 'cpu',
    lanes: 2,
    logger: () => {},
    ...options,
  });
  service = asr;
  client = RecognitionClient.create({ socketPath: asr.socketPath });
  const { state } = await asr.settled();
  if (state === 'ready') await expect.poll(() => client?.state, { interval: 5 }).toBe('ready');
  return { service: asr, client };
}

function request(script: FakeJobScript, fields: Partial<RecognitionRequest> = {}): RecognitionRequest {
  return {
    kind: 'final',
    meetingId: 'room',
    trackId: 'speaker',
    pcm: new Int16Array(16_000),
    settings: { ...DEFAULT_RECOGNITION_SETTINGS, prompt: JSON.stringify(script) },
    deadlineMs: 25_000,
    ...fields,
  };
}

/** A dead process whose new parent has not taken note of it yet counts as dead. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync('/proc/self/stat') || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

const pidOf = (asr: AsrService): number => {
  if (asr.pid === undefined) throw new Error('no process');
  return asr.pid;
};
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-asr-'));
});

afterEach(async () => {
  await client?.close();
  await service?.close();
  await rm(directory, { recursive: true, force: true });
});

describe('an ASR process that dies', () => {
  it.each([
    'SIGKILL',
    'SIGABRT',
    'SIGSEGV',
  ] as const)('by %s in the middle of requests: every final is answered once, by the next process, within 5 s', async (signal) => {
    const asr = await start();
    const answers: string[] = [];
    const finals = Array.from({ length: 6 }, (_, i) =>
      asr.client
        .recognize(request({ delayMs: 300, text: `text ${i}` }, { trackId: `s${i}` }))
        .then(({ text }) => answers.push(text)),
    );
    const interim = asr.client.recognize(request({ delayMs: 300 }, { kind: 'interim', trackId: 'i' }));
    const interimLost = expect(interim).rejects.toMatchObject({ code: 'RECOGNIZER_UNAVAILABLE' });
    await sleep(100);
    const began = monotonicNowMs();
    process.kill(pidOf(asr.service), signal);
    await Promise.all([...finals, interimLost]);
    expect(monotonicNowMs() - began).toBeLessThan(5_000);
    expect(answers.toSorted()).toEqual(Array.from({ length: 6 }, (_, i) => `text ${i}`));
    expect(asr.client.stats).toMatchObject({ pendingFinals: 0, unknownAnswers: 0, reconnects: 1 });
    expect(asr.service.restarts).toBe(1);
  });

  it('over one clip: that clip fails after two deaths, all others are answered', async () => {
    const asr = await start();
    const poison = expect(
      asr.client.recognize(request({ crash: 'SIGABRT' }, { trackId: 'poison' })),
    ).rejects.toMatchObject({ code: 'RECOGNIZER_FAILED' });
    const innocents = Array.from({ length: 8 }, (_, i) =>
      asr.client.recognize(request({ delayMs: 50, text: `${i}` }, { trackId: `s${i}` })),
    );
    await poison;
    const texts = (await Promise.all(innocents)).map(({ text }) => text);
    expect(texts).toEqual(Array.from({ length: 8 }, (_, i) => `${i}`));
    expect(asr.service.restarts).toBe(2);
  });

  it('over a clip that the next process can do: the clip is answered', async () => {
    const asr = await start();
    const once = join(directory, 'crashed');
    const answer = await asr.client.recognize(request({ crash: 'SIGKILL', once, text: 'in the end' }));
    expect(answer.text).toBe('in the end');
  });

  it('by hanging: it is found within 6 s, and its finals are answered by the next', async () => {
    const asr = await start();
    const pid = pidOf(asr.service);
    const answer = asr.client.recognize(request({ delayMs: 200, text: 'after the hang' }));
    await sleep(50);
    const began = monotonicNowMs();
    process.kill(pid, 'SIGSTOP');
    await new Promise<void>((resolve) => {
      asr.service.onStatus(({ state }) => {
        if (state === 'starting') resolve();
      });
    });
    expect(monotonicNowMs() - began).toBeLessThan(6_200);
    expect((await answer).text).toBe('after the hang');
    expect(isAlive(pid)).toBe(false);
  }, 20_000);

  it('by its own hand when a job does not stop, and the rest is answered', async () => {
    const asr = await start({ serverLimits: { stuckJobMs: 300 }, lanes: 1 });
    const deaf = asr.client.recognize(request({ deaf: true }, { deadlineMs: 300 }));
    const waiting = asr.client.recognize(request({ text: 'still answered' }, { trackId: 'other' }));
    await expect(deaf).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect((await waiting).text).toBe('still answered');
    expect(asr.service.restarts).toBe(1);
  });

  it('again and again: the circuit opens with a reason, and closes when a start succeeds', async () => {
    const asr = await start({ restart: { backOffMs: [0], jitterMs: 0, circuitOpenMs: 1_000 } });
    const states: string[] = [];
    asr.service.onStatus(({ state, reason }) => states.push(reason === undefined ? state : `${state}: ${reason}`));
    for (let death = 1; death <= 5; death++) {
      await expect.poll(() => asr.service.status.state, { timeout: 5_000 }).toBe('ready');
      process.kill(pidOf(asr.service), 'SIGKILL');
      await expect.poll(() => asr.service.status.state, { timeout: 5_000, interval: 5 }).not.toBe('ready');
    }
    await expect.poll(() => states.at(-1)).toBe('unavailable: asr died too often; last: was ended by SIGKILL');
    const answer = asr.client.recognize(request({ text: 'back' }));
    expect((await answer).text).toBe('back');
    expect(asr.service.status.state).toBe('ready');
  }, 20_000);
});

describe('an ASR process that cannot start', () => {
  it('for good: the status says why, and nothing is tried again', async () => {
    const asr = await start({ model: { path: 'unreadable', profile } });
    expect(asr.service.status).toMatchObject({
      state: 'unavailable',
      reason: 'model unreadable cannot be read: not a ggml file',
      engine: { device: 'none' },
    });
    const interim = asr.client.recognize(request({}, { kind: 'interim' }));
    await expect(interim).rejects.toMatchObject({ code: 'RECOGNIZER_UNAVAILABLE' });
    await sleep(700);
    expect(asr.service.restarts).toBe(0);
    expect(asr.service.pid).toBeUndefined();
  });

  it('for now: it is tried again until the circuit opens with the reason', async () => {
    const asr = await start({
      model: { path: 'broken', profile },
      restart: { backOffMs: [0], jitterMs: 0 },
    });
    expect(asr.service.status).toMatchObject({
      state: 'unavailable',
      reason: expect.stringContaining('out of memory'),
    });
    expect(asr.service.restarts).toBe(4);
  });

  it('where the socket path is too long: creation fails with a sentence', async () => {
    const socketDirectory = join(directory, 'x'.repeat(100));
    const options = { entry: FAKE_ASR_ENTRY, socketDirectory, model: { path: 'fake', profile }, logger: () => {} };
    await expect(AsrService.create({ ...options, device: 'cpu' })).rejects.toThrow('Choose a shorter data directory');
  });
});

describe('the end', () => {
  it('leaves no process and no socket', async () => {
    const asr = await start();
    const pid = pidOf(asr.service);
    await asr.service.close();
    await asr.service.close();
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(asr.service.socketPath)).toBe(false);
    expect(asr.service.status.state).toBe('unavailable');
  });

  describe('of the parent', () => {
    let parent: ChildProcess;
    let child: { pid: number; socketPath: string };

    beforeEach(async () => {
      const script = fileURLToPath(new URL('../fixtures/asrParent.mjs', import.meta.url));
      parent = fork(script, [FAKE_ASR_ENTRY.href, directory], { detached: true, stdio: 'inherit' });
      child = await new Promise((resolve) => parent.once('message', (message) => resolve(message as typeof child)));
    });

    afterEach(() => {
      parent.kill('SIGKILL');
    });

    it('by SIGKILL ends the child within 2 s, in the middle of work too', async () => {
      const own = RecognitionClient.create({ socketPath: child.socketPath });
      const hanging = expect(own.recognize(request({ hang: true }))).rejects.toMatchObject({ code: 'CLOSED' });
      await sleep(200);
      const began = monotonicNowMs();
      parent.kill('SIGKILL');
      await expect.poll(() => isAlive(child.pid), { timeout: 4_000, interval: 20 }).toBe(false);
      expect(monotonicNowMs() - began).toBeLessThan(2_000);
      await own.close();
      await hanging;
    });

    it('is its own business: SIGINT and SIGTERM to the whole group do not end the child', async () => {
      process.kill(-(parent.pid ?? 0), 'SIGINT');
      process.kill(child.pid, 'SIGTERM');
      const own = RecognitionClient.create({ socketPath: child.socketPath });
      expect((await own.recognize(request({ text: 'unmoved' }))).text).toBe('unmoved');
      expect(own.stats.reconnects).toBe(0);
      await own.close();
    });
  });
});

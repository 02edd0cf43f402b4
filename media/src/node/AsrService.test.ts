import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AsrContract } from '../asr/contract/asrContract.js';
import { capabilitiesOf } from '../asr/contract/capabilities.js';
import type { Load } from '../asr/contract/load.js';
import { Emitter } from '../process/Emitter.js';
import type { SupervisedProcessOptions } from '../process/SupervisedProcess.js';
import { BUILT_IN_MODEL, findPublishedModel } from '../settings/modelCatalogue.js';
import { AsrService, type AsrServiceOptions } from './AsrService.js';

/** The process as the test has it: nothing is started, the test says what it says. */
interface FakeProcessEvents {
  ready: AsrContract['ready'];
  message: AsrContract['toParent'];
  exited: { expected: boolean };
  unavailable: { reason: string };
}

const fake = vi.hoisted(() => ({
  events: undefined as unknown,
  options: undefined as unknown,
}));

vi.mock('../process/SupervisedProcess.js', () => ({
  SupervisedProcess: {
    create: (options: unknown) => {
      const events = new Emitter<FakeProcessEvents>();
      fake.events = events;
      fake.options = options;
      return { on: events.on.bind(events), close: async () => {}, pid: 1, restarts: 0 };
    },
  },
}));

const main = { path: '/models/main.bin', profile: findPublishedModel('base')?.profile ?? BUILT_IN_MODEL.profile };
const small = { path: '/models/small.bin', profile: BUILT_IN_MODEL.profile };
const info = {
  device: 'cpu' as const,
  deviceName: 'a CPU',
  multilingual: true,
  modelType: 'base',
  loadMs: 1,
  engineVersion: '1',
  encoder: 'onnx' as const,
  encoderVersion: '2',
};
const ready: AsrContract['ready'] = {
  info,
  interimEngine: true,
  capabilities: capabilitiesOf({ final: main }),
  plan: { jobs: 3, threadsPerJob: 2, cores: 2 },
  usualMs: { final: 500, interim: 300 },
  loadMs: 1,
};

const events = () => fake.events as Emitter<FakeProcessEvents>;
const init = () => (fake.options as SupervisedProcessOptions<AsrContract>).init;

let service: AsrService;

async function start(options: Partial<AsrServiceOptions> = {}): Promise<AsrService> {
  service = await AsrService.create({
    model: main,
    device: 'cpu',
    socketDirectory: '/tmp/parley',
    logger: () => {},
    ...options,
  });
  return service;
}

beforeEach(() => {
  fake.events = undefined;
});

afterEach(async () => {
  await service.close();
});

describe('AsrService with a model for interims', () => {
  it('hands it to the process, and tells of it once it is loaded', async () => {
    // What a store gives has more in it; the process gets what it takes.
    await start({ interimModel: Object.assign({ source: 'download' }, small) });
    expect(init()).toMatchObject({ model: main });
    expect((init() as AsrContract['init']).interimModel).toEqual(small);
    expect(service.status).not.toHaveProperty('interimModel');
    events().emit('ready', ready);
    expect(service.status).toMatchObject({ state: 'ready', model: main.profile, interimModel: small.profile });
    expect(service.status).not.toHaveProperty('reason');
  });

  it('says why the main model does its work, beside what else there is to say', async () => {
    await start({ interimModel: small });
    events().emit('ready', {
      ...ready,
      info: { ...info, fallbackReason: 'There is no GPU.' },
      interimEngine: false,
      interimFailure: 'No memory.',
    });
    expect(service.status).not.toHaveProperty('interimModel');
    expect(service.status.reason).toBe(
      'There is no GPU. The model for interims, parley-nano, cannot be used (No memory); base does its work.',
    );
  });

  it('cuts interims by the shorter window of both, and finals by that of their own', async () => {
    await start({ interimModel: small });
    expect(service.capabilities.longestWindowMs).toEqual({ final: 28_000, interim: 10_000 });
    await start({ model: small, interimModel: main });
    expect(service.capabilities.longestWindowMs).toEqual({ final: 10_000, interim: 10_000 });
    await start();
    expect(service.capabilities.longestWindowMs).toEqual({ final: 28_000, interim: 28_000 });
  });

  it('can do what the process says that it can, once it is there', async () => {
    await start({ interimModel: small });
    events().emit('ready', { ...ready, interimEngine: false, interimFailure: 'out of memory' });
    expect(service.capabilities).toBe(ready.capabilities);
  });

  it('does not load the same file twice', async () => {
    await start({ interimModel: { ...small, path: main.path } });
    expect(init()).not.toHaveProperty('interimModel');
    events().emit('ready', { ...ready, interimEngine: false });
    expect(service.status).not.toHaveProperty('reason');
  });
});

describe('AsrService and a model that is too slow for the machine', () => {
  it.each([
    [{ final: 900, interim: 500 }, undefined],
    [{ final: 2_900, interim: 1_600 }, 'base needs 1.6 s on this machine for 4 s of speech while somebody speaks'],
    [{ final: 9_000, interim: 8_000 }, 'base needs 9.0 s on this machine for 4 s of speech'],
  ])('says so with what to take instead: %o', async (usualMs, sentence) => {
    await start();
    events().emit('ready', { ...ready, usualMs });
    expect(service.status.state).toBe('ready');
    if (sentence === undefined) expect(service.status.reason ?? '').not.toContain('needs');
    else expect(service.status.reason).toContain(sentence);
  });
});

describe('AsrService and who encodes', () => {
  it('asks for ONNX Runtime where it can be had, and for what else is wished', async () => {
    await start({ encoderDirectory: '/cache/encoders' });
    expect(init()).toMatchObject({ engine: 'auto', encoderDirectory: '/cache/encoders' });
    await start({ engine: 'whispercpp' });
    expect(init()).toMatchObject({ engine: 'whispercpp' });
  });

  it('names both', async () => {
    await start();
    expect(service.status.engine).toMatchObject({ encoder: 'none' });
    events().emit('ready', ready);
    expect(service.status.engine).toMatchObject({ name: 'whisper.cpp 1 with ONNX Runtime 2', encoder: 'onnx' });
  });

  it('says why ONNX Runtime does not', async () => {
    await start();
    // The engine was loaded with it, and it failed at the first run.
    events().emit('ready', { ...ready, encoderFailure: 'the disk is full.' });
    expect(service.status).toMatchObject({
      state: 'ready',
      engine: { name: 'whisper.cpp 1', encoder: 'whispercpp' },
      reason: 'ONNX Runtime cannot encode (the disk is full); whisper.cpp does it, more slowly.',
    });
  });

  it('tells everybody when whisper.cpp takes over, once', async () => {
    await start();
    events().emit('ready', ready);
    const told: string[] = [];
    service.onStatus(({ engine, reason }) => told.push(`${engine.encoder}: ${reason}`));
    events().emit('message', { type: 'encoderFailed', reason: 'out of memory' });
    events().emit('message', { type: 'encoderFailed', reason: 'out of memory' });
    expect(told).toEqual(['whispercpp: ONNX Runtime cannot encode (out of memory); whisper.cpp does it, more slowly.']);
    expect(service.status.engine.name).toBe('whisper.cpp 1');
  });
});

describe('AsrService and load', () => {
  it('tells of every change, and that a new process begins without', async () => {
    await start();
    const loads: Load[] = [];
    service.onLoad((load) => loads.push(load));
    expect(service.load.level).toBe(0);
    const load: Load = { level: 1, reason: 'manySpeak', interimIntervalMs: 1_200 };
    events().emit('message', { type: 'load', load });
    expect(service.load.level).toBe(1);
    events().emit('exited', { expected: false });
    events().emit('exited', { expected: false });
    expect(loads).toEqual([load, { level: 0, reason: 'recovered', interimIntervalMs: 0 }]);
  });
});

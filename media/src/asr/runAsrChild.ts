import { readdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, setPriority } from 'node:os';
import { dirname } from 'node:path';
import type { EngineDevice, SpeechEngine, SpeechEngineOptions } from '@parley/native';
import { detectDevice } from '@parley/native';
import { monotonicNowMs } from '../process/clock.js';
import { runChild } from '../process/runChild.js';
import { AsrServer } from './AsrServer.js';
import type { AsrContract, AsrInit, AsrModel, JobPlan } from './contract/asrContract.js';
import { encoderOf } from './engines/encoder/encoderOf.js';
import { planJobs } from './planJobs.js';

const STATS_INTERVAL_MS = 1_000;

export interface AsrChildOptions {
  /** @throws PermanentInitError if another start would fail in the same way */
  createEngine(options: SpeechEngineOptions): Promise<SpeechEngine>;
}

/** A complete ASR process; the engine is a parameter. */
export function runAsrChild(options: AsrChildOptions): void {
  let server: AsrServer | undefined;
  let statsTimer: NodeJS.Timeout | undefined;
  runChild<AsrContract>({
    async init(init, link) {
      await preferToBeKilled();
      const began = monotonicNowMs();
      await yieldToMedia();
      // The warm-up is the first run, before anyone listens for failures of the encoder. They are kept until then.
      const early: string[] = [];
      let tell: (reason: string) => void = (reason) => {
        early.push(reason);
      };
      const createEngine = async (wanted: SpeechEngineOptions) => {
        const engine = await options.createEngine(wanted);
        return tellingOfEncoder(engine, async (reason) => {
          tell(reason);
          if (wanted.encoder !== undefined) await forget(wanted.encoder.graphPath);
        });
      };
      const { engine, plan, encoderFailure: failed } = await loadEngine(init, createEngine);
      const interim = await loadInterimEngine({ init, device: engine.info.device, plan, createEngine });
      server = await AsrServer.create({
        engines: {
          final: { engine, profile: init.model.profile },
          ...(interim.opened === undefined ? {} : { interim: interim.opened }),
        },
        plan,
        socketPath: init.socketPath,
        onFatal: (reason) => link.sendAndDie({ type: 'fatal', reason }),
        onLoadChange: (load) => link.send({ type: 'load', load }),
        ...(init.limits === undefined ? {} : { limits: init.limits }),
      });
      const listening = server;
      statsTimer = setInterval(() => {
        link.send({ type: 'stats', stats: { ...listening.stats, rssBytes: process.memoryUsage.rss() } });
      }, STATS_INTERVAL_MS);
      const interimFailure = interim.failure ?? server.interimFailure;
      tell = (reason) => link.send({ type: 'encoderFailed', reason });
      const encoderFailure = failed ?? interim.opened?.encoderFailure ?? early[0];
      return {
        info: engine.info,
        capabilities: server.capabilities,
        interimEngine: interim.opened !== undefined && interimFailure === undefined,
        ...(interimFailure === undefined ? {} : { interimFailure }),
        plan,
        usualMs: server.usualMs,
        ...(encoderFailure === undefined ? {} : { encoderFailure }),
        loadMs: monotonicNowMs() - began,
      };
    },
    async close() {
      clearInterval(statsTimer);
      await server?.close();
    },
  });
}

type CreateEngine = AsrChildOptions['createEngine'];

/** Jobs and encoder are planned for the expected device. If another one answers, the engine is loaded again for it. */
async function loadEngine(init: AsrInit, createEngine: CreateEngine): Promise<OpenedEngine & { plan: JobPlan }> {
  const load = async (expected: EngineDevice) => {
    const { lanes, threadsPerLane } = init;
    const plan = planJobs({ device: expected, cores: availableParallelism(), lanes, threadsPerLane });
    return {
      ...(await openEngine({ init, model: init.model, device: init.device, expected, plan, createEngine })),
      plan,
    };
  };
  const expected = init.device === 'auto' ? detectDevice() : init.device;
  const loaded = await load(expected);
  const actual = loaded.engine.info.device;
  if (actual === expected) return loaded;
  await loaded.engine.close();
  return await load(actual);
}

/** Without its own engine, interims use the one for finals: slower, but available. So no failure here ends the process. */
async function loadInterimEngine(options: {
  init: AsrInit;
  device: EngineDevice;
  plan: JobPlan;
  createEngine: CreateEngine;
}): Promise<{ opened?: OpenedEngine & { profile: AsrModel['profile'] }; failure?: string }> {
  const { init, device } = options;
  const model = init.interimModel;
  if (model === undefined) return {};
  try {
    return { opened: { ...(await openEngine({ ...options, model, expected: device })), profile: model.profile } };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

interface OpenedEngine {
  engine: SpeechEngine;
  /** Why whisper.cpp encodes although ONNX Runtime should; absent if there is nothing to report. */
  encoderFailure?: string;
}

async function openEngine(options: {
  init: AsrInit;
  model: AsrModel;
  device: AsrInit['device'];
  expected: EngineDevice;
  plan: JobPlan;
  createEngine: CreateEngine;
}): Promise<OpenedEngine> {
  const { init, device, expected, plan, createEngine } = options;
  const { path: modelPath, profile } = options.model;
  const { encoder, failure } = await encoderOf({
    engine: init.engine,
    device: expected,
    modelPath,
    ...(init.encoderDirectory === undefined ? {} : { directory: init.encoderDirectory }),
  });
  const engine = await createEngine({
    modelPath,
    device,
    lanes: plan.jobs,
    threadsPerLane: plan.threadsPerJob,
    flashAttention: encoder === undefined && profile.windowPolicy === 'full',
    ...(encoder === undefined ? {} : { encoder }),
  });
  const encoderFailure = failure ?? engine.info.encoderFailure;
  // Whatever is wrong with the graph, the next start writes it again.
  if (encoder !== undefined && encoderFailure !== undefined) await forget(encoder.graphPath);
  return { engine, ...(encoderFailure === undefined ? {} : { encoderFailure }) };
}

async function forget(graphPath: string): Promise<void> {
  // If it cannot be removed, the next start finds out again that it is unusable.
  await rm(dirname(graphPath), { recursive: true, force: true }).catch(() => {});
}

/** The same engine, which reports when its encoder failed and whisper.cpp's took over. */
function tellingOfEncoder(engine: SpeechEngine, onFailure: (reason: string) => Promise<void>): SpeechEngine {
  return {
    info: engine.info,
    capabilities: engine.capabilities,
    close: () => engine.close(),
    async transcribe(job, how) {
      const result = await engine.transcribe(job, how);
      if (result.encoderFailure !== undefined) await onFailure(result.encoderFailure);
      return result;
    },
  };
}

/** Sound must be forwarded at once; text may come a moment later. */
const NICENESS = 2;

/** Linux keeps a priority per thread, and new threads inherit it. So all threads get it before the engine is loaded. */
async function yieldToMedia(): Promise<void> {
  const threads = await readdir('/proc/self/task').catch(() => []);
  for (const thread of threads) {
    try {
      // The main thread answers and aborts.
      if (Number(thread) !== process.pid) setPriority(Number(thread), NICENESS);
    } catch {
      // The thread has ended, or this is not allowed. It is only a preference.
    }
  }
}

/** If memory runs out, the kernel should kill this process, which is restarted, and not the server. Linux only. */
async function preferToBeKilled(): Promise<void> {
  try {
    await writeFile('/proc/self/oom_score_adj', '500');
  } catch {
    // Another system, or not allowed. It is only a preference.
  }
}

import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { SpeechEngine, SpeechEngineOptions } from '@parley/native';
import { monotonicNowMs } from '../process/clock.js';
import { runChild } from '../process/runChild.js';
import { AsrServer } from './AsrServer.js';
import type { AsrContract, AsrInit } from './asrContract.js';
import { detectDevice } from './detectDevice.js';
import { lanesFor } from './lanes.js';

const STATS_INTERVAL_MS = 5_000;

export interface AsrChildOptions {
  /** @throws PermanentInitError where another start would end the same way */
  createEngine(options: SpeechEngineOptions): Promise<SpeechEngine>;
}

/** The whole of an ASR process, with the engine as a parameter. */
export function runAsrChild(options: AsrChildOptions): void {
  let server: AsrServer | undefined;
  let statsTimer: NodeJS.Timeout | undefined;
  runChild<AsrContract>({
    async init(init, link) {
      await preferToBeKilled();
      const began = monotonicNowMs();
      const { engine, lanes, threadsPerLane } = await loadEngine(init, options.createEngine);
      const onFatal = (reason: string) => link.sendAndDie({ type: 'fatal', reason });
      server = await AsrServer.create({
        engine,
        lanes,
        profile: init.profile,
        socketPath: init.socketPath,
        onFatal,
        ...(init.limits === undefined ? {} : { limits: init.limits }),
      });
      const listening = server;
      statsTimer = setInterval(() => {
        link.send({ type: 'stats', stats: { ...listening.stats, rssBytes: process.memoryUsage.rss() } });
      }, STATS_INTERVAL_MS);
      return { info: engine.info, lanes, threadsPerLane, loadMs: monotonicNowMs() - began };
    },
    async close() {
      clearInterval(statsTimer);
      await server?.close();
    },
  });
}

/** Lanes are planned for the device that is expected; where another one answers, the engine is loaded again for that. */
async function loadEngine(init: AsrInit, createEngine: AsrChildOptions['createEngine']) {
  const load = async (device: 'cpu' | 'cuda') => {
    const plan = lanesFor({
      device,
      cores: availableParallelism(),
      lanes: init.lanes,
      threadsPerLane: init.threadsPerLane,
    });
    const engine = await createEngine({
      modelPath: init.modelPath,
      device: init.device,
      ...plan,
      flashAttention: init.profile.windowPolicy === 'full',
    });
    return { engine, ...plan };
  };
  const expected = init.device === 'auto' ? await detectDevice() : init.device;
  const loaded = await load(expected);
  const actual = loaded.engine.info.device;
  if (actual === expected || init.lanes !== undefined) return loaded;
  await loaded.engine.close();
  return await load(actual);
}

/** When memory runs out, the kernel should take this process, which is started again, and not the server. Linux only. */
async function preferToBeKilled(): Promise<void> {
  try {
    await writeFile('/proc/self/oom_score_adj', '500');
  } catch {
    // Another system, or not allowed: a preference only.
  }
}

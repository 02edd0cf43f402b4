import type { SpeechEngine } from '@parley/native';
import type { TimeSource } from '../process/TimeSource.js';
import type { ModelProfile } from '../settings/modelProfile.js';
import type { JobPlan } from './contract/asrContract.js';
import { SAMPLE_RATE } from './contract/limits.js';
import { DEFAULT_RECOGNITION_SETTINGS, type RecognitionKind } from './contract/recognition.js';
import { transcribeJob } from './jobOptions.js';

export interface EngineOfKind {
  engine: SpeechEngine;
  profile: ModelProfile;
}

/** A large model on a small CPU may need minutes; the supervisor allows as long for a start. */
const WARM_UP_TIMEOUT_MS = 300_000;
/** If the first jobs take longer, the device is slow, and more runs would tell us little. */
const LONGEST_FIRST_RUN_MS = 5_000;
const FEW_TOKENS = 2;
/** Length of the audio in a typical request. */
export const USUAL_SAMPLES = 4 * SAMPLE_RATE;
const USUAL_TOKENS = 16;

/** Quiet noise, not silence. */
export function noise(samples: number): Int16Array {
  return Int16Array.from({ length: samples }, (_, i) => Math.round(300 * Math.sin(i * i * 0.001)));
}

/** The cost of a job. */
export interface Run {
  samples: number;
  engineMs: number;
  threads: number;
}

/**
 * The first jobs, as many as may run at a time, allocate and compile what later ones need. Then jobs of each kind measure the speed of this
 * device: one alone with all cores, and several at once with a share each. Nobody is transcribed meanwhile, so it is kept short.
 *
 * @throws if the engine cannot do it
 */
export async function warmUp(
  options: EngineOfKind & { kinds: RecognitionKind[]; plan: JobPlan; time: TimeSource },
): Promise<(Run & { kind: RecognitionKind })[]> {
  const { engine, profile, kinds, plan, time } = options;
  const samples = USUAL_SAMPLES;
  // Noise may fail the checks; that says nothing about speech.
  const settings = { ...DEFAULT_RECOGNITION_SETTINGS, temperatureFallback: false };
  const run = async (kind: RecognitionKind, how: { jobs: number; threads: number; maxTokens: number }) => {
    const { jobs, threads, maxTokens } = how;
    const job = transcribeJob({ kind, pcm: noise(samples), settings, profile, timeoutMs: WARM_UP_TIMEOUT_MS });
    const began = time.now();
    await Promise.all(Array.from({ length: jobs }, () => engine.transcribe({ ...job, maxTokens, threads })));
    return { kind, samples, threads, engineMs: time.now() - began };
  };
  const first = await run('interim', { jobs: plan.jobs, threads: 1, maxTokens: FEW_TOKENS });
  // A model may turn noise into as many words as it is allowed; a sentence of 4 s has this many tokens.
  const maxTokens = USUAL_TOKENS;
  const runs = [];
  for (const kind of kinds) {
    runs.push(await run(kind, { jobs: 1, threads: plan.threadsPerJob, maxTokens }));
    // There is no need to wait minutes for a slow model to show that it is slow.
    if (plan.threadsPerJob === 1 || first.engineMs > LONGEST_FIRST_RUN_MS) continue;
    const jobs = Math.min(plan.jobs, plan.cores);
    runs.push(await run(kind, { jobs, threads: Math.max(1, Math.floor(plan.cores / jobs)), maxTokens }));
  }
  return runs;
}

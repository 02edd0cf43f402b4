import type { JobPlan } from './contract/asrContract.js';

/** Jobs at a time on a CUDA device: one encodes while others decode; more would only share the device. */
const CUDA_JOBS = 4;

/** The addon's limit. */
const MAX_JOBS = 8;
const MAX_THREADS = 8;

/**
 * How an engine uses its device unless the settings say otherwise. With 4 cores or more, a quarter of them stays free for everything else.
 * How many of the rest a job gets is decided when it starts: all of them if nothing else waits, down to one each if much does.
 *
 * There is one job more than interims may use, so that a final never waits for another speaker's interim. Meanwhile the jobs share the
 * cores of a CPU; a GPU shares itself.
 */
export function planJobs(options: {
  device: 'cpu' | 'cuda';
  cores: number;
  lanes?: number | undefined;
  threadsPerLane?: number | undefined;
}): JobPlan {
  const cores = Math.max(1, options.cores);
  const usable = cores < 4 ? cores : cores - Math.ceil(cores / 4);
  const atATime = usable <= 4 ? usable : Math.max(3, Math.floor(usable / 4));
  const wanted = options.lanes ?? (options.device === 'cuda' ? CUDA_JOBS : atATime + 1);
  const jobs = Math.min(MAX_JOBS, Math.max(1, wanted));
  const threads = options.threadsPerLane ?? (options.device === 'cuda' ? 1 : usable);
  const threadsPerJob = Math.max(1, Math.min(MAX_THREADS, threads));
  if (options.device === 'cuda') return { jobs, threadsPerJob, cores: jobs * threadsPerJob };
  return { jobs, threadsPerJob, cores: Math.max(usable, threadsPerJob) };
}

import type { JobPlan } from './contract/asrContract.js';

/** Jobs at a time of a CUDA device: one encodes while others decode, and more only share the device. */
const CUDA_JOBS = 4;

/** The addon's bound. */
const MAX_JOBS = 8;
const MAX_THREADS = 8;

/**
 * How an engine uses its device, where the settings do not say. From 4 cores on a quarter of them stays free for everything else. How
 * many of the rest one job gets is decided when it starts: all of them while nothing else waits, one each when much does.
 *
 * There is one job more than interims may take, so that a final never waits for somebody else's interim: on a CPU all of them share
 * the cores while that lasts, and a GPU shares itself.
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

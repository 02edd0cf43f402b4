import type { LanePlan } from './contract/asrContract.js';

/** Lanes of a CUDA device: one encodes while others decode, and more only share the device. */
const CUDA_LANES = 4;

/** The addon's bound. */
const MAX_LANES = 8;
const MAX_THREADS = 8;

/**
 * How an engine uses its device, where the settings do not say. From 4 cores on a quarter of them stays free for everything else. How
 * many of the rest one job gets is decided when it starts: all of them while nothing else waits, one each when much does.
 *
 * There is one lane more than interims may take, so that a final never waits for somebody else's interim: on a CPU all of them share
 * the cores while that lasts, and a GPU shares itself.
 */
export function lanesFor(options: {
  device: 'cpu' | 'cuda';
  cores: number;
  lanes?: number | undefined;
  threadsPerLane?: number | undefined;
}): LanePlan {
  const cores = Math.max(1, options.cores);
  const usable = cores < 4 ? cores : cores - Math.ceil(cores / 4);
  const atATime = usable <= 4 ? usable : Math.max(3, Math.floor(usable / 4));
  const wanted = options.lanes ?? (options.device === 'cuda' ? CUDA_LANES : atATime + 1);
  const lanes = Math.min(MAX_LANES, Math.max(1, wanted));
  const threads = options.threadsPerLane ?? (options.device === 'cuda' ? 1 : usable);
  const threadsPerLane = Math.max(1, Math.min(MAX_THREADS, threads));
  if (options.device === 'cuda') return { lanes, threadsPerLane, cores: lanes * threadsPerLane };
  return { lanes, threadsPerLane, cores: Math.max(usable, threadsPerLane) };
}

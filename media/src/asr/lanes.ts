/** Lanes of a CUDA device: one encodes while others decode, and more only share the device. */
const CUDA_LANES = 4;

/** The addon's bound. */
const MAX_LANES = 8;
const MAX_THREADS = 8;

/**
 * How an engine uses its device, where the settings do not say.
 *
 * The threads of a lane meet at a barrier that spins after every operation of the model: as soon as one of them has to share its
 * core, all wait. On 2 cores, 3 s of audio took one lane of two threads 47 ms on an idle machine and 820 ms beside other work,
 * against 80 and 70 ms for two lanes of one thread; two lanes of two threads took seconds. So there are never more threads
 * than cores, a quarter of the cores stays free from 4 cores on, and few cores become lanes of one thread.
 */
export function lanesFor(options: {
  device: 'cpu' | 'cuda';
  cores: number;
  lanes?: number | undefined;
  threadsPerLane?: number | undefined;
}): { lanes: number; threadsPerLane: number } {
  const cores = Math.max(1, options.cores);
  const usable = cores < 4 ? cores : cores - Math.ceil(cores / 4);
  const forCpu = usable <= 4 ? usable : Math.max(3, Math.floor(usable / 4));
  const wanted = options.lanes ?? (options.device === 'cuda' ? CUDA_LANES : forCpu);
  const lanes = Math.min(MAX_LANES, Math.max(1, wanted));
  const threads = options.threadsPerLane ?? (options.device === 'cuda' ? 1 : Math.floor(usable / lanes));
  return { lanes, threadsPerLane: Math.max(1, Math.min(MAX_THREADS, threads)) };
}

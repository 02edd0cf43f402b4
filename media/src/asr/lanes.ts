/** Lanes of a CUDA device: one encodes while others decode, and more only share the device. */
const CUDA_LANES = 4;

/** An addon's bound. */
const MAX_LANES = 8;

/**
 * How an engine uses its device. On a CPU one thread a lane and a lane a core, up to 4 lanes; cores beyond go into the
 * lanes' threads. See docs on performance for the measurement behind it.
 */
export function lanesFor(options: {
  device: 'cpu' | 'cuda';
  cores: number;
  lanes?: number | undefined;
  threadsPerLane?: number | undefined;
}): { lanes: number; threadsPerLane: number } {
  const cores = Math.max(1, options.cores);
  const wanted = options.lanes ?? (options.device === 'cuda' ? CUDA_LANES : Math.min(4, cores));
  const lanes = Math.min(MAX_LANES, Math.max(1, wanted));
  const threads = options.threadsPerLane ?? (options.device === 'cuda' ? 1 : Math.floor(cores / lanes));
  return { lanes, threadsPerLane: Math.max(1, Math.min(8, threads)) };
}

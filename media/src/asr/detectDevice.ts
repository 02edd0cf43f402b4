import { existsSync } from 'node:fs';

/** What a driver makes for its devices; `dxg` is the GPU of a Linux inside Windows. */
const CUDA_DEVICE_FILES = ['/dev/nvidiactl', '/dev/nvidia0', '/dev/dxg'];

/**
 * The device that `auto` most likely gives, before an engine is loaded: which model to fetch and how many lanes to plan hangs
 * on it. The engine has the last word.
 */
export function detectDevice(): 'cpu' | 'cuda' {
  return CUDA_DEVICE_FILES.some((path) => existsSync(path)) ? 'cuda' : 'cpu';
}

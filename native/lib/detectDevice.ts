import { existsSync } from 'node:fs';
import { hasCudaBackend } from './loadAddon.js';

/** What a driver makes for its devices; `dxg` is the GPU of a Linux inside Windows. */
const CUDA_DEVICE_FILES = ['/dev/nvidiactl', '/dev/nvidia0', '/dev/dxg'];

/**
 * The device that `auto` most likely gives, before an engine is loaded: which model to fetch depends on it. CUDA where both a
 * driver and the addon's backend are; the engine has the last word. Loads nothing.
 */
export function detectDevice(): 'cpu' | 'cuda' {
  return CUDA_DEVICE_FILES.some((path) => existsSync(path)) && hasCudaBackend() ? 'cuda' : 'cpu';
}

import { existsSync } from 'node:fs';
import { hasCudaBackend } from './loadAddon.js';

/** Device files of the drivers; `dxg` is the GPU of a Linux inside Windows. */
const CUDA_DEVICE_FILES = ['/dev/nvidiactl', '/dev/nvidia0', '/dev/dxg'];

/**
 * The device that `auto` will probably choose, before an engine is loaded: it decides which model to fetch. CUDA if both a driver and the
 * addon's backend are there; the engine decides in the end. Loads nothing.
 */
export function detectDevice(): 'cpu' | 'cuda' {
  return CUDA_DEVICE_FILES.some((path) => existsSync(path)) && hasCudaBackend() ? 'cuda' : 'cpu';
}

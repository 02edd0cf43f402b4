import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import {
  NativeError,
  type OpusPacketInfo,
  type SpeechEngineInfo,
  type TranscribeJob,
  type TranscribeResult,
} from './types.js';

/** The raw addon: counts and codes, no checks. Only the wrappers in this folder call it. */
export interface RawAddon {
  opusPacketInfo(packet: Uint8Array): OpusPacketInfo | null;
  OpusDecoder: new () => RawOpusDecoder;
  loadEngine(options: {
    modelPath: string;
    device: string;
    lanes: number;
    threadsPerLane: number;
    flashAttention: boolean;
    encoder?: { libraryPath: string; graphPath: string };
  }): Promise<{ engine: RawEngine; info: SpeechEngineInfo }>;
  isLanguage(code: string): boolean;
  onnxRuntimeProblem(libraryPath: string): string | undefined;
}

/** Returns the number of samples written, or a negative code. */
export interface RawOpusDecoder {
  decode(packet: Uint8Array, out: Int16Array): number;
  conceal(samples: number, out: Int16Array): number;
  decodeFec(nextPacket: Uint8Array, samples: number, out: Int16Array): number;
  reset(): void;
  close(): void;
}

export interface RawEngine {
  transcribe(lane: number, job: TranscribeJob): Promise<TranscribeResult>;
  abort(lane: number): void;
  close(): Promise<void>;
}

export interface LoadedAddon {
  addon: RawAddon;
  /** Folder of the addon and the ggml backends. */
  folder: string;
}

let loaded: LoadedAddon | NativeError | undefined;

/** The addon, loaded once. @throws NativeError `NATIVE_ADDON_UNAVAILABLE` with what to do about it */
export function loadAddon(): LoadedAddon {
  loaded ??= load();
  if (loaded instanceof NativeError) throw loaded;
  return loaded;
}

/** Loads the addon now. @returns its folder. @throws NativeError `NATIVE_ADDON_UNAVAILABLE` */
export function loadNative(): { folder: string } {
  return { folder: loadAddon().folder };
}

/** Whether the addon can be used; the reason is a sentence for people. */
export function nativeAvailability(): { available: boolean; reason?: string } {
  try {
    loadAddon();
    return { available: true };
  } catch (error) {
    return { available: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Whether the CUDA backend was built beside the addon. Loads nothing. */
export function hasCudaBackend(): boolean {
  const folder = addonFolder();
  return folder !== undefined && existsSync(join(folder, 'libggml-cuda.so'));
}

/** Where it was built, if it was. Loads nothing. */
export function addonFolder(): string | undefined {
  return process.env.PARLEY_NATIVE_DIR ?? folderOfNewestBuild();
}

function load(): LoadedAddon | NativeError {
  const folder = addonFolder();
  if (folder === undefined || !existsSync(join(folder, 'parley_native.node'))) {
    return unavailable('The native addon is not built. Run "npm run build" and look at what it says of the addon.');
  }
  try {
    const require = createRequire(import.meta.url);
    return { addon: require(join(folder, 'parley_native.node')) as RawAddon, folder };
  } catch (error) {
    return unavailable(
      `The native addon in ${folder} cannot be loaded (${error instanceof Error ? error.message : String(error)}). Delete that folder and run "npm run build".`,
      error,
    );
  }
}

/** `build.mjs` records the folder of its last result. */
function folderOfNewestBuild(): string | undefined {
  try {
    const pointer = JSON.parse(readFileSync(new URL('../dist/addon.json', import.meta.url), 'utf8')) as {
      dir?: unknown;
    };
    return typeof pointer.dir === 'string' ? pointer.dir : undefined;
  } catch {
    return undefined;
  }
}

function unavailable(message: string, cause?: unknown): NativeError {
  return new NativeError('NATIVE_ADDON_UNAVAILABLE', message, cause === undefined ? {} : { cause });
}

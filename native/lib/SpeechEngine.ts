import { loadAddon, type RawAddon, type RawEngine } from './loadAddon.js';
import { readModelHeader } from './modelHeader.js';
import {
  type EngineCapabilities,
  NativeError,
  type SpeechEngine,
  type SpeechEngineInfo,
  type SpeechEngineOptions,
  type TranscribeJob,
  type TranscribeResult,
} from './types.js';

const SAMPLE_RATE = 16_000;
const MAX_SECONDS = 30;
const MAX_AUDIO_CONTEXT = 1_500;
const MAX_DRAFT_TOKENS = 224;
const MAX_TIMEOUT_MS = 600_000;
const MAX_THREADS = 64;
const RANGES = [
  ['temperature', 0, 1],
  ['temperatureIncrement', 0, 1],
  ['noSpeechThreshold', 0, 1],
  ['logProbabilityThreshold', -1_000, 0],
  ['entropyThreshold', 0, 5],
] as const;
const DEVICES: readonly string[] = ['auto', 'cpu', 'cuda'];

/**
 * Loads a model, away from the event loop. The file is checked by our own reader first.
 * @throws NativeError (as a rejection) `NATIVE_ADDON_UNAVAILABLE`, `NATIVE_MODEL_UNREADABLE`, `NATIVE_INVALID_ARGUMENT`
 */
export async function createSpeechEngine(options: SpeechEngineOptions): Promise<SpeechEngine> {
  const { addon } = loadAddon();
  inRange('lanes', { value: options.lanes, min: 1, max: 8 });
  inRange('threadsPerLane', { value: options.threadsPerLane, min: 1, max: MAX_THREADS });
  if (!DEVICES.includes(options.device)) {
    throw new NativeError('NATIVE_INVALID_ARGUMENT', `device is one of ${DEVICES.join(', ')}, not ${options.device}.`);
  }
  const { vocabulary } = await readModelHeader(options.modelPath);
  try {
    const { engine, info } = await addon.loadEngine(options);
    return new WhisperEngine({ addon, engine, info, capabilities: capabilitiesOf({ ...options, addon, vocabulary }) });
  } catch (error) {
    const failure = asNativeError(error);
    throw failure instanceof NativeError && failure.code === 'NATIVE_MODEL_UNREADABLE'
      ? new NativeError(failure.code, `The model ${options.modelPath} cannot be used: ${failure.message}.`, {
          cause: error,
        })
      : failure;
  }
}

/**
 * Loads ONNX Runtime's shared library, for an engine's `encoder`.
 * @returns why it cannot be used; undefined if it can. @throws NativeError `NATIVE_ADDON_UNAVAILABLE`
 */
export function onnxRuntimeProblem(libraryPath: string): string | undefined {
  return loadAddon().addon.onnxRuntimeProblem(libraryPath);
}

/** Whether Whisper has a token for a language, by its code. @throws NativeError `NATIVE_ADDON_UNAVAILABLE` */
export function isLanguage(code: string): boolean {
  return loadAddon().addon.isLanguage(code);
}

/** Codes of three letters among Whisper's. */
const LONG_CODES = ['haw', 'yue'];
/** Sizes of vocabularies: Cantonese came with the largest one, and the smallest is English only. */
const VOCABULARY = { english: 51_864, cantonese: 51_866 };
const ALPHABET = [...'abcdefghijklmnopqrstuvwxyz'];

/** On a CPU several windows in one run take longer than one after the other, so each job is encoded by itself. */
function capabilitiesOf(options: { addon: RawAddon; vocabulary: number; lanes: number }): EngineCapabilities {
  const { addon, vocabulary, lanes } = options;
  return {
    maxJobs: lanes,
    maxBatch: 1,
    words: true,
    languages: languagesOf(addon, vocabulary),
    interims: true,
    longestWindowMs: MAX_SECONDS * 1_000,
  };
}

/** whisper.cpp knows whether a code is one of its languages; it does not list them. */
function languagesOf(addon: RawAddon, vocabulary: number): string[] {
  if (vocabulary <= VOCABULARY.english) return ['en'];
  const codes = [...LONG_CODES, ...ALPHABET.flatMap((first) => ALPHABET.map((second) => first + second))];
  const hasCantonese = vocabulary >= VOCABULARY.cantonese;
  return codes.filter((code) => addon.isLanguage(code) && (code !== 'yue' || hasCantonese)).sort();
}

/** whisper.cpp with `lanes` independent states, each of which does one job at a time. */
class WhisperEngine implements SpeechEngine {
  readonly info: SpeechEngineInfo;
  readonly capabilities: EngineCapabilities;
  readonly #addon: RawAddon;
  readonly #engine: RawEngine;
  /** The lowest free one is taken first, so that no more lanes are used than needed. */
  readonly #busy: boolean[];
  #closing: Promise<void> | undefined;

  constructor(parts: {
    addon: RawAddon;
    engine: RawEngine;
    info: SpeechEngineInfo;
    capabilities: EngineCapabilities;
  }) {
    this.#addon = parts.addon;
    this.#engine = parts.engine;
    this.info = parts.info;
    this.capabilities = parts.capabilities;
    this.#busy = new Array(parts.capabilities.maxJobs).fill(false);
  }

  async transcribe(job: TranscribeJob, { signal }: { signal?: AbortSignal } = {}): Promise<TranscribeResult> {
    if (this.#closing !== undefined) throw new NativeError('NATIVE_ENGINE_CLOSED', 'The engine was closed.');
    this.#check(job);
    if (signal?.aborted === true) throw new NativeError('NATIVE_ABORTED', 'The job was given up.');
    const lane = this.#busy.indexOf(false);
    if (lane < 0) {
      throw new NativeError('NATIVE_ENGINE_BUSY', `The engine has ${this.#busy.length} jobs, as many as it can run.`);
    }
    this.#busy[lane] = true;
    const stop = () => this.#engine.abort(lane);
    signal?.addEventListener('abort', stop, { once: true });
    try {
      return await this.#engine.transcribe(lane, job);
    } catch (error) {
      throw asNativeError(error);
    } finally {
      // Before the answer is delivered: after that, the lane may already have the next job.
      signal?.removeEventListener('abort', stop);
      this.#busy[lane] = false;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#engine.close();
    return this.#closing;
  }

  #check(job: TranscribeJob): void {
    if (!(job.pcm instanceof Int16Array || job.pcm instanceof Float32Array)) {
      throw new NativeError('NATIVE_INVALID_ARGUMENT', 'pcm is an Int16Array or a Float32Array.');
    }
    if (job.pcm.length > MAX_SECONDS * SAMPLE_RATE) {
      throw new NativeError('NATIVE_INVALID_ARGUMENT', `Audio of one job is at most ${MAX_SECONDS} s long.`);
    }
    const codes = [
      job.language === 'auto' ? [] : job.language,
      job.languages ?? [],
      job.settled?.language ?? [],
    ].flat();
    const unknown = codes.find((code) => !this.#addon.isLanguage(code));
    if (unknown !== undefined) {
      throw new NativeError('NATIVE_INVALID_ARGUMENT', `"${unknown}" is not a language code that Whisper knows.`);
    }
    if (job.settled !== undefined && !(job.settled.switchProbability >= 0)) {
      throw new NativeError('NATIVE_INVALID_ARGUMENT', 'switchProbability is 0 or more.');
    }
    const { draft = [] } = job;
    if (!Array.isArray(draft) || draft.length > MAX_DRAFT_TOKENS || !draft.every(isTokenId)) {
      throw new NativeError(
        'NATIVE_INVALID_ARGUMENT',
        `draft has at most ${MAX_DRAFT_TOKENS} whole numbers from 0 on.`,
      );
    }
    inRange('audioContext', { value: job.audioContext, min: 0, max: MAX_AUDIO_CONTEXT });
    inRange('beamSize', { value: job.beamSize, min: 1, max: 8 });
    inRange('maxTokens', { value: job.maxTokens, min: 1, max: 224 });
    inRange('threads', { value: job.threads ?? 0, min: 0, max: MAX_THREADS });
    inRange('timeoutMs', { value: job.timeoutMs, min: 0, max: MAX_TIMEOUT_MS });
    for (const [name, min, max] of RANGES) {
      if (!(job[name] >= min && job[name] <= max))
        throw new NativeError('NATIVE_INVALID_ARGUMENT', `${name} is from ${min} to ${max}.`);
    }
  }
}

function inRange(name: string, { value, min, max }: { value: number; min: number; max: number }): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new NativeError('NATIVE_INVALID_ARGUMENT', `${name} is a whole number from ${min} to ${max}, not ${value}.`);
  }
}

function isTokenId(id: unknown): boolean {
  return Number.isInteger(id) && (id as number) >= 0;
}

/** The addon's errors carry our codes. */
function asNativeError(error: unknown): unknown {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('NATIVE_')) {
    return new NativeError(error.code as NativeError['code'], error.message, { cause: error });
  }
  return error;
}

import { existsSync, writeFileSync } from 'node:fs';
import type {
  EngineCapabilities,
  NativeWord,
  SpeechEngine,
  SpeechEngineInfo,
  TranscribeJob,
  TranscribeResult,
} from '@parley/native';
import { type CancelTimer, systemTime, type TimeSource } from '../../process/TimeSource.js';
import { FAKE_CAPABILITIES } from './fakeCapabilities.js';
import { fakeTokens } from './fakeTokens.js';

/**
 * What the fake engine does with a job. It travels as JSON in the request's prompt, so that a test can set it for each request, through all
 * layers.
 */
export interface FakeJobScript {
  delayMs?: number;
  text?: string;
  /** The text is the name of the engine's model. */
  sayModel?: boolean;
  noSpeechProbability?: number;
  meanLogProbability?: number;
  tokens?: number;
  truncated?: boolean;
  unpromptedLogProbability?: number;
  words?: NativeWord[];
  /** Ends this process by the signal before it answers. */
  crash?: 'SIGKILL' | 'SIGABRT';
  /** With `crash`: only if this file does not exist yet; it is created. */
  once?: string;
  /** Never ends, except by abort. */
  hang?: boolean;
  /** Ignores an abort. */
  deaf?: boolean;
  /** Fails as the engine does. */
  fail?: string;
}

class FakeNativeError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** An engine without a model that keeps the addon's contract: a limited number of jobs, aborts, timeouts. */
export class FakeEngine implements SpeechEngine {
  readonly info: SpeechEngineInfo = {
    device: 'cpu',
    deviceName: 'fake',
    multilingual: true,
    modelType: 'unknown',
    loadMs: 0,
    encoder: 'whispercpp',
    engineVersion: 'fake',
  };
  readonly capabilities: EngineCapabilities;
  /** Jobs in the order of their starts, for tests in the same process. */
  readonly started: TranscribeJob[] = [];
  /** Most jobs at a time. */
  peak = 0;
  closed = false;
  /** Ends each running job. */
  readonly #running = new Set<(error: Error) => void>();
  readonly #model: string;
  readonly #time: TimeSource;
  readonly #delayMs: (job: TranscribeJob) => number;

  /** @param options.delayMs for jobs without a script of their own; default 0 */
  constructor(
    options: {
      model?: string;
      time?: TimeSource;
      delayMs?: (job: TranscribeJob) => number;
      /** What differs from `FAKE_CAPABILITIES`. */
      capabilities?: Partial<EngineCapabilities>;
    } = {},
  ) {
    this.capabilities = { ...FAKE_CAPABILITIES, ...options.capabilities };
    this.#model = options.model ?? 'fake';
    this.#time = options.time ?? systemTime;
    this.#delayMs = options.delayMs ?? (() => 0);
  }

  transcribe(job: TranscribeJob, { signal }: { signal?: AbortSignal } = {}): Promise<TranscribeResult> {
    if (this.closed) return Promise.reject(new FakeNativeError('NATIVE_ENGINE_CLOSED', 'closed'));
    if (signal?.aborted === true) return Promise.reject(new FakeNativeError('NATIVE_ABORTED', 'aborted'));
    if (this.#running.size >= this.capabilities.maxJobs) {
      return Promise.reject(new FakeNativeError('NATIVE_ENGINE_BUSY', `${this.#running.size} jobs run`));
    }
    this.started.push(job);
    const script = scriptOf(job);
    if (script.crash !== undefined && !wasDone(script.once)) process.kill(process.pid, script.crash);
    return new Promise<TranscribeResult>((resolve, reject) => {
      const timers: CancelTimer[] = [];
      const end = (settle: () => void): void => {
        for (const cancel of timers) cancel();
        signal?.removeEventListener('abort', onAbort);
        this.#running.delete(stop);
        settle();
      };
      const stop = (error: Error) => end(() => reject(error));
      const onAbort = () => stop(new FakeNativeError('NATIVE_ABORTED', 'aborted'));
      if (script.deaf !== true) signal?.addEventListener('abort', onAbort, { once: true });
      this.#running.add(stop);
      this.peak = Math.max(this.peak, this.#running.size);
      if (script.hang !== true && script.deaf !== true) {
        const done = () => {
          if (script.fail !== undefined) stop(new FakeNativeError('NATIVE_DECODE_FAILED', script.fail));
          else
            end(() =>
              resolve(
                resultOf(script, {
                  job,
                  otherwise: script.sayModel === true ? this.#model : `${job.pcm.length} samples`,
                }),
              ),
            );
        };
        timers.push(this.#time.after(script.delayMs ?? this.#delayMs(job), done));
      }
      if (job.timeoutMs > 0 && script.deaf !== true) {
        const late = () => stop(new FakeNativeError('NATIVE_ABORTED', 'time is over'));
        timers.push(this.#time.after(job.timeoutMs, late));
      }
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const stop of [...this.#running]) stop(new FakeNativeError('NATIVE_ENGINE_CLOSED', 'closed'));
  }
}

function scriptOf(job: TranscribeJob): FakeJobScript {
  return job.prompt.startsWith('{') ? (JSON.parse(job.prompt) as FakeJobScript) : {};
}

function wasDone(marker: string | undefined): boolean {
  if (marker === undefined) return false;
  if (existsSync(marker)) return true;
  writeFileSync(marker, '');
  return false;
}

function resultOf(
  script: FakeJobScript,
  { job, otherwise }: { job: TranscribeJob; otherwise: string },
): TranscribeResult {
  const text = script.text ?? otherwise;
  return {
    text,
    tokenIds: fakeTokens(text),
    language: 'en',
    languageProbability: 1,
    noSpeechProbability: script.noSpeechProbability ?? 0,
    meanLogProbability: script.meanLogProbability ?? -0.1,
    tokens: script.tokens ?? 3,
    ...(script.truncated === undefined ? {} : { truncated: script.truncated }),
    ...(script.unpromptedLogProbability === undefined
      ? {}
      : { unpromptedLogProbability: script.unpromptedLogProbability }),
    ...(script.words === undefined || !job.words ? {} : { words: script.words }),
    sanitizedSamples: 0,
    timings: { melMs: 0, encodeMs: 0, decodeMs: 0, totalMs: 0 },
  };
}

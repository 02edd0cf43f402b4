import type { SpeechEngine, SpeechEngineInfo, TranscribeJob, TranscribeResult } from '@parley/native';
import type { CancelTimer, TimeSource } from '../../process/TimeSource.js';
import { FAKE_CAPABILITIES } from './fakeCapabilities.js';
import { fakeTokens } from './fakeTokens.js';

interface Work {
  threads: number;
  /** Remaining core milliseconds. */
  leftMs: number;
  end: (error?: Error) => void;
}

/** Threads of one job wait for each other: n threads do the work of n to this power. */
const THREAD_EXPONENT = 0.8;
/** A stopped job ends between two operations of the model. */
const STOPS_AFTER_MS = 20;

class StoppedError extends Error {
  readonly code = 'NATIVE_ABORTED';
}

/** An engine whose jobs share the cores as threads of a machine do: each slows the others down. */
export class SharedCores implements SpeechEngine {
  readonly info: SpeechEngineInfo = {
    device: 'cpu',
    deviceName: 'fake',
    multilingual: true,
    modelType: 'unknown',
    loadMs: 0,
    encoder: 'whispercpp',
    engineVersion: 'fake',
  };
  readonly capabilities = { ...FAKE_CAPABILITIES, maxJobs: Number.POSITIVE_INFINITY };
  readonly #time: TimeSource;
  readonly #cores: number;
  readonly #workMs: (job: TranscribeJob) => number;
  readonly #running = new Set<Work>();
  #since: number;
  #cancelNext: CancelTimer = () => {};

  /** @param options.workMs core milliseconds of a job on one thread */
  constructor(options: { time: TimeSource; cores: number; workMs: (job: TranscribeJob) => number }) {
    this.#time = options.time;
    this.#cores = options.cores;
    this.#workMs = options.workMs;
    this.#since = options.time.now();
  }

  /** Cores that are working now. */
  get busyCores(): number {
    let threads = 0;
    for (const work of this.#running) threads += work.threads;
    return Math.min(this.#cores, threads);
  }

  transcribe(job: TranscribeJob, { signal }: { signal?: AbortSignal } = {}): Promise<TranscribeResult> {
    return new Promise((resolve, reject) => {
      this.#pass();
      const work: Work = {
        threads: job.threads ?? 1,
        leftMs: this.#workMs(job),
        end: (error) => {
          if (!this.#running.has(work)) return;
          this.#pass();
          this.#running.delete(work);
          this.#plan();
          if (error !== undefined) reject(error);
          else resolve(HELLO);
        },
      };
      this.#running.add(work);
      const stop = () => this.#time.after(STOPS_AFTER_MS, () => work.end(new StoppedError('stopped')));
      signal?.addEventListener('abort', stop, { once: true });
      this.#plan();
    });
  }

  async close(): Promise<void> {
    this.#cancelNext();
    this.#running.clear();
  }

  #rateOf(work: Work): number {
    let threads = 0;
    for (const other of this.#running) threads += other.threads;
    return work.threads ** THREAD_EXPONENT * Math.min(1, this.#cores / threads);
  }

  #pass(): void {
    const now = this.#time.now();
    const rates = [...this.#running].map((work) => ({ work, rate: this.#rateOf(work) }));
    for (const { work, rate } of rates) work.leftMs -= rate * (now - this.#since);
    this.#since = now;
  }

  #plan(): void {
    this.#cancelNext();
    let next: { work: Work; inMs: number } | undefined;
    for (const work of this.#running) {
      const inMs = Math.max(0, work.leftMs) / this.#rateOf(work);
      if (next === undefined || inMs < next.inMs) next = { work, inMs };
    }
    if (next === undefined) return;
    const { work, inMs } = next;
    this.#cancelNext = this.#time.after(inMs, () => work.end());
  }
}

const HELLO: TranscribeResult = {
  text: 'hello there',
  tokenIds: fakeTokens('hello there'),
  language: 'en',
  languageProbability: 1,
  noSpeechProbability: 0,
  meanLogProbability: -0.2,
  tokens: 3,
  words: [],
  sanitizedSamples: 0,
  timings: { melMs: 0, encodeMs: 0, decodeMs: 0, totalMs: 0 },
};

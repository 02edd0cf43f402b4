import type { SpeechEngine, TranscribeResult } from '@parley/native';
import { type CancelTimer, systemTime, type TimeSource } from '../process/TimeSource.js';
import { CostEstimate } from './CostEstimate.js';
import { toHypothesis } from './filterResult.js';
import { transcribeJob } from './jobOptions.js';
import { type LoadLimits, LoadMonitor } from './LoadMonitor.js';
import { standsInFor } from './languages.js';
import { type Quantiles, RecentValues } from './RecentValues.js';
import {
  type DropReason,
  type RejectionCode,
  type SchedulableJob,
  Scheduler,
  type SheddingLimits,
} from './Scheduler.js';
import {
  DEFAULT_RECOGNITION_SETTINGS,
  type Hypothesis,
  type Load,
  type LoadLevel,
  type ModelProfile,
  RecognitionError,
  type RecognitionErrorCode,
  type RecognitionKind,
  type RecognitionSettings,
} from './types.js';

/** Times and bounds of a device. */
export interface DispatcherLimits {
  /** A job runs for this much at least before it counts as one that will not end ... */
  shortestBudgetMs: number;
  /** ... else for so many times its estimate, and never past its deadline. */
  budgetFactor: number;
  /** A lane that goes on for so long after it was told to stop is stuck: the process cannot go on. */
  stuckLaneMs: number;
  /** So many failures of one engine without a success between them: the device is lost. */
  failuresInARow: number;
  /** Finals that may wait in all. */
  waitingFinals: number;
  /** See `SheddingLimits`; `keptFinals` default: 4 a lane, 16 at least. */
  shedding: Partial<SheddingLimits>;
  load: Partial<LoadLimits>;
}

export const DEFAULT_DISPATCHER_LIMITS: DispatcherLimits = {
  shortestBudgetMs: 10_000,
  budgetFactor: 3,
  stuckLaneMs: 2_000,
  failuresInARow: 5,
  waitingFinals: 1_024,
  shedding: {},
  load: {},
};

/** Why a request was not answered: it left the queue, or its engine time was for nothing. */
export type DropCause = DropReason | 'cancelled' | 'tooLong';

export interface DispatcherStats {
  waitingFinals: number;
  waitingInterims: number;
  running: number;
  oldestWaitMs: number;
  load: LoadLevel;
  /** Since the start. */
  answered: number;
  /** Since the start, by what their senders were told. */
  rejected: Partial<Record<RecognitionErrorCode, number>>;
  /** Since the start, by cause; those that their senders gave up are `cancelled`. */
  dropped: Partial<Record<DropCause, number>>;
  /** Time in the queue of the last 512 jobs of each kind that left it, whatever became of them. */
  queueAgeMs: Record<RecognitionKind, Quantiles>;
  /** Engine time since the start, of all lanes together. */
  engineMs: number;
  /** Its part that led to no answer: cancelled, preempted or late. */
  discardedEngineMs: number;
}

export interface EngineOfKind {
  engine: SpeechEngine;
  profile: ModelProfile;
}

export interface DispatcherOptions {
  /** Each with as many lanes as `lanes`. Without an engine of their own, interims take that of finals. */
  engines: { final: EngineOfKind; interim?: EngineOfKind };
  /** Jobs at a time, of both engines together. */
  lanes: number;
  /** An engine cannot be used any more and this process has to end. */
  onFatal: (reason: string) => void;
  onLoadChange?: (load: Load) => void;
  time?: TimeSource;
  limits?: Partial<DispatcherLimits>;
}

export interface DispatchedError {
  code: RecognitionErrorCode;
  message: string;
}

/** One request, and who is told what becomes of it: exactly one of `onResult` and `onError`, or nothing after `cancel`. */
export interface DispatchedJob extends SchedulableJob {
  settings: RecognitionSettings;
  pcm: Int16Array;
  onStarted: () => void;
  onResult: (hypothesis: Hypothesis) => void;
  onError: (error: DispatchedError) => void;
}

interface Slot extends EngineOfKind {
  failuresInARow: number;
}

interface Job extends SchedulableJob {
  request: DispatchedJob;
  arrivedAtMs: number;
}

interface Running {
  job: Job;
  lane: number;
  slot: Slot;
  startedAtMs: number;
  /** Why it was told to stop. */
  stop?: { cause: DropCause; error?: DispatchedError };
  cancelTimer: CancelTimer;
}

/** A large model on a small CPU may need minutes; the supervisor's own time for a start is as long. */
const WARM_UP_TIMEOUT_MS = 300_000;
/** Finals that may wait without an end, for each lane. */
const KEPT_FINALS_PER_LANE = 4;
const FEWEST_KEPT_FINALS = 16;
const LONGEST_FINAL_WAIT_MS = 30_000;
const FINAL_WAIT_WHILE_SHEDDING_MS = 2_000;
/** How often waiting jobs are looked through. */
const WATCH_INTERVAL_MS = 250;
/** No interims are taken at this level. */
const NO_INTERIMS: LoadLevel = 3;

/**
 * A device at work: one queue, `lanes` jobs at a time on one engine, or on one for finals and a smaller one for interims.
 * Knows no sockets and keeps nothing of a speaker between requests.
 */
export class Dispatcher {
  /** Why interims run on the engine of finals although they were to have their own. */
  readonly interimFailure: string | undefined;
  readonly #options: DispatcherOptions;
  readonly #limits: DispatcherLimits;
  readonly #time: TimeSource;
  readonly #slots: Record<RecognitionKind, Slot>;
  readonly #estimates: Record<RecognitionKind, CostEstimate>;
  readonly #scheduler: Scheduler<Job>;
  readonly #monitor: LoadMonitor;
  /** Those that wait or run. */
  readonly #jobs = new Map<DispatchedJob, Job>();
  readonly #running = new Map<number, Running>();
  readonly #queueAges = { final: new RecentValues(), interim: new RecentValues() };
  readonly #rejected = new Map<RecognitionErrorCode, number>();
  readonly #dropped = new Map<DropCause, number>();
  #load: Load = { level: 0, reason: 'recovered' };
  #answered = 0;
  #engineMs = 0;
  #discardedEngineMs = 0;
  #cancelWatch: CancelTimer | undefined;
  #closed = false;

  /**
   * Warms the engines up. One for interims that cannot do it is closed, and its work is done by the other.
   * @throws when the engine of finals cannot do the warm-up job
   */
  static async create(options: DispatcherOptions): Promise<Dispatcher> {
    const time = options.time ?? systemTime;
    const { final, interim } = options.engines;
    const measured = await warmUp({ ...final, lanes: options.lanes, time });
    let interimFailure: string | undefined;
    let measuredInterim = measured;
    if (interim !== undefined) {
      try {
        measuredInterim = await warmUp({ ...interim, lanes: options.lanes, time });
      } catch (error) {
        interimFailure = error instanceof Error ? error.message : String(error);
        await interim.engine.close();
      }
    }
    const engines = interimFailure === undefined ? options.engines : { final };
    const dispatcher = new Dispatcher({ ...options, engines }, interimFailure);
    dispatcher.#estimates.final.learn(measured);
    dispatcher.#estimates.interim.learn(measuredInterim);
    dispatcher.#watch();
    return dispatcher;
  }

  private constructor(options: DispatcherOptions, interimFailure: string | undefined) {
    this.interimFailure = interimFailure;
    this.#options = options;
    this.#limits = { ...DEFAULT_DISPATCHER_LIMITS, ...options.limits };
    this.#time = options.time ?? systemTime;
    const final = { ...options.engines.final, failuresInARow: 0 };
    const { interim } = options.engines;
    this.#slots = { final, interim: interim === undefined ? final : { ...interim, failuresInARow: 0 } };
    const estimate = (kind: RecognitionKind) => new CostEstimate({ kind, profile: this.#slots[kind].profile });
    this.#estimates = { final: estimate('final'), interim: estimate('interim') };
    const clock = () => this.#time.now();
    this.#monitor = new LoadMonitor({ clock, limits: this.#limits.load });
    this.#scheduler = new Scheduler<Job>({
      clock,
      estimateMs: (job) => this.#estimateMs(job),
      onReject: (job, code, reason) => this.#leftQueue(job, code, reason),
      finalsCapacity: this.#limits.waitingFinals,
      shedding: {
        keptFinals: Math.max(FEWEST_KEPT_FINALS, KEPT_FINALS_PER_LANE * options.lanes),
        longestWaitMs: LONGEST_FINAL_WAIT_MS,
        waitWhileSheddingMs: FINAL_WAIT_WHILE_SHEDDING_MS,
        ...this.#limits.shedding,
      },
    });
  }

  get load(): Load {
    return this.#load;
  }

  get stats(): DispatcherStats {
    const { finalMs, interimMs } = this.#scheduler.oldestWait;
    return {
      waitingFinals: this.#scheduler.waitingFinals,
      waitingInterims: this.#scheduler.waitingInterims,
      running: this.#running.size,
      oldestWaitMs: Math.max(finalMs, interimMs),
      load: this.#load.level,
      answered: this.#answered,
      rejected: Object.fromEntries(this.#rejected),
      dropped: Object.fromEntries(this.#dropped),
      queueAgeMs: { final: this.#queueAges.final.quantiles, interim: this.#queueAges.interim.quantiles },
      engineMs: this.#engineMs,
      discardedEngineMs: this.#discardedEngineMs,
    };
  }

  submit(request: DispatchedJob): void {
    const { kind, roomId, speakerId, deadlineAtMs, suspect } = request;
    const job: Job = { kind, roomId, speakerId, deadlineAtMs, suspect, request, arrivedAtMs: this.#time.now() };
    this.#jobs.set(request, job);
    if (this.#closed) this.#reject(job, { code: 'CLOSED', message: 'the recogniser ends' });
    else if (kind === 'interim' && this.#load.level >= NO_INTERIMS) this.#leftQueue(job, 'OVERLOADED', 'noInterims');
    else {
      this.#scheduler.add(job);
      this.#pump();
    }
  }

  /** Its sender needs no answer any more. Frees the lane as soon as the engine obeys. */
  cancel(request: DispatchedJob): void {
    const job = this.#jobs.get(request);
    if (job === undefined) return;
    this.#jobs.delete(request);
    if (!this.#scheduler.cancel(job)) {
      this.#stop(job, { cause: 'cancelled' });
      return;
    }
    this.#queueAges[job.kind].add(this.#time.now() - job.arrivedAtMs);
    this.#count('cancelled');
  }

  /** Ends the engines. Nobody is told anything any more. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelWatch?.();
    for (const running of this.#running.values()) running.cancelTimer();
    this.#jobs.clear();
    await Promise.all([...new Set(Object.values(this.#slots))].map(({ engine }) => engine.close()));
  }

  #pump(): void {
    if (this.#closed) return;
    for (let lane = 0; lane < this.#options.lanes; lane++) {
      if (this.#running.has(lane)) continue;
      const job = this.#scheduler.next();
      if (job === undefined) return;
      void this.#run(lane, job);
    }
    for (const job of this.#scheduler.preemptable()) {
      this.#stop(job, { cause: 'superseded', error: { code: 'SUPERSEDED', message: MESSAGES.superseded } });
    }
  }

  async #run(lane: number, job: Job): Promise<void> {
    const startedAtMs = this.#time.now();
    const queuedMs = startedAtMs - job.arrivedAtMs;
    this.#queueAges[job.kind].add(queuedMs);
    const slot = this.#slotFor(job);
    const deadlineMs = job.deadlineAtMs - startedAtMs;
    const budgetMs = Math.max(this.#limits.shortestBudgetMs, this.#limits.budgetFactor * this.#estimateMs(job));
    const timeoutMs = Math.min(deadlineMs, budgetMs);
    const timeout = timeoutStop(deadlineMs, budgetMs);
    const running: Running = {
      job,
      lane,
      slot,
      startedAtMs,
      // The engine counts the same time itself; this is for one that does not.
      cancelTimer: this.#time.after(timeoutMs, () => this.#stop(job, timeout)),
    };
    this.#running.set(lane, running);
    job.request.onStarted();
    let result: TranscribeResult | undefined;
    let failure: DispatchedError | undefined;
    try {
      const { settings, pcm } = job.request;
      result = await slot.engine.transcribe(
        lane,
        transcribeJob({ kind: job.kind, pcm, settings, profile: slot.profile, timeoutMs }),
      );
      slot.failuresInARow = 0;
    } catch (error) {
      if (running.stop === undefined && codeOf(error) === 'NATIVE_ABORTED') running.stop = timeout;
      if (running.stop === undefined) failure = this.#failure(slot, error);
    }
    running.cancelTimer();
    this.#running.delete(lane);
    const engineMs = this.#time.now() - startedAtMs;
    this.#engineMs += engineMs;
    this.#scheduler.finished(job, { engineMs });
    if (result !== undefined && slot === this.#slots[job.kind]) {
      this.#estimates[job.kind].learn({ samples: job.request.pcm.length, engineMs });
    }
    if (running.stop !== undefined) {
      this.#discardedEngineMs += engineMs;
      this.#count(running.stop.cause);
      this.#noteInterim(job, { waitMs: queuedMs, late: running.stop.cause === 'deadline' });
      if (running.stop.error !== undefined) this.#reject(job, running.stop.error);
    } else if (failure !== undefined) this.#reject(job, failure);
    else if (result !== undefined) {
      this.#noteInterim(job, { waitMs: queuedMs, late: false });
      this.#answer(job, hypothesisOf(job.request, result, { queuedMs, engineMs }));
    }
    this.#pump();
  }

  /** The model of interims may know less than the main one, which then answers. */
  #slotFor({ kind, request }: Job): Slot {
    const { final, interim } = this.#slots;
    if (kind === 'final' || interim === final) return final;
    const can = standsInFor({ interim: interim.profile, main: final.profile, wish: request.settings });
    return can ? interim : final;
  }

  #failure(slot: Slot, error: unknown): DispatchedError {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof RecognitionError) return { code: error.code, message };
    if (codeOf(error) === 'NATIVE_INVALID_ARGUMENT') return { code: 'RECOGNIZER_FAILED', message };
    slot.failuresInARow += 1;
    if (slot.failuresInARow >= this.#limits.failuresInARow && !this.#closed) {
      this.#options.onFatal(`the engine failed ${slot.failuresInARow} times in a row; last: ${message}`);
    }
    return { code: 'RECOGNIZER_FAILED', message };
  }

  #estimateMs(job: Job): number {
    return this.#estimates[job.kind].msFor(job.request.pcm.length);
  }

  /** Aborts a running job and watches that the lane obeys. */
  #stop(job: Job, stop: NonNullable<Running['stop']>): void {
    for (const running of this.#running.values()) {
      if (running.job !== job) continue;
      if (running.stop !== undefined) return;
      running.stop = stop;
      running.cancelTimer();
      running.cancelTimer = this.#time.after(this.#limits.stuckLaneMs, () =>
        this.#options.onFatal(`lane ${running.lane} did not stop within ${this.#limits.stuckLaneMs} ms`),
      );
      running.slot.engine.abort(running.lane);
      return;
    }
  }

  /** Looks through the queue also while no job begins or ends. */
  #watch(): void {
    this.#cancelWatch = this.#time.after(WATCH_INTERVAL_MS, () => {
      this.#watch();
      const oldest = this.#scheduler.oldestWait;
      this.#scheduler.expire();
      const load = this.#monitor.sample(oldest);
      if (load === undefined) return;
      this.#load = load;
      if (load.level >= NO_INTERIMS) this.#scheduler.dropInterims();
      this.#options.onLoadChange?.(load);
    });
  }

  #leftQueue(job: Job, code: RejectionCode, reason: DropReason): void {
    const waitMs = this.#time.now() - job.arrivedAtMs;
    this.#queueAges[job.kind].add(waitMs);
    this.#count(reason);
    this.#noteInterim(job, { waitMs, late: reason === 'deadline' });
    this.#reject(job, { code, message: MESSAGES[reason] });
  }

  /** An interim that came too late has waited for all of its time, whether in the queue or in the engine. */
  #noteInterim(job: Job, outcome: { waitMs: number; late: boolean }): void {
    if (job.kind !== 'interim') return;
    const delayMs = this.#time.now() - job.arrivedAtMs;
    this.#monitor.noteInterim({ waitMs: outcome.late ? delayMs : outcome.waitMs, delayMs });
  }

  #answer(job: Job, hypothesis: Hypothesis): void {
    if (!this.#jobs.delete(job.request)) return;
    this.#answered += 1;
    job.request.onResult(hypothesis);
  }

  #reject(job: Job, error: DispatchedError): void {
    if (!this.#jobs.delete(job.request)) return;
    this.#rejected.set(error.code, (this.#rejected.get(error.code) ?? 0) + 1);
    job.request.onError(error);
  }

  #count(cause: DropCause): void {
    this.#dropped.set(cause, (this.#dropped.get(cause) ?? 0) + 1);
  }
}

const MESSAGES: Record<DropReason, string> = {
  deadline: 'the deadline leaves no time for the engine',
  queueFull: 'more requests are waiting than may wait',
  tooOld: 'the request waited too long while too many others did',
  noInterims: 'the recogniser is too busy for interim results',
  superseded: 'a newer request of the same speaker took its place',
};

function timeoutStop(deadlineMs: number, budgetMs: number): NonNullable<Running['stop']> {
  if (deadlineMs <= budgetMs) {
    const message = 'the deadline passed while the engine worked';
    return { cause: 'deadline', error: { code: 'DEADLINE_EXCEEDED', message } };
  }
  const message = `the engine did not end within ${Math.round(budgetMs)} ms`;
  return { cause: 'tooLong', error: { code: 'RECOGNIZER_FAILED', message } };
}

function hypothesisOf(
  request: DispatchedJob,
  result: TranscribeResult,
  times: { queuedMs: number; engineMs: number },
): Hypothesis {
  const { pcm, settings } = request;
  // What an engine hears in no audio is its own.
  return toHypothesis({
    result: pcm.length === 0 ? { ...result, text: '' } : result,
    samples: pcm.length,
    settings,
    times,
  });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/**
 * The first job of every lane allocates and compiles what later ones find ready, and tells how fast this device is.
 * @throws when the engine cannot do it
 */
async function warmUp(options: EngineOfKind & { lanes: number; time: TimeSource }) {
  const { engine, profile, lanes, time } = options;
  const pcm = Int16Array.from({ length: 16_000 }, (_, i) => Math.round(300 * Math.sin(i * i * 0.001)));
  const job = transcribeJob({
    kind: 'final',
    pcm,
    settings: DEFAULT_RECOGNITION_SETTINGS,
    profile,
    timeoutMs: WARM_UP_TIMEOUT_MS,
  });
  const began = time.now();
  await Promise.all(Array.from({ length: lanes }, (_, lane) => engine.transcribe(lane, job)));
  return { samples: pcm.length, engineMs: time.now() - began };
}

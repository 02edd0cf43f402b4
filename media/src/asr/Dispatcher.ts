import type { TranscribeResult } from '@parley/native';
import { type CancelTimer, systemTime, type TimeSource } from '../process/TimeSource.js';
import { languagesOf, standsInFor } from '../settings/languages.js';
import type { JobPlan } from './contract/asrContract.js';
import { capabilitiesOf, languagesOn, type RecognizerCapabilities } from './contract/capabilities.js';
import { NO_INTERIM_RESULTS, SAMPLE_RATE } from './contract/limits.js';
import { type InterimPace, type Load, NO_INTERIMS } from './contract/load.js';
import {
  DEFAULT_RECOGNITION_SETTINGS,
  type Draft,
  type Hypothesis,
  RecognitionError,
  type RecognitionErrorCode,
  type RecognitionKind,
  type RecognitionSettings,
} from './contract/recognition.js';
import type { DispatcherLimits } from './contract/serverLimits.js';
import type { DispatcherStats, DropCause, DropReason } from './contract/serverStats.js';
import { toHypothesis } from './filterResult.js';
import { transcribeJob } from './jobOptions.js';
import { CostEstimate } from './load/CostEstimate.js';
import { InterimPacer } from './load/InterimPacer.js';
import { LoadMonitor } from './load/LoadMonitor.js';
import { RecentValues } from './load/RecentValues.js';
import { type RejectionCode, type SchedulableJob, Scheduler } from './Scheduler.js';
import { type EngineOfKind, noise, type Run, USUAL_SAMPLES, warmUp } from './warmUp.js';

export const DEFAULT_DISPATCHER_LIMITS: DispatcherLimits = {
  shortestBudgetMs: 10_000,
  budgetFactor: 3,
  stuckJobMs: 2_000,
  failuresInARow: 5,
  waitingFinals: 1_024,
  shedding: {},
  load: {},
};

export interface DispatcherOptions {
  /** Without an engine of their own, interims use the one for finals. */
  engines: { final: EngineOfKind; interim?: EngineOfKind };
  /** For both engines together. An engine that supports fewer jobs at a time lowers their number. */
  plan: JobPlan;
  /** An engine can no longer be used, so this process has to end. */
  onFatal: (reason: string) => void;
  /** The level or the pace of interims has changed. */
  onLoadChange?: (load: Load) => void;
  time?: TimeSource;
  limits?: Partial<DispatcherLimits>;
}

export interface DispatchedError {
  code: RecognitionErrorCode;
  message: string;
}

/** One request. Exactly one of `onResult` and `onError` is called, or neither after `cancel`. */
export interface DispatchedJob extends Omit<SchedulableJob, 'deadlineAtMs'> {
  /** Counted from `submit`. */
  deadlineMs: number;
  settings: RecognitionSettings;
  pcm: Int16Array;
  draft?: Draft;
  onStarted: () => void;
  onResult: (hypothesis: Hypothesis) => void;
  onError: (error: DispatchedError) => void;
}

interface Slot extends EngineOfKind {
  failuresInARow: number;
  /** What this engine can run: the engine for finals may answer interims as well. */
  estimates: Record<RecognitionKind, CostEstimate>;
}

interface Job extends SchedulableJob {
  request: DispatchedJob;
  /** Its engine. */
  slot: Slot;
  arrivedAtMs: number;
}

interface Running {
  job: Job;
  giveUp: AbortController;
  threads: number;
  startedAtMs: number;
  /** Why it was stopped. */
  stop?: { cause: DropCause; error?: DispatchedError };
  cancelTimer: CancelTimer;
}

/** Finals that may wait without a time limit, for each job that runs at a time. */
const KEPT_FINALS_PER_JOB = 4;
const FEWEST_KEPT_FINALS = 16;
const LONGEST_FINAL_WAIT_MS = 30_000;
const FINAL_WAIT_WHILE_SHEDDING_MS = 2_000;
/** How often the queue is checked. */
const WATCH_INTERVAL_MS = 250;
/** An interim without an answer after this time, or after a multiple of its usual time, is out of date. */
const INTERIM_DEADLINE_MS = 2_000;
const INTERIM_DEADLINE_FACTOR = 3;
/** Time for an engine to notice its own timeout. */
const GRACE_MS = 300;
/** While interims are too slow, one is tried this often, in case something else kept the device busy. */
const TRY_AGAIN_MS = 30_000;
/** Smaller changes of the pace are not reported. */
const PACE_SHARE_TOLD = 0.15;

/**
 * The single queue of a device. It runs several jobs at a time on one engine, or on one for finals and a smaller one for interims. Knows
 * nothing of sockets and keeps no state of a speaker between requests.
 */
export class Dispatcher {
  /** Why interims run on the engine for finals although they should have their own. */
  readonly interimFailure: string | undefined;
  readonly capabilities: RecognizerCapabilities;
  readonly #options: DispatcherOptions;
  readonly #limits: DispatcherLimits;
  readonly #time: TimeSource;
  readonly #slots: Record<RecognitionKind, Slot>;
  readonly #scheduler: Scheduler<Job>;
  readonly #monitor: LoadMonitor;
  readonly #pacer: InterimPacer;
  /** Waiting or running. */
  readonly #jobs = new Map<DispatchedJob, Job>();
  readonly #running = new Map<Job, Running>();
  readonly #queueAges = { final: new RecentValues(), interim: new RecentValues() };
  readonly #rejected = new Map<RecognitionErrorCode, number>();
  readonly #dropped = new Map<DropCause, number>();
  #load: Load = { level: 0, reason: 'recovered', interimIntervalMs: 0 };
  /** When an interim was last tried although interims are too slow, and that interim while it waits or runs. */
  #triedAtMs = 0;
  #trial: Job | undefined;
  #answered = 0;
  #engineMs = 0;
  #discardedEngineMs = 0;
  #cancelWatch: CancelTimer | undefined;
  #closed = false;

  /**
   * Warms the engines up. If the engine for interims fails, it is closed and the other one does its work.
   * @throws if the engine for finals cannot do the warm-up job
   */
  static async create(given: DispatcherOptions): Promise<Dispatcher> {
    const most = Object.values(given.engines).map(({ engine }) => engine.capabilities.maxJobs);
    const options = { ...given, plan: { ...given.plan, jobs: Math.min(given.plan.jobs, ...most) } };
    const time = options.time ?? systemTime;
    const { final, interim } = options.engines;
    // One kind is enough to estimate the other, unless interims have an engine of their own.
    const kinds: RecognitionKind[] = interim === undefined ? ['interim'] : ['final', 'interim'];
    const runs = await warmUp({ ...final, kinds, plan: options.plan, time });
    let interimFailure: string | undefined;
    let interimRuns = runs.filter(({ kind }) => kind === 'interim');
    if (interim !== undefined) {
      try {
        interimRuns = await warmUp({ ...interim, kinds: ['interim'], plan: options.plan, time });
      } catch (error) {
        interimFailure = error instanceof Error ? error.message : String(error);
        await interim.engine.close();
      }
    }
    const engines = interimFailure === undefined ? options.engines : { final };
    const dispatcher = new Dispatcher({ ...options, engines }, interimFailure);
    const slots = dispatcher.#slots;
    for (const run of runs) {
      slots.final.estimates[run.kind].learn(run);
      if (interim === undefined) slots.final.estimates.final.learnFrom(run.kind, run);
    }
    for (const run of interimRuns) {
      if (slots.interim !== slots.final) slots.interim.estimates.interim.learn(run);
      dispatcher.#pacer.ran({ ...run, done: true });
    }
    dispatcher.#triedAtMs = time.now();
    dispatcher.#watch();
    return dispatcher;
  }

  private constructor(options: DispatcherOptions, interimFailure: string | undefined) {
    this.interimFailure = interimFailure;
    this.#options = options;
    this.#limits = { ...DEFAULT_DISPATCHER_LIMITS, ...options.limits };
    this.#time = options.time ?? systemTime;
    const clock = () => this.#time.now();
    const slotOf = (engine: EngineOfKind): Slot => {
      const estimate = (kind: RecognitionKind) => new CostEstimate({ kind, profile: engine.profile, clock });
      // A language that the model knows but the engine cannot do counts as unknown.
      const profile = { ...engine.profile, languages: languagesOn(engine) };
      return {
        ...engine,
        profile,
        failuresInARow: 0,
        estimates: { final: estimate('final'), interim: estimate('interim') },
      };
    };
    const { interim } = options.engines;
    const final = slotOf(options.engines.final);
    this.#slots = { final, interim: interim === undefined ? final : slotOf(interim) };
    this.capabilities = capabilitiesOf(options.engines);
    if (!this.capabilities.interims) this.#load = { ...this.#load, interimIntervalMs: null };
    this.#monitor = new LoadMonitor({ clock, limits: this.#limits.load });
    this.#pacer = new InterimPacer({ clock, cores: options.plan.cores });
    this.#scheduler = new Scheduler<Job>({
      clock,
      estimateMs: (job) => this.#estimateMs(job),
      remainingShare: (job) => this.#remainingShare(job),
      onReject: (job, code, reason) => this.#leftQueue(job, code, reason),
      finalsCapacity: this.#limits.waitingFinals,
      shedding: {
        keptFinals: Math.max(FEWEST_KEPT_FINALS, KEPT_FINALS_PER_JOB * options.plan.jobs),
        longestWaitMs: LONGEST_FINAL_WAIT_MS,
        waitWhileSheddingMs: FINAL_WAIT_WHILE_SHEDDING_MS,
        ...this.#limits.shedding,
      },
    });
  }

  get load(): Load {
    return this.#load;
  }

  /** Engine time of a request of each kind with 4 s of speech, alone on the device; 0 = unknown. */
  get usualMs(): Record<RecognitionKind, number> {
    const threads = this.#options.plan.threadsPerJob;
    const usual = (kind: RecognitionKind) => {
      const estimate = this.#slots[kind].estimates[kind];
      return estimate.msFor({ samples: USUAL_SAMPLES, threads: estimate.threadsWorthwhile(threads) });
    };
    return { final: usual('final'), interim: usual('interim') };
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
    const { kind, meetingId, trackId, speculative, first, suspect } = request;
    const arrivedAtMs = this.#time.now();
    const slot = this.#slotFor(request);
    const job: Job = {
      kind,
      meetingId,
      trackId,
      deadlineAtMs: arrivedAtMs + request.deadlineMs,
      suspect,
      request,
      slot,
      arrivedAtMs,
    };
    if (speculative !== undefined) job.speculative = speculative;
    if (first !== undefined) job.first = first;
    this.#jobs.set(request, job);
    if (this.#closed) {
      this.#reject(job, { code: 'CLOSED', message: 'the recogniser ends' });
      return;
    }
    const refusal = refusalOf(request, slot);
    if (refusal !== undefined) {
      this.#reject(job, refusal);
      return;
    }
    if (kind === 'interim') {
      if (this.#takesNoInterims) {
        this.#leftQueue(job, 'OVERLOADED', 'noInterims');
        return;
      }
      this.#pacer.asked(JSON.stringify([meetingId, trackId]));
      const worthMs = INTERIM_DEADLINE_FACTOR * Math.max(this.#estimateMs(job), this.#load.interimIntervalMs ?? 0);
      job.deadlineAtMs = Math.min(job.deadlineAtMs, arrivedAtMs + Math.max(INTERIM_DEADLINE_MS, worthMs));
    }
    this.#scheduler.add(job);
    this.#pump();
  }

  /** The sender needs no answer any more. Makes room for another job once the engine obeys. */
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

  /** Closes the engines. No callback is called after this. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelWatch?.();
    for (const running of this.#running.values()) running.cancelTimer();
    this.#jobs.clear();
    await Promise.all([...new Set(Object.values(this.#slots))].map(({ engine }) => engine.close()));
  }

  get #takesNoInterims(): boolean {
    return this.#load.level >= NO_INTERIMS || this.#load.interimIntervalMs === null;
  }

  #pump(): void {
    if (this.#closed) return;
    while (this.#running.size < this.#options.plan.jobs) {
      const job = this.#scheduler.next(this.#room());
      if (job === undefined) break;
      void this.#run(job, this.#threadsFor(job));
    }
    if (this.#trial !== undefined && this.#scheduler.waitingFinals > 0) this.#stop(this.#trial, { cause: 'cancelled' });
    for (const job of this.#scheduler.preemptable()) {
      this.#stop(job, { cause: 'superseded', error: { code: 'SUPERSEDED', message: MESSAGES.superseded } });
    }
  }

  #threadsOf(kind?: RecognitionKind): number {
    let threads = 0;
    for (const running of this.#running.values()) {
      if (kind === undefined || running.job.kind === kind) threads += running.threads;
    }
    return threads;
  }

  /**
   * Interims get what is left of the cores, but never the last of several places. A final may share cores with interims if that is quicker
   * than waiting for them.
   */
  #room(): { finals: boolean; interims: boolean } {
    const { cores, jobs } = this.#options.plan;
    const placeLeft = jobs === 1 || this.#running.size < jobs - 1;
    return {
      finals: this.#threadsOf('final') < cores && this.#finalGainsByStarting(),
      interims: placeLeft && this.#threadsOf() < cores,
    };
  }

  #finalGainsByStarting(): boolean {
    const { cores, threadsPerJob } = this.#options.plan;
    const estimate = this.#slots.final.estimates.final;
    let free = cores - this.#threadsOf();
    if (free > 0) return true;
    const most = estimate.threadsWorthwhile(threadsPerJob);
    const take = (threads: number) => estimate.msFor({ samples: USUAL_SAMPLES, threads });
    const nowMs = (take(1) * (this.#threadsOf() + 1)) / cores;
    // It should have finished by now, and may never finish.
    if (this.#scheduler.oldestWait.finalMs > nowMs) return true;
    const others = [...this.#running.values()]
      .map((running) => ({ threads: running.threads, leftMs: this.#remainingMs(running) }))
      .toSorted((a, b) => a.leftMs - b.leftMs);
    let waitMs = 0;
    for (const { threads, leftMs } of others) {
      if (free >= most) break;
      free += threads;
      waitMs = leftMs;
    }
    return nowMs <= waitMs + take(most);
  }

  /** If nothing waits behind it, a job gets all free cores; otherwise the number that serves all waiting jobs best. */
  #threadsFor(job: Job): number {
    const { cores, threadsPerJob, jobs } = this.#options.plan;
    const waiting = this.#scheduler.waitingFinals + this.#scheduler.waitingInterims;
    const others = Math.max(0, Math.min(waiting, jobs - this.#running.size - 1));
    const most = Math.min(threadsPerJob, Math.max(1, cores - this.#threadsOf()));
    return estimateOf(job).threadsWorthwhile(most, 1 + others);
  }

  async #run(job: Job, threads: number): Promise<void> {
    const startedAtMs = this.#time.now();
    const queuedMs = startedAtMs - job.arrivedAtMs;
    this.#queueAges[job.kind].add(queuedMs);
    const { slot } = job;
    const deadlineMs = job.deadlineAtMs - startedAtMs;
    const budgetMs = Math.max(this.#limits.shortestBudgetMs, this.#limits.budgetFactor * this.#estimateMs(job));
    const timeoutMs = Math.min(deadlineMs, budgetMs);
    const timeout = timeoutStop(deadlineMs, budgetMs);
    const running: Running = {
      job,
      giveUp: new AbortController(),
      threads,
      startedAtMs,
      // The engine counts the same time itself and may still return text. This is for an engine that does not.
      cancelTimer: this.#time.after(timeoutMs + GRACE_MS, () => this.#stop(job, timeout)),
    };
    this.#running.set(job, running);
    job.request.onStarted();
    let result: TranscribeResult | undefined;
    let failure: DispatchedError | undefined;
    try {
      const { settings, pcm, draft } = job.request;
      const engineJob = transcribeJob({ kind: job.kind, pcm, settings, profile: slot.profile, timeoutMs, draft });
      result = await slot.engine.transcribe(
        { ...engineJob, words: engineJob.words && slot.engine.capabilities.words, threads },
        { signal: running.giveUp.signal },
      );
      slot.failuresInARow = 0;
    } catch (error) {
      if (running.stop === undefined && codeOf(error) === 'NATIVE_ABORTED') running.stop = timeout;
      if (running.stop === undefined) failure = this.#failure(slot, error);
    }
    running.cancelTimer();
    this.#running.delete(job);
    const engineMs = this.#time.now() - startedAtMs;
    this.#engineMs += engineMs * threads;
    this.#scheduler.finished(job, { engineMs: engineMs * threads });
    if (failure === undefined) {
      const run = { samples: job.request.pcm.length, engineMs, threads };
      this.#learn(job, { ...run, done: result !== undefined && running.stop === undefined });
    }
    if (running.stop !== undefined) {
      this.#discardedEngineMs += engineMs * threads;
      this.#count(running.stop.cause);
      if (running.stop.error !== undefined) this.#reject(job, running.stop.error);
    } else if (failure !== undefined) this.#reject(job, failure);
    else if (result !== undefined) {
      this.#answer(job, hypothesisOf(job.request, { result, model: slot.profile.name, times: { queuedMs, engineMs } }));
    }
    this.#pump();
  }

  #learn(job: Job, run: Run & { done: boolean }): void {
    const estimate = estimateOf(job);
    if (job === this.#trial) {
      this.#trial = undefined;
      // A trial that finishes shows how things are now, so older measurements no longer count.
      if (run.done) estimate.forget();
    }
    if (run.done) estimate.learn(run);
    else estimate.learnAtLeast(run);
    // The pace reflects the cost of all interims, whichever engine answers them.
    this.#pacer.ran({ kind: job.kind, ...run });
  }

  /** The model for interims may know fewer languages than the main one, which then answers. */
  #slotFor({ kind, settings }: DispatchedJob): Slot {
    const { final, interim } = this.#slots;
    if (kind === 'final' || interim === final) return final;
    return standsInFor({ interim: interim.profile, main: final.profile, wish: settings }) ? interim : final;
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

  /** Time on one core, as if all cores were in demand. */
  #estimateMs(job: Job): number {
    return estimateOf(job).msFor({ samples: job.request.pcm.length, threads: 1 });
  }

  #remainingShare(job: Job): number {
    const running = this.#running.get(job);
    if (running === undefined) return 0;
    const estimateMs = this.#runEstimateMs(running);
    return estimateMs === 0 ? 1 : this.#remainingMs(running) / estimateMs;
  }

  #remainingMs(running: Running): number {
    return Math.max(0, this.#runEstimateMs(running) - (this.#time.now() - running.startedAtMs));
  }

  #runEstimateMs({ job, threads }: Running): number {
    return estimateOf(job).msFor({ samples: job.request.pcm.length, threads });
  }

  /** Aborts a running job and watches that the engine obeys. */
  #stop(job: Job, stop: NonNullable<Running['stop']>): void {
    const running = this.#running.get(job);
    if (running === undefined || running.stop !== undefined) return;
    running.stop = stop;
    running.cancelTimer();
    running.cancelTimer = this.#time.after(this.#limits.stuckJobMs, () =>
      this.#options.onFatal(`a job did not stop within ${this.#limits.stuckJobMs} ms`),
    );
    running.giveUp.abort();
  }

  /** Checks the queue even while no job starts or ends. */
  #watch(): void {
    this.#cancelWatch = this.#time.after(WATCH_INTERVAL_MS, () => {
      this.#watch();
      const oldestFinalMs = this.#scheduler.oldestWait.finalMs;
      this.#scheduler.expire();
      const { final: finalMs, interim: interimMs } = this.usualMs;
      const pace = this.#pacer.sample(interimMs);
      const interimIntervalMs = this.capabilities.interims ? pace : null;
      const changed = this.#monitor.sample({ oldestFinalMs, finalMs, interimIntervalMs });
      this.#tell({ ...(changed ?? this.#load), interimIntervalMs });
      if (this.#takesNoInterims) this.#scheduler.dropInterims();
      if (interimIntervalMs === null && this.capabilities.interims) this.#tryInterim();
      this.#pump();
    });
  }

  #tell(load: Load): void {
    const before = this.#load;
    if (load.level === before.level && !differs(load.interimIntervalMs, before.interimIntervalMs)) return;
    this.#load = load;
    this.#options.onLoadChange?.(load);
  }

  /** Only a run can show whether interims are quick enough again. */
  #tryInterim(): void {
    const now = this.#time.now();
    if (now - this.#triedAtMs < TRY_AGAIN_MS || this.#running.size > 0) return;
    this.#triedAtMs = now;
    const [language = 'auto'] = languagesOf(this.#slots.interim.profile);
    const { kind, meetingId, trackId, suspect } = NOBODYS_REQUEST;
    const settings = { ...NOBODYS_REQUEST.settings, language };
    const request = { ...NOBODYS_REQUEST, settings, pcm: noise(USUAL_SAMPLES) };
    this.#trial = {
      kind,
      meetingId,
      trackId,
      suspect,
      deadlineAtMs: now + request.deadlineMs,
      arrivedAtMs: now,
      request,
      slot: this.#slots.interim,
    };
    this.#scheduler.add(this.#trial);
    this.#pump();
  }

  #leftQueue(job: Job, code: RejectionCode, reason: DropReason): void {
    this.#queueAges[job.kind].add(this.#time.now() - job.arrivedAtMs);
    this.#count(reason);
    this.#reject(job, { code, message: MESSAGES[reason] });
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

function estimateOf({ kind, slot }: Job): CostEstimate {
  return slot.estimates[kind];
}

function timeoutStop(deadlineMs: number, budgetMs: number): NonNullable<Running['stop']> {
  if (deadlineMs <= budgetMs) {
    const message = 'the deadline passed while the engine worked';
    return { cause: 'deadline', error: { code: 'DEADLINE_EXCEEDED', message } };
  }
  const message = `the engine did not end within ${Math.round(budgetMs)} ms`;
  return { cause: 'tooLong', error: { code: 'ENGINE_TOO_SLOW', message } };
}

/** Why a request is not given to an engine that cannot do it. For languages and tasks of the model, see `transcribeJob`. */
function refusalOf({ kind, pcm }: DispatchedJob, { engine }: Slot): DispatchedError | undefined {
  const { interims, longestWindowMs } = engine.capabilities;
  if (kind === 'interim' && !interims) return { code: 'NOT_SUPPORTED', message: NO_INTERIM_RESULTS };
  if (pcm.length <= (longestWindowMs / 1_000) * SAMPLE_RATE) return undefined;
  const message = `${pcm.length} samples are more than ${longestWindowMs / 1_000} s`;
  return { code: 'RECOGNIZER_FAILED', message };
}

function hypothesisOf(
  request: DispatchedJob,
  answer: { result: TranscribeResult; model: string; times: { queuedMs: number; engineMs: number } },
): Hypothesis {
  const { result, model, times } = answer;
  const { pcm, settings } = request;
  // An engine may return text even for no audio.
  return toHypothesis({
    result: pcm.length === 0 ? { ...result, text: '' } : result,
    samples: pcm.length,
    settings,
    model,
    times,
  });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

const NOBODYS_REQUEST: Omit<DispatchedJob, 'pcm'> = {
  kind: 'interim',
  meetingId: '',
  trackId: '',
  // An answer later than this adds nothing.
  deadlineMs: INTERIM_DEADLINE_MS,
  suspect: false,
  // A limit that makes noise no more expensive than speech.
  settings: { ...DEFAULT_RECOGNITION_SETTINGS, tokensPerSecond: 1 },
  onStarted: () => {},
  onResult: () => {},
  onError: () => {},
};

function differs(pace: InterimPace, before: InterimPace): boolean {
  if (pace === null || before === null) return pace !== before;
  return Math.abs(pace - before) > PACE_SHARE_TOLD * before;
}

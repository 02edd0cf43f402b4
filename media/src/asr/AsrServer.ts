import { once } from 'node:events';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { SpeechEngine, TranscribeResult } from '@parley/native';
import { type CancelTimer, systemTime, type TimeSource } from '../process/TimeSource.js';
import { toHypothesis } from './filterResult.js';
import { encodeFrame, type Frame, FrameDecoder } from './framing.js';
import { encoderFrames, transcribeJob } from './jobOptions.js';
import {
  isAcceptableAudio,
  PROTOCOL_VERSION,
  type RecognizeHeader,
  type ToClient,
  toServerSchema,
} from './protocol.js';
import { type SchedulableJob, Scheduler } from './Scheduler.js';
import type { Hypothesis, ModelProfile, RecognitionErrorCode } from './types.js';

/** Times and bounds of an ASR process. */
export interface AsrServerLimits {
  /** A job runs for this much at least before it counts as one that will not end ... */
  shortestBudgetMs: number;
  /** ... else for so many times its estimate, and never past its deadline. */
  budgetFactor: number;
  /** A lane that goes on for so long after it was told to stop is stuck: the process cannot go on. */
  stuckLaneMs: number;
  /** So many failures of the engine without a success between them: the device is lost. */
  failuresInARow: number;
  /** Answers that may wait for a client to read them; more, and its connection is closed. */
  clientBacklogBytes: number;
}

export const DEFAULT_ASR_SERVER_LIMITS: AsrServerLimits = {
  shortestBudgetMs: 10_000,
  budgetFactor: 3,
  stuckLaneMs: 2_000,
  failuresInARow: 5,
  clientBacklogBytes: 4 * 1024 * 1024,
};

export interface AsrServerStats {
  waitingFinals: number;
  waitingInterims: number;
  running: number;
  oldestWaitMs: number;
  /** Since the start. */
  answered: number;
  rejected: Partial<Record<RecognitionErrorCode, number>>;
  brokenConnections: number;
}

export interface AsrServerOptions {
  engine: SpeechEngine;
  lanes: number;
  profile: ModelProfile;
  socketPath: string;
  /** The engine cannot be used any more and this process has to end. */
  onFatal: (reason: string) => void;
  time?: TimeSource;
  limits?: Partial<AsrServerLimits>;
}

interface Job extends SchedulableJob {
  header: RecognizeHeader;
  connection: Connection;
  pcm: Int16Array;
  arrivedAtMs: number;
}

interface Running {
  job: Job;
  lane: number;
  /** Why it was told to stop. */
  stop?: { code: RecognitionErrorCode; message: string };
  cancelTimer: CancelTimer;
}

interface Connection {
  socket: Socket;
  jobs: Map<number, Job>;
}

/** A large model on a small CPU may need minutes; the supervisor's own time for a start is as long. */
const WARM_UP_TIMEOUT_MS = 300_000;

/** Share of a new measurement in the estimate. */
const ESTIMATE_WEIGHT = 0.2;

/**
 * Answers requests from any number of clients over a Unix socket with one engine: one queue, `lanes` jobs at a time. Keeps
 * nothing of a speaker between requests.
 */
export class AsrServer {
  readonly #options: AsrServerOptions;
  readonly #limits: AsrServerLimits;
  readonly #time: TimeSource;
  readonly #scheduler: Scheduler<Job>;
  readonly #connections = new Set<Connection>();
  readonly #running = new Map<number, Running>();
  readonly #server: Server;
  #msPerFrame = 0;
  #failuresInARow = 0;
  #answered = 0;
  #brokenConnections = 0;
  readonly #rejected = new Map<RecognitionErrorCode, number>();
  #closed = false;

  /**
   * Warms the engine up, then listens: whoever can connect will be answered. The socket can be used by this account only
   * (mode 0600 in a directory of mode 0700).
   * @throws when the engine cannot do the warm-up job, or the socket cannot be made
   */
  static async create(options: AsrServerOptions): Promise<AsrServer> {
    const server = new AsrServer(options);
    await server.#warmUp();
    const directory = dirname(options.socketPath);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chmod(directory, 0o700);
    // What is there is of a process that was killed: its supervisor starts no second one beside a living one.
    await rm(options.socketPath, { force: true });
    server.#server.listen(options.socketPath);
    await once(server.#server, 'listening');
    await chmod(options.socketPath, 0o600);
    return server;
  }

  private constructor(options: AsrServerOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_ASR_SERVER_LIMITS, ...options.limits };
    this.#time = options.time ?? systemTime;
    this.#scheduler = new Scheduler<Job>({
      clock: () => this.#time.now(),
      estimateMs: (job) => this.#estimateMs(job),
      onReject: (job, code) => this.#reject(job, { code, message: REJECTIONS[code] }),
    });
    this.#server = createServer((socket) => this.#accept(socket));
  }

  get stats(): AsrServerStats {
    return {
      waitingFinals: this.#scheduler.waitingFinals,
      waitingInterims: this.#scheduler.waitingInterims,
      running: this.#running.size,
      oldestWaitMs: this.#scheduler.oldestWaitMs,
      answered: this.#answered,
      rejected: Object.fromEntries(this.#rejected),
      brokenConnections: this.#brokenConnections,
    };
  }

  /** Ends connections and engine; clients send what is unanswered to the next process. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#server.close();
    for (const { socket } of this.#connections) socket.destroy();
    for (const running of this.#running.values()) running.cancelTimer();
    await this.#options.engine.close();
    await rm(this.#options.socketPath, { force: true });
  }

  /** The first job allocates and compiles what later ones find ready, and tells how fast this device is. */
  async #warmUp(): Promise<void> {
    const pcm = Int16Array.from({ length: 16_000 }, (_, i) => Math.round(300 * Math.sin(i * i * 0.001)));
    const { profile, engine } = this.#options;
    const settings = { language: 'auto', beamSize: 1, prompt: '', words: false };
    const lanes = Array.from({ length: this.#options.lanes }, (_, lane) => lane);
    const began = this.#time.now();
    await Promise.all(
      lanes.map((lane) =>
        engine.transcribe(
          lane,
          transcribeJob({ kind: 'final', pcm, settings, profile, timeoutMs: WARM_UP_TIMEOUT_MS }),
        ),
      ),
    );
    const frames = encoderFrames({ samples: pcm.length, kind: 'final', policy: profile.windowPolicy });
    this.#msPerFrame = (this.#time.now() - began) / frames;
  }

  #accept(socket: Socket): void {
    const connection: Connection = { socket, jobs: new Map() };
    const decoder = new FrameDecoder();
    this.#connections.add(connection);
    socket.on('data', (chunk) => {
      try {
        for (const frame of decoder.push(chunk)) this.#onFrame(connection, frame);
      } catch {
        this.#brokenConnections += 1;
        socket.destroy();
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => this.#forget(connection));
    this.#send(connection, { type: 'hello', protocol: PROTOCOL_VERSION });
  }

  /** @throws for whatever is not a message of the protocol */
  #onFrame(connection: Connection, frame: Frame): void {
    const header = toServerSchema.parse(frame.header);
    if (header.type === 'cancel') {
      const job = connection.jobs.get(header.id);
      if (job !== undefined) this.#giveUp(job);
      return;
    }
    if (connection.jobs.has(header.id)) throw new Error('the id is in use');
    const { kind, roomId, speakerId, deadlineAtMs, suspect } = header;
    const arrivedAtMs = this.#time.now();
    const job: Job = {
      kind,
      roomId,
      speakerId,
      deadlineAtMs,
      suspect,
      header,
      connection,
      pcm: frame.pcm,
      arrivedAtMs,
    };
    connection.jobs.set(header.id, job);
    if (!isAcceptableAudio(frame.pcm)) {
      this.#reject(job, { code: 'RECOGNIZER_FAILED', message: `${frame.pcm.length} samples are more than 30 s` });
      return;
    }
    this.#scheduler.add(job);
    this.#pump();
  }

  #pump(): void {
    if (this.#closed) return;
    for (let lane = 0; lane < this.#options.lanes; lane++) {
      if (this.#running.has(lane)) continue;
      const job = this.#scheduler.next();
      if (job === undefined) return;
      void this.#run(lane, job);
    }
    const hopeless = this.#scheduler.preemptable();
    if (hopeless !== undefined) {
      this.#stop(hopeless, { code: 'SUPERSEDED', message: REJECTIONS.SUPERSEDED });
    }
  }

  async #run(lane: number, job: Job): Promise<void> {
    const startedAtMs = this.#time.now();
    const deadlineMs = job.deadlineAtMs - startedAtMs;
    const budgetMs = Math.max(this.#limits.shortestBudgetMs, this.#limits.budgetFactor * this.#estimateMs(job));
    const timeoutMs = Math.min(deadlineMs, budgetMs);
    const running: Running = {
      job,
      lane,
      // The engine counts the same time itself; this is for one that does not.
      cancelTimer: this.#time.after(timeoutMs, () => this.#stop(job, timeoutReason(deadlineMs, budgetMs))),
    };
    this.#running.set(lane, running);
    this.#send(job.connection, { type: 'started', id: job.header.id });
    let outcome: Hypothesis | { code: RecognitionErrorCode; message: string };
    try {
      const { profile, engine } = this.#options;
      const result = await engine.transcribe(
        lane,
        transcribeJob({ kind: job.kind, pcm: job.pcm, settings: job.header.settings, profile, timeoutMs }),
      );
      const engineMs = this.#time.now() - startedAtMs;
      this.#learn(job, engineMs);
      this.#failuresInARow = 0;
      outcome = this.#hypothesis(job, result, { queuedMs: startedAtMs - job.arrivedAtMs, engineMs });
    } catch (error) {
      outcome = running.stop ?? this.#failure(error, { deadlineMs, budgetMs });
    }
    running.cancelTimer();
    this.#running.delete(lane);
    this.#scheduler.finished(job);
    if ('code' in outcome) this.#reject(job, outcome);
    else this.#answer(job, outcome);
    this.#pump();
  }

  #hypothesis(job: Job, result: TranscribeResult, times: { queuedMs: number; engineMs: number }): Hypothesis {
    const hypothesis = toHypothesis(result, times);
    return job.pcm.length === 0 ? { ...hypothesis, text: '', confidence: 0 } : hypothesis;
  }

  #failure(error: unknown, times: { deadlineMs: number; budgetMs: number }) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'NATIVE_ABORTED') return timeoutReason(times.deadlineMs, times.budgetMs);
    const message = error instanceof Error ? error.message : String(error);
    if (code === 'NATIVE_INVALID_ARGUMENT') return { code: 'RECOGNIZER_FAILED' as const, message };
    this.#failuresInARow += 1;
    if (this.#failuresInARow >= this.#limits.failuresInARow) {
      this.#options.onFatal(`the engine failed ${this.#failuresInARow} times in a row; last: ${message}`);
    }
    return { code: 'RECOGNIZER_FAILED' as const, message };
  }

  #estimateMs(job: Job): number {
    const { kind, pcm } = job;
    return this.#msPerFrame * encoderFrames({ samples: pcm.length, kind, policy: this.#options.profile.windowPolicy });
  }

  #learn(job: Job, engineMs: number): void {
    const { kind, pcm } = job;
    const frames = encoderFrames({ samples: pcm.length, kind, policy: this.#options.profile.windowPolicy });
    this.#msPerFrame += ESTIMATE_WEIGHT * (engineMs / frames - this.#msPerFrame);
  }

  /** Aborts a running job and watches that the lane obeys. */
  #stop(job: Job, reason: { code: RecognitionErrorCode; message: string }): void {
    for (const running of this.#running.values()) {
      if (running.job !== job || running.stop !== undefined) continue;
      running.stop = reason;
      running.cancelTimer();
      running.cancelTimer = this.#time.after(this.#limits.stuckLaneMs, () =>
        this.#options.onFatal(`lane ${running.lane} did not stop within ${this.#limits.stuckLaneMs} ms`),
      );
      this.#options.engine.abort(running.lane);
    }
  }

  #giveUp(job: Job): void {
    if (this.#scheduler.cancel(job)) job.connection.jobs.delete(job.header.id);
    else this.#stop(job, { code: 'SUPERSEDED', message: REJECTIONS.SUPERSEDED });
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection);
    for (const job of connection.jobs.values()) this.#giveUp(job);
  }

  #answer(job: Job, hypothesis: Hypothesis): void {
    this.#answered += 1;
    job.connection.jobs.delete(job.header.id);
    this.#send(job.connection, { type: 'result', id: job.header.id, hypothesis });
  }

  #reject(job: Job, error: { code: RecognitionErrorCode; message: string }): void {
    this.#rejected.set(error.code, (this.#rejected.get(error.code) ?? 0) + 1);
    job.connection.jobs.delete(job.header.id);
    this.#send(job.connection, { type: 'error', id: job.header.id, ...error });
  }

  #send(connection: Connection, message: ToClient): void {
    const { socket } = connection;
    if (!socket.writable) return;
    socket.write(encodeFrame(message));
    // A client that does not read is closed rather than remembered for.
    if (socket.writableLength > this.#limits.clientBacklogBytes) socket.destroy();
  }
}

const REJECTIONS = {
  DEADLINE_EXCEEDED: 'the deadline leaves no time for the engine',
  OVERLOADED: 'more requests are waiting than may wait',
  SUPERSEDED: 'a newer request of the same speaker took its place',
} as const;

function timeoutReason(deadlineMs: number, budgetMs: number): { code: RecognitionErrorCode; message: string } {
  return deadlineMs <= budgetMs
    ? { code: 'DEADLINE_EXCEEDED', message: 'the deadline passed while the engine worked' }
    : { code: 'RECOGNIZER_FAILED', message: `the engine did not end within ${Math.round(budgetMs)} ms` };
}

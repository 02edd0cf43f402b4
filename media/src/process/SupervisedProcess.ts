import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from './childEnvironment.js';
import type { ChildLauncher } from './childLauncher.js';
import { CLOSE_TIMES } from './closeTimes.js';
import { Emitter } from './Emitter.js';
import { LineSplitter } from './LineSplitter.js';
import { PendingRequests } from './PendingRequests.js';
import {
  type MethodOf,
  type ProcessContract,
  ProcessError,
  type RequestOf,
  type ResponseOf,
  type ToChildEnvelope,
  type ToParentEnvelope,
} from './processMessages.js';
import { type RestartLimits, RestartPolicy } from './RestartPolicy.js';
import { type CancelTimer, systemTime, type TimeSource } from './TimeSource.js';

/** Times of a supervised process. */
export interface SupervisionLimits {
  /** From the fork to `ready`; after that, the child is killed and counted as dead. */
  initTimeoutMs: number;
  pingIntervalMs: number;
  /** A child that answers no ping for this long hangs, and is killed. */
  pongTimeoutMs: number;
  /** From the request to end to SIGKILL. */
  closeTimeoutMs: number;
  /** Default for requests. */
  requestTimeoutMs: number;
}

export const DEFAULT_SUPERVISION_LIMITS: SupervisionLimits = {
  initTimeoutMs: 60_000,
  pingIntervalMs: 1_000,
  pongTimeoutMs: 5_000,
  closeTimeoutMs: CLOSE_TIMES.childMs,
  requestTimeoutMs: 10_000,
};

/** `unavailable` is emitted with every state in which the child cannot be used for longer than one restart. */
export type SupervisedState = 'starting' | 'ready' | 'restarting' | 'circuitOpen' | 'failed' | 'closed';

export interface SupervisedProcessEvents<C extends ProcessContract> {
  ready: C['ready'];
  message: C['toParent'];
  exited: { code: number | null; signal: NodeJS.Signals | null; expected: boolean; pid: number | undefined };
  /** Nothing runs: the circuit is open (`retryAfterMs`), or the child reported that another try is useless. */
  unavailable: { reason: string; retryAfterMs: number | undefined };
}

/** One line that the child wrote, cut at 4,096 characters, or that its supervisor wrote about it. */
export type ChildLogger = (line: { process: string; source: 'stdout' | 'stderr' | 'supervisor'; text: string }) => void;

export interface SupervisedProcessOptions<C extends ProcessContract> {
  /** For logs and errors. */
  name: string;
  /** Compiled entry, a file URL or path, that calls `runChild`. */
  entry: URL | string;
  /** The first message to each new child. A function is called for every start. */
  init: C['init'] | (() => C['init']);
  logger: ChildLogger;
  /** Default: `childEnvironment`. */
  env?: NodeJS.ProcessEnv;
  execArgv?: string[];
  /** Default: none; the child has the rights of this process. */
  launcher?: ChildLauncher;
  limits?: Partial<SupervisionLimits>;
  restart?: Partial<RestartLimits>;
  time?: TimeSource;
  random?: () => number;
  /** For tests: starts a child. */
  fork?: () => ChildProcess;
}

/**
 * Keeps one child process running: detects a hanging one, restarts a dead one with growing waits, and pauses if it dies too often. Every
 * request to a child settles in the tick of its death.
 */
export class SupervisedProcess<C extends ProcessContract> {
  readonly #options: SupervisedProcessOptions<C>;
  readonly #limits: SupervisionLimits;
  readonly #time: TimeSource;
  readonly #policy: RestartPolicy;
  readonly #pending: PendingRequests;
  readonly #events = new Emitter<SupervisedProcessEvents<C>>();
  #child: ChildProcess | undefined;
  #state: SupervisedState = 'starting';
  #lastReason = '';
  #cancelTimer: CancelTimer | undefined;
  #unansweredPings = 0;
  #restarts = 0;
  #closing: Promise<void> | undefined;
  #childGone: (() => void) | undefined;

  /** Starts the first child at once; `ready` or `unavailable` reports the result. */
  static create<C extends ProcessContract>(options: SupervisedProcessOptions<C>): SupervisedProcess<C> {
    const supervised = new SupervisedProcess(options);
    supervised.#start();
    return supervised;
  }

  private constructor(options: SupervisedProcessOptions<C>) {
    this.#options = options;
    this.#limits = { ...DEFAULT_SUPERVISION_LIMITS, ...options.limits };
    this.#time = options.time ?? systemTime;
    this.#policy = new RestartPolicy({
      ...(options.restart === undefined ? {} : { limits: options.restart }),
      ...(options.random === undefined ? {} : { random: options.random }),
    });
    this.#pending = new PendingRequests({ time: this.#time });
  }

  get state(): SupervisedState {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts after the first. */
  get restarts(): number {
    return this.#restarts;
  }

  on<Name extends keyof SupervisedProcessEvents<C>>(
    name: Name,
    listener: (value: SupervisedProcessEvents<C>[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /** @returns false if no child is ready to take it */
  send(message: C['toChild']): boolean {
    if (this.#state !== 'ready') return false;
    this.#post({ type: 'message', payload: message });
    return true;
  }

  /** @throws ProcessError, as a rejection */
  async request<M extends MethodOf<C>>(
    method: M,
    options: { payload: RequestOf<C, M>; timeoutMs?: number },
  ): Promise<ResponseOf<C, M>> {
    if (this.#state !== 'ready') {
      const code = this.#closing === undefined ? 'PROCESS_NOT_READY' : 'PROCESS_CLOSED';
      throw new ProcessError(code, `${this.#options.name} is ${this.#state}, ${method} cannot be asked`);
    }
    const { id, promise } = this.#pending.add({
      timeoutMs: options.timeoutMs ?? this.#limits.requestTimeoutMs,
      label: method,
    });
    this.#post({ type: 'request', id, method, payload: options.payload });
    return (await promise) as ResponseOf<C, M>;
  }

  /** Kills the child like a hanging one; it is restarted. For a child that is known to be broken. */
  kill(reason: string): void {
    this.#kill(reason);
  }

  /** Asks the child to end, and kills it after `closeTimeoutMs`. Resolves when it is gone. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#cancelTimer?.();
    this.#state = 'closed';
    const child = this.#child;
    if (child !== undefined) {
      await new Promise<void>((resolve) => {
        this.#childGone = resolve;
        this.#post({ type: 'close' });
        this.#cancelTimer = this.#time.after(this.#limits.closeTimeoutMs, () => child.kill('SIGKILL'));
      });
      this.#cancelTimer?.();
    }
    this.#pending.rejectAll(new ProcessError('PROCESS_CLOSED', `${this.#options.name} was closed`));
    this.#events.clear();
  }

  #start(): void {
    this.#state = 'starting';
    this.#unansweredPings = 0;
    let child: ChildProcess;
    try {
      child = this.#options.fork?.() ?? this.#fork();
    } catch (error) {
      this.#gone({ code: null, signal: null, pid: undefined, reason: messageOf(error) });
      return;
    }
    this.#child = child;
    let gone = false;
    const onGone = (code: number | null, signal: NodeJS.Signals | null, reason: string) => {
      if (gone) return;
      gone = true;
      this.#gone({ code, signal, pid: child.pid, reason });
    };
    for (const source of ['stdout', 'stderr'] as const) {
      const lines = new LineSplitter((text) => this.#log(source, text));
      child[source]?.on('data', (chunk: Buffer) => lines.push(chunk));
      child[source]?.on('end', () => lines.end());
    }
    child.on('message', (message) => {
      if (!gone) this.#onMessage(message as ToParentEnvelope);
    });
    child.on('exit', (code, signal) => onGone(code, signal, describeExit(code, signal)));
    // 'error' without a process is a failed spawn, which no 'exit' follows; with one it is a failed kill or send.
    child.on('error', (error) => {
      if (child.pid === undefined) onGone(null, null, `could not be started: ${error.message}`);
    });
    // A child that closed its channel can no longer be asked to end.
    child.on('disconnect', () => {
      if (!gone) child.kill('SIGKILL');
    });
    const init = this.#options.init;
    this.#post({ type: 'init', payload: typeof init === 'function' ? (init as () => C['init'])() : init });
    this.#cancelTimer = this.#time.after(this.#limits.initTimeoutMs, () =>
      this.#kill(`was not ready within ${this.#limits.initTimeoutMs} ms`),
    );
  }

  #fork(): ChildProcess {
    const { entry, env = childEnvironment(), launcher = [], execArgv = execArgvOfFiles() } = this.#options;
    const [program = process.execPath, ...args] = [...launcher, process.execPath, ...execArgv];
    return fork(entry instanceof URL ? fileURLToPath(entry) : entry, [], {
      serialization: 'advanced',
      detached: false,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env,
      execPath: program,
      execArgv: args,
    });
  }

  #onMessage(message: ToParentEnvelope): void {
    this.#unansweredPings = 0;
    switch (message.type) {
      case 'ready':
        if (this.#state !== 'starting') return;
        this.#cancelTimer?.();
        this.#state = 'ready';
        this.#lastReason = '';
        this.#policy.ready(this.#time.now());
        this.#ping();
        this.#events.emit('ready', message.payload as C['ready']);
        return;
      case 'initFailed':
        if (this.#state !== 'starting') return;
        this.#lastReason = message.reason;
        if (!message.retryable) {
          this.#cancelTimer?.();
          this.#state = 'failed';
          this.#post({ type: 'close' });
          const child = this.#child;
          this.#cancelTimer = this.#time.after(this.#limits.closeTimeoutMs, () => child?.kill('SIGKILL'));
          this.#events.emit('unavailable', { reason: message.reason, retryAfterMs: undefined });
        } else {
          this.#child?.kill('SIGKILL');
        }
        return;
      case 'message':
        this.#events.emit('message', message.payload as C['toParent']);
        return;
      case 'response':
        if (message.ok) this.#pending.resolve(message.id, message.payload);
        else this.#pending.reject(message.id, message.error);
        return;
      case 'pong':
        return;
    }
  }

  /**
   * A hang is counted in our unanswered pings, not in time: if this process stood still, the answers wait in the channel and the child is
   * fine.
   */
  #ping(): void {
    if (this.#state !== 'ready') return;
    if (this.#unansweredPings * this.#limits.pingIntervalMs >= this.#limits.pongTimeoutMs) {
      this.#kill(`answered no ping for ${this.#limits.pongTimeoutMs} ms`);
      return;
    }
    this.#unansweredPings += 1;
    this.#post({ type: 'ping', id: this.#unansweredPings });
    this.#cancelTimer = this.#time.after(this.#limits.pingIntervalMs, () => this.#ping());
  }

  #kill(reason: string): void {
    this.#cancelTimer?.();
    this.#lastReason = reason;
    this.#log('supervisor', `killed: ${reason}`);
    this.#child?.kill('SIGKILL');
  }

  #gone(exit: { code: number | null; signal: NodeJS.Signals | null; pid: number | undefined; reason: string }): void {
    this.#child = undefined;
    const expected = this.#state === 'closed' || this.#state === 'failed';
    const reason = this.#lastReason === '' ? exit.reason : this.#lastReason;
    this.#lastReason = '';
    if (!expected) this.#state = 'restarting';
    this.#cancelTimer?.();
    this.#pending.rejectAll(new ProcessError('PROCESS_EXITED', `${this.#options.name} ${reason}`));
    this.#events.emit('exited', { code: exit.code, signal: exit.signal, expected, pid: exit.pid });
    this.#childGone?.();
    // A listener may have closed us.
    if (expected || this.#closing !== undefined) return;

    const decision = this.#policy.died(this.#time.now());
    this.#cancelTimer = this.#time.after(decision.delayMs, () => {
      this.#restarts += 1;
      this.#start();
    });
    if (decision.circuitOpen) {
      this.#state = 'circuitOpen';
      this.#events.emit('unavailable', {
        reason: `${this.#options.name} died too often; last: ${reason}`,
        retryAfterMs: decision.delayMs,
      });
    }
  }

  #post(message: ToChildEnvelope): void {
    const child = this.#child;
    if (child?.connected !== true) return;
    // The callback catches the error of a channel that closes meanwhile; 'exit' handles the rest.
    child.send(message, () => {});
  }

  #log(source: 'stdout' | 'stderr' | 'supervisor', text: string): void {
    this.#options.logger({ process: this.#options.name, source, text });
  }
}

/** `fork` takes a script of `node -e` out of the arguments itself, but only where there is no launcher before them. */
function execArgvOfFiles(): string[] {
  const script = process.execArgv.findIndex((argument) => /^(-e|-p|-pe|--eval|--print)$/.test(argument));
  return script < 0 ? process.execArgv : process.execArgv.toSpliced(script, 2);
}

function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

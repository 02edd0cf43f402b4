import { once } from 'node:events';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { encodeFrame, type Frame, FrameDecoder } from '../process/framing.js';
import type { TimeSource } from '../process/TimeSource.js';
import type { JobPlan } from './contract/asrContract.js';
import type { Load } from './contract/load.js';
import { isAcceptableAudio, PROTOCOL_VERSION, type ToClient, toServerSchema } from './contract/protocol.js';
import type { AsrServerLimits } from './contract/serverLimits.js';
import type { AsrServerStats } from './contract/serverStats.js';
import { DEFAULT_DISPATCHER_LIMITS, type DispatchedJob, Dispatcher, type DispatcherOptions } from './Dispatcher.js';

export const DEFAULT_ASR_SERVER_LIMITS: AsrServerLimits = {
  ...DEFAULT_DISPATCHER_LIMITS,
  clientBacklogBytes: 4 * 1024 * 1024,
};

export interface AsrServerOptions {
  /** Each takes as many jobs at a time as the plan says. Without an engine of their own, interims use the one for finals. */
  engines: DispatcherOptions['engines'];
  plan: JobPlan;
  socketPath: string;
  /** An engine can no longer be used, so this process has to end. */
  onFatal: (reason: string) => void;
  onLoadChange?: (load: Load) => void;
  time?: TimeSource;
  limits?: Partial<AsrServerLimits>;
}

interface Connection {
  socket: Socket;
  /** Unanswered. */
  jobs: Map<number, DispatchedJob>;
}

/** Answers requests from any number of clients over a Unix socket: the wire around a `Dispatcher`. */
export class AsrServer {
  readonly #options: AsrServerOptions;
  readonly #clientBacklogBytes: number;
  readonly #connections = new Set<Connection>();
  readonly #server: Server;
  readonly #dispatcher: Dispatcher;
  #brokenConnections = 0;
  #closed = false;

  /**
   * Warms the engines up, then listens: every client that can connect is answered. Only this account can use the socket (mode 0600 in a
   * directory of mode 0700).
   * @throws if the engine for finals cannot do the warm-up job, or the socket cannot be created
   */
  static async create(options: AsrServerOptions): Promise<AsrServer> {
    let server: AsrServer | undefined;
    const dispatcher = await Dispatcher.create({
      engines: options.engines,
      plan: options.plan,
      onFatal: options.onFatal,
      onLoadChange: (load) => {
        if (server !== undefined) server.#tellLoad(load);
      },
      ...(options.time === undefined ? {} : { time: options.time }),
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    });
    server = new AsrServer(options, dispatcher);
    await server.#listen();
    return server;
  }

  private constructor(options: AsrServerOptions, dispatcher: Dispatcher) {
    this.#options = options;
    this.#dispatcher = dispatcher;
    this.#clientBacklogBytes = options.limits?.clientBacklogBytes ?? DEFAULT_ASR_SERVER_LIMITS.clientBacklogBytes;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Why interims run on the engine for finals although they should have their own. */
  get interimFailure(): string | undefined {
    return this.#dispatcher.interimFailure;
  }

  /** See `Dispatcher`. */
  get capabilities(): Dispatcher['capabilities'] {
    return this.#dispatcher.capabilities;
  }

  /** See `Dispatcher`. */
  get usualMs(): Dispatcher['usualMs'] {
    return this.#dispatcher.usualMs;
  }

  get stats(): AsrServerStats {
    return {
      ...this.#dispatcher.stats,
      connections: this.#connections.size,
      brokenConnections: this.#brokenConnections,
    };
  }

  /** Closes connections and engines; clients send unanswered requests to the next process. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#server.close();
    for (const { socket } of this.#connections) socket.destroy();
    await this.#dispatcher.close();
    await rm(this.#options.socketPath, { force: true });
  }

  async #listen(): Promise<void> {
    const { socketPath } = this.#options;
    const directory = dirname(socketPath);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chmod(directory, 0o700);
    // An existing file is left from a killed process: the supervisor never runs two at once.
    await rm(socketPath, { force: true });
    this.#server.listen(socketPath);
    await once(this.#server, 'listening');
    await chmod(socketPath, 0o600);
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
    this.#send(connection, { type: 'hello', protocol: PROTOCOL_VERSION, capabilities: this.capabilities });
    this.#send(connection, { type: 'load', ...this.#dispatcher.load });
  }

  /** @throws for anything that is not a message of the protocol */
  #onFrame(connection: Connection, frame: Frame): void {
    const header = toServerSchema.parse(frame.header);
    const { id } = header;
    if (header.type === 'cancel') {
      const job = connection.jobs.get(id);
      connection.jobs.delete(id);
      if (job !== undefined) this.#dispatcher.cancel(job);
      return;
    }
    if (connection.jobs.has(id)) throw new Error('the id is in use');
    const { kind, meetingId, trackId, settings, deadlineMs, speculative, first, draft, suspect } = header;
    const answer = (message: ToClient) => {
      connection.jobs.delete(id);
      this.#send(connection, message);
    };
    if (!isAcceptableAudio(frame.pcm)) {
      const message = `${frame.pcm.length} samples are more than 30 s`;
      answer({ type: 'error', id, code: 'RECOGNIZER_FAILED', message });
      return;
    }
    const job: DispatchedJob = {
      kind,
      meetingId,
      trackId,
      settings,
      deadlineMs,
      speculative,
      first,
      ...(draft === undefined ? {} : { draft }),
      suspect,
      pcm: frame.pcm,
      onStarted: () => this.#send(connection, { type: 'started', id }),
      onResult: (hypothesis) => answer({ type: 'result', id, hypothesis }),
      onError: (error) => answer({ type: 'error', id, ...error }),
    };
    connection.jobs.set(id, job);
    this.#dispatcher.submit(job);
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection);
    for (const job of connection.jobs.values()) this.#dispatcher.cancel(job);
    connection.jobs.clear();
  }

  #tellLoad(load: Load): void {
    for (const connection of this.#connections) this.#send(connection, { type: 'load', ...load });
    this.#options.onLoadChange?.(load);
  }

  #send(connection: Connection, message: ToClient): void {
    const { socket } = connection;
    if (!socket.writable) return;
    socket.write(encodeFrame(message));
    // A client that does not read is disconnected, to bound the memory used for it.
    if (socket.writableLength > this.#clientBacklogBytes) socket.destroy();
  }
}

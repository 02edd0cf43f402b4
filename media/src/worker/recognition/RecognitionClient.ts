import { connect, type Socket } from 'node:net';
import type { RecognizerCapabilities } from '../../asr/contract/capabilities.js';
import { fieldsOf, refusalOf, trackKey } from '../../asr/contract/checkRequest.js';
import { NO_INTERIM_RESULTS } from '../../asr/contract/limits.js';
import { type InterimPace, NO_INTERIMS } from '../../asr/contract/load.js';
import { type ToClient, type ToServer, toClientSchema } from '../../asr/contract/protocol.js';
import type { Recognizer } from '../../asr/contract/Recognizer.js';
import {
  type Hypothesis,
  RecognitionError,
  type RecognitionErrorCode,
  type RecognitionRequest,
} from '../../asr/contract/recognition.js';
import { Emitter } from '../../process/Emitter.js';
import { encodeFrame, FrameDecoder } from '../../process/framing.js';
import { type CancelTimer, systemTime, type TimeSource } from '../../process/TimeSource.js';

export type RecognitionClientState = 'connecting' | 'ready' | 'closed';

export interface RecognitionClientLimits {
  /** Unanswered finals; one more is refused with `OVERLOADED`. */
  pendingFinals: number;
  /** Bytes of their audio. */
  pendingPcmBytes: number;
  /** First and longest wait between two attempts to connect. */
  reconnectMs: { first: number; longest: number };
  /** Without a connection for this long, finals are rejected with `RECOGNIZER_UNAVAILABLE` instead of waiting. */
  unavailableAfterMs: number;
  /** A request that was in the engine at this many deaths of a process counts as their cause; see `RecognitionClient`. */
  deathsOfPoison: number;
  /** Speakers whose interims are suspect; beyond that, the oldest suspicion is forgotten. */
  suspectTracks: number;
}

/** Errors that say nothing about the audio. */
const ASKED_AGAIN: ReadonlySet<RecognitionErrorCode> = new Set(['SUPERSEDED', 'RECOGNIZER_UNAVAILABLE', 'CLOSED']);

export const DEFAULT_RECOGNITION_CLIENT_LIMITS: RecognitionClientLimits = {
  pendingFinals: 256,
  pendingPcmBytes: 64 * 1024 * 1024,
  reconnectMs: { first: 20, longest: 200 },
  // Longer than the supervisor's open circuit (30 s) and loading a model after it.
  unavailableAfterMs: 60_000,
  deathsOfPoison: 2,
  suspectTracks: 256,
};

export interface RecognitionClientOptions {
  socketPath: string;
  time?: TimeSource;
  limits?: Partial<RecognitionClientLimits>;
  onStateChange?: (state: RecognitionClientState) => void;
  /** How often interims are worth sending. */
  onPaceChange?: (pace: InterimPace) => void;
}

export interface RecognitionClientStats {
  pendingFinals: number;
  pendingInterims: number;
  pendingPcmBytes: number;
  reconnects: number;
  /** Answers to unknown or finished requests. */
  unknownAnswers: number;
  /** Connections that were closed because the other side broke the protocol. */
  brokenConnections: number;
}

interface Pending {
  id: number;
  request: RecognitionRequest;
  /** On this side's clock. */
  deadlineAtMs: number;
  /** Written to the connection that is open now. */
  sent: boolean;
  /** The engine works on it, as far as known. */
  started: boolean;
  /** Deaths of the process that it may have caused: above 0 it is suspect. */
  deaths: number;
  resolve: (hypothesis: Hypothesis) => void;
  reject: (error: RecognitionError) => void;
  release: () => void;
}

/**
 * The client of an ASR process. Keeps every request until it is answered: if the process dies, finals are sent to the next one and
 * interims, which are stale by then, reject with `RECOGNIZER_UNAVAILABLE`. Every promise settles by its request's deadline.
 *
 * Whatever was in the engine at a death is suspect, and the process runs suspects one at a time. So a second death has one suspect, which
 * counts as the cause: a final rejects with `RECOGNIZER_FAILED`, and requests that only ran beside it are sent again. A speaker's next
 * interim has the audio of the one before it, and so does the final, so the suspicion of an interim is on its speaker. At the second death
 * over a speaker's interims, no more are accepted (`RECOGNIZER_FAILED`) until a final of that speaker is over; any answer clears.
 */
export class RecognitionClient implements Recognizer {
  readonly #options: RecognitionClientOptions;
  readonly #limits: RecognitionClientLimits;
  readonly #time: TimeSource;
  readonly #events = new Emitter<{ state: RecognitionClientState; pace: InterimPace }>();
  /** In the order of the calls. */
  readonly #pending = new Map<number, Pending>();
  /** Id of each speaker's one interim. */
  readonly #interims = new Map<string, number>();
  /** Deaths that each speaker's interims may have caused. */
  readonly #suspects = new Map<string, number>();
  #state: RecognitionClientState = 'connecting';
  #capabilities: RecognizerCapabilities | undefined;
  #pace: InterimPace = 0;
  #socket: Socket | undefined;
  #writable = false;
  #tries = 0;
  #cancelReconnect: CancelTimer | undefined;
  #cancelGivingUp: CancelTimer | undefined;
  #unavailable = false;
  #nextId = 1;
  #pendingFinals = 0;
  #pendingPcmBytes = 0;
  #reconnects = -1;
  #unknownAnswers = 0;
  #brokenConnections = 0;

  /** Starts to connect and returns at once; requests wait for the connection. */
  static create(options: RecognitionClientOptions): RecognitionClient {
    const client = new RecognitionClient(options);
    client.#awaitConnection();
    client.#connect();
    return client;
  }

  private constructor(options: RecognitionClientOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_RECOGNITION_CLIENT_LIMITS, ...options.limits };
    this.#time = options.time ?? systemTime;
    if (options.onStateChange !== undefined) this.#events.on('state', options.onStateChange);
    if (options.onPaceChange !== undefined) this.#events.on('pace', options.onPaceChange);
  }

  get state(): RecognitionClientState {
    return this.#state;
  }

  /** Of the current process, or the last one; absent before the first. */
  get capabilities(): RecognizerCapabilities | undefined {
    return this.#capabilities;
  }

  /** As last sent by the ASR process; 0 before that. */
  get pace(): InterimPace {
    return this.#pace;
  }

  /** @returns removes the listener */
  onPace(listener: (pace: InterimPace) => void): () => void {
    return this.#events.on('pace', listener);
  }

  get stats(): RecognitionClientStats {
    return {
      pendingFinals: this.#pendingFinals,
      pendingInterims: this.#interims.size,
      pendingPcmBytes: this.#pendingPcmBytes,
      reconnects: Math.max(0, this.#reconnects),
      unknownAnswers: this.#unknownAnswers,
      brokenConnections: this.#brokenConnections,
    };
  }

  /**
   * @throws RecognitionError, as a rejection. `OVERLOADED`: too many finals wait here already, or the device is too busy for interims.
   * `SUPERSEDED`: the signal, or a newer interim of the same speaker
   */
  recognize(request: RecognitionRequest, options: { signal?: AbortSignal } = {}): Promise<Hypothesis> {
    const refusal = this.#refusal(request, options.signal);
    if (refusal !== undefined) return Promise.reject(refusal);
    const id = this.#nextId++;
    return new Promise<Hypothesis>((resolve, reject) => {
      const onAbort = () => this.#fail(id, 'SUPERSEDED', 'the request was given up');
      options.signal?.addEventListener('abort', onAbort, { once: true });
      const { deadlineMs } = request;
      const deadlineAtMs = this.#time.now() + deadlineMs;
      const cancelDeadline = this.#time.after(deadlineMs, () =>
        this.#fail(id, 'DEADLINE_EXCEEDED', 'no answer came before the deadline'),
      );
      const release = () => {
        cancelDeadline();
        options.signal?.removeEventListener('abort', onAbort);
      };
      // Even a final that is probably poison gets its own chance.
      const deaths = Math.min(this.#suspects.get(trackKey(request)) ?? 0, this.#limits.deathsOfPoison - 1);
      this.#add({ id, request, deadlineAtMs, sent: false, started: false, deaths, resolve, reject, release });
      this.#flush();
    });
  }

  /** Settles everything with `CLOSED`. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#setState('closed');
    this.#cancelReconnect?.();
    this.#cancelGivingUp?.();
    for (const id of [...this.#pending.keys()]) this.#fail(id, 'CLOSED', 'the recognition client was closed');
    this.#socket?.destroy();
    this.#events.clear();
  }

  #refusal(request: RecognitionRequest, signal: AbortSignal | undefined): RecognitionError | undefined {
    if (this.#state === 'closed') return new RecognitionError('CLOSED', 'the recognition client was closed');
    const refusal = refusalOf(request, signal);
    if (refusal !== undefined) return refusal;
    if (this.#unavailable || (request.kind === 'interim' && this.#state !== 'ready')) {
      return new RecognitionError('RECOGNIZER_UNAVAILABLE', 'no speech recogniser is running');
    }
    if (request.kind === 'interim' && this.#capabilities?.interims === false) {
      return new RecognitionError('NOT_SUPPORTED', NO_INTERIM_RESULTS);
    }
    if (request.kind === 'interim' && this.#pace === null) {
      return new RecognitionError('OVERLOADED', 'the recogniser is too busy for interim results');
    }
    const { pendingFinals, pendingPcmBytes, deathsOfPoison } = this.#limits;
    if (request.kind === 'interim' && (this.#suspects.get(trackKey(request)) ?? 0) >= deathsOfPoison) {
      return new RecognitionError(
        'RECOGNIZER_FAILED',
        `the speech recogniser ended ${deathsOfPoison} times over this audio`,
      );
    }
    if (request.kind === 'final') {
      if (this.#pendingFinals >= pendingFinals || this.#pendingPcmBytes + request.pcm.byteLength > pendingPcmBytes) {
        return new RecognitionError('OVERLOADED', `${this.#pendingFinals} finals are waiting already`);
      }
    }
    return undefined;
  }

  #add(pending: Pending): void {
    const { request, id } = pending;
    this.#pending.set(id, pending);
    if (request.kind === 'final') {
      this.#pendingFinals += 1;
      this.#pendingPcmBytes += request.pcm.byteLength;
      return;
    }
    const speaker = trackKey(request);
    const older = this.#interims.get(speaker);
    this.#interims.set(speaker, id);
    if (older !== undefined) this.#fail(older, 'SUPERSEDED', 'a newer interim of the same speaker took its place');
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    this.#pending.delete(id);
    pending.release();
    const { request } = pending;
    if (request.kind === 'final') {
      this.#pendingFinals -= 1;
      this.#pendingPcmBytes -= request.pcm.byteLength;
    } else if (this.#interims.get(trackKey(request)) === id) {
      this.#interims.delete(trackKey(request));
    }
    return pending;
  }

  #fail(id: number, code: RecognitionErrorCode, message: string): void {
    const pending = this.#take(id);
    if (pending === undefined) return;
    if (pending.sent) this.#write({ type: 'cancel', id });
    this.#clear(pending.request, code);
    pending.reject(new RecognitionError(code, message));
  }

  #connect(): void {
    const socket = connect(this.#options.socketPath);
    this.#socket = socket;
    const decoder = new FrameDecoder();
    socket.on('data', (chunk) => {
      try {
        for (const frame of decoder.push(chunk)) this.#onMessage(toClientSchema.parse(frame.header));
      } catch {
        this.#brokenConnections += 1;
        socket.destroy();
      }
    });
    socket.on('drain', () => {
      this.#writable = true;
      this.#flush();
    });
    // 'close' follows and does the rest.
    socket.on('error', () => {});
    socket.on('close', () => this.#disconnected(socket));
  }

  #onMessage(message: ToClient): void {
    if (message.type === 'hello') {
      this.#capabilities = message.capabilities;
      this.#tries = 0;
      this.#reconnects += 1;
      this.#unavailable = false;
      this.#writable = true;
      this.#cancelGivingUp?.();
      this.#setState('ready');
      this.#flush();
      return;
    }
    if (message.type === 'load') {
      this.#setPace(message.level >= NO_INTERIMS ? null : message.interimIntervalMs);
      return;
    }
    if (message.type === 'started') {
      const pending = this.#pending.get(message.id);
      if (pending !== undefined) pending.started = true;
      return;
    }
    const pending = this.#take(message.id);
    if (pending === undefined) {
      this.#unknownAnswers += 1;
      return;
    }
    this.#clear(pending.request, message.type === 'result' ? undefined : message.code);
    if (message.type === 'result') pending.resolve(message.hypothesis);
    else pending.reject(new RecognitionError(message.code, message.message));
  }

  #disconnected(socket: Socket): void {
    if (this.#socket !== socket || this.#state === 'closed') return;
    const wasReady = this.#state === 'ready';
    this.#socket = undefined;
    this.#writable = false;
    if (wasReady) {
      this.#setState('connecting');
      this.#awaitConnection();
    }
    this.#findSuspects();
    for (const pending of [...this.#pending.values()]) {
      pending.sent = false;
      pending.started = false;
      if (pending.request.kind === 'interim') {
        this.#fail(pending.id, 'RECOGNIZER_UNAVAILABLE', 'the speech recogniser ended');
      } else if (pending.deaths >= this.#limits.deathsOfPoison) {
        this.#fail(
          pending.id,
          'RECOGNIZER_FAILED',
          `the speech recogniser ended ${pending.deaths} times over this audio`,
        );
      }
    }
    const { first, longest } = this.#limits.reconnectMs;
    const waitMs = Math.min(longest, first * 2 ** this.#tries);
    this.#tries += 1;
    this.#cancelReconnect = this.#time.after(waitMs, () => this.#connect());
  }

  /** After a death. If the engine had one suspect, that is the cause; otherwise everything it had is suspect from now on. */
  #findSuspects(): void {
    const held = [...this.#pending.values()].filter((pending) => pending.started);
    const suspects = held.filter((pending) => pending.deaths > 0);
    for (const pending of held) {
      if (pending.deaths === 0 || suspects.length === 1) pending.deaths += 1;
      if (pending.request.kind === 'interim') this.#suspect(pending);
    }
  }

  #suspect({ request, deaths }: Pending): void {
    const speaker = trackKey(request);
    this.#suspects.set(speaker, Math.max(deaths, this.#suspects.get(speaker) ?? 0));
    for (const waiting of this.#pending.values()) {
      if (waiting.deaths === 0 && trackKey(waiting.request) === speaker) waiting.deaths = 1;
    }
    const [oldest] = this.#suspects.keys();
    if (this.#suspects.size > this.#limits.suspectTracks && oldest !== undefined) this.#suspects.delete(oldest);
  }

  /** Answered audio is innocent, and a final that will not be sent again ends the suspicion: later speech is other audio. */
  #clear(request: RecognitionRequest, error: RecognitionErrorCode | undefined): void {
    if (error !== undefined && (request.kind === 'interim' || ASKED_AGAIN.has(error))) return;
    this.#suspects.delete(trackKey(request));
  }

  /** Finals survive a restart, but not a long absence. */
  #awaitConnection(): void {
    this.#cancelGivingUp = this.#time.after(this.#limits.unavailableAfterMs, () => {
      this.#unavailable = true;
      for (const id of [...this.#pending.keys()]) {
        this.#fail(id, 'RECOGNIZER_UNAVAILABLE', 'no speech recogniser has been running for some time');
      }
    });
  }

  /** Sends what has not been sent, finals first. Stops when the socket is full; 'drain' continues. */
  #flush(): void {
    if (this.#state !== 'ready') return;
    for (const kind of ['final', 'interim'] as const) {
      for (const pending of this.#pending.values()) {
        if (!this.#writable) return;
        if (pending.sent || pending.request.kind !== kind) continue;
        pending.sent = true;
        const { pcm, ...fields } = pending.request;
        // The time left by now: it may have waited here, or have been sent before.
        const deadlineMs = Math.max(0, pending.deadlineAtMs - this.#time.now());
        const { id, deaths } = pending;
        this.#write({ ...fieldsOf({ ...fields, deadlineMs }), type: 'recognize', id, suspect: deaths > 0 }, pcm);
      }
    }
  }

  #write(message: ToServer, pcm?: Int16Array): void {
    if (this.#state !== 'ready' || this.#socket?.writable !== true) return;
    if (!this.#socket.write(encodeFrame(message, pcm))) this.#writable = false;
  }

  #setPace(pace: InterimPace): void {
    if (this.#pace === pace) return;
    this.#pace = pace;
    this.#events.emit('pace', pace);
  }

  #setState(state: RecognitionClientState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#events.emit('state', state);
  }
}

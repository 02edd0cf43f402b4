import { io, type Socket } from 'socket.io-client';
import {
  type Ack,
  type ConnectErrorData,
  type Credentials,
  type Handshake,
  LIMITS,
  type NotificationName,
  type Notifications,
  ParleyError,
  PROTOCOL_VERSION,
  type RequestName,
  type RequestOf,
  type ResponseOf,
  type WireError,
} from '../protocol/index.js';
import { TypedEmitter } from '../TypedEmitter.js';

export interface SignalingChannelOptions {
  url: string;
  credentials: Credentials;
  requestTimeoutMs?: number;
}

export interface SignalingEvents {
  notification: { [Name in NotificationName]: { name: Name; payload: Notifications[Name] } }[NotificationName];
  /** `willReconnect` says that the channel tries by itself. */
  disconnected: { error: ParleyError; willReconnect: boolean };
  /** After a loss; whoever was in a room has to join again. */
  reconnected: undefined;
}

/** Notifications that the channel passes on; `dismissed` is its own. */
const NOTIFICATIONS = [
  'participantJoined',
  'participantUpdated',
  'participantLeft',
  'speechStarted',
  'speechEnded',
  'consumerCreated',
  'consumerClosed',
  'transportClosed',
  'mediaRestarted',
  'interimUpdated',
  'interimRetracted',
  'segmentCommitted',
  'transcriptionChanged',
  'dismissed',
] as const satisfies NotificationName[];

const RETRY_DELAY_MS = { min: 500, max: 5_000 };

/** The socket to the server: typed requests that always settle, notifications, and a connection that comes back by itself. */
export class SignalingChannel extends TypedEmitter<SignalingEvents> {
  readonly #socket: Socket;
  readonly #requestTimeoutMs: number;
  readonly #pending = new Set<(error: ParleyError) => void>();
  #connectedBefore = false;
  #closed = false;
  #farewell: WireError | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SignalingChannelOptions) {
    super();
    this.#requestTimeoutMs = options.requestTimeoutMs ?? LIMITS.requestTimeoutMs;
    const handshake: Handshake = { protocolVersion: PROTOCOL_VERSION, credentials: options.credentials };
    this.#socket = io(options.url, {
      transports: ['websocket'],
      autoConnect: false,
      forceNew: true,
      auth: { ...handshake },
      reconnectionDelay: RETRY_DELAY_MS.min,
      reconnectionDelayMax: RETRY_DELAY_MS.max,
      randomizationFactor: 0.5,
    });
    this.#socket.on('connect', () => {
      if (this.#connectedBefore) this.emit('reconnected', undefined);
      this.#connectedBefore = true;
    });
    this.#socket.on('disconnect', (reason) => this.#onDisconnect(reason));
    this.#socket.on('connect_error', (error) => {
      // Refused by the server after a reconnect: trying on would be of no use.
      if (this.#connectedBefore && !this.#socket.active) {
        this.emit('disconnected', { error: errorOf(error), willReconnect: false });
      }
    });
    for (const name of NOTIFICATIONS) {
      this.#socket.on(name, (payload: unknown) => {
        if (name === 'dismissed') this.#farewell = (payload as Notifications['dismissed']).error;
        // The pair is the server's word: its types are those of the same contract.
        this.emit('notification', { name, payload } as SignalingEvents['notification']);
      });
    }
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  /** @throws ParleyError, as a rejection: the server's code, or `CONNECTION_FAILED` */
  connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (action: () => void) => {
        this.#socket.off('connect', onConnect);
        this.#socket.off('connect_error', onError);
        this.#pending.delete(fail);
        action();
      };
      const fail = (error: ParleyError) => settle(() => reject(error));
      const onConnect = () => settle(resolve);
      const onError = (error: Error) => {
        this.#socket.disconnect();
        fail(errorOf(error));
      };
      this.#pending.add(fail);
      this.#socket.on('connect', onConnect);
      this.#socket.on('connect_error', onError);
      this.#socket.connect();
    });
  }

  /**
   * Asks and waits for the one answer.
   * @throws ParleyError, as a rejection: the server's, `REQUEST_TIMEOUT`, `CONNECTION_LOST` or `CLIENT_CLOSED`
   */
  request<N extends RequestName>(name: N, request: RequestOf<N>): Promise<ResponseOf<N>> {
    if (this.#closed) return Promise.reject(new ParleyError('CLIENT_CLOSED'));
    if (!this.#socket.connected) return Promise.reject(new ParleyError('CONNECTION_LOST'));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => fail(new ParleyError('REQUEST_TIMEOUT')), this.#requestTimeoutMs);
      const finish = () => {
        clearTimeout(timer);
        this.#pending.delete(fail);
      };
      const fail = (error: ParleyError) => {
        finish();
        reject(error);
      };
      this.#pending.add(fail);
      this.#socket.emit(name, request, (answer: Ack<ResponseOf<N>>) => {
        if (!this.#pending.has(fail)) return;
        finish();
        if (answer.ok) resolve(answer.data);
        else reject(ParleyError.fromWire(answer.error));
      });
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    this.#failPending(new ParleyError('CLIENT_CLOSED'));
    this.#socket.disconnect();
    this.#socket.removeAllListeners();
    this.removeAllListeners();
  }

  #onDisconnect(reason: string): void {
    const farewell = this.#farewell;
    this.#farewell = undefined;
    const error = farewell === undefined ? new ParleyError('CONNECTION_LOST') : ParleyError.fromWire(farewell);
    this.#failPending(error);
    if (this.#closed) return;
    // socket.io comes back by itself unless the server ended the connection; then the code says whether to.
    const byServer = reason === 'io server disconnect';
    const willReconnect = !byServer || error.retryable;
    if (byServer && willReconnect) {
      const delayMs = error.retryAfterMs ?? RETRY_DELAY_MS.min * (1 + Math.random());
      this.#retryTimer = setTimeout(() => this.#socket.connect(), delayMs);
    }
    this.emit('disconnected', { error, willReconnect });
  }

  #failPending(error: ParleyError): void {
    for (const fail of [...this.#pending]) fail(error);
  }
}

function errorOf(error: Error & { data?: Partial<ConnectErrorData> }): ParleyError {
  return error.data?.error === undefined
    ? new ParleyError('CONNECTION_FAILED', { cause: error })
    : ParleyError.fromWire(error.data.error);
}

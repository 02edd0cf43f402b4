import { io, type Socket } from 'socket.io-client';
import { Backoff } from '../Backoff.js';
import { defaults } from '../defaults.js';
import { type Logger, SILENT } from '../Logger.js';
import { asParleyError, errorFromWire } from '../parleyErrors.js';
import {
  type Ack,
  type ConnectErrorData,
  type Credentials,
  errorOf,
  type Handshake,
  LIMITS,
  type NotificationName,
  type Notifications,
  type ParleyError,
  PROTOCOL_VERSION,
  type RequestName,
  type RequestOf,
  type ResponseOf,
  type WireError,
} from '../protocol/index.js';
import { TypedEmitter } from '../TypedEmitter.js';

export interface SignalingChannelOptions {
  /** Address of the server; what stands behind its port is not used. */
  url: string;
  credentials: Credentials | (() => Promise<Credentials>);
  /** Default `LIMITS.requestTimeoutMs`. */
  requestTimeoutMs?: number;
  /** Between attempts to come back: doubled each time, scattered by half. Default `defaults.retryDelayMs`. */
  retryDelayMs?: { min: number; max: number };
  /** PEM of the authority to trust instead of those that the system knows. In Node only. */
  ca?: string | undefined;
  logger?: Logger;
}

/** A notification with its name. */
export type SignalingNotification = {
  [Name in NotificationName]: { name: Name; payload: Notifications[Name] };
}[NotificationName];

export interface SignalingEvents {
  notification: [notification: SignalingNotification];
  /** `willReconnect` says that the channel tries by itself. */
  disconnected: [event: { error: ParleyError; willReconnect: boolean }];
  /** After a loss; whoever was in a room has to join again. */
  reconnected: [];
}

/** All of them: a record, so that one that is left out does not compile. */
const NOTIFICATIONS = Object.keys({
  participantJoined: true,
  participantUpdated: true,
  participantLeft: true,
  speechStarted: true,
  speechEnded: true,
  consumerCreated: true,
  consumerClosed: true,
  transportClosed: true,
  mediaRestarted: true,
  interimUpdated: true,
  interimRetracted: true,
  segmentCommitted: true,
  transcriptionChanged: true,
  settingsChanged: true,
  trackStateChanged: true,
  trackActivity: true,
  ledgerUpdated: true,
  transcriptionDegraded: true,
  transcriptionRecovered: true,
  tokenExpiring: true,
  grantsChanged: true,
  mutedByModerator: true,
  participantMuted: true,
  roomLockChanged: true,
  dismissed: true,
} satisfies Record<NotificationName, true>) as NotificationName[];

/** The socket to the server: typed requests that always settle, notifications, and a connection that comes back by itself. */
export class SignalingChannel extends TypedEmitter<SignalingEvents> {
  readonly #socket: Socket;
  readonly #requestTimeoutMs: number;
  readonly #logger: Logger;
  readonly #pending = new Set<(error: ParleyError) => void>();
  /** For connections that were made and then ended; socket.io has its own for those that cannot be made. */
  readonly #backoff: Backoff;
  /** Of credentials: those that come late must not speak for a connection that was made meanwhile. */
  #handshakes = 0;
  #connectedBefore = false;
  #connectedAtMs = 0;
  #closed = false;
  /** Why the server is about to end this connection. */
  #farewell: ParleyError | undefined;
  /** Why we end it ourselves, to make another one. */
  #restartReason: ParleyError | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SignalingChannelOptions) {
    super();
    this.#requestTimeoutMs = options.requestTimeoutMs ?? LIMITS.requestTimeoutMs;
    this.#logger = options.logger ?? SILENT;
    const retryDelayMs = options.retryDelayMs ?? defaults.retryDelayMs;
    this.#backoff = new Backoff({ minMs: retryDelayMs.min, maxMs: retryDelayMs.max });
    // A path in the address would name a socket.io namespace.
    this.#socket = io(new URL(options.url).origin, {
      transports: ['websocket'],
      autoConnect: false,
      forceNew: true,
      auth: (give: (handshake: Handshake) => void) => void this.#shake(options.credentials, give),
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      timeout: this.#requestTimeoutMs,
      reconnectionDelay: retryDelayMs.min,
      reconnectionDelayMax: retryDelayMs.max,
      randomizationFactor: 0.5,
    });
    this.#socket.on('connect', () => {
      const again = this.#connectedBefore;
      this.#connectedBefore = true;
      this.#connectedAtMs = performance.now();
      if (again) this.emit('reconnected');
    });
    this.#socket.on('disconnect', (reason) => this.#onDisconnect(reason));
    this.#socket.on('connect_error', (error) => this.#onConnectError(error));
    for (const name of NOTIFICATIONS) {
      this.#socket.on(name, (payload: unknown) => {
        if (name === 'dismissed') this.#farewell = errorFromWire((payload as { error: WireError }).error);
        // The pair is the server's word: its types are those of the same contract.
        this.emit('notification', { name, payload } as SignalingNotification);
      });
    }
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  /** Connected, or trying to be. */
  get active(): boolean {
    return this.#socket.active || this.#retryTimer !== undefined;
  }

  /**
   * The first connection; later ones are made by the channel.
   * @throws ParleyError, as a rejection: the server's code, `CONNECTION_FAILED`, or, where the function for credentials rejects, its
   * own ParleyError or `IDENTITY_UNAVAILABLE`
   */
  connect(): Promise<void> {
    if (this.#closed) return Promise.reject(errorOf('CLIENT_CLOSED'));
    return new Promise((resolve, reject) => {
      const settle = (action: () => void) => {
        this.#socket.off('connect', onConnect);
        this.#socket.off('connect_error', onError);
        this.#socket.off('disconnect', onDisconnect);
        this.#pending.delete(fail);
        action();
      };
      const fail = (error: ParleyError) => {
        settle(() => reject(error));
        this.#socket.disconnect();
      };
      const onConnect = () => settle(resolve);
      const onError = (error: Error) => fail(connectErrorOf(error));
      // The address answers, but the server hung up before it let anybody in.
      const onDisconnect = () => fail(errorOf('CONNECTION_FAILED'));
      this.#pending.add(fail);
      this.#socket.on('connect', onConnect);
      this.#socket.on('connect_error', onError);
      this.#socket.on('disconnect', onDisconnect);
      this.#socket.connect();
    });
  }

  /**
   * Asks and waits for the one answer.
   * @throws ParleyError, as a rejection: the server's, `REQUEST_TIMEOUT`, `CLIENT_CLOSED`, or, where the connection ends first,
   * the reason that the server gave, else `CONNECTION_LOST`
   */
  request<N extends RequestName>(name: N, request: RequestOf<N>): Promise<ResponseOf<N>> {
    if (this.#closed) return Promise.reject(errorOf('CLIENT_CLOSED'));
    if (!this.#socket.connected) return Promise.reject(errorOf('CONNECTION_LOST'));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => fail(errorOf('REQUEST_TIMEOUT')), this.#requestTimeoutMs);
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
        else reject(errorFromWire(answer.error));
      });
    });
  }

  /** Ends this connection and makes another one after a while: a clean slate on both sides, when nothing else helps. */
  restart(error: ParleyError): void {
    if (this.#closed || !this.#socket.connected) return;
    this.#logger.warn('the connection is made anew', { code: error.code });
    this.#restartReason = error;
    this.#socket.disconnect();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    this.#failPending(errorOf('CLIENT_CLOSED'));
    this.#socket.disconnect();
    this.#socket.removeAllListeners();
    this.removeAllListeners();
  }

  /** Fresh credentials for each connection. */
  async #shake(
    credentials: SignalingChannelOptions['credentials'],
    give: (handshake: Handshake) => void,
  ): Promise<void> {
    this.#handshakes += 1;
    const handshake = this.#handshakes;
    try {
      const shown = typeof credentials === 'function' ? await credentials() : credentials;
      if (handshake === this.#handshakes) give({ protocolVersion: PROTOCOL_VERSION, credentials: shown });
    } catch (error) {
      if (handshake === this.#handshakes && !this.#closed) this.#onNoCredentials(error);
    }
  }

  /** Without credentials the server would refuse for good what may be a moment's trouble of those who make them. */
  #onNoCredentials(cause: unknown): void {
    const error = asParleyError(cause, 'IDENTITY_UNAVAILABLE');
    this.#logger.warn('there are no credentials to connect with', { code: error.code });
    if (!this.#connectedBefore) {
      // Of all requests, only the first `connect` waits before there is a connection.
      this.#failPending(error);
      return;
    }
    this.#socket.disconnect();
    if (error.retryable) this.#connectLater(error);
    else this.emit('disconnected', { error, willReconnect: false });
  }

  #onDisconnect(reason: string): void {
    // What was asked of a connection that was dead already must not be said into the next one.
    this.#socket.sendBuffer = [];
    const lost = this.#farewell ?? errorOf('CONNECTION_LOST');
    const restartReason = this.#restartReason;
    this.#farewell = undefined;
    this.#restartReason = undefined;
    // The first `connect` is told by its own rejection.
    if (this.#closed || !this.#connectedBefore) return;
    this.#failPending(lost);
    if (performance.now() - this.#connectedAtMs > defaults.stableConnectionMs) this.#backoff.reset();
    const error = restartReason ?? lost;
    this.#logger.debug('disconnected', { reason, code: error.code });
    const willReconnect = restartReason !== undefined || error.retryable;
    if (!willReconnect) this.#socket.disconnect();
    // socket.io comes back by itself unless one of the two sides ended the connection on purpose.
    else if (!this.#socket.active) this.#connectLater(error);
    this.emit('disconnected', { error, willReconnect });
  }

  /** Only for connections after the first. */
  #onConnectError(cause: Error): void {
    if (!this.#connectedBefore || this.#closed) return;
    const error = connectErrorOf(cause);
    this.#logger.debug('not connected yet', { code: error.code });
    // Otherwise the server cannot be reached, and socket.io goes on trying.
    if (this.#socket.active) return;
    if (error.retryable) this.#connectLater(error);
    else this.emit('disconnected', { error, willReconnect: false });
  }

  #connectLater({ retryAfterMs = 0 }: ParleyError): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(
      () => {
        this.#retryTimer = undefined;
        this.#socket.connect();
      },
      Math.max(retryAfterMs, this.#backoff.next()),
    );
  }

  #failPending(error: ParleyError): void {
    for (const fail of [...this.#pending]) fail(error);
  }
}

function connectErrorOf(error: Error & { data?: Partial<ConnectErrorData> }): ParleyError {
  return error.data?.error === undefined
    ? errorOf('CONNECTION_FAILED', { cause: error })
    : errorFromWire(error.data.error);
}

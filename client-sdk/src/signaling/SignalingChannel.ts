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
import { explainFailure } from './failedConnection.js';

export interface SignalingChannelOptions {
  /** Address of the server; its path is ignored. */
  url: string;
  /** Path below which a proxy serves the server. Default `/`. */
  path?: string;
  credentials: Credentials | (() => Promise<Credentials>);
  /** Default `LIMITS.requestTimeoutMs`. */
  requestTimeoutMs?: number;
  /** Delay between reconnect attempts: doubled each time, randomized by half. Default `defaults.retryDelayMs`. */
  retryDelayMs?: { min: number; max: number };
  /** PEM of the certificate authority to trust instead of the system's. Node only. */
  ca?: string | undefined;
  logger?: Logger;
  onNotification: (notification: SignalingNotification) => void;
  onDisconnected: (event: Disconnection) => void;
  /** Connected again after a loss; a client that was in a room has to join again. */
  onReconnected: () => void;
}

/** A notification with its name. */
export type SignalingNotification = {
  [Name in NotificationName]: { name: Name; payload: Notifications[Name] };
}[NotificationName];

export interface Disconnection {
  error: ParleyError;
  /** The channel tries by itself. */
  willReconnect: boolean;
}

/** All notifications. As a record, so that a missing one does not compile. */
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
  muteLifted: true,
  admitted: true,
  waitingChanged: true,
  waitingRoomChanged: true,
  roomSecretChanged: true,
  transcriptDeleted: true,
  roomOffTheRecordChanged: true,
  roomConsentChanged: true,
  dismissed: true,
} satisfies Record<NotificationName, true>) as NotificationName[];

/** The socket to the server: typed requests that always settle, notifications, and a connection that comes back by itself. */
export class SignalingChannel {
  readonly #options: SignalingChannelOptions;
  readonly #socket: Socket;
  /** Empty, or with a slash before it and none behind it. */
  readonly #path: string;
  readonly #requestTimeoutMs: number;
  readonly #logger: Logger;
  readonly #pending = new Set<(error: ParleyError) => void>();
  /** For connections that were established and then ended; socket.io has its own for failed attempts. */
  readonly #backoff: Backoff;
  /** Counts requests for credentials: late ones must not be used for a newer connection. */
  #handshakes = 0;
  #connectedBefore = false;
  #connectedAtMs = 0;
  #closed = false;
  /** The server's reason for ending this connection, received just before. */
  #farewell: ParleyError | undefined;
  /** Our reason for ending this connection in order to make another one. */
  #restartReason: ParleyError | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SignalingChannelOptions) {
    this.#options = options;
    this.#requestTimeoutMs = options.requestTimeoutMs ?? LIMITS.requestTimeoutMs;
    this.#logger = options.logger ?? SILENT;
    const retryDelayMs = options.retryDelayMs ?? defaults.retryDelayMs;
    this.#backoff = new Backoff({ minMs: retryDelayMs.min, maxMs: retryDelayMs.max });
    this.#path = (options.path ?? '').replace(/^\/*(?=.)/, '/').replace(/\/+$/, '');
    // A path in the address would name a socket.io namespace.
    this.#socket = io(new URL(options.url).origin, {
      path: `${this.#path}/socket.io/`,
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
      if (again) options.onReconnected();
    });
    this.#socket.on('disconnect', (reason) => this.#onDisconnect(reason));
    this.#socket.on('connect_error', (error) => this.#onConnectError(error));
    for (const name of NOTIFICATIONS) {
      this.#socket.on(name, (payload: unknown) => {
        if (name === 'dismissed') this.#farewell = errorFromWire((payload as { error: WireError }).error);
        // The pair is the server's word: its types are those of the same contract.
        options.onNotification({ name, payload } as SignalingNotification);
      });
    }
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  /** Connected, or trying to connect. */
  get active(): boolean {
    return this.#socket.active || this.#retryTimer !== undefined;
  }

  /**
   * Makes the first connection. Later ones are made automatically.
   * @throws ParleyError, as a rejection: the server's error, `CONNECTION_FAILED`, `WEBSOCKET_BLOCKED`, `NOT_A_PARLEY_SERVER`, or, if the
   * `credentials` function rejects, its own ParleyError or `IDENTITY_UNAVAILABLE`
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
      const onError = (cause: Error) => {
        const error = connectErrorOf(cause);
        if (error.code !== 'CONNECTION_FAILED') return fail(error);
        // Not tried again while the reason is looked for.
        this.#socket.disconnect();
        void explainFailure({ url: this.#options.url, path: this.#path, cause }).then((explained) => {
          if (this.#pending.has(fail)) fail(explained);
        });
      };
      // The server accepted the connection but closed it before the handshake.
      const onDisconnect = () => fail(errorOf('CONNECTION_FAILED'));
      this.#pending.add(fail);
      this.#socket.on('connect', onConnect);
      this.#socket.on('connect_error', onError);
      this.#socket.on('disconnect', onDisconnect);
      this.#socket.connect();
    });
  }

  /**
   * Sends a request and waits for its answer.
   * @throws ParleyError, as a rejection: the server's error, `REQUEST_TIMEOUT`, `CLIENT_CLOSED`, or, if the connection ends first, the
   * server's reason for that or `CONNECTION_LOST`
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

  /** Ends this connection and makes a new one after a delay. The last resort if the two sides disagree. */
  restart(error: ParleyError): void {
    if (this.#closed || !this.#socket.connected) return;
    this.#logger.warn('restarting the connection', { code: error.code });
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
  }

  /** Gets fresh credentials for each connection. */
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

  /** Does not connect without credentials: the server would refuse for good, although the failure may be temporary. */
  #onNoCredentials(cause: unknown): void {
    const error = asParleyError(cause, 'IDENTITY_UNAVAILABLE');
    this.#logger.warn('no credentials to connect with', { code: error.code });
    if (!this.#connectedBefore) {
      // Before the first connection, only `connect` can be pending.
      this.#failPending(error);
      return;
    }
    this.#socket.disconnect();
    if (error.retryable) this.#connectLater(error);
    else this.#options.onDisconnected({ error, willReconnect: false });
  }

  #onDisconnect(reason: string): void {
    // Requests buffered for the dead connection must not be sent on the next one.
    this.#socket.sendBuffer = [];
    const lost = this.#farewell ?? errorOf('CONNECTION_LOST');
    const restartReason = this.#restartReason;
    this.#farewell = undefined;
    this.#restartReason = undefined;
    // The first `connect` reports this by rejecting.
    if (this.#closed || !this.#connectedBefore) return;
    this.#failPending(lost);
    if (performance.now() - this.#connectedAtMs > defaults.stableConnectionMs) this.#backoff.reset();
    const error = restartReason ?? lost;
    this.#logger.debug('disconnected', { reason, code: error.code });
    const willReconnect = restartReason !== undefined || error.retryable;
    if (!willReconnect) this.#socket.disconnect();
    // socket.io reconnects by itself unless one side ended the connection on purpose.
    else if (!this.#socket.active) this.#connectLater(error);
    this.#options.onDisconnected({ error, willReconnect });
  }

  /** Only for connections after the first. */
  #onConnectError(cause: Error): void {
    if (!this.#connectedBefore || this.#closed) return;
    const error = connectErrorOf(cause);
    this.#logger.debug('not connected yet', { code: error.code });
    // While the server cannot be reached, socket.io keeps trying.
    if (this.#socket.active) return;
    if (error.retryable) this.#connectLater(error);
    else this.#options.onDisconnected({ error, willReconnect: false });
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

import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import {
  type ClientToServerEvents,
  type ConnectErrorData,
  LIMITS,
  ParleyError,
  PROTOCOL_VERSION,
  type ServerToClientEvents,
} from '@parley/client-sdk/protocol';
import { handshakeSchema } from '@parley/client-sdk/protocol/schema';
import { Server, type Socket } from 'socket.io';
import type { Identity } from '../auth/Authenticator.js';
import type { ConnectionLimiter } from '../edge/ConnectionLimiter.js';
import type { DeviceCookie } from '../edge/DeviceCookie.js';
import type { OriginPolicy } from '../edge/OriginPolicy.js';
import type { TrafficMeter } from '../edge/TrafficMeter.js';
import type { Logger } from '../observability/logger.js';
import { RepeatFilter } from '../observability/RepeatFilter.js';
import { Connection, type ConnectionContext } from './Connection.js';
import { FloodGuard, type MeteredConnection } from './FloodGuard.js';
import { HandshakeGuard, type RawConnection } from './HandshakeGuard.js';
import { handleRequest } from './handleRequest.js';
import { requestHandlers } from './requestHandlers.js';
import { type SlowClient, SocketChannel } from './SocketChannel.js';
import { watchSocket } from './watchSocket.js';

export interface SignalingServerOptions extends ConnectionContext {
  httpServer: HttpServer | HttpsServer;
  originPolicy: OriginPolicy;
  connectionLimiter: ConnectionLimiter;
  /** What one WebSocket may send. */
  trafficMeter: () => TrafficMeter;
  /** What limits of a request's origin count by. */
  limitKeyOf: (request: IncomingMessage) => string;
  /** By which a browser is known again. */
  deviceCookie: DeviceCookie;
  logger: Logger;
}

interface SocketData {
  identity: Identity;
  token: string | undefined;
}

type ParleySocket = Socket<ClientToServerEvents, ServerToClientEvents, Record<string, never>, SocketData>;

/** Gives a refusal time to be sent before its WebSocket is closed. */
const REFUSED_DELAY_MS = 100;

const MOST_LINES = 60;
const WINDOW_MS = 60_000;

/**
 * socket.io at the edge: websocket only, origin checked on upgrade, credentials checked before the first event, all further events through
 * one handler. Connection state recovery stays off, because it would skip the credentials.
 */
export class SignalingServer {
  readonly #io: Server<ClientToServerEvents, ServerToClientEvents, Record<string, never>, SocketData>;
  readonly #options: SignalingServerOptions;
  readonly #handshakes = new HandshakeGuard();
  readonly #floods: FloodGuard;
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Limits log lines about what clients do: per kind and minute, the rest as a count. */
  readonly #lines: RepeatFilter;

  constructor(options: SignalingServerOptions) {
    this.#options = options;
    this.#lines = new RepeatFilter({
      most: MOST_LINES,
      windowMs: WINDOW_MS,
      onHeldBack: (held) => options.logger.info(held, 'of these there were more than are written down'),
    });
    this.#floods = new FloodGuard({
      meter: options.trafficMeter,
      later: (delayMs, action) => this.#later(delayMs, action),
    });
    const { httpServer, originPolicy, connectionLimiter, limitKeyOf } = options;
    this.#io = new Server(httpServer, {
      transports: ['websocket'],
      serveClient: false,
      maxHttpBufferSize: LIMITS.messageBytes,
      // A small compressed message could decompress to more than the limit above.
      perMessageDeflate: false,
      connectTimeout: LIMITS.joinTimeoutMs,
      pingInterval: 10_000,
      pingTimeout: 5_000,
      // CORS does not protect WebSockets; this check does.
      allowRequest: (request, allow) => {
        const refuse = (reason: string) => allow(reason, false);
        if (!originPolicy.allows(request.headers)) return refuse('this page may not use this server');
        void connectionLimiter.reserve(limitKeyOf(request)).then((place) => {
          if ('refused' in place) return refuse(place.refused);
          // The WebSocket's own TCP connection: it counts whether or not it ever says who it is, until it is gone.
          request.socket.once('close', place.release);
          if (request.socket.destroyed) place.release();
          allow(null, true);
        });
      },
    });
    this.#io.engine.on('initial_headers', (headers: Record<string, string>, request: IncomingMessage) => {
      const cookie = options.deviceCookie.headerFor(request);
      if (cookie !== undefined) headers['Set-Cookie'] = cookie;
    });
    this.#io.engine.on('connection', (raw: RawConnection & MeteredConnection) => {
      this.#floods.watch(raw);
      this.#handshakes.watch(raw);
    });
    this.#io.use((socket, next) => {
      if (!this.#handshakes.isFirst(socket.conn)) {
        next(connectError(new ParleyError('RATE_LIMITED')));
        return;
      }
      this.#authenticate(socket.handshake.auth)
        .then(({ identity, token }) => {
          this.#options.sessions.assertAlive(identity);
          socket.data.identity = identity;
          socket.data.token = token;
          next();
        })
        .catch((error: unknown) => {
          const refused = connectError(error);
          this.#options.audit.record({ event: 'denied', what: 'connect', code: refused.data.code });
          next(refused);
          this.#later(REFUSED_DELAY_MS, () => socket.conn.close(true));
        });
    });
    this.#io.on('connection', (socket) => this.#accept(socket));
  }

  get connectionCount(): number {
    return this.#io.of('/').sockets.size;
  }

  /** Closes all sockets and stops listening. */
  async close(): Promise<void> {
    for (const timer of this.#timers) {
      clearTimeout(timer);
    }
    await this.#io.close();
    this.#lines.flush();
  }

  async #authenticate(auth: unknown): Promise<SocketData> {
    const version = (auth as { protocolVersion?: unknown } | undefined)?.protocolVersion;
    if (version !== PROTOCOL_VERSION) {
      throw new ParleyError('PROTOCOL_VERSION_UNSUPPORTED', {
        message: `This server uses protocol version ${PROTOCOL_VERSION}. Reload the page or update the SDK.`,
      });
    }
    const parsed = handshakeSchema.safeParse(auth);
    if (!parsed.success) {
      const named = parsed.error.issues.some((issue) => issue.path.at(-1) === 'displayName');
      throw new ParleyError(named ? 'INVALID_DISPLAY_NAME' : 'UNAUTHENTICATED');
    }
    const { credentials } = parsed.data;
    const identity = await this.#options.authenticator.authenticate(credentials);
    return { identity, token: credentials.kind === 'token' ? credentials.token : undefined };
  }

  #accept(socket: ParleySocket): void {
    const log = this.#options.logger.child({ connectionId: socket.id });
    const channel = this.#channelOf(socket, (slow) => {
      if (this.#lines.passes('slow client')) {
        log.warn({ code: 'SLOW_CONSUMER', ...slow }, 'a client that takes too little in was given up');
      }
      socket.offAny();
      connection.giveUp();
    });
    let connection: Connection;
    try {
      const { limitKeyOf, deviceCookie } = this.#options;
      connection = new Connection({
        ...this.#options,
        ...socket.data,
        connectionId: socket.id,
        address: limitKeyOf(socket.request),
        device: deviceCookie.deviceOf(socket.request),
        channel,
      });
    } catch (error) {
      channel.disconnect(error instanceof ParleyError ? error : new ParleyError('INTERNAL'));
      return;
    }
    this.#floods.onFlood(socket.conn, () => {
      if (this.#lines.passes('flood'))
        log.warn({ code: 'RATE_LIMITED' }, 'a client that flooded its socket was cut off');
      connection.end(new ParleyError('RATE_LIMITED'));
    });
    const joinTimer = this.#later(LIMITS.joinTimeoutMs, () => {
      if (connection.idle) channel.disconnect(new ParleyError('JOIN_TIMEOUT'));
    });
    socket.onAny((name: unknown, ...args: unknown[]) => {
      handleRequest({
        name: String(name),
        args,
        context: connection,
        handlers: requestHandlers,
        logger: log,
        lines: this.#lines,
        admit: () => connection.admit(),
      });
    });
    socket.on('disconnect', (reason) => {
      this.#cancel(joinTimer);
      connection.close(reason === 'client namespace disconnect' ? 'left' : 'connectionLost');
    });
    socket.on('error', (error) => log.debug({ err: error }, 'socket error'));
  }

  #channelOf(socket: ParleySocket, onSlow: (slow: SlowClient) => void): SocketChannel {
    return new SocketChannel({
      // One generic call for all names; name and payload are type-checked where `notify` is called.
      emit: (name, payload) => void (socket.emit as (name: string, payload: object) => boolean)(name, payload),
      watch: (outbox) => watchSocket({ connection: socket.conn, outbox }),
      close: () => socket.disconnect(true),
      later: (delayMs, action) => this.#later(delayMs, action),
      onSlow,
    });
  }

  #later(delayMs: number, action: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, delayMs);
    this.#timers.add(timer);
    return timer;
  }

  #cancel(timer: NodeJS.Timeout): void {
    clearTimeout(timer);
    this.#timers.delete(timer);
  }
}

function connectError(error: unknown): Error & { data: ConnectErrorData } {
  const parleyError = error instanceof ParleyError ? error : new ParleyError('INTERNAL');
  const data: ConnectErrorData = { code: parleyError.code, error: parleyError.toWire() };
  return Object.assign(new Error(parleyError.code), { data });
}

import { type Ack, type Credentials, type ErrorCode, PROTOCOL_VERSION } from '@parley/client-sdk/protocol';
import { io, type Socket } from 'socket.io-client';

const ACK_TIMEOUT_MS = 5_000;
/** engine.io's answer to a ping, which may also come without one. */
const ENGINE_PONG = '3';
const ALIVE_EVERY_MS = 2_000;
const RECV_CAPABILITIES = {
  codecs: [{ kind: 'audio', mimeType: 'audio/opus', preferredPayloadType: 100, clockRate: 48_000, channels: 2 }],
};

/** A client of the wire contract without a browser and without our SDK: sends whatever the test wants. */
export class SocketClient {
  readonly socket: Socket;
  /** The server's notifications, in order. */
  readonly told: { name: string; payload: unknown }[] = [];
  /** Why the server ended the connection. */
  farewell: ErrorCode | undefined;
  closed = false;
  /** The answer to the last `join`. */
  joined: Record<string, unknown> | undefined;

  /** @param options.cookie as a browser sends it; default: none, as programs do */
  constructor(options: { url: string; credentials: Credentials; cookie?: string }) {
    this.socket = io(options.url, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      rejectUnauthorized: false,
      ...(options.cookie === undefined ? {} : { extraHeaders: { cookie: options.cookie } }),
      auth: { protocolVersion: PROTOCOL_VERSION, credentials: options.credentials },
    });
    this.socket.onAny((name: string, payload: unknown) => {
      this.told.push({ name, payload });
      if (name === 'dismissed') this.farewell = (payload as { error: { code: ErrorCode } }).error.code;
    });
    this.socket.on('disconnect', () => {
      this.closed = true;
    });
  }

  /** @returns `connected`, or the code with which the server refused */
  connect(): Promise<string> {
    return new Promise((resolve) => {
      this.socket.once('connect', () => resolve('connected'));
      this.socket.once('connect_error', (error: Error & { data?: { code?: string } }) =>
        resolve(error.data?.code ?? 'transport'),
      );
    });
  }

  async ask(name: string, request: unknown = {}): Promise<Ack<Record<string, unknown>>> {
    return (await this.socket.timeout(ACK_TIMEOUT_MS).emitWithAck(name, request)) as Ack<Record<string, unknown>>;
  }

  /** @returns `ok` or the error's code */
  async codeOf(name: string, request: unknown = {}): Promise<string> {
    const answer = await this.ask(name, request);
    return answer.ok ? 'ok' : answer.error.code;
  }

  /** @throws Error with the code of the refused request */
  async join(room: string): Promise<Record<string, unknown>> {
    const answer = await this.ask('join', { room });
    if (!answer.ok) throw new Error(answer.error.code);
    this.joined = answer.data;
    return answer.data;
  }

  /** One for sending and one for receiving. */
  async openTransports(): Promise<void> {
    for (const request of [{ direction: 'send' }, { direction: 'recv', rtpCapabilities: RECV_CAPABILITIES }]) {
      const answer = await this.ask('createTransport', request);
      if (!answer.ok) throw new Error(answer.error.code);
    }
  }

  payloadsOf(name: string): unknown[] {
    return this.told.filter((each) => each.name === name).map(({ payload }) => payload);
  }

  /** Stops reading but keeps the connection alive. @returns a function that ends that */
  stopReading(): () => void {
    // From the `ws` package; the DOM's has no such thing.
    const { ws } = this.socket.io.engine.transport as unknown as {
      ws: { pause(): void; resume(): void; send(text: string): void };
    };
    const alive = setInterval(() => ws.send(ENGINE_PONG), ALIVE_EVERY_MS);
    ws.pause();
    return () => {
      clearInterval(alive);
      ws.resume();
    };
  }

  disconnect(): void {
    this.socket.disconnect();
  }
}

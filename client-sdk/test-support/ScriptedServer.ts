import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import {
  type Ack,
  type Notifications,
  ParleyError,
  type RequestName,
  type RequestOf,
  type ResponseOf,
  type WireError,
} from '../src/protocol/index.js';

type Answers = {
  [N in RequestName]?: ((request: RequestOf<N>) => ResponseOf<N> | Promise<ResponseOf<N>>) | undefined;
};

/** A real socket.io server on loopback that speaks the protocol as a test tells it. */
export class ScriptedServer {
  readonly requests: { name: string; request: unknown }[] = [];
  readonly handshakes: unknown[] = [];
  /** Refuses every connection. */
  refuse: WireError | undefined;
  /** Requests without an answer here are never answered; an error thrown here is sent as the answer. */
  answers: Answers = {};
  #http: HttpServer = createServer();
  #io = new Server();
  #port = 0;

  static async create(): Promise<ScriptedServer> {
    const server = new ScriptedServer();
    await server.open();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Established connections. */
  get sockets(): Socket[] {
    return [...this.#io.of('/').sockets.values()];
  }

  /** The underlying sockets, including those that were not admitted. */
  get clients(): { close(): void }[] {
    return Object.values((this.#io.engine as unknown as { clients: Record<string, { close(): void }> }).clients);
  }

  /** Listens; the second time on the same port. */
  async open(): Promise<void> {
    this.#http = createServer((_request, response) => response.writeHead(404).end());
    this.#io = new Server(this.#http, { transports: ['websocket'] });
    this.#io.use((socket, next) => {
      this.handshakes.push(socket.handshake.auth);
      const error = this.refuse;
      next(
        error === undefined ? undefined : Object.assign(new Error(error.code), { data: { code: error.code, error } }),
      );
    });
    this.#io.on('connection', (socket) => {
      socket.onAny((name: RequestName, request: unknown, ack: (answer: Ack<unknown>) => void) => {
        this.requests.push({ name, request });
        void this.#answer({ name, request, ack });
      });
    });
    await new Promise<void>((resolve) => this.#http.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#http.address() as AddressInfo).port;
  }

  count(name: RequestName): number {
    return this.requests.filter((request) => request.name === name).length;
  }

  last<N extends RequestName>(name: N): RequestOf<N> | undefined {
    return this.requests.filter((request) => request.name === name).at(-1)?.request as RequestOf<N> | undefined;
  }

  notify<N extends keyof Notifications>(name: N, payload: Notifications[N]): void {
    this.#io.emit(name, payload);
  }

  /** Like a server that ends a connection. */
  dismiss(error: ParleyError): void {
    this.notify('dismissed', { error: error.toWire() });
    this.#io.disconnectSockets(true);
  }

  /** Like a broken network. */
  drop(): void {
    for (const socket of this.sockets) socket.conn.close();
  }

  async close(): Promise<void> {
    await this.#io.close();
  }

  async #answer(options: { name: RequestName; request: unknown; ack: (answer: Ack<unknown>) => void }): Promise<void> {
    const { name, request, ack } = options;
    const answer = this.answers[name] as ((request: unknown) => unknown) | undefined;
    if (answer === undefined) return;
    try {
      ack({ ok: true, data: await answer(request) });
    } catch (error) {
      if (!(error instanceof ParleyError)) throw error;
      ack({ ok: false, error: error.toWire() });
    }
  }
}

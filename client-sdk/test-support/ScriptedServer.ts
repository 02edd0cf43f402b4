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

/** A real socket.io server on loopback that speaks the protocol as far as a test tells it to. */
export class ScriptedServer {
  readonly requests: { name: string; request: unknown }[] = [];
  readonly handshakes: unknown[] = [];
  /** Refuses whoever connects. */
  refuse: WireError | undefined;
  /** Requests without an answer here are never answered; what an answer throws is its error. */
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

  /** Connections that stand. */
  get sockets(): Socket[] {
    return [...this.#io.of('/').sockets.values()];
  }

  /** The sockets below, also those that have not been let in. */
  get clients(): { close(): void }[] {
    return Object.values((this.#io.engine as unknown as { clients: Record<string, { close(): void }> }).clients);
  }

  /** Listens, the second time on the same port. */
  async open(): Promise<void> {
    this.#http = createServer();
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

  /** As the server does when it ends a connection. */
  dismiss(error: ParleyError): void {
    this.notify('dismissed', { error: error.toWire() });
    this.#io.disconnectSockets(true);
  }

  /** As a broken network does. */
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

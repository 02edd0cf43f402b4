import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type Ack,
  type NotificationName,
  type Notifications,
  ParleyError,
  type RequestName,
  type RequestOf,
  type ResponseOf,
} from '@parley/client-sdk/protocol';
import { Server } from 'socket.io';
import type { Goldens } from './goldens.js';

/** One request of a client, as it came. */
export interface Asked {
  name: string;
  request: unknown;
  /** Whether the client waits for an answer, as the protocol asks. */
  withAck: boolean;
  /** Counts the connections: 1 for the first. */
  connection: number;
}

type Answers = { [N in RequestName]?: (request: RequestOf<N>) => ResponseOf<N> | Promise<ResponseOf<N>> };

/** A real socket.io server on loopback that says what a test tells it to, and else what the golden messages say. */
export class ScriptedServer {
  readonly asked: Asked[] = [];
  /** What clients showed when they connected, and the address that they used. */
  readonly handshakes: { auth: unknown; address: string }[] = [];
  /** Refuses whoever connects. */
  refuse: ParleyError | undefined;
  /** In place of the golden ones; what one throws is the error of the answer. */
  answers: Answers = {};
  readonly #goldens: Goldens;
  readonly #http: HttpServer = createServer();
  readonly #io: Server;

  private constructor(goldens: Goldens) {
    this.#goldens = goldens;
    this.#io = new Server(this.#http, { transports: ['websocket'] });
    this.#io.use((socket, next) => {
      this.handshakes.push({ auth: socket.handshake.auth, address: socket.request.url ?? '' });
      const error = this.refuse?.toWire();
      next(
        error === undefined ? undefined : Object.assign(new Error(error.code), { data: { code: error.code, error } }),
      );
    });
    let connections = 0;
    this.#io.on('connection', (socket) => {
      connections += 1;
      const connection = connections;
      socket.onAny((name: string, ...args: unknown[]) => {
        const ack = args.at(-1);
        const withAck = typeof ack === 'function' && args.length === 2;
        this.asked.push({ name, request: args[0], withAck, connection });
        if (typeof ack === 'function') void this.#answer(name as RequestName, args[0]).then((answer) => ack(answer));
      });
    });
  }

  static async create(goldens: Goldens): Promise<ScriptedServer> {
    const server = new ScriptedServer(goldens);
    await new Promise<void>((resolve) => server.#http.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** Requests of one name, oldest first. */
  requestsOf<N extends RequestName>(name: N): RequestOf<N>[] {
    return this.asked.filter((each) => each.name === name).map(({ request }) => request as RequestOf<N>);
  }

  notify<N extends NotificationName>(name: N, payload: Notifications[N]): void {
    this.#io.emit(name, payload);
  }

  /** What a later version of the protocol may say. */
  say(name: string, payload: unknown): void {
    this.#io.emit(name, payload);
  }

  /** As a server does when it ends a connection. */
  dismiss(error: ParleyError): void {
    this.notify('dismissed', { error: error.toWire() });
    this.#io.disconnectSockets(true);
  }

  /** As a broken network does. */
  drop(): void {
    for (const socket of this.#io.of('/').sockets.values()) socket.conn.close();
  }

  async close(): Promise<void> {
    await this.#io.close();
  }

  async #answer(name: RequestName, request: unknown): Promise<Ack<unknown>> {
    const answer = this.answers[name] as ((request: unknown) => unknown) | undefined;
    try {
      return { ok: true, data: answer === undefined ? this.#goldens.answers[name][0] : await answer(request) };
    } catch (error) {
      if (!(error instanceof ParleyError)) throw error;
      return { ok: false, error: error.toWire() };
    }
  }
}

import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { CLOSE_TIMES } from '@parley/media/process';
import { HTTP_SERVER_OPTIONS, hardenHttpServer } from '../edge/hardenHttpServer.js';
import { StartError } from './StartError.js';

const TLS_OPTIONS = { minVersion: 'TLSv1.2' } as const;

export interface TlsFiles {
  certPath: string;
  keyPath: string;
}

export interface HttpListenerOptions {
  /** Absent: plain http. */
  tls?: TlsFiles | undefined;
  /** Sockets of meetings that may be open at the same time, besides other requests. */
  sockets: number;
}

/** The port of page, API and sockets. Created first, so that everything can be attached before it listens. */
export class HttpListener {
  readonly server: HttpServer | HttpsServer;
  readonly scheme: 'http' | 'https';
  /** Includes those that became WebSockets, which Node no longer tracks. */
  readonly #sockets = new Set<Socket>();
  readonly #tls: TlsFiles | undefined;
  #stopped: Promise<void> | undefined;

  /** @throws StartError `CERTIFICATE_UNUSABLE` */
  constructor({ tls, sockets }: HttpListenerOptions) {
    this.scheme = tls === undefined ? 'http' : 'https';
    this.#tls = tls;
    this.server = tls === undefined ? createHttpServer(HTTP_SERVER_OPTIONS) : createTlsServer(tls);
    hardenHttpServer(this.server, { sockets });
    this.server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** @throws StartError */
  listen(where: { host: string; port: number }): Promise<void> {
    const { server } = this;
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException) => reject(StartError.fromListen(error, where));
      server.once('error', failed);
      server.listen(where.port, where.host, () => {
        server.off('error', failed);
        resolve();
      });
    });
  }

  /** @throws Error before it listens */
  get port(): number {
    const address = this.server.address() as AddressInfo | null;
    if (address === null) throw new Error('The port is not known before the server listens.');
    return address.port;
  }

  /** Reads the certificate's files again, for connections from now on; those that are open go on. @throws StartError `CERTIFICATE_UNUSABLE` */
  reloadCertificate(): void {
    const { server } = this;
    if (this.#tls === undefined || !(server instanceof HttpsServer)) return;
    withCertificate(this.#tls, (files) => server.setSecureContext({ ...files, ...TLS_OPTIONS }));
  }

  urlOf(name: string): string {
    return `${this.scheme}://${name.includes(':') ? `[${name}]` : name}:${this.port}`;
  }

  /** Accepts no more connections and aborts running requests; WebSockets continue. Idempotent. */
  stop(): void {
    this.#stopped ??= new Promise((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
  }

  /** Waits up to a second for WebSockets that are closing: an unreachable client never answers. Idempotent. */
  async close(): Promise<void> {
    this.stop();
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, CLOSE_TIMES.socketMs);
    await this.#stopped;
    clearTimeout(timer);
  }
}

function createTlsServer(tls: TlsFiles): HttpsServer {
  return withCertificate(tls, (files) => createHttpsServer({ ...HTTP_SERVER_OPTIONS, ...files, ...TLS_OPTIONS }));
}

/** @throws StartError `CERTIFICATE_UNUSABLE` */
function withCertificate<T>({ certPath, keyPath }: TlsFiles, use: (files: { cert: Buffer; key: Buffer }) => T): T {
  try {
    return use({ cert: readFileSync(certPath), key: readFileSync(keyPath) });
  } catch (error) {
    throw new StartError(
      'CERTIFICATE_UNUSABLE',
      `The certificate ${certPath} with the key ${keyPath} cannot be used: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

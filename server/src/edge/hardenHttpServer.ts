import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';

/** A client that sends its request byte by byte can hold a connection no longer than about this. */
const HEADERS_MS = 8_000;
const REQUEST_MS = 30_000;
const MOST_HEADERS = 64;
/** Besides the sockets of meetings: page loads, integrators, probes. */
const FURTHER_CONNECTIONS = 1_000;

/** Interval of the checks for slow clients; Node's half minute would be longer than the limit itself. */
export const HTTP_SERVER_OPTIONS = { connectionsCheckingInterval: 2_000 } as const;

/** Limits what slow, chatty or numerous HTTP clients can occupy. WebSockets have limits of their own. */
export function hardenHttpServer(server: HttpServer | HttpsServer, { sockets }: { sockets: number }): void {
  server.headersTimeout = HEADERS_MS;
  server.requestTimeout = REQUEST_MS;
  server.maxHeadersCount = MOST_HEADERS;
  server.maxConnections = sockets + FURTHER_CONNECTIONS;
}

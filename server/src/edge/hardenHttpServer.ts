import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';

/** A client that sends its request letter by letter holds a connection no longer than this, give or take a check. */
const HEADERS_MS = 8_000;
const REQUEST_MS = 30_000;
const MOST_HEADERS = 64;
/** Beside the sockets of meetings: pages that are being loaded, integrators, probes. */
const FURTHER_CONNECTIONS = 1_000;

/** How often slow clients are looked for; Node's own half minute would be longer than what they may take. */
export const HTTP_SERVER_OPTIONS = { connectionsCheckingInterval: 2_000 } as const;

/** Bounds what slow, talkative or many clients of HTTP may hold. Upgraded sockets have bounds of their own. */
export function hardenHttpServer(server: HttpServer | HttpsServer, { sockets }: { sockets: number }): void {
  server.headersTimeout = HEADERS_MS;
  server.requestTimeout = REQUEST_MS;
  server.maxHeadersCount = MOST_HEADERS;
  server.maxConnections = sockets + FURTHER_CONNECTIONS;
}

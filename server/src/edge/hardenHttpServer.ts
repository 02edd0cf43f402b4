import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';

/** A client that sends its request letter by letter holds a connection no longer than this. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const MOST_HEADERS = 64;

/** How often slow clients are looked for; Node's own half minute would be longer than what they may take. */
export const HTTP_SERVER_OPTIONS = { connectionsCheckingInterval: 2_000 } as const;

/** Bounds what a slow or talkative client of HTTP may hold. Upgraded sockets have bounds of their own. */
export function hardenHttpServer(server: HttpServer | HttpsServer): void {
  server.headersTimeout = HEADERS_MS;
  server.requestTimeout = REQUEST_MS;
  server.maxHeadersCount = MOST_HEADERS;
}

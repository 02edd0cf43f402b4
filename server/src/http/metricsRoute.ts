import type { Request, RequestHandler } from 'express';
import { sameText } from '../auth/sameText.js';
import { isLoopback } from '../config/loopback.js';
import type { OriginPolicy } from '../edge/OriginPolicy.js';

export interface MetricsRouteOptions {
  metrics: { readonly contentType: string; text(): Promise<string> };
  /** Whether other machines may read the metrics. */
  enabled: boolean;
  /** A proxy may be in front, so that a connection from this machine proves nothing. */
  forwarded: boolean;
  /** If set, required from everyone. */
  token: string | undefined;
  originPolicy: OriginPolicy;
}

/**
 * `GET /metrics`: for programs on this machine unless a proxy may be in front, for other machines if enabled, and with the token if there is
 * one. Everyone else gets 404, so that strangers do not learn that it exists.
 */
export function metricsRoute(options: MetricsRouteOptions): RequestHandler {
  const { metrics } = options;
  return (request, response, next) => {
    if (!mayRead(request, options)) {
      next('route');
      return;
    }
    metrics
      .text()
      .then((text) => response.type(metrics.contentType).set('Cache-Control', 'no-store').send(text))
      .catch(next);
  };
}

function mayRead(request: Request, { enabled, forwarded, token, originPolicy }: MetricsRouteOptions): boolean {
  // A proxy may not say for whom it asks. Then only the token distinguishes its requests from those of this machine.
  const local = isLocal(request) && (!forwarded || token !== undefined);
  if (!local && !enabled) return false;
  // Pages may not read this, not even our own.
  if (request.headers.origin !== undefined) return false;
  if (token !== undefined) return sameText(bearerOf(request), token);
  return local || originPolicy.allowsHost(request.headers.host);
}

/** Whether the request comes from this machine, for a host name of this machine only, and not through a proxy. */
function isLocal(request: Request): boolean {
  const address = request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '';
  const { forwarded, via } = request.headers;
  if (!isLoopback(address) || forwarded !== undefined || via !== undefined) return false;
  if (request.headers['x-forwarded-for'] !== undefined || request.headers['x-real-ip'] !== undefined) return false;
  const host = (request.headers.host ?? '')
    .toLowerCase()
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1');
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function bearerOf(request: Request): string {
  return /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
}

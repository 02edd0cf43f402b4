import type { Request, RequestHandler } from 'express';
import { sameText } from '../auth/sameText.js';
import { isLoopback } from '../config/loopback.js';
import type { OriginPolicy } from '../edge/OriginPolicy.js';

export interface MetricsRouteOptions {
  metrics: { readonly contentType: string; text(): Promise<string> };
  /** Other machines may ask too. */
  enabled: boolean;
  /** A proxy may be in front, so that a connection from this machine proves nothing. */
  forwarded: boolean;
  /** Whoever asks must know it. */
  token: string | undefined;
  originPolicy: OriginPolicy;
}

/**
 * `GET /metrics`: for programs on this machine, where no proxy may be in front; for other machines where it is enabled; for whoever knows the
 * token where there is one. For everybody else there is nothing here, so that a stranger learns not even that.
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
  // A proxy need not say for whom it asks; then only the token tells its requests from those of this machine.
  const local = isLocal(request) && (!forwarded || token !== undefined);
  if (!local && !enabled) return false;
  // A page may not read this, not even one of ours.
  if (request.headers.origin !== undefined) return false;
  if (token !== undefined) return sameText(bearerOf(request), token);
  return local || originPolicy.allowsHost(request.headers.host);
}

/** From this machine, to a name that only this machine can mean, and not handed on by a proxy for somebody else. */
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

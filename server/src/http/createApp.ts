import { existsSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { fileURLToPath } from 'node:url';
import { ParleyError, type TranscriptionStatus } from '@parley/client-sdk/protocol';
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Router } from 'express';
import helmet, { type HelmetOptions } from 'helmet';
import { describeSpeechSettings, OFFERED_MODES } from '../config/speechSettings.js';
import type { OriginPolicy } from '../edge/OriginPolicy.js';
import { compressedAssets } from './compressedAssets.js';
import { type MetricsRouteOptions, metricsRoute } from './metricsRoute.js';

export interface AppOptions {
  originPolicy: OriginPolicy;
  /** Whether meetings are possible now, and the status of the recogniser. */
  readiness(): { ready: boolean; transcription: TranscriptionStatus; reason?: string };
  /** The certificate authority of the development certificate, for phones that should trust it. */
  certificateAuthority?: string;
  /** Origin of the identity provider, from which the page requests tokens. */
  identityOrigin?: string;
  /** Whether browsers trust the certificate by themselves; the page is then restricted to https with HSTS. */
  ownCertificate?: boolean;
  /** Routes about identities; see `identityRoutes`. */
  identityRoutes: Router;
  /** Routes for programs; see `roomRoutes`. */
  roomRoutes: Router;
  /** Called with internal errors of a request. */
  onError?: (error: unknown) => void;
  /** Called when a request is refused for its `Origin` or `Host`. */
  onForbidden?: (headers: { origin: string | undefined; host: string | undefined }) => void;
  /** Whether this server speaks http itself, so that sockets of its pages do too. Default false. */
  withoutTls?: boolean;
  /** The mode of the deployment. */
  mode: string;
  metrics: Omit<MetricsRouteOptions, 'originPolicy'>;
}

/** Folder of the built meeting page. */
const PAGE_FOLDER = fileURLToPath(new URL('../../web/dist/app/', import.meta.url));
/** Paths within the meeting page. */
const PAGE_ROUTES = ['/archive'];

/** The HTTP routes: health, readiness, metrics, description of the settings, meeting page. */
export function createApp(options: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  const metrics = metricsRoute({ ...options.metrics, originPolicy: options.originPolicy });
  app.use((request, response, next) => {
    // Metrics have their own access check, and what they return to others.
    if (request.path === '/metrics') {
      next();
      return;
    }
    // Orchestrators probe by address, whatever the host name; these two routes reveal nothing secret.
    const probe = request.path === '/healthz' || request.path === '/readyz';
    if (
      !(probe
        ? options.originPolicy.allowsOrigin(request.headers.origin)
        : options.originPolicy.allows(request.headers))
    ) {
      const { origin, host } = request.headers;
      options.onForbidden?.({ origin, host });
      response
        .status(403)
        .type('text/plain')
        .send('This page or address is not allowed to use this server. See the setting "origins".\n');
      return;
    }
    next();
  });

  app.use(helmet(securityHeaders(options)), crossOrigin(options.originPolicy));

  app.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });

  app.get('/readyz', (_request, response) => {
    const { ready, transcription, reason } = options.readiness();
    response.status(ready ? 200 : 503).json({
      status: ready ? 'ready' : 'notReady',
      ...(reason === undefined ? {} : { reason }),
      transcription,
      ...(transcription.model.demo
        ? { warning: 'The built-in demo model is active: it understands only a few synthetic voices, not people.' }
        : {}),
    });
  });

  app.get('/metrics', metrics);

  app.get('/api/settings', (_request, response) => {
    response.json({ mode: options.mode, modes: OFFERED_MODES, descriptions: describeSpeechSettings() });
  });

  app.use(options.identityRoutes, options.roomRoutes);

  const { certificateAuthority } = options;
  if (certificateAuthority !== undefined) {
    app.get('/ca.crt', (_request, response) => {
      response.type('application/x-x509-ca-cert').set('Content-Disposition', 'attachment; filename="parley-ca.crt"');
      response.sendFile(certificateAuthority);
    });
  }

  if (existsSync(PAGE_FOLDER)) {
    app.use(
      compressedAssets({ folder: PAGE_FOLDER }),
      express.static(PAGE_FOLDER, {
        index: 'index.html',
        setHeaders(response, path) {
          // Asset names change with their content, but the page itself must always be fresh.
          response.setHeader(
            'Cache-Control',
            path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
          );
        },
      }),
    );
    app.get(PAGE_ROUTES, (_request, response) => {
      response.sendFile('index.html', {
        root: PAGE_FOLDER,
        headers: { 'Cache-Control': 'no-cache' },
        cacheControl: false,
      });
    });
  } else {
    app.get('/', (_request, response) => {
      response.status(503).type('text/plain').send('The meeting page is not built. Run: npm run build\n');
    });
  }

  app.use((_request, response) => {
    response.status(404).type('text/plain').send('Not found.\n');
  });
  // Express would show its stack trace.
  app.use(((error: unknown, _request, response, next) => {
    options.onError?.(error);
    if (response.headersSent) next(error);
    else response.status(500).json({ error: new ParleyError('INTERNAL').toWire() });
  }) satisfies ErrorRequestHandler);
  return app;
}

const HALF_A_YEAR_S = 15_552_000;

/** The page loads nothing from other origins, cannot be framed, and only talks to this server and the identity provider. */
function securityHeaders(options: AppOptions): HelmetOptions {
  const { identityOrigin, ownCertificate, originPolicy, withoutTls } = options;
  const provider = identityOrigin === undefined ? [] : [identityOrigin];
  // The page's own server, by the name in the request. Not all browsers let 'self' include its WebSockets.
  const socketsOf = (scheme: 'ws' | 'wss') => (request: IncomingMessage) => {
    const { host } = request.headers;
    return host !== undefined && originPolicy.allowsHost(host) ? `${scheme}://${host.toLowerCase()}` : "'self'";
  };
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        connectSrc: ["'self'", socketsOf('wss'), ...(withoutTls === true ? [socketsOf('ws')] : []), ...provider],
        mediaSrc: ["'self'", 'blob:', 'mediastream:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        formAction: ["'self'", ...provider],
      },
    },
    // Development certificates come and go, and the next server on this port may have none.
    strictTransportSecurity: ownCertificate === true ? { maxAge: HALF_A_YEAR_S, includeSubDomains: false } : false,
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
  };
}

/** Pages of the origins in the settings may use the API; from all others the browser withholds the answers. */
function crossOrigin(originPolicy: OriginPolicy): RequestHandler {
  return (request, response, next) => {
    response.set('Permissions-Policy', 'microphone=(self), camera=()').vary('Origin');
    const { origin } = request.headers;
    if (origin !== undefined && originPolicy.allowsOrigin(origin)) response.set('Access-Control-Allow-Origin', origin);
    if (request.method !== 'OPTIONS') {
      next();
      return;
    }
    response
      .set({
        'Access-Control-Allow-Methods': 'GET, POST',
        'Access-Control-Allow-Headers': 'Authorization, Content-Type',
        'Access-Control-Max-Age': '600',
      })
      .status(204)
      .end();
  };
}

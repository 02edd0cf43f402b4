import type { TranscriptionStatus } from '@parley/client-sdk/protocol';
import type { MediaNode, ResolvedModel } from '@parley/media/node';
import { isForwarded } from '../edge/addresses.js';
import { PostLimiter } from '../edge/PostLimiter.js';
import { createApp } from '../http/createApp.js';
import { ForbiddenLog } from '../http/ForbiddenLog.js';
import { identityRoutes } from '../http/identityRoutes.js';
import { roomRoutes } from '../http/roomRoutes.js';
import type { AuditLog } from '../observability/AuditLog.js';
import type { Metrics } from '../observability/Metrics.js';
import type { RoomRegistry } from '../rooms/RoomRegistry.js';
import { wireModelOf } from '../rooms/transcriptionStatus.js';
import type { StartContext } from './StartContext.js';
import type { Edge } from './startEdge.js';
import type { Identities } from './startIdentities.js';

/** Attaches all HTTP routes to the port. */
export function startApp(
  options: StartContext & {
    edge: Edge;
    audit: AuditLog;
    identities: Identities;
    /** The model for finals. */
    model: ResolvedModel;
    media: Pick<MediaNode, 'ready'>;
    transcription: () => TranscriptionStatus;
    rooms: RoomRegistry;
    metrics: Metrics;
  },
): void {
  const { settings, logger, closing, edge, audit, identities, model, media, transcription, rooms, metrics } = options;
  const { listener, originPolicy } = edge;
  const certificateAuthority = edge.certificate?.caPath;
  const { sessions, grantsIn, minterOf, roomTokens, provider } = identities;
  const { url, realm, clientId } = settings.keycloak;
  const forbidden = new ForbiddenLog({ logger });
  closing.defer(() => forbidden.close());
  /** Each counts for itself: a program that reads ledgers takes no room tokens from others behind its address. */
  const limiterOf = (what: string) =>
    new PostLimiter({
      perMinute: settings.limits.postsPerMinutePerAddress,
      keyOf: edge.limitKeyOf,
      onRefused: () => audit.record({ event: 'denied', what, code: 'RATE_LIMITED' }),
    });
  const app = createApp({
    originPolicy,
    readiness: () => ({
      ready: media.ready && identities.ready,
      transcription: transcription(),
      ...(media.ready ? {} : { reason: 'media workers are starting' }),
      ...(identities.ready ? {} : { reason: "the identity provider's keys are not there yet" }),
    }),
    ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
    mode: settings.mode,
    onError: (error) => logger.error({ err: error }, 'an HTTP request failed'),
    onForbidden: (headers) => forbidden.record(headers),
    withoutTls: listener.scheme === 'http',
    ownCertificate: settings.tls.enabled && settings.tls.certFile !== undefined,
    identityRoutes: identityRoutes({
      identity: {
        guests: identities.guests,
        ...(url === undefined ? {} : { keycloak: { url, realm, clientId } }),
        mode: settings.mode,
        model: wireModelOf(model),
        recording: false,
      },
      sessions,
      ...(provider === undefined ? {} : { provider }),
      minterOf,
      mint: (guest) => roomTokens.mint(guest),
      revoke: identities.revokeTokens,
      jwks: () => roomTokens.jwks(),
      audit,
      logger,
      limits: limiterOf('post'),
    }),
    roomRoutes: roomRoutes({
      identify: (token) => identities.identify(token),
      grantsIn,
      roomNamed: (name) => rooms.find(name),
      audit,
      limit: limiterOf('readLedger').all,
    }),
    ...(url === undefined ? {} : { identityOrigin: new URL(url).origin }),
    metrics: {
      metrics,
      enabled: settings.metrics.enabled,
      forwarded: isForwarded(settings),
      token: settings.metrics.token,
    },
  });
  listener.server.on('request', app);
}

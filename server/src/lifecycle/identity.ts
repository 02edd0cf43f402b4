import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { GRANTS, type ServerIdentity } from '@parley/client-sdk/protocol';
import type { Router } from 'express';
import { ApiKeys } from '../auth/ApiKeys.js';
import type { Authenticator } from '../auth/Authenticator.js';
import { CombinedAuthenticator } from '../auth/CombinedAuthenticator.js';
import { GuestAuthenticator } from '../auth/GuestAuthenticator.js';
import { Introspector } from '../auth/Introspector.js';
import { JwksCache } from '../auth/JwksCache.js';
import { LogoutTokenVerifier } from '../auth/LogoutTokenVerifier.js';
import { RoomTokenIssuer } from '../auth/RoomTokenIssuer.js';
import type { SessionRegistry } from '../auth/SessionRegistry.js';
import { TokenVerifier } from '../auth/TokenVerifier.js';
import type { Settings } from '../config/settings.js';
import { PostLimiter } from '../edge/PostLimiter.js';
import { identityRoutes, type Minter } from '../http/identityRoutes.js';
import type { Bearer } from '../http/roomRoutes.js';
import type { AuditLog } from '../observability/AuditLog.js';
import type { Logger } from '../observability/logger.js';
import { RepeatFilter } from '../observability/RepeatFilter.js';
import type { KeyStores } from '../store/KeyStores.js';

/** Everything that knows who people are, put together. */
export interface Identities {
  authenticator: Authenticator;
  routes: Router;
  /** Whose token a program came with, an integrator's or a person's. @throws ParleyError as of `authenticator`, `SIGNED_OUT` */
  identify(token: string): Promise<Bearer>;
  /** The identity provider's, whose subjects members of rooms are named by; absent without one. */
  readonly issuer: string | undefined;
  /** Whether those who come can be told apart now; not before the provider's keys are there. */
  readonly ready: boolean;
  close(): void;
}

export interface IdentitiesOptions {
  settings: Settings;
  joinSecret: string | undefined;
  /** Told to those who have not joined yet. */
  model: ServerIdentity['model'];
  stores: Pick<KeyStores, 'apiKeys' | 'signingKeys'>;
  sessions: SessionRegistry;
  audit: AuditLog;
  logger: Logger;
  /** What limits of a request's origin count by. */
  limitKeyOf: (request: IncomingMessage) => string;
}

const MOST_LINES = 60;
const LINES_WINDOW_MS = 60_000;

/** People come in by name only where nobody else vouches for them, unless the settings say otherwise. */
export function allowsGuests({ guests, keycloak }: Settings): boolean {
  return guests ?? keycloak.url === undefined;
}

export async function createIdentities(options: IdentitiesOptions): Promise<Identities> {
  const { settings, joinSecret, model, stores, sessions, audit, logger, limitKeyOf } = options;
  const lines = new RepeatFilter({
    most: MOST_LINES,
    windowMs: LINES_WINDOW_MS,
    onHeldBack: ({ kind, count }) => logger.info({ count }, `further ${kind}`),
  });
  const onRefused = (reason: string) => {
    if (lines.passes('tokens were refused')) logger.info({ reason }, 'a token was refused');
  };
  const onClockOff = (aheadMs: number) => {
    if (lines.passes('tokens from the future'))
      logger.warn({ aheadMs }, "a token comes from the future: this machine's clock or the identity provider's is off");
  };
  const roomTokens = await RoomTokenIssuer.create({
    keys: stores.signingKeys,
    onRefused,
  });
  const provider = await providerOf({ settings, sessions, audit, logger, onRefused, onClockOff });
  if (provider === undefined && Object.values(settings.rooms).some(({ members }) => members !== undefined)) {
    logger.warn('rooms have members, and there is no Keycloak to know them by: only room tokens let anybody in there');
  }
  const posts = new PostLimiter({
    perMinute: settings.limits.postsPerMinutePerAddress,
    keyOf: limitKeyOf,
    onRefused: () => audit.record({ event: 'denied', what: 'post', code: 'RATE_LIMITED' }),
  });
  const guests = allowsGuests(settings)
    ? new GuestAuthenticator(joinSecret === undefined ? {} : { joinSecret })
    : undefined;
  const apiKeys = new ApiKeys({ store: stores.apiKeys });
  const minterOf = async (bearer: string) => (await minterOfKey(apiKeys, bearer)) ?? (await provider?.minterOf(bearer));
  const authenticator = new CombinedAuthenticator({
    roomTokens,
    ...(guests === undefined ? {} : { guests }),
    ...(provider === undefined ? {} : { provider: provider.forAuthenticator }),
  });
  const { url, realm, clientId } = settings.keycloak;
  return {
    authenticator,
    identify: async (token) => {
      const minter = await minterOf(token);
      if (minter !== undefined) return { minter };
      const identity = await authenticator.authenticate({ kind: 'token', token });
      sessions.assertAlive(identity);
      return { identity };
    },
    routes: identityRoutes({
      identity: {
        guests: guests !== undefined,
        ...(url === undefined ? {} : { keycloak: { url, realm, clientId } }),
        mode: settings.mode,
        model,
        recording: false,
      },
      sessions,
      ...(provider === undefined ? {} : { provider: provider.forRoutes }),
      minterOf,
      mint: (guest) => roomTokens.mint(guest),
      jwks: () => roomTokens.jwks(),
      audit,
      logger,
      limits: posts,
    }),
    issuer: provider?.forRoutes.issuer,
    get ready() {
      return provider?.ready() ?? true;
    },
    close: () => {
      provider?.close();
      lines.flush();
    },
  };
}

async function minterOfKey(apiKeys: ApiKeys, bearer: string): Promise<Minter | undefined> {
  const key = await apiKeys.authenticate(bearer);
  return key && { id: `key:${key.id}`, rooms: key.rooms, grants: key.grants };
}

async function providerOf(options: {
  settings: Settings;
  sessions: SessionRegistry;
  audit: AuditLog;
  logger: Logger;
  onRefused: (reason: string) => void;
  onClockOff: (aheadMs: number) => void;
}) {
  const { settings, sessions, audit, logger, onRefused, onClockOff } = options;
  const { url, internalUrl, realm, clientId, audience, serviceClientId, serviceClientSecret, caFile } =
    settings.keycloak;
  if (url === undefined) return undefined;
  if (caFile !== undefined) trust(caFile);
  const path = `/realms/${encodeURIComponent(realm)}`;
  const issuer = `${withoutSlash(url)}${path}`;
  const endpoint = `${withoutSlash(internalUrl ?? url)}${path}/protocol/openid-connect`;
  const keys = new JwksCache({
    url: `${endpoint}/certs`,
    onFailure: (reason) => logger.warn({ reason }, "the identity provider's keys could not be fetched"),
  });
  await keys.start();
  const ready = () => keys.ready;
  const tokens = new TokenVerifier({ issuer, audience, keyFor: keys.keyFor, ready, clientId, onRefused, onClockOff });
  const logouts = new LogoutTokenVerifier({ issuer, clientId, keyFor: keys.keyFor });
  const introspector =
    serviceClientSecret === undefined
      ? undefined
      : new Introspector({
          sessions,
          issuer,
          endpoint: `${endpoint}/token/introspect`,
          clientId: serviceClientId,
          clientSecret: serviceClientSecret,
          everyMs: settings.keycloak.introspectEveryMs,
          onFailure: (reason) => logger.warn({ reason }, 'the identity provider could not be asked about a token'),
          onSignedOut: ({ connections }) =>
            audit.record({ event: 'signedOut', by: 'introspection', issuer, connections }),
        });
  return {
    ready,
    forAuthenticator: {
      description: `Keycloak (${realm})`,
      verify: async (token: string) => (await tokens.verify(token)).identity,
    },
    forRoutes: {
      issuer,
      verifyLogout: (token: string) => logouts.verifyLogout(token),
      verifyNotBefore: (token: string) => logouts.verifyNotBefore(token),
    },
    /** The service account may let guests into every room; whoever else has a token may not. */
    minterOf: async (bearer: string): Promise<Minter | undefined> => {
      if (bearer === '') return undefined;
      try {
        const verified = await tokens.verify(bearer);
        if (verified.serviceAccountOf !== serviceClientId) return undefined;
        sessions.assertAlive(verified.identity);
        return { id: `service:${serviceClientId}`, rooms: '*', grants: GRANTS };
      } catch {
        return undefined;
      }
    },
    close: () => {
      keys.close();
      introspector?.close();
    },
  };
}

/** Beside the authorities that the system knows. */
function trust(caFile: string): void {
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(caFile, 'utf8')]);
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

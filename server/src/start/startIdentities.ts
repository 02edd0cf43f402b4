import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { GRANTS, type Grant } from '@parley/client-sdk/protocol';
import { ApiKeys } from '../auth/ApiKeys.js';
import type { Authenticator, Identity } from '../auth/Authenticator.js';
import type { Bearer, Minter } from '../auth/Bearer.js';
import { CombinedAuthenticator } from '../auth/CombinedAuthenticator.js';
import { allowsGuests, GuestAuthenticator } from '../auth/GuestAuthenticator.js';
import { grantsOf } from '../auth/grants.js';
import { Introspector } from '../auth/Introspector.js';
import { JwksCache } from '../auth/JwksCache.js';
import { LogoutTokenVerifier } from '../auth/LogoutTokenVerifier.js';
import { RoomTokenIssuer } from '../auth/RoomTokenIssuer.js';
import { RoomTokenRevocations } from '../auth/RoomTokenRevocations.js';
import { MOST_REVOKED, SessionRegistry } from '../auth/SessionRegistry.js';
import { TokenVerifier } from '../auth/TokenVerifier.js';
import { SettingsError } from '../config/loadSettings.js';
import type { IdentityRoutesOptions } from '../http/identityRoutes.js';
import type { AuditLog } from '../observability/AuditLog.js';
import { RepeatFilter } from '../observability/RepeatFilter.js';
import { fileKeyStores } from '../store/files/fileKeyStores.js';
import type { StartContext } from './StartContext.js';

/** Everything that knows identities. */
export interface Identities {
  authenticator: Authenticator;
  /** Whether a name is enough to join, with the join secret if there is one. */
  guests: boolean;
  roomTokens: RoomTokenIssuer;
  revokeTokens: IdentityRoutesOptions['revoke'];
  sessions: SessionRegistry;
  /** The grants of an identity in a room, by the room's settings. */
  grantsIn(identity: Identity, room: string): ReadonlySet<Grant>;
  /** Handles the identity provider's notices about ended sign-ins; absent without one. */
  provider: IdentityRoutesOptions['provider'];
  /** The owner of a secret or token; undefined if there is none. */
  minterOf(bearer: string): Promise<Minter | undefined>;
  /** The owner of a program's token: an integrator or a person. @throws ParleyError as of `authenticator`, `SIGNED_OUT` */
  identify(token: string): Promise<Bearer>;
  /** Whether people can be authenticated now; not before the provider's keys are loaded. */
  readonly ready: boolean;
}

const MOST_LINES = 60;
const LINES_WINDOW_MS = 60_000;

/** @throws SettingsError if `keycloak.caFile` cannot be used */
export async function startIdentities(
  options: StartContext & { audit: AuditLog; joinSecret: string | undefined },
): Promise<Identities> {
  const { settings, logger, closing, audit, joinSecret } = options;
  const lines = new RepeatFilter({
    most: MOST_LINES,
    windowMs: LINES_WINDOW_MS,
    onHeldBack: ({ kind, count }) => logger.info({ count }, `further ${kind}`),
  });
  closing.defer(() => lines.flush());
  const onRefused = (reason: string) => {
    if (lines.passes('tokens were refused')) logger.info({ reason }, 'a token was refused');
  };
  const onClockOff = (aheadMs: number) => {
    if (lines.passes('tokens from the future'))
      logger.warn(
        { aheadMs },
        'a token was issued in the future: the clock of this machine or of the identity provider is wrong',
      );
  };
  const onNotKept = (reason: string) =>
    logger.error({ reason }, 'a sign-out could not be stored: it is forgotten with the next restart');
  const stores = fileKeyStores({ dataDir: settings.dataDir, mostRevoked: MOST_REVOKED, onFailure: onNotKept });
  const revokedTokens = await RoomTokenRevocations.create({ store: stores.tokenRevocations });
  const sessions = await SessionRegistry.create({
    longestMs: settings.limits.sessionMs,
    revocations: stores.revocations,
    onNotKept,
    isRevoked: (identity) => revokedTokens.has(identity),
  });
  closing.defer(() => sessions.kept());
  const stopFollowing = revokedTokens.follow({
    onChange: () => sessions.endRevoked(),
    onFailure: (reason) => {
      if (lines.passes('failures to read revoked tokens'))
        logger.error(
          { reason },
          'revoked room tokens could not be read: what the command line revoked since may still be valid',
        );
    },
  });
  closing.defer(stopFollowing);
  const roomTokens = await RoomTokenIssuer.create({
    keys: stores.signingKeys,
    onRefused,
  });
  const provider = await providerOf({ ...options, sessions, onRefused, onClockOff });
  if (provider === undefined && Object.values(settings.rooms).some(({ members }) => members !== undefined)) {
    logger.warn(
      'rooms have members, but without Keycloak they cannot be identified: only room tokens give access to these rooms',
    );
  }
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
  const issuer = provider?.forRoutes.issuer;
  return {
    authenticator,
    guests: guests !== undefined,
    roomTokens,
    revokeTokens: async ({ mintedBy, tokenId }) => {
      const stored = revokedTokens.revoke({ mintedBy, tokenId });
      // It holds already. Connections do not wait for the disk.
      const connections = sessions.endRevoked();
      audit.record({
        event: 'tokensRevoked',
        of: mintedBy,
        ...(tokenId === undefined ? {} : { token: tokenId }),
        connections,
      });
      await stored;
      return { connections };
    },
    sessions,
    grantsIn: (identity, room) => {
      const members = Object.hasOwn(settings.rooms, room) ? settings.rooms[room]?.members : undefined;
      return grantsOf({ identity, room, policy: { members, issuer } });
    },
    provider: provider?.forRoutes,
    minterOf,
    identify: async (token) => {
      const minter = await minterOf(token);
      if (minter !== undefined) return { minter };
      const identity = await authenticator.authenticate({ kind: 'token', token });
      sessions.assertAlive(identity);
      return { identity };
    },
    get ready() {
      return provider?.ready() ?? true;
    },
  };
}

async function minterOfKey(apiKeys: ApiKeys, bearer: string): Promise<Minter | undefined> {
  const key = await apiKeys.authenticate(bearer);
  return key && { id: `key:${key.id}`, rooms: key.rooms, grants: key.grants };
}

async function providerOf(
  options: StartContext & {
    sessions: SessionRegistry;
    audit: AuditLog;
    onRefused: (reason: string) => void;
    onClockOff: (aheadMs: number) => void;
  },
) {
  const { settings, logger, closing, sessions, audit, onRefused, onClockOff } = options;
  const { url, internalUrl, realm, clientId, audience, roles, serviceClientId, serviceClientSecret, caFile } =
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
  closing.defer(() => keys.close());
  await keys.start();
  const ready = () => keys.ready;
  const tokens = new TokenVerifier({
    issuer,
    audience,
    keyFor: keys.keyFor,
    ready,
    clientId,
    roleNames: roles,
    onRefused,
    onClockOff,
  });
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
          onFailure: (reason) => logger.warn({ reason }, 'the identity provider could not introspect a token'),
          onSignedOut: ({ connections }) =>
            audit.record({ event: 'signedOut', by: 'introspection', issuer, connections }),
        });
  closing.defer(() => introspector?.close());
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
    /** The service account may admit guests to every room; other tokens may not. */
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
  };
}

/** Adds to the system's certificate authorities, for the whole process. @throws SettingsError */
function trust(caFile: string): void {
  let certificate: string;
  try {
    certificate = readFileSync(caFile, 'utf8');
    // Otherwise an invalid certificate would be ignored silently.
    new X509Certificate(certificate);
  } catch (error) {
    throw new SettingsError([`keycloak.caFile: ${caFile} is not a certificate (PEM): ${(error as Error).message}`]);
  }
  setDefaultCACertificates([...getCACertificates('default'), certificate]);
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

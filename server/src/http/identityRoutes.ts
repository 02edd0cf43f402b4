import { GRANTS, type Grant, ParleyError, type ServerIdentity } from '@parley/client-sdk/protocol';
import { displayNameSchema, roomNameSchema } from '@parley/client-sdk/protocol/schema';
import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import type { Minter } from '../auth/Bearer.js';
import type { SessionRegistry } from '../auth/SessionRegistry.js';
import type { AuditLog } from '../observability/AuditLog.js';
import type { Logger } from '../observability/logger.js';

export interface IdentityRoutesOptions {
  identity: ServerIdentity;
  sessions: SessionRegistry;
  /** Handles the identity provider's notices about ended sign-ins; absent without one. */
  provider?: {
    issuer: string;
    /** OIDC Back-Channel Logout. @throws for an invalid token */
    verifyLogout: (token: string) => Promise<{ subject?: string; sessionId?: string }>;
    /** Keycloak's push-not-before. @throws for an invalid token */
    verifyNotBefore: (token: string) => Promise<{ notBeforeMs: number }>;
  };
  /** The owner of a secret or token; undefined if there is none. */
  minterOf: (bearer: string) => Promise<Minter | undefined>;
  mint: (guest: {
    subject?: string;
    displayName: string;
    room: string;
    grants: readonly Grant[];
    mintedBy: string;
    ttlMs: number;
    requireConsent?: true;
  }) => Promise<{ token: string; id: string; expiresAtMs: number }>;
  /**
   * Revokes one token of a minter, or all that it has made. @returns how many connections this ended @throws ParleyError `RATE_LIMITED` if
   * the minter has revoked too many single ones
   */
  revoke: (whose: { mintedBy: string; tokenId?: string }) => Promise<{ connections: number }>;
  /** RFC 7517: the public keys for room tokens. */
  jwks: () => Promise<unknown> | unknown;
  audit: AuditLog;
  logger: Logger;
  /** Limits on how often one address may post. Default: none. */
  limits?: { all: RequestHandler; refused: RequestHandler };
}

const LONGEST_TTL_S = 4 * 3_600;
const USUAL_TTL_S = 3_600;
const USUAL_GRANTS: Grant[] = ['join', 'speak', 'listen', 'readTranscript'];
const BODY_LIMIT = '64kb';

const mintSchema = z.strictObject({
  name: displayNameSchema,
  subject: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .optional(),
  grants: z.array(z.enum(GRANTS)).min(1).max(GRANTS.length).default(USUAL_GRANTS),
  /** From when this guest joins, the room transcribes only those who consent. */
  requireConsent: z.boolean().default(false),
  ttlS: z.int().min(60).max(LONGEST_TTL_S).default(USUAL_TTL_S),
});

const tokenIdSchema = z.uuid();

/** All HTTP routes about identities. */
export function identityRoutes(options: IdentityRoutesOptions): Router {
  const router = Router();
  router.get('/api/identity', (_request, response) => {
    response.set('Cache-Control', 'no-store').json(options.identity);
  });
  router.get('/.well-known/jwks.json', async (_request, response) => {
    response.set('Cache-Control', 'public, max-age=300').json(await options.jwks());
  });
  const { all, refused } = options.limits ?? { all: pass, refused: pass };
  router.post('/api/rooms/:room/tokens', all, express.json({ limit: BODY_LIMIT }), (request, response) =>
    mintToken(options, request, response),
  );
  // Whoever has to end a thousand visits at once must get through: only refusals count.
  router.delete(['/api/tokens', '/api/tokens/:token'], refused, (request, response) =>
    revokeTokens(options, request, response),
  );
  const { provider } = options;
  if (provider !== undefined) {
    router.post(
      '/auth/backchannel-logout',
      refused,
      express.urlencoded({ limit: BODY_LIMIT, extended: false, parameterLimit: 8 }),
      (request, response) => signOut({ ...options, provider }, request, response),
    );
    // Keycloak sends the token as the body, with any content type.
    router.post(
      '/auth/k_push_not_before',
      refused,
      express.text({ limit: BODY_LIMIT, type: () => true }),
      (request, response) => pushNotBefore({ ...options, provider }, request, response),
    );
    // OpenID Connect Back-Channel Logout 1.0 section 2.5: a form-encoded POST only.
    router.all(['/auth/backchannel-logout', '/auth/k_push_not_before'], (_request, response) => {
      response.status(405).set({ Allow: 'POST', 'Cache-Control': 'no-store' }).json({ error: 'invalid_request' });
    });
  }
  router.use(badBodies);
  return router;
}

const pass: RequestHandler = (_request, _response, next) => next();

type WithProvider = IdentityRoutesOptions & { provider: NonNullable<IdentityRoutesOptions['provider']> };

async function signOut(options: WithProvider, request: Request, response: Response): Promise<void> {
  const { provider, sessions, audit, logger } = options;
  response.set('Cache-Control', 'no-store');
  try {
    const token = (request.body as { logout_token?: unknown } | undefined)?.logout_token;
    if (typeof token !== 'string') throw new Error('no logout_token');
    const whom = await provider.verifyLogout(token);
    const connections = sessions.signOut({ issuer: provider.issuer, ...whom });
    // The provider does not retry, so the answer is sent after the sign-out is stored.
    await sessions.kept();
    audit.record({ event: 'signedOut', by: 'logout', issuer: provider.issuer, connections });
    response.status(200).end();
  } catch (error) {
    logger.warn({ reason: reasonOf(error) }, 'a back-channel logout was refused');
    response.status(400).json({ error: 'invalid_request' });
  }
}

async function pushNotBefore(options: WithProvider, request: Request, response: Response): Promise<void> {
  const { provider, sessions, audit, logger } = options;
  try {
    const { notBeforeMs } = await provider.verifyNotBefore(String(request.body ?? ''));
    const connections = sessions.notBefore({ issuer: provider.issuer, notBeforeMs });
    await sessions.kept();
    audit.record({ event: 'signedOut', by: 'notBefore', issuer: provider.issuer, connections });
    response.status(204).end();
  } catch (error) {
    logger.warn({ reason: reasonOf(error) }, 'a push-not-before was refused');
    response.status(400).json({ error: 'invalid_request' });
  }
}

async function mintToken(options: IdentityRoutesOptions, request: Request, response: Response): Promise<void> {
  const { minterOf, mint, audit } = options;
  response.set('Cache-Control', 'no-store');
  const fail = (status: number, error: ParleyError) => {
    audit.record({ event: 'denied', what: 'mintToken', code: error.code });
    response.status(status).json({ error: error.toWire() });
  };
  const minter = await minterOf(bearerOf(request));
  if (minter === undefined) return fail(401, new ParleyError('UNAUTHENTICATED'));
  const room = roomNameSchema.safeParse(request.params.room);
  if (!room.success) return fail(400, new ParleyError('INVALID_ROOM_NAME'));
  const wanted = mintSchema.safeParse(request.body ?? {});
  if (!wanted.success) {
    const issue = wanted.error.issues[0];
    const message = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`;
    return fail(400, new ParleyError('BAD_REQUEST', { message }));
  }
  const { name, subject, grants, requireConsent, ttlS } = wanted.data;
  const mayRoom = minter.rooms === '*' || minter.rooms.includes(room.data);
  if (!mayRoom || !grants.every((grant) => minter.grants.includes(grant))) {
    return fail(403, new ParleyError('FORBIDDEN'));
  }
  const ttlMs = ttlS * 1_000;
  const minted = await mint({
    // Prefixed with the minter's id, so that its guests cannot impersonate those of another minter.
    ...(subject === undefined ? {} : { subject: `${minter.id}/${subject}` }),
    displayName: name,
    room: room.data,
    grants,
    mintedBy: minter.id,
    ttlMs,
    ...(requireConsent ? { requireConsent } : {}),
  });
  audit.record({ event: 'tokenMinted', by: minter.id, token: minted.id, room: room.data, grants, ttlMs });
  response.status(201).json(minted);
}

/** One token, or all, of the minter that asks: none can name another minter's. */
async function revokeTokens(options: IdentityRoutesOptions, request: Request, response: Response): Promise<void> {
  const { minterOf, revoke, audit } = options;
  response.set('Cache-Control', 'no-store');
  const fail = (status: number, error: ParleyError) => {
    audit.record({ event: 'denied', what: 'revokeToken', code: error.code });
    response.status(status).json({ error: error.toWire() });
  };
  const minter = await minterOf(bearerOf(request));
  if (minter === undefined) return fail(401, new ParleyError('UNAUTHENTICATED'));
  const id = request.params.token;
  const token = tokenIdSchema.optional().safeParse(id);
  if (!token.success) return fail(400, new ParleyError('BAD_REQUEST', { message: 'This is not the id of a token.' }));
  const which = token.data === undefined ? {} : { tokenId: token.data };
  try {
    response.json(await revoke({ mintedBy: minter.id, ...which }));
  } catch (error) {
    if (!(error instanceof ParleyError) || error.code !== 'RATE_LIMITED') throw error;
    response.set('Retry-After', String(Math.ceil((error.retryAfterMs ?? 0) / 1_000)));
    fail(429, error);
  }
}

function bearerOf(request: Request): string {
  return /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
}

/** A body that is too large or unreadable: the answer contains no stack and no path. */
const badBodies: ErrorRequestHandler = (error: { status?: number }, _request, response, next) => {
  if (response.headersSent || typeof error.status !== 'number' || error.status >= 500) return next(error);
  response.status(error.status).json({ error: new ParleyError('BAD_REQUEST').toWire() });
};

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}

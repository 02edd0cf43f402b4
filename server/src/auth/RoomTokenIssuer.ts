import { randomUUID } from 'node:crypto';
import { GRANTS, type Grant, LIMITS, ParleyError } from '@parley/client-sdk/protocol';
import { roomNameSchema } from '@parley/client-sdk/protocol/schema';
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  jwtVerify,
  SignJWT,
} from 'jose';
import { z } from 'zod';
import type { SigningKey, SigningKeyStore } from '../store/SigningKeyStore.js';
import type { Identity } from './Authenticator.js';
import { CLOCK_TOLERANCE_S, cleanName } from './TokenVerifier.js';

export interface RoomTokenIssuerOptions {
  keys: SigningKeyStore;
  onRefused?: (reason: string) => void;
  /** Unix time. */
  now?: () => number;
}

/** Someone who is admitted to one room for a while. */
export interface RoomGuest {
  /** Set it to a stable value if the same person should be the same participant. Default: a new participant. */
  subject?: string | undefined;
  displayName: string;
  room: string;
  grants: readonly Grant[];
  /** Id of the minter, who may revoke the token. */
  mintedBy: string;
  /** At most four hours. */
  ttlMs: number;
  /** From when they join, the room transcribes only those who consent. */
  requireConsent?: true;
}

/** Issuer and audience of room tokens. */
const ROOM_TOKEN_ISSUER = 'parley';
/** Header type: no token of an identity provider has it, so neither can be taken for the other. */
export const ROOM_TOKEN_TYPE = 'parley-room+jwt';
export const LONGEST_ROOM_TOKEN_MS = 4 * 3_600_000;

const ALGORITHM = 'ES256';
const ROTATE_MS = 30 * 24 * 3_600_000;
/** Kept until the last token that it signed has expired. */
const KEEP_MS = ROTATE_MS + LONGEST_ROOM_TOKEN_MS + 3_600_000;

const claimsSchema = z.object({
  sub: z.string().min(1).max(256),
  name: z.string(),
  room: roomNameSchema,
  grants: z.array(z.enum(GRANTS)).min(1),
  requireConsent: z.literal(true).optional(),
  iat: z.number(),
  exp: z.number(),
  jti: z.string(),
  mintedBy: z.string().optional(),
  mintedAtMs: z.number().optional(),
});

/** Issues and verifies tokens for one room, with its own keys, which are rotated every thirty days. */
export class RoomTokenIssuer {
  readonly #options: RoomTokenIssuerOptions;
  readonly #now: () => number;
  /** The newest first. */
  #keys: readonly SigningKey[];
  #rotating: Promise<void> | undefined;

  private constructor(options: RoomTokenIssuerOptions, keys: readonly SigningKey[]) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#keys = keys;
  }

  /** @throws if the stored keys cannot be read; they are not discarded then */
  static async create(options: RoomTokenIssuerOptions): Promise<RoomTokenIssuer> {
    const issuer = new RoomTokenIssuer(options, await options.keys.list());
    await issuer.#rotate();
    return issuer;
  }

  /** The public keys for verifying room tokens elsewhere (RFC 7517). */
  jwks(): JSONWebKeySet {
    return { keys: this.#keys.map(({ kid, key }) => ({ ...publicHalf(key), kid, alg: ALGORITHM, use: 'sig' })) };
  }

  async mint(guest: RoomGuest): Promise<{ token: string; id: string; expiresAtMs: number; subject: string }> {
    await this.#rotate();
    const [newest] = this.#keys;
    if (newest === undefined) throw new ParleyError('INTERNAL');
    const { displayName, room, grants, requireConsent, mintedBy, subject = randomUUID() } = guest;
    const id = randomUUID();
    const mintedAtMs = this.#now();
    const issuedAtS = Math.floor(mintedAtMs / 1_000);
    const expiresAtS = issuedAtS + Math.floor(Math.min(guest.ttlMs, LONGEST_ROOM_TOKEN_MS) / 1_000);
    const token = await new SignJWT({
      name: displayName,
      room,
      grants: [...grants],
      requireConsent,
      mintedBy,
      mintedAtMs,
    })
      .setProtectedHeader({ alg: ALGORITHM, kid: newest.kid, typ: ROOM_TOKEN_TYPE })
      .setIssuer(ROOM_TOKEN_ISSUER)
      .setAudience(ROOM_TOKEN_ISSUER)
      .setSubject(subject)
      .setJti(id)
      .setIssuedAt(issuedAtS)
      .setExpirationTime(expiresAtS)
      .sign(await importJWK(newest.key, ALGORITHM));
    return { token, id, expiresAtMs: expiresAtS * 1_000, subject };
  }

  /** @throws ParleyError `UNAUTHENTICATED` */
  async verify(token: string): Promise<Identity> {
    try {
      if (token.length > LIMITS.tokenLength) throw new Error('too long');
      const { payload } = await jwtVerify(token, createLocalJWKSet(this.jwks()), {
        issuer: ROOM_TOKEN_ISSUER,
        audience: ROOM_TOKEN_ISSUER,
        algorithms: [ALGORITHM],
        typ: ROOM_TOKEN_TYPE,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ['exp', 'iat', 'sub'],
        currentDate: new Date(this.#now()),
      });
      const { sub, name, room, grants, requireConsent, iat, exp, jti, mintedBy, mintedAtMs } =
        claimsSchema.parse(payload);
      return {
        issuer: ROOM_TOKEN_ISSUER,
        subject: sub,
        displayName: cleanName(name) || 'Guest',
        nameSource: 'vouched',
        roles: [],
        room: { name: room, grants, ...(requireConsent === undefined ? {} : { requireConsent }) },
        ...(mintedBy === undefined ? {} : { roomToken: { id: jti, mintedBy } }),
        // In whole seconds, a token made right after all others were revoked would count as one of them.
        issuedAtMs: mintedAtMs ?? iat * 1_000,
        expiresAtMs: exp * 1_000,
      };
    } catch (error) {
      this.#options.onRefused?.(error instanceof Error ? error.name : 'unknown');
      throw new ParleyError('UNAUTHENTICATED');
    }
  }

  #rotate(): Promise<void> {
    const [newest] = this.#keys;
    if (newest !== undefined && this.#now() - newest.createdAtMs < ROTATE_MS) return Promise.resolve();
    this.#rotating ??= this.#addKey().finally(() => {
      this.#rotating = undefined;
    });
    return this.#rotating;
  }

  async #addKey(): Promise<void> {
    const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
    const key = await exportJWK(privateKey);
    const created = { kid: await calculateJwkThumbprint(publicHalf(key)), createdAtMs: this.#now(), key };
    const dropUntilMs = this.#now() - KEEP_MS;
    this.#keys = [created, ...this.#keys.filter(({ createdAtMs }) => createdAtMs > dropUntilMs)];
    await this.#options.keys.add(created, { dropUntilMs });
  }
}

function publicHalf({ kty, crv, x, y }: JWK): JWK {
  return { kty, crv, x, y } as JWK;
}

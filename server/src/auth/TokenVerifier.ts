import { LIMITS, ParleyError } from '@parley/client-sdk/protocol';
import { type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { type Identity, ROLES, type Role } from './Authenticator.js';

export interface TokenVerifierOptions {
  /** Exactly as it stands in tokens. */
  issuer: string;
  /** What tokens must be meant for. */
  audience: string;
  /** Keys of this issuer and of nobody else. */
  keyFor: JWTVerifyGetKey;
  /** Whether there are keys to verify with. Default: always. */
  ready?: () => boolean;
  /** Client whose roles count beside those of the realm. */
  clientId?: string;
  /** What the issuer calls each role. Default: as we do. Of a role with several names, one is enough; one without names nobody has. */
  roleNames?: Readonly<Record<Role, readonly string[]>>;
  /** Why a token was refused, for the log; never the token. */
  onRefused?: (reason: string) => void;
  /** A token that holds otherwise was made so long after now: one of the two clocks is off. */
  onClockOff?: (aheadMs: number) => void;
  /** Unix time. */
  now?: () => number;
}

/** Asymmetric ones alone: with a shared secret whoever verifies could also sign. */
const ALGORITHMS = ['RS256', 'ES256', 'PS256'];
export const CLOCK_TOLERANCE_S = 10;
const LONGEST_LIFE_S = 24 * 3_600;
const NAMELESS = 'Participant';

/** What was verified, and what it says of the client that it was made for. */
export interface VerifiedToken {
  identity: Identity;
  /** `azp`. */
  clientId: string | undefined;
  /** The client whose own account this is, where it is nobody's sign-in. */
  serviceAccountOf: string | undefined;
}

/**
 * Access tokens of one issuer (RFC 9068 and RFC 8725): algorithm allow-list, exact issuer, audience, kind, required claims, bounded life.
 * Everybody is refused with the same words; why stands in the log.
 */
export class TokenVerifier {
  readonly #options: TokenVerifierOptions;

  constructor(options: TokenVerifierOptions) {
    this.#options = options;
  }

  /** @throws ParleyError `UNAUTHENTICATED`; `IDENTITY_UNAVAILABLE` while there are no keys to verify with */
  async verify(token: string): Promise<VerifiedToken> {
    const { issuer, audience, keyFor, ready, onRefused, onClockOff, now = Date.now } = this.#options;
    try {
      if (token.length > LIMITS.tokenLength) throw new Error('too long');
      const { payload, protectedHeader } = await jwtVerify(token, keyFor, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ['exp', 'iat', 'sub'],
        currentDate: new Date(now()),
      });
      assertAccessToken(payload, protectedHeader.typ);
      const aheadMs = (payload.iat ?? 0) * 1_000 - now();
      if (aheadMs > CLOCK_TOLERANCE_S * 1_000) {
        onClockOff?.(aheadMs);
        throw new Error('issued in the future');
      }
      const clientId = textOf(payload.azp);
      return { identity: this.#identityOf(payload), clientId, serviceAccountOf: serviceAccountOf(payload, clientId) };
    } catch (error) {
      onRefused?.(error instanceof Error ? error.message : 'unknown');
      throw new ParleyError(ready?.() === false ? 'IDENTITY_UNAVAILABLE' : 'UNAUTHENTICATED');
    }
  }

  #identityOf(payload: JWTPayload): Identity {
    const { sub = '', iss = '', exp = 0, iat = 0 } = payload;
    const sessionId = textOf(payload.sid);
    return {
      issuer: iss,
      subject: sub,
      displayName: displayNameOf(payload),
      roles: this.#rolesOf(payload),
      ...(sessionId === undefined ? {} : { sessionId }),
      issuedAtMs: iat * 1_000,
      expiresAtMs: exp * 1_000,
    };
  }

  #rolesOf(payload: JWTPayload): Role[] {
    const { clientId, roleNames } = this.#options;
    const ofClient = clientId === undefined ? undefined : recordOf(recordOf(payload.resource_access)?.[clientId]);
    const named = [recordOf(payload.realm_access)?.roles, ofClient?.roles].flatMap((roles) =>
      Array.isArray(roles) ? (roles as unknown[]) : [],
    );
    return ROLES.filter((role) => (roleNames?.[role] ?? [role]).some((name) => named.includes(name)));
  }
}

/** An ID token or a refresh token of the same issuer and for the same audience is no right to come in. */
function assertAccessToken(payload: JWTPayload, headerType: string | undefined): void {
  if (headerType !== undefined && !['jwt', 'at+jwt', 'application/at+jwt'].includes(headerType.toLowerCase())) {
    throw new Error('a header of another kind of token');
  }
  // Keycloak's own claim; others say it in the header.
  const kind = payload.typ;
  if (kind === undefined ? !headerType?.toLowerCase().includes('at+jwt') : kind !== 'Bearer') {
    throw new Error('no access token');
  }
  const { exp = 0, iat = 0 } = payload;
  if (exp - iat > LONGEST_LIFE_S) throw new Error('a life of more than a day');
}

/**
 * Keycloak marks the tokens of a client's own account by `client_id` and by the name of its user. `azp` alone is also in the token of
 * every person who signed in by that client.
 */
function serviceAccountOf(payload: JWTPayload, clientId: string | undefined): string | undefined {
  if (clientId === undefined || payload.sid !== undefined) return undefined;
  const marked =
    payload.client_id === clientId || payload.preferred_username === `service-account-${clientId.toLowerCase()}`;
  return marked ? clientId : undefined;
}

/** A name for a caption: one line, no characters that turn text around, not too long. */
function displayNameOf(payload: JWTPayload): string {
  for (const claim of [payload.name, payload.preferred_username]) {
    const name = cleanName(textOf(claim) ?? '');
    if (name !== '') return name;
  }
  return NAMELESS;
}

export function cleanName(name: string): string {
  const clean = name
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
  let cut = '';
  for (const character of clean) {
    if (cut.length + character.length > LIMITS.displayNameLength) break;
    cut += character;
  }
  return cut.trim();
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function recordOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

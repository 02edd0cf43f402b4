import { LIMITS, ParleyError } from '@parley/client-sdk/protocol';
import { honestName } from '@parley/client-sdk/protocol/schema';
import { type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { type Identity, ROLES, type Role } from './Authenticator.js';
import { shortName } from './shortName.js';

export interface TokenVerifierOptions {
  /** Must match the tokens exactly. */
  issuer: string;
  /** Required audience of tokens. */
  audience: string;
  /** Keys of this issuer only. */
  keyFor: JWTVerifyGetKey;
  /** Whether there are keys to verify with. Default: always. */
  ready?: () => boolean;
  /** Client whose roles count in addition to the realm's. */
  clientId?: string;
  /** The issuer's names for each role. Default: our own. One of several names is enough; no one has a role without names. */
  roleNames?: Readonly<Record<Role, readonly string[]>>;
  /** Called with the reason a token was refused, for the log; never with the token. */
  onRefused?: (reason: string) => void;
  /** An otherwise valid token was issued this far in the future: one of the two clocks is wrong. */
  onClockOff?: (aheadMs: number) => void;
  /** Unix time. */
  now?: () => number;
}

/** Only asymmetric ones: with a shared secret, every verifier could also sign. */
const ALGORITHMS = ['RS256', 'ES256', 'PS256'];
export const CLOCK_TOLERANCE_S = 10;
const LONGEST_LIFE_S = 24 * 3_600;
const NAMELESS = 'Participant';

/** What was verified, and the client that the token was issued for. */
export interface VerifiedToken {
  identity: Identity;
  /** `azp`. */
  clientId: string | undefined;
  /** The client whose own account this is, if it is not a person's. */
  serviceAccountOf: string | undefined;
}

/**
 * Verifies access tokens of one issuer (RFC 9068 and RFC 8725): algorithm allow-list, exact issuer, audience, type, required claims,
 * bounded lifetime. Every refusal has the same message; the reason is in the log.
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
    const accountName = cleanName(textOf(payload.preferred_username) ?? '');
    return {
      issuer: iss,
      subject: sub,
      displayName: displayNameOf(payload),
      nameSource: 'signedIn',
      ...(accountName === '' ? {} : { accountName }),
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

/** An ID token or refresh token of the same issuer and audience gives no access. */
function assertAccessToken(payload: JWTPayload, headerType: string | undefined): void {
  if (headerType !== undefined && !['jwt', 'at+jwt', 'application/at+jwt'].includes(headerType.toLowerCase())) {
    throw new Error('wrong token type in the header');
  }
  // Keycloak's own claim; others put it in the header.
  const kind = payload.typ;
  if (kind === undefined ? !headerType?.toLowerCase().includes('at+jwt') : kind !== 'Bearer') {
    throw new Error('not an access token');
  }
  const { exp = 0, iat = 0 } = payload;
  if (exp - iat > LONGEST_LIFE_S) throw new Error('lifetime over a day');
}

/**
 * Keycloak marks the tokens of a client's own account by `client_id` and by the name of its user. `azp` alone is not enough: it is also in
 * the tokens of people who signed in through that client.
 */
function serviceAccountOf(payload: JWTPayload, clientId: string | undefined): string | undefined {
  if (clientId === undefined || payload.sid !== undefined) return undefined;
  const marked =
    payload.client_id === clientId || payload.preferred_username === `service-account-${clientId.toLowerCase()}`;
  return marked ? clientId : undefined;
}

/** A name for captions: one line, limited length, no bidirectional control characters. */
function displayNameOf(payload: JWTPayload): string {
  for (const claim of [payload.name, payload.preferred_username]) {
    const name = cleanName(textOf(claim) ?? '');
    if (name !== '') return name;
  }
  return NAMELESS;
}

export function cleanName(name: string): string {
  return shortName(honestName(name), LIMITS.displayNameLength);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function recordOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

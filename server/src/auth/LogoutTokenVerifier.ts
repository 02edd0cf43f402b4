import { type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { CLOCK_TOLERANCE_S } from './TokenVerifier.js';

export interface LogoutTokenVerifierOptions {
  issuer: string;
  /** The client with which people signed in: the audience of logout tokens. */
  clientId: string;
  keyFor: JWTVerifyGetKey;
  /** Unix time. */
  now?: () => number;
}

const ALGORITHMS = ['RS256', 'ES256', 'PS256'];
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** Maximum lifetime: a logout token is used at once or never. */
const LONGEST_LIFE_S = 120;
const MOST_REMEMBERED = 10_000;

/**
 * Verifies notices of the identity provider about ended sign-ins: OpenID Connect Back-Channel Logout 1.0 section 2.6, and Keycloak's
 * push-not-before. Each token is accepted once.
 */
export class LogoutTokenVerifier {
  readonly #options: LogoutTokenVerifierOptions;
  /** `jti` of used tokens, with the Unix time in seconds until which they would be valid. */
  readonly #used = new Map<string, number>();

  constructor(options: LogoutTokenVerifierOptions) {
    this.#options = options;
  }

  /** @throws Error with the reason, for the log */
  async verifyLogout(token: string): Promise<{ subject?: string; sessionId?: string }> {
    const { issuer, clientId } = this.#options;
    const { payload, typ } = await this.#verified(token, { issuer, audience: clientId });
    if (typ !== undefined && !['logout+jwt', 'jwt'].includes(typ.toLowerCase())) throw new Error('wrong token type');
    const events = payload.events as Record<string, unknown> | undefined;
    if (typeof events !== 'object' || events === null || !Object.hasOwn(events, LOGOUT_EVENT)) {
      throw new Error('no logout event');
    }
    if ('nonce' in payload) throw new Error('has a nonce, so it is an ID token');
    const { sub, sid, jti, iat = 0, exp = iat + LONGEST_LIFE_S } = payload;
    if (exp - iat > LONGEST_LIFE_S) throw new Error('lifetime over two minutes');
    if (exp + CLOCK_TOLERANCE_S < this.#nowS()) throw new Error('expired');
    this.#useOnce(jti, exp);
    if (typeof sid === 'string') return { sessionId: sid, ...(sub === undefined ? {} : { subject: sub }) };
    if (sub === undefined) throw new Error('neither sub nor sid');
    return { subject: sub };
  }

  /** @throws Error with the reason, for the log */
  async verifyNotBefore(token: string): Promise<{ notBeforeMs: number }> {
    const { payload } = await this.#verified(token, {});
    const { action, resource, notBefore, expiration, id } = payload;
    if (action !== 'PUSH_NOT_BEFORE') throw new Error('unknown action');
    if (resource !== this.#options.clientId) throw new Error('for another client');
    if (typeof expiration !== 'number' || expiration + CLOCK_TOLERANCE_S < this.#nowS()) throw new Error('expired');
    if (typeof notBefore !== 'number') throw new Error('no notBefore');
    this.#useOnce(typeof id === 'string' ? id : undefined, expiration);
    return { notBeforeMs: notBefore * 1_000 };
  }

  async #verified(
    token: string,
    claims: { issuer?: string; audience?: string },
  ): Promise<{ payload: JWTPayload; typ: string | undefined }> {
    const { payload, protectedHeader } = await jwtVerify(token, this.#options.keyFor, {
      ...claims,
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_TOLERANCE_S,
      ...(claims.issuer === undefined ? {} : { requiredClaims: ['iat', 'jti'] }),
      currentDate: new Date(this.#nowS() * 1_000),
    });
    return { payload, typ: protectedHeader.typ };
  }

  #useOnce(id: string | undefined, untilS: number): void {
    if (id === undefined) throw new Error('no id');
    const nowS = this.#nowS();
    for (const [old, until] of this.#used) if (until + CLOCK_TOLERANCE_S < nowS) this.#used.delete(old);
    if (this.#used.has(id)) throw new Error('used before');
    if (this.#used.size >= MOST_REMEMBERED) this.#used.delete(this.#used.keys().next().value ?? '');
    this.#used.set(id, untilS);
  }

  #nowS(): number {
    return Math.floor((this.#options.now ?? Date.now)() / 1_000);
  }
}

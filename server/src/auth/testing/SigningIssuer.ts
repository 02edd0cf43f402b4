import {
  type CryptoKey,
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  type JSONWebKeySet,
  type JWK,
  type JWTHeaderParameters,
  type JWTVerifyGetKey,
  SignJWT,
} from 'jose';

export const ISSUER = 'https://id.example/realms/parley';
export const AUDIENCE = 'parley';
/** In whole seconds, as in tokens. */
export const NOW = 1_800_000_000_000;

/** A fake identity provider that signs any claims. */
export class SigningIssuer {
  readonly kid: string;
  readonly publicJwk: JWK;
  readonly #privateKey: CryptoKey;

  private constructor(parts: { kid: string; publicJwk: JWK; privateKey: CryptoKey }) {
    this.kid = parts.kid;
    this.publicJwk = parts.publicJwk;
    this.#privateKey = parts.privateKey;
  }

  static async create(options: { kid?: string } = {}): Promise<SigningIssuer> {
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const kid = options.kid ?? `key-${Math.random().toString(36).slice(2)}`;
    return new SigningIssuer({ kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256' } });
  }

  get jwks(): JSONWebKeySet {
    return { keys: [this.publicJwk] };
  }

  get keyFor(): JWTVerifyGetKey {
    return createLocalJWKSet(this.jwks);
  }

  /** Claims of an access token as issued by Keycloak; undefined removes one. */
  claims(overrides: Record<string, unknown> = {}): Record<string, unknown> {
    const claims: Record<string, unknown> = {
      iss: ISSUER,
      aud: [AUDIENCE, 'account'],
      sub: 'ada',
      typ: 'Bearer',
      iat: NOW / 1_000,
      exp: NOW / 1_000 + 300,
      preferred_username: 'ada',
      ...overrides,
    };
    return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
  }

  sign(overrides: Record<string, unknown> = {}, header: Partial<JWTHeaderParameters> = {}): Promise<string> {
    return new SignJWT(this.claims(overrides))
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: this.kid, ...header })
      .sign(this.#privateKey);
  }
}

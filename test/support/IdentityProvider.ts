import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

const REALM_PATH = '/realms/parley';
const CERTS = `${REALM_PATH}/protocol/openid-connect/certs`;
const INTROSPECT = `${REALM_PATH}/protocol/openid-connect/token/introspect`;
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** Signs what a real identity provider would never sign, at the addresses of Keycloak. */
export class IdentityProvider {
  readonly url: string;
  /** Tokens that introspection calls inactive. */
  readonly inactive = new Set<string>();
  /** Number of requests for the keys. */
  keyRequests = 0;
  readonly #http: Server;
  readonly #key: CryptoKey;

  private constructor(parts: { http: Server; key: CryptoKey; url: string }) {
    this.#http = parts.http;
    this.#key = parts.key;
    this.url = parts.url;
  }

  /**
   * @param options `port`: default any; `url` of another provider: then this one is an impostor, which signs in its name with its own key
   */
  static async start(options: { url?: string; port?: number } = {}): Promise<IdentityProvider> {
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const jwk: JWK = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
    let provider: IdentityProvider | undefined;
    const http = createServer((request, response) => {
      const path = request.url ?? '';
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      request.on('end', () => {
        response.setHeader('content-type', 'application/json');
        if (path === CERTS) {
          if (provider !== undefined) provider.keyRequests += 1;
          response.end(JSON.stringify({ keys: [jwk] }));
        } else if (path === INTROSPECT) {
          const token = new URLSearchParams(body).get('token') ?? '';
          response.end(JSON.stringify({ active: provider?.inactive.has(token) !== true }));
        } else response.writeHead(404).end();
      });
    });
    await new Promise<void>((resolve) => http.listen(options.port ?? 0, '127.0.0.1', resolve));
    const url = options.url ?? `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    provider = new IdentityProvider({ http, key: privateKey, url });
    return provider;
  }

  get issuer(): string {
    return `${this.url}${REALM_PATH}`;
  }

  /** An access token for a user, for five minutes; `claims` override it. */
  token(subject: string, claims: Record<string, unknown> = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    return this.#sign({
      aud: 'parley',
      sub: subject,
      sid: `session of ${subject}`,
      typ: 'Bearer',
      azp: 'parley-web',
      name: subject,
      realm_access: { roles: ['participant'] },
      iat: now,
      exp: now + 300,
      ...claims,
    });
  }

  logoutToken(claims: Record<string, unknown> = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    return this.#sign(
      {
        aud: 'parley-web',
        jti: `${Math.random()}`,
        events: { [LOGOUT_EVENT]: {} },
        iat: now,
        exp: now + 60,
        ...claims,
      },
      'logout+jwt',
    );
  }

  async close(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  #sign(claims: Record<string, unknown>, typ = 'JWT'): Promise<string> {
    return new SignJWT({ iss: this.issuer, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1', typ })
      .sign(this.#key);
  }
}

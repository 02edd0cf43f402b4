import { postForm } from './postForm.js';

/** The administrator's tokens last a minute. */
const TOKEN_FOR_MS = 30_000;
/** Above the keys of a new realm. */
const FIRST_KEY_PRIORITY = 200;

export interface NewUser {
  username: string;
  password: string;
  /** Exactly these, and no default ones; absent: the defaults of new users. */
  roles?: readonly string[];
  firstName?: string;
  lastName?: string;
}

interface Role {
  id: string;
  name: string;
}

interface Component {
  id: string;
  providerId: string;
}

/** The administrator of the realm, through Keycloak's admin API. */
export class KeycloakAdmin {
  readonly #url: string;
  readonly #realm: string;
  readonly #credentials: { username: string; password: string };
  #token: { value: string; until: number } | undefined;
  #keyPriority = FIRST_KEY_PRIORITY;

  constructor(options: { url: string; realm: string; credentials: { username: string; password: string } }) {
    this.#url = options.url;
    this.#realm = options.realm;
    this.#credentials = options.credentials;
  }

  /** @returns the user's id, which is the `sub` of their tokens */
  async createUser({ username, password, roles, firstName = 'Test', lastName = username }: NewUser): Promise<string> {
    const created = await this.#ask('POST', '/users', {
      username,
      firstName,
      lastName,
      // Users without one are asked for it at the first sign-in.
      email: `${username}@example.test`,
      emailVerified: true,
      enabled: true,
      credentials: [{ type: 'password', value: password, temporary: false }],
    });
    const id = created.headers.get('location')?.split('/').at(-1) ?? '';
    if (roles !== undefined) await this.setUserRoles(id, roles);
    return id;
  }

  /** Exactly these realm roles, and no default ones. */
  async setUserRoles(id: string, roles: readonly string[]): Promise<void> {
    const path = `/users/${id}/role-mappings/realm`;
    await this.#ask('DELETE', path, await this.#get<Role[]>(path));
    const all = await this.#get<Role[]>('/roles');
    const wanted = roles.map((name) => {
      const role = all.find((candidate) => candidate.name === name);
      if (role === undefined) throw new Error(`The realm has no role ${name}.`);
      return role;
    });
    await this.#ask('POST', path, wanted);
  }

  async disableUser(id: string): Promise<void> {
    await this.#ask('PUT', `/users/${id}`, { enabled: false });
  }

  /** Ends all of a user's sign-ins, with a back-channel logout for each. */
  async logoutUser(id: string): Promise<void> {
    await this.#ask('POST', `/users/${id}/logout`);
  }

  /** Ends one sign-in, with its back-channel logout. */
  async logoutSession(sid: string): Promise<void> {
    await this.#ask('DELETE', `/sessions/${sid}`);
  }

  /**
   * New tokens are signed with a new key from now on.
   * @param options `dropOld`: tokens of the old keys are no longer valid, and the key set does not list them
   */
  async rotateKeys({ dropOld = false }: { dropOld?: boolean } = {}): Promise<void> {
    const { id: realmId } = await this.#get<{ id: string }>('');
    const type = 'org.keycloak.keys.KeyProvider';
    const providers = await this.#get<Component[]>(`/components?type=${type}`);
    this.#keyPriority += 1;
    await this.#ask('POST', '/components', {
      name: `rsa-${this.#keyPriority}`,
      providerId: 'rsa-generated',
      providerType: type,
      parentId: realmId,
      config: {
        priority: [String(this.#keyPriority)],
        enabled: ['true'],
        active: ['true'],
        algorithm: ['RS256'],
        keySize: ['2048'],
      },
    });
    for (const { id, providerId } of dropOld ? providers : [])
      if (providerId === 'rsa-generated') await this.#ask('DELETE', `/components/${id}`);
  }

  /**
   * Earlier tokens are no longer valid; adapters with an address are notified.
   * @param notBefore Unix time in seconds; default: now
   * @returns the addresses that were notified, and those that could not be
   */
  async pushNotBefore(notBefore = Math.floor(Date.now() / 1_000)): Promise<{ told: string[]; failed: string[] }> {
    await this.#ask('PUT', '', { realm: this.#realm, notBefore });
    const answer = await this.#ask('POST', '/push-revocation');
    const { successRequests, failedRequests } = (await answer.json()) as {
      successRequests?: string[];
      failedRequests?: string[];
    };
    return { told: successRequests ?? [], failed: failedRequests ?? [] };
  }

  /** For access tokens made from now on; the realm's file says 300. */
  async setAccessTokenLifespan(seconds: number): Promise<void> {
    await this.#ask('PUT', '', { realm: this.#realm, accessTokenLifespan: seconds });
  }

  /** @param client as Keycloak imports it */
  async createClient(client: object): Promise<void> {
    await this.#ask('POST', '/clients', client);
  }

  async setClientSecret({ secret, clientId = 'parley-service' }: { secret: string; clientId?: string }): Promise<void> {
    await this.#ask('PUT', `/clients/${await this.#clientId(clientId)}`, { clientId, secret });
  }

  /** As created by Keycloak, or as set. */
  async clientSecret(clientId = 'parley-service'): Promise<string> {
    const { value } = await this.#get<{ value: string }>(`/clients/${await this.#clientId(clientId)}/client-secret`);
    return value;
  }

  /** Any other request to the admin API. @param path below the realm's, e.g. `/users?max=5` */
  async get(path: string): Promise<unknown> {
    return this.#get(path);
  }

  async #clientId(clientId: string): Promise<string> {
    const [client] = await this.#get<{ id: string }[]>(`/clients?clientId=${encodeURIComponent(clientId)}`);
    if (client === undefined) throw new Error(`The realm has no client ${clientId}.`);
    return client.id;
  }

  async #get<T>(path: string): Promise<T> {
    return (await (await this.#ask('GET', path)).json()) as T;
  }

  async #ask(method: string, path: string, body?: unknown): Promise<Response> {
    const answer = await fetch(`${this.#url}/admin/realms/${this.#realm}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await this.#bearer()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    if (!answer.ok)
      throw new Error(
        `${method} ${path || '/'} was answered with ${answer.status}: ${(await answer.text()).slice(0, 500)}`,
      );
    return answer;
  }

  async #bearer(): Promise<string> {
    if (this.#token === undefined || this.#token.until < performance.now()) {
      const answer = (await postForm(`${this.#url}/realms/master/protocol/openid-connect/token`, {
        grant_type: 'password',
        client_id: 'admin-cli',
        ...this.#credentials,
      })) as { access_token: string };
      this.#token = { value: answer.access_token, until: performance.now() + TOKEN_FOR_MS };
    }
    return this.#token.value;
  }
}

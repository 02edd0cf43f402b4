import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureDevelopmentCertificate } from '../../certs/generate.mjs';
import { KEYCLOAK_START_TIMEOUT_MS, KeycloakServer, keycloakAvailable } from '../support/KeycloakServer.js';
import { postForm } from '../support/postForm.js';

interface Claims {
  iss: string;
  sub: string;
  azp: string;
  typ: string;
  aud: string | string[];
  sid?: string;
  iat: number;
  exp: number;
  name?: string;
  realm_access?: { roles: string[] };
}

const PASSWORD = 'correct horse battery';
const SECRET = 'a-secret-of-this-test';

let folder: string | undefined;
let listener: Listener;
let keycloak: KeycloakServer;

/** What Keycloak posts to a server of ours, with a development certificate. */
class Listener {
  readonly received: { path: string; type: string; body: string }[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      request.on('end', () => {
        this.received.push({ path: request.url ?? '', type: request.headers['content-type'] ?? '', body });
        response.writeHead(200).end();
      });
    });
  }

  static async create({ certPath, keyPath }: { certPath: string; keyPath: string }): Promise<Listener> {
    const server = createServer({ cert: readFileSync(certPath), key: readFileSync(keyPath) });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Listener(server);
  }

  get origin(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  at(path: string) {
    return this.received.filter((post) => post.path === path);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function decode(token = ''): { header: { kid: string; alg: string }; claims: Claims } {
  const [header, claims] = token.split('.').slice(0, 2).map(decodePart);
  return { header, claims };
}

function decodePart(part: string) {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}

async function keyIds(): Promise<string[]> {
  const answer = await fetch(`${keycloak.issuer}/protocol/openid-connect/certs`);
  const { keys } = (await answer.json()) as { keys: { kid: string; use: string }[] };
  return keys.filter(({ use }) => use === 'sig').map(({ kid }) => kid);
}

function introspect(token: string): Promise<unknown> {
  return postForm(`${keycloak.issuer}/protocol/openid-connect/token/introspect`, {
    client_id: 'parley-service',
    client_secret: SECRET,
    token,
  });
}

describe.skipIf(!keycloakAvailable)('a real Keycloak with the realm that is shipped', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'parley-keycloak-test-'));
    const certificate = await ensureDevelopmentCertificate({ dir: join(folder, 'tls'), addresses: [] });
    listener = await Listener.create(certificate);
    keycloak = await KeycloakServer.start({
      caFile: certificate.caPath,
      backchannelUrl: `${listener.origin}/auth/backchannel-logout`,
      redirectOrigin: listener.origin,
    });
  }, KEYCLOAK_START_TIMEOUT_MS);
  afterAll(async () => {
    await keycloak?.close();
    await listener?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  test('has the roles and clients, no people, and a service secret that it has made itself', async () => {
    const answer = await fetch(`${keycloak.issuer}/.well-known/openid-configuration`);
    expect(await answer.json()).toMatchObject({ issuer: keycloak.issuer, backchannel_logout_supported: true });
    const roles = (await keycloak.admin.get('/roles')) as { name: string }[];
    expect(roles.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['participant', 'moderator', 'archivist', 'admin']),
    );
    expect(await keycloak.admin.get('/users')).toEqual([]);
    expect(await keycloak.admin.clientSecret()).toMatch(/^\S{16,}$/);
  });

  test('is shipped with the addresses of a server as npm start makes it', () => {
    const file = new URL('../../server/keycloak/parley-realm.json', import.meta.url);
    const { clients } = JSON.parse(readFileSync(file, 'utf8')) as { clients: Record<string, unknown>[] };
    expect(clients.find(({ clientId }) => clientId === 'parley-web')).toMatchObject({
      redirectUris: expect.arrayContaining(['https://localhost:8443/*', 'https://127.0.0.1:8443/*']),
      adminUrl: 'https://localhost:8443/auth',
      attributes: { 'backchannel.logout.url': 'https://localhost:8443/auth/backchannel-logout' },
    });
  });

  test('lets nobody begin to sign in without PKCE, or for an address that is not ours', async () => {
    const begin = (query: Record<string, string>) => {
      const always = { client_id: 'parley-web', response_type: 'code', scope: 'openid' };
      const asked = new URLSearchParams({ ...always, ...query });
      return fetch(`${keycloak.issuer}/protocol/openid-connect/auth?${asked}`, { redirect: 'manual' });
    };
    const ours = `${listener.origin}/`;
    const pkce = { code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' };
    const refused = await begin({ redirect_uri: ours });
    expect(new URL(refused.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_request');
    expect((await begin({ redirect_uri: 'https://elsewhere.test/', ...pkce })).status).toBe(400);
    expect((await begin({ redirect_uri: ours, ...pkce })).status).toBe(200);
  });

  test("gives a person's access token our audience, their roles, their sign-in and five minutes", async () => {
    const id = await keycloak.admin.createUser({
      username: 'ada',
      password: PASSWORD,
      roles: ['moderator', 'archivist'],
      firstName: 'Ada',
      lastName: 'Lovelace',
    });
    const { accessToken, idToken } = await keycloak.passwordToken({ username: 'ada', password: PASSWORD });
    const { header, claims } = decode(accessToken);
    expect(header.alg).toBe('RS256');
    expect(claims).toMatchObject({
      iss: keycloak.issuer,
      sub: id,
      azp: 'parley-web',
      typ: 'Bearer',
      aud: 'parley',
      sid: expect.stringMatching(/\S/),
      name: 'Ada Lovelace',
    });
    expect(claims.realm_access?.roles.toSorted()).toEqual(['archivist', 'moderator']);
    expect(claims.exp - claims.iat).toBe(300);

    const other = decode(idToken).claims;
    expect(other).toMatchObject({ typ: 'ID', aud: 'parley-web', sub: id, sid: claims.sid });
    expect(other.realm_access).toBeUndefined();
  });

  test('makes new people participants, and nothing more', async () => {
    await keycloak.admin.createUser({ username: 'new', password: PASSWORD });
    const { accessToken } = await keycloak.passwordToken({ username: 'new', password: PASSWORD });
    expect(decode(accessToken).claims.realm_access?.roles).toEqual(['participant']);
  });

  test('H8 lets nobody change the name that others see', async () => {
    const person = { username: 'mallory', password: PASSWORD, firstName: 'Mallory', lastName: 'Mole' };
    await keycloak.admin.createUser(person);
    const { accessToken } = await keycloak.passwordToken(person);
    const answer = await fetch(`${keycloak.issuer}/account`, {
      method: 'POST',
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'mallory', firstName: 'Ada', lastName: 'Lovelace' }),
    });
    expect([401, 403]).toContain(answer.status);
    const { claims } = decode((await keycloak.passwordToken(person)).accessToken);
    expect(claims.name).toBe('Mallory Mole');
  });

  test('gives the service account a token with our audience, and no role', async () => {
    await keycloak.admin.setClientSecret({ secret: SECRET });
    const { accessToken, idToken } = await keycloak.clientCredentialsToken({ secret: SECRET });
    const { claims } = decode(accessToken);
    expect(claims).toMatchObject({
      typ: 'Bearer',
      aud: 'parley',
      azp: 'parley-service',
      preferred_username: 'service-account-parley-service',
    });
    expect(claims.sid).toBeUndefined();
    expect(claims.realm_access).toBeUndefined();
    expect(claims.exp - claims.iat).toBe(300);
    expect(idToken).toBeUndefined();
    await expect(keycloak.clientCredentialsToken({ secret: 'another' })).rejects.toThrow('401');
  });

  test('lets the service ask whether a token still holds, which ends when the user is disabled', async () => {
    await keycloak.admin.setClientSecret({ secret: SECRET });
    const id = await keycloak.admin.createUser({ username: 'gone', password: PASSWORD, roles: ['participant'] });
    const { accessToken } = await keycloak.passwordToken({ username: 'gone', password: PASSWORD });
    expect(await introspect(accessToken)).toMatchObject({ active: true, sub: id });
    await keycloak.admin.disableUser(id);
    expect(await introspect(accessToken)).toEqual({ active: false });
    await expect(keycloak.passwordToken({ username: 'gone', password: PASSWORD })).rejects.toThrow('Account disabled');
  });

  test('posts a logout token within 5 s of an administrator ending a sign-in', async () => {
    const id = await keycloak.admin.createUser({ username: 'left', password: PASSWORD, roles: ['participant'] });
    const { accessToken } = await keycloak.passwordToken({ username: 'left', password: PASSWORD });
    const { sid } = decode(accessToken).claims;
    const before = listener.at('/auth/backchannel-logout').length;
    await keycloak.admin.logoutUser(id);
    const posts = () => listener.at('/auth/backchannel-logout').slice(before);
    await expect.poll(posts, { timeout: 5_000 }).toHaveLength(1);
    const [post] = posts();
    expect(post?.type).toMatch(/^application\/x-www-form-urlencoded/);
    const { claims } = decode(new URLSearchParams(post?.body).get('logout_token') ?? undefined);
    expect(claims).toMatchObject({
      iss: keycloak.issuer,
      aud: 'parley-web',
      typ: 'Logout',
      sub: id,
      sid,
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    });
  });

  test('lists a new key after a rotation and signs with it, and forgets the old one when told so', async () => {
    await keycloak.admin.createUser({ username: 'keys', password: PASSWORD, roles: ['participant'] });
    const sign = async () =>
      decode((await keycloak.passwordToken({ username: 'keys', password: PASSWORD })).accessToken).header.kid;
    const old = await sign();
    expect(await keyIds()).toEqual([old]);
    await keycloak.admin.rotateKeys();
    const next = await sign();
    expect(next).not.toBe(old);
    expect((await keyIds()).toSorted()).toEqual([old, next].toSorted());
    await keycloak.admin.rotateKeys({ dropOld: true });
    expect(await keyIds()).toEqual([await sign()]);
  });

  test('pushes to the address of the page that tokens from before do not hold any more', async () => {
    const { told, failed } = await keycloak.admin.pushNotBefore();
    expect({ told, failed }).toEqual({ told: [`${listener.origin}/auth`], failed: [] });
    expect(listener.at('/auth/k_push_not_before')).toHaveLength(1);
  });
});

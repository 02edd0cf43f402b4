import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { resourcesOf } from '@parley/server/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { httpsDelete, httpsGet, httpsPost } from '../support/httpsGet.js';
import type { SocketClient } from '../support/SocketClient.js';
import { TestServer } from '../support/TestServer.js';

const CLI = fileURLToPath(new URL('../../server/dist/cli/main.js', import.meta.url));
const ONE_SECOND_MS = 1_000;

interface Minted {
  token: string;
  id: string;
}

let dataDir: string;
let server: TestServer;
let school: { id: string; secret: string };
let shop: { id: string; secret: string };
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'parley-revoked-'));
  server = await TestServer.start({ dataDir, meetingEndDelayMs: 50 });
  school = await createKey('school');
  shop = await createKey('shop');
}, 60_000);
afterEach(() => server.disconnectAll());
afterAll(async () => {
  await server?.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function parley(...args: string[]): Promise<string> {
  const env = { ...process.env, PARLEY_DATA: dataDir, NO_COLOR: '1' };
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'keys', ...args], { env });
  return stdout;
}

async function createKey(name: string): Promise<{ id: string; secret: string }> {
  const [secret = ''] = /pk_\S+/.exec(await parley('create', name, '--rooms', 'visit', '--days', '1')) ?? [];
  return { id: secret.split('_')[1] ?? '', secret };
}

async function mint({ secret }: { secret: string }): Promise<Minted> {
  const { status, body } = await httpsPost(`${server.url}/api/rooms/visit/tokens`, {
    body: JSON.stringify({ name: 'Zoë' }),
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
  });
  expect(status).toBe(201);
  return JSON.parse(body) as Minted;
}

async function revoke({ secret }: { secret: string }, id?: string): Promise<unknown> {
  const path = id === undefined ? '/api/tokens' : `/api/tokens/${id}`;
  const { status, body } = await httpsDelete(`${server.url}${path}`, { authorization: `Bearer ${secret}` });
  expect(status).toBe(200);
  return JSON.parse(body);
}

const enter = ({ token }: Minted): Promise<SocketClient> => server.joined('visit', { kind: 'token', token });
const connecting = ({ token }: Minted) => server.client({ kind: 'token', token }).connect();
const ledgerStatus = async ({ token }: Minted) =>
  (await httpsGet(`${server.url}/api/rooms/visit/ledger`, { authorization: `Bearer ${token}` })).status;

/** @returns how long it took until the connection was closed from the other side */
async function endOf(client: SocketClient): Promise<number> {
  const startedAtMs = performance.now();
  await expect.poll(() => client.closed, { interval: 5, timeout: 10_000 }).toBe(true);
  expect(client.farewell).toBe('SIGNED_OUT');
  return performance.now() - startedAtMs;
}

describe('over HTTP', () => {
  test('H20 one token: its connections and their media end within a second, it is refused, and others of the key go on', async () => {
    const [one, other] = [await mint(school), await mint(school)];
    const [client, neighbour] = [await enter(one), await enter(other)];
    await client.openTransports();
    await expect.poll(async () => (await resourcesOf(server.server)).transports).toBe(2);
    expect(await revoke(school, one.id)).toEqual({ connections: 1 });
    expect(await endOf(client)).toBeLessThan(ONE_SECOND_MS);
    expect((await resourcesOf(server.server)).transports).toBe(0);
    expect(await connecting(one)).toBe('SIGNED_OUT');
    expect(await neighbour.codeOf('refreshToken', { token: one.token })).not.toBe('ok');
    expect([await ledgerStatus(one), await ledgerStatus(other)]).toEqual([401, 200]);
    expect([neighbour.closed, await connecting(other)]).toEqual([false, 'connected']);
    expect(await revoke(school, one.id)).toEqual({ connections: 0 });
  });

  test('H20 all tokens of a key: their connections end within a second, and tokens that it makes afterwards are valid', async () => {
    const [one, other, foreign] = [await mint(school), await mint(school), await mint(shop)];
    const clients = [await enter(one), await enter(other)];
    const bystander = await enter(foreign);
    expect(await revoke(school)).toEqual({ connections: 2 });
    const next = await mint(school);
    for (const client of clients) expect(await endOf(client)).toBeLessThan(ONE_SECOND_MS);
    expect([await connecting(one), await connecting(other)]).toEqual(['SIGNED_OUT', 'SIGNED_OUT']);
    expect([await connecting(next), bystander.closed]).toEqual(['connected', false]);
  });

  test('H20 a key revokes no tokens of another key, and a token revokes nothing', async () => {
    const token = await mint(school);
    const client = await enter(token);
    expect(await revoke(shop, token.id)).toEqual({ connections: 0 });
    expect(await revoke(shop)).toEqual({ connections: 0 });
    const asItself = { authorization: `Bearer ${token.token}` };
    expect((await httpsDelete(`${server.url}/api/tokens/${token.id}`, asItself)).status).toBe(401);
    expect([client.closed, await connecting(token)]).toEqual([false, 'connected']);
  });
});

describe('over the command line', () => {
  test('H20 one token, or all of a key: connections to the running server end within a second', async () => {
    const [one, other] = [await mint(school), await mint(school)];
    const [client, neighbour] = [await enter(one), await enter(other)];
    expect(await parley('revoke-tokens', school.id, one.id)).toContain('is revoked');
    expect(await endOf(client)).toBeLessThan(ONE_SECOND_MS);
    expect(neighbour.closed).toBe(false);
    expect(await parley('revoke-tokens', school.id)).toContain(`key:${school.id}`);
    expect(await endOf(neighbour)).toBeLessThan(ONE_SECOND_MS);
    expect(await connecting(await mint(school))).toBe('connected');
  });

  test('H20 the key itself: its tokens stay valid unless they are revoked with it', async () => {
    const [keeping, ending] = [await createKey('keeping'), await createKey('ending')];
    const [kept, ended] = [await mint(keeping), await mint(ending)];
    const [client, other] = [await enter(kept), await enter(ended)];
    await parley('revoke', keeping.id);
    await parley('revoke', ending.id, '--tokens');
    expect(await endOf(other)).toBeLessThan(ONE_SECOND_MS);
    expect([client.closed, await connecting(kept)]).toEqual([false, 'connected']);
  });

  test('says what is no id of a token', async () => {
    await expect(parley('revoke-tokens', school.id, 'nonsense')).rejects.toMatchObject({
      stderr: expect.stringContaining('nonsense is not the id of a token'),
    });
  });
});

test('H20 what was revoked is refused after a restart, too, and is in the audit log by ids alone', async () => {
  const [one, other, later] = [await mint(school), await mint(shop), await mint(school)];
  await revoke(school, one.id);
  await revoke(shop);
  await server.close();
  server = await TestServer.start({ dataDir, meetingEndDelayMs: 50 });
  expect([await connecting(one), await connecting(other)]).toEqual(['SIGNED_OUT', 'SIGNED_OUT']);
  expect(await connecting(later)).toBe('connected');
  const audit = await readFile(join(dataDir, 'audit.log'), 'utf8');
  const lines = audit
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  const has = (line: object) => expect(lines).toContainEqual(expect.objectContaining(line));
  has({ event: 'tokenMinted', by: `key:${school.id}`, token: one.id });
  has({ event: 'tokensRevoked', of: `key:${school.id}`, token: one.id, connections: 0 });
  has({ event: 'tokensRevoked', of: `key:${shop.id}`, connections: 0 });
  expect(audit).not.toMatch(/Zoë|eyJ/);
});

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '@parley/server';
import { expect, test } from 'vitest';
import { httpsPost } from '../support/httpsGet.js';
import { IdentityProvider } from '../support/IdentityProvider.js';
import { SocketClient } from '../support/SocketClient.js';

const NAME = 'Wilhelmina Zwirnknopf';

test('no token of any kind, and no name in one, gets into a log: accepted, refused, renewed, taken back or minted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-canary-'));
  const logFile = join(folder, 'server.log');
  const provider = await IdentityProvider.start();
  const server = await startServer({
    settings: {
      port: 0,
      media: { port: 0 },
      model: 'parley-nano',
      dataDir: folder,
      keycloak: { url: provider.url, serviceClientSecret: 'the secret of the service', introspectEveryMs: 5_000 },
      // The most talkative level: what is not in there is nowhere.
      log: { level: 'trace', file: logFile },
    },
  });
  const shown: string[] = [];
  try {
    const tokenOf = async (claims: Record<string, unknown> = {}) => {
      const token = await provider.token('ada', { name: NAME, ...claims });
      shown.push(token);
      return token;
    };
    const enter = async (token: string) => {
      const client = new SocketClient({ url: server.url, credentials: { kind: 'token', token } });
      return { client, outcome: await client.connect() };
    };
    expect((await enter(await tokenOf({ aud: 'another' }))).outcome).toBe('UNAUTHENTICATED');
    expect((await enter(await tokenOf({ iat: Math.floor(Date.now() / 1_000) + 100 }))).outcome).toBe('UNAUTHENTICATED');
    const { client, outcome } = await enter(await tokenOf());
    expect(outcome).toBe('connected');
    await client.join('canary');
    expect(await client.codeOf('refreshToken', { token: await tokenOf() })).toBe('ok');
    expect(await client.codeOf('refreshToken', { token: await tokenOf({ sid: 'another' }) })).toBe('TOKEN_MISMATCH');
    const minted = await httpsPost(`${server.url}/api/rooms/canary/tokens`, {
      body: JSON.stringify({ name: NAME }),
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await tokenOf({ azp: 'parley-service', client_id: 'parley-service', sid: undefined })}`,
      },
    });
    expect(minted.status).toBe(201);
    shown.push((JSON.parse(minted.body) as { token: string }).token);
    const logoutTokens = [
      await provider.logoutToken({ sid: 'session of ada', nonce: 'x' }),
      await provider.logoutToken({ sid: 'session of ada' }),
    ];
    shown.push(...logoutTokens);
    for (const token of logoutTokens) {
      await httpsPost(`${server.url}/auth/backchannel-logout`, {
        body: new URLSearchParams({ logout_token: token }).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
    }
    await expect.poll(() => client.farewell).toBe('SIGNED_OUT');
    await expect.poll(() => client.closed).toBe(true);
  } finally {
    await server.close();
    await provider.close();
  }
  const logs = (
    await Promise.all(
      ['server.log', 'audit.log', 'keys/revocations.jsonl'].map((file) => readFile(join(folder, file), 'utf8')),
    )
  ).join('\n');
  // What should stand there does.
  for (const line of ['"joined"', '"tokenMinted"', 'TOKEN_MISMATCH', 'a token was refused', 'issued in the future']) {
    expect(logs).toContain(line);
  }
  for (const token of shown) {
    for (const part of token.split('.')) if (part.length > 50) expect(logs).not.toContain(part);
  }
  for (const canary of ['eyJ', NAME, 'Zwirnknopf', 'the secret of the service']) expect(logs).not.toContain(canary);
  await rm(folder, { recursive: true, force: true });
}, 60_000);

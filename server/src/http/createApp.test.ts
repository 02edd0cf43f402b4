import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Router } from 'express';
import { afterEach, describe, expect, test } from 'vitest';
import { OriginPolicy } from '../edge/OriginPolicy.js';
import { type AppOptions, createApp } from './createApp.js';
import { metricsRoute } from './metricsRoute.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const metrics = { contentType: 'text/plain; version=0.0.4', text: () => Promise.resolve('parley_open 1\n') };
const token = 'a-token-of-16-and-more';

/** @returns asks the app for a path, under its own name unless another is given */
async function serve(
  options: Partial<AppOptions['metrics']> = {},
  identityRoutes = Router(),
  further: Partial<AppOptions> & { furtherOrigins?: string[] } = {},
) {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const originPolicy = new OriginPolicy({
    ownOrigins: () => [`http://127.0.0.1:${port}`],
    furtherOrigins: further.furtherOrigins ?? [],
  });
  server.on(
    'request',
    createApp({
      originPolicy,
      readiness: () => ({
        ready: true,
        transcription: {
          state: 'ready',
          mode: 'fast',
          model: { name: 'x', demo: false, source: 'packages' },
          engine: { name: 'x', device: 'cpu', deviceName: '' },
        },
      }),
      mode: 'fast',
      identityRoutes,
      roomRoutes: Router(),
      metrics: { metrics, enabled: false, forwarded: false, token: undefined, ...options },
      ...further,
    }),
  );
  return (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    new Promise<{ status: number; type: string; headers: IncomingHttpHeaders; body: string }>((resolve, reject) => {
      const asked = request({ port, host: '127.0.0.1', path, headers, method }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            type: response.headers['content-type'] ?? '',
            headers: response.headers,
            body,
          }),
        );
      });
      asked.on('error', reject);
      asked.end();
    });
}

/** What the route does for a request that comes from somewhere else. */
function ask(options: { remoteAddress: string; headers: Record<string, string> } & Partial<AppOptions['metrics']>) {
  const { remoteAddress, headers, enabled = false, forwarded = false, token: asked } = options;
  const originPolicy = new OriginPolicy({ ownOrigins: () => ['https://captions.example:8443'], furtherOrigins: [] });
  return new Promise<'told' | 'nothing here'>((resolve) => {
    const response = { type: () => response, set: () => response, send: () => resolve('told') };
    metricsRoute({ metrics, enabled, forwarded, token: asked, originPolicy })(
      { socket: { remoteAddress }, headers } as never,
      response as never,
      () => resolve('nothing here'),
    );
  });
}

test('readiness names the model, and where its file came from', async () => {
  const { status, body } = await (await serve())('/readyz');
  expect(status).toBe(200);
  expect(JSON.parse(body)).toMatchObject({ transcription: { model: { name: 'x', demo: false, source: 'packages' } } });
  expect(JSON.parse(body)).not.toHaveProperty('warning');
});

describe('every answer', () => {
  test('forbids what the page does not need', async () => {
    const { headers } = await (await serve())('/healthz');
    const policy = String(headers['content-security-policy']);
    for (const part of ["default-src 'self'", "script-src 'self'", "object-src 'none'", "frame-ancestors 'none'"]) {
      expect(policy).toContain(part);
    }
    expect(policy).not.toContain('unsafe');
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers['strict-transport-security']).toBeUndefined();
  });

  test('lets the page connect to its own server by the name it was called by, to the identity provider, and to nobody else', async () => {
    const policyOf = async (further: Partial<AppOptions> & { furtherOrigins?: string[] }, host?: string) => {
      const get = await serve({}, Router(), further);
      const { headers } = await get('/healthz', host === undefined ? {} : { host });
      return /connect-src ([^;]*)/.exec(String(headers['content-security-policy']))?.[1]?.trim().split(/\s+/);
    };
    const furtherOrigins = ['https://meet.example'];
    expect(await policyOf({ furtherOrigins, identityOrigin: 'https://id.example' }, 'Meet.Example')).toEqual([
      "'self'",
      'wss://meet.example',
      'https://id.example',
    ]);
    expect(await policyOf({ furtherOrigins, withoutTls: true }, 'meet.example')).toEqual([
      "'self'",
      'wss://meet.example',
      'ws://meet.example',
    ]);
    // Anything may stand in the header of a probe.
    expect(new Set(await policyOf({ furtherOrigins }, 'evil.example'))).toEqual(new Set(["'self'"]));
  });

  test('to a page of another origin says whether that page may read it', async () => {
    const origin = 'https://app.example';
    const get = await serve({}, Router(), { furtherOrigins: [origin] });
    const mine = await get('/api/settings', { origin });
    expect(mine.headers).toMatchObject({
      'access-control-allow-origin': origin,
      vary: expect.stringContaining('Origin'),
    });
    expect(mine.headers['access-control-allow-credentials']).toBeUndefined();
    for (const other of ['https://evil.example', 'https://app.example.evil.example', 'null', 'http://app.example']) {
      const { status, headers } = await get('/api/settings', { origin: other });
      expect([status, headers['access-control-allow-origin']], other).toEqual([403, undefined]);
    }
    expect((await get('/api/settings')).headers['access-control-allow-origin']).toBeUndefined();
  });

  test('to a preflight names what a page may send, and only for the origins that may', async () => {
    const origin = 'https://app.example';
    const get = await serve({}, Router(), { furtherOrigins: [origin] });
    const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' };
    const allowed = await get('/api/rooms/daily/tokens', { origin, ...asked }, 'OPTIONS');
    expect(allowed.status).toBe(204);
    expect(allowed.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'Authorization, Content-Type',
    });
    const refused = await get('/api/rooms/daily/tokens', { origin: 'https://evil.example', ...asked }, 'OPTIONS');
    expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([403, undefined]);
  });

  test('that is a refusal for a name or an origin is told of, with what was asked for', async () => {
    const forbidden: unknown[] = [];
    const get = await serve({}, Router(), { onForbidden: (headers) => forbidden.push(headers) });
    expect((await get('/api/settings', { host: 'parley.internal:8443' })).status).toBe(403);
    expect((await get('/api/settings', { origin: 'https://evil.example' })).status).toBe(403);
    expect((await get('/api/settings')).status).toBe(200);
    expect(forbidden).toMatchObject([{ host: 'parley.internal:8443' }, { origin: 'https://evil.example' }]);
  });

  test('that failed says that it failed, and nothing of how this program is made', async () => {
    const broken = Router();
    broken.get('/broken', () => {
      throw new Error('secret path /etc/passwd');
    });
    const { status, body } = await (await serve({}, broken))('/broken');
    expect(status).toBe(500);
    expect(JSON.parse(body)).toMatchObject({ error: { code: 'INTERNAL' } });
    expect(body).not.toMatch(/passwd|node_modules|:\d+:\d+/);
  });
});

describe('GET /metrics', () => {
  test('answers a program on this machine', async () => {
    const get = await serve();
    const answer = await get('/metrics');
    expect(answer).toMatchObject({
      status: 200,
      type: expect.stringContaining('version=0.0.4'),
      body: 'parley_open 1\n',
    });
  });

  test('is not there under an unknown name, for pages, or through a proxy', async () => {
    const get = await serve();
    for (const headers of [
      { host: 'evil.example' },
      { host: '127.0.0.1.evil.example' },
      { origin: 'https://evil.example' },
      { 'x-forwarded-for': '203.0.113.9' },
      { forwarded: 'for=203.0.113.9' },
    ]) {
      const { status, body } = await get('/metrics', headers as Record<string, string>);
      expect([status, body], JSON.stringify(headers)).toEqual([404, 'Not found.\n']);
    }
  });

  test('H16 is not there behind a proxy that forwards without a header, but for the token or where it is enabled', async () => {
    expect((await (await serve({ forwarded: true }))('/metrics')).status).toBe(404);
    expect((await (await serve({ forwarded: true, enabled: true }))('/metrics')).status).toBe(200);
    const get = await serve({ forwarded: true, token });
    expect((await get('/metrics')).status).toBe(404);
    expect((await get('/metrics', { authorization: `Bearer ${token}` })).status).toBe(200);
  });

  test('asks everybody for the token where there is one', async () => {
    const get = await serve({ token });
    expect((await get('/metrics')).status).toBe(404);
    expect((await get('/metrics', { authorization: 'Bearer wrong' })).status).toBe(404);
    expect((await get('/metrics', { authorization: `Bearer ${token}` })).status).toBe(200);
  });

  test('answers other machines only where it is enabled, under a known name or with the token', async () => {
    const remoteAddress = '::ffff:203.0.113.7';
    const known = { host: 'captions.example:8443' };
    expect(await ask({ remoteAddress, headers: known })).toBe('nothing here');
    expect(await ask({ remoteAddress, headers: { ...known, authorization: `Bearer ${token}` }, token })).toBe(
      'nothing here',
    );
    expect(await ask({ remoteAddress, headers: known, enabled: true })).toBe('told');
    expect(await ask({ remoteAddress, headers: { host: 'evil.example' }, enabled: true })).toBe('nothing here');
    expect(await ask({ remoteAddress, headers: known, enabled: true, token })).toBe('nothing here');
    const authorization = `Bearer ${token}`;
    expect(await ask({ remoteAddress, headers: { host: '10.0.0.5:8443', authorization }, enabled: true, token })).toBe(
      'told',
    );
    expect(await ask({ remoteAddress: '::ffff:127.0.0.1', headers: { host: 'localhost:8443' } })).toBe('told');
    expect(await ask({ remoteAddress: '::1', headers: { host: '[::1]:8443' } })).toBe('told');
  });
});

describe('GET /api/settings', () => {
  test('describes all speech settings and the modes that may be chosen', async () => {
    const get = await serve();
    const { status, body } = await get('/api/settings');
    expect(status).toBe(200);
    const { mode, modes, descriptions } = JSON.parse(body);
    expect(mode).toBe('fast');
    expect(modes.map(({ name }: { name: string }) => name)).toEqual(['accurate', 'balanced', 'fast']);
    expect(descriptions.endSilenceMs).toMatchObject({ unit: 'ms', class: 'live', min: 100, max: 5_000 });
    expect(body).not.toContain('joinSecret');
    expect((await get('/api/settings', { host: 'evil.example' })).status).toBe(403);
  });
});

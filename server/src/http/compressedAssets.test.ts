import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compressedAssets } from './compressedAssets.js';

const SCRIPT = 'export const answer = 42;\n'.repeat(200);

let folder: string;
let server: Server;
let url: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-assets-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'assets', 'index-1a_b.js'), SCRIPT);
  await writeFile(join(folder, 'secret.js'), 'not an asset');
  const app = express();
  app.use(compressedAssets({ folder }), (request, response) => {
    response.status(404).send(`passed on ${request.path}`);
  });
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

const ask = (path: string, headers: Record<string, string> = {}) => fetch(`${url}${path}`, { headers });

describe('the assets of the page', () => {
  test('come compressed, to be kept for good, and read as they were written', async () => {
    const response = await ask('/assets/index-1a_b.js', { 'Accept-Encoding': 'br, gzip' });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-encoding': 'gzip',
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'Accept-Encoding',
    });
    expect(Number(response.headers.get('content-length'))).toBeLessThan(SCRIPT.length / 10);
    expect(await response.text()).toBe(SCRIPT);
  });

  test('are left to the next handler where gzip is not taken', async () => {
    const response = await ask('/assets/index-1a_b.js', { 'Accept-Encoding': 'identity' });
    expect(await response.text()).toBe('passed on /assets/index-1a_b.js');
    expect(response.headers.get('vary')).toBe('Accept-Encoding');
  });

  test.each([
    '/secret.js',
    '/assets/missing.js',
    '/assets/..%2fsecret.js',
    '/assets/.hidden.js',
    '/',
  ])('%s is none of them', async (path) => {
    const response = await ask(path, { 'Accept-Encoding': 'gzip' });
    expect(response.status).toBe(404);
    expect(response.headers.get('content-encoding')).toBeNull();
  });

  test('that were missing are there once the build has written them', async () => {
    expect((await ask('/assets/late.js')).status).toBe(404);
    await writeFile(join(folder, 'assets', 'late.js'), SCRIPT);
    expect(await (await ask('/assets/late.js')).text()).toBe(SCRIPT);
  });
});

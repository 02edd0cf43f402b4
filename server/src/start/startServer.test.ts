import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MediaNode } from '@parley/media/node';
import { fakeMediaNode } from '@parley/media/testing';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SettingsInput } from '../config/settings.js';
import { startServer } from './startServer.js';

let folder: string;
let ended: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-start-'));
  ended = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Without audio; notes when it is closed, and that nobody listens to it any more. */
function media(): MediaNode {
  return fakeMediaNode({
    onRecognizerStatus: () => () => void ended.push('status'),
    onRecognizerLoad: () => () => void ended.push('load'),
    close: async () => void ended.push('media'),
  });
}

const start = (settings: SettingsInput = {}) =>
  startServer({
    settings: { port: 0, model: 'parley-nano', device: 'cpu', dataDir: folder, tls: { enabled: false }, ...settings },
    logger: pino({ level: 'silent' }),
    media: media(),
  });

async function heldPort() {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  return { port: (holder.address() as { port: number }).port, free: () => holder.close() };
}

describe('a start that fails', () => {
  test.each<[string, SettingsInput, string]>([
    ['over a certificate that is not there', tls('nowhere.pem'), 'CERTIFICATE_UNUSABLE'],
    ['over an authority that is not there', keycloak('nowhere.pem'), 'SETTINGS_INVALID'],
    ['over a model that is not there', { model: '/nowhere/ggml.bin' }, 'MODEL_NOT_FOUND'],
  ])('%s has closed the media node', async (_, settings, code) => {
    await expect(start(settings)).rejects.toMatchObject({ code });
    expect(ended).toEqual(['media']);
  });

  test('over an authority that is no certificate says so, instead of trusting nobody in silence', async () => {
    const caFile = join(folder, 'ca.pem');
    writeFileSync(caFile, 'not a certificate');
    const failure = start({ keycloak: { url: 'https://id.example', caFile } });
    await expect(failure).rejects.toMatchObject({ code: 'SETTINGS_INVALID', message: expect.stringContaining(caFile) });
  });

  test('at its last step, the port, has closed the media node', async () => {
    const { port, free } = await heldPort();
    await expect(start({ port })).rejects.toMatchObject({ code: 'PORT_IN_USE' });
    expect(ended).toEqual(['media']);
    free();
  });
});

test('a page is served from the first moment that the port is open', async () => {
  const server = await start();
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  await server.close();
});

test('a server ends in order, once, and gives its port back', async () => {
  const server = await start();
  const { url } = server;
  await Promise.all([server.close(), server.close()]);
  expect(ended).toEqual(['status', 'load', 'media']);
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
});

function tls(name: string): SettingsInput {
  return { tls: { enabled: true, certFile: join('/nowhere', name), keyFile: join('/nowhere', name) } };
}

function keycloak(name: string): SettingsInput {
  return { keycloak: { url: 'https://id.example', caFile: join('/nowhere', name) } };
}

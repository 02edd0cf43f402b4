import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { joinHeadless } from '@parley/client-sdk/headless';
import { wordEdits, wordsOf } from '@parley/demo';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureDevelopmentCertificate } from '../../certs/generate.mjs';
import { freePort } from '../support/freePort.js';
import { Nginx, nginxAvailable, nginxSkippedReason } from '../support/Nginx.js';
import { MeetingPage } from './support/MeetingPage.js';
import { Stage } from './support/Stage.js';
import { SPEECH } from './support/speech.js';

const SNIPPET = readFileSync(new URL('../../deploy/nginx-parley.conf', import.meta.url), 'utf8');
const SECRET = 'a-secret-of-this-test';
const CONNECTS_PER_MINUTE = 20;
const SENTENCE_TIMEOUT_MS = 60_000;

if (nginxSkippedReason !== undefined) console.warn(`SKIPPED: nothing is tested behind nginx: ${nginxSkippedReason}`);

describe.skipIf(!nginxAvailable)('behind nginx, below a path', () => {
  let stage: Stage;
  let nginx: Nginx;
  /** With what a proxy may do wrong; over plain http, so that this process can ask it without knowing its certificate. */
  let wrong: Nginx | undefined;
  let wrongPort: number;
  beforeAll(async () => {
    const port = await freePort();
    wrongPort = await freePort();
    let tls: { certPath: string; keyPath: string } | undefined;
    stage = await Stage.create(async (folder) => {
      tls = await ensureDevelopmentCertificate({ dir: join(folder, 'data', 'tls'), addresses: [] });
      return {
        origins: [`https://127.0.0.1:${port}`, `http://127.0.0.1:${wrongPort}`],
        trustedProxies: ['127.0.0.1'],
        joinSecret: SECRET,
        // For the books of the stage: behind a proxy, this machine has no access by itself.
        metrics: { enabled: true },
        limits: { connectsPerMinutePerAddress: CONNECTS_PER_MINUTE },
      };
    });
    nginx = await Nginx.start({ port, server: snippet(), ...(tls === undefined ? {} : { tls }) });
  }, 120_000);
  afterEach(async (context) => {
    await wrong?.close();
    wrong = undefined;
    await stage.afterEach(context);
  });
  afterAll(async () => {
    await nginx?.close();
    await stage?.close();
  });

  /** The file as it is recommended, for the server of this test. */
  function snippet(): string {
    expect(SNIPPET).toContain('https://127.0.0.1:8443/');
    return SNIPPET.replace('https://127.0.0.1:8443/', `${stage.url}/`);
  }

  /** Of a request for a WebSocket, from an address of this machine. @returns the answer's status */
  function upgradeFrom(localAddress: string, headers: Record<string, string> = {}): Promise<number> {
    return new Promise((resolve, reject) => {
      const asked = request(`${nginx.url}/parley/socket.io/?EIO=4&transport=websocket`, {
        localAddress,
        rejectUnauthorized: false,
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': Buffer.alloc(16).toString('base64'),
          origin: nginx.url,
          ...headers,
        },
      });
      asked.on('upgrade', ({ statusCode = 0 }, socket) => {
        socket.destroy();
        resolve(statusCode);
      });
      asked.on('response', (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      asked.on('error', reject);
      asked.end();
    });
  }

  it('people join on the page, and what they say is captioned', async () => {
    const browser = await stage.launchHearing([{ silenceMs: 1_000 }, SPEECH.contract, { silenceMs: 2_000 }]);
    const url = `${nginx.url}/parley/#secret=${SECRET}`;
    const meeting = await MeetingPage.open({ context: await stage.newContext(browser), url });
    await meeting.join({ name: 'Ada', room: 'proxied' });
    await expect
      .poll(
        async () =>
          (await meeting.finals()).some(
            ({ text, speaker }) =>
              speaker.includes('Ada') && wordEdits(wordsOf(SPEECH.contract.text), wordsOf(text)) <= 1,
          ),
        { timeout: SENTENCE_TIMEOUT_MS },
      )
      .toBe(true);
    expect(meeting.errors).toEqual([]);
    await browser.close();
  });

  it('limits by address count each client, by its own address, whatever it says of itself', async () => {
    for (let connects = 0; connects < CONNECTS_PER_MINUTE; connects += 1)
      expect(await upgradeFrom('127.0.0.2')).toBe(101);
    expect(await upgradeFrom('127.0.0.2')).toBe(400);
    expect(await upgradeFrom('127.0.0.2', { 'x-forwarded-for': '198.51.100.7' })).toBe(400);
    expect(await upgradeFrom('127.0.0.3')).toBe(101);
  });

  const joinThere = () =>
    joinHeadless({ url: wrong?.url ?? '', path: '/parley', room: 'proxied', name: 'Ada', joinSecret: SECRET });

  it.each([
    ['passes no upgrade on', () => snippet().replace(/.*(Upgrade|Connection) .*\n/g, ''), 'WEBSOCKET_BLOCKED'],
    [
      'answers with a page of its own',
      () => 'default_type text/html; return 200 "<html></html>";',
      'NOT_A_PARLEY_SERVER',
    ],
    [
      'serves it below another path',
      () => snippet().replace('location /parley/', 'location /meet/'),
      'NOT_A_PARLEY_SERVER',
    ],
    ['keeps the path', () => snippet().replace(/(proxy_pass .*)\/;/, '$1;'), 'NOT_A_PARLEY_SERVER'],
    ['finds the server away', () => snippet().replace(stage.url, 'https://127.0.0.1:9'), 'CONNECTION_FAILED'],
  ])('the SDK says what is wrong with an nginx that %s, and tries no more', async (_, server, code) => {
    wrong = await Nginx.start({ port: wrongPort, server: server() });
    await expect(joinThere()).rejects.toMatchObject({ code });
  });

  it('the page names a proxy that passes no upgrade on', async () => {
    wrong = await Nginx.start({ port: wrongPort, server: snippet().replace(/.*(Upgrade|Connection) .*\n/g, '') });
    const browser = await stage.launch();
    const url = `${wrong.url}/parley/#secret=${SECRET}`;
    const meeting = await MeetingPage.open({ context: await stage.newContext(browser), url });
    await meeting.microphoneAnswered();
    await meeting.fill({ name: 'Ada', room: 'proxied' });
    await meeting.get('join-button').click();
    await expect.poll(() => meeting.get('error').getAttribute('data-code')).toBe('WEBSOCKET_BLOCKED');
    await browser.close();
  });
});

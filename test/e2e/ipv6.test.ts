import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium, launchChromium, PlayerPage, type TranscriptEvent, wordEdits, wordsOf } from '@parley/demo';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { NetworkNamespaces } from '../support/NetworkNamespaces.js';
import { SPEECH } from './support/speech.js';

const CLI = fileURLToPath(new URL('../../server/dist/cli/main.js', import.meta.url));
const PORT = 8443;
const MEDIA_PORT = 44_444;
const SECRET = 'a-secret-of-this-test';
const FINALS_TIMEOUT_MS = 60_000;
const MOST_EDITS = 2;

const refused = NetworkNamespaces.refused();
if (refused !== undefined)
  console.warn(`SKIPPED: networks with IPv6 alone, and without it, are not tested: ${refused}`);

let namespaces: NetworkNamespaces | undefined;
let server: ChildProcess | undefined;
let folder: string | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  const ended = new Promise((resolve) => server?.once('exit', resolve) ?? resolve(undefined));
  server?.kill('SIGTERM');
  await ended;
  server = undefined;
  namespaces?.close();
  namespaces = undefined;
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

/** `parley start --lan` on the machine that serves. @returns what it has printed when it is ready */
async function startOn(machines: NetworkNamespaces): Promise<string> {
  folder = mkdtempSync(join(tmpdir(), 'parley-ipv6-'));
  const args = ['start', '--lan', '--port', `${PORT}`, '--media-port', `${MEDIA_PORT}`, '--model', 'parley-nano'];
  const started = spawn(machines.wrapperOf(process.execPath, 'server'), [CLI, ...args], {
    env: {
      ...process.env,
      PARLEY_DATA: join(folder, 'data'),
      PARLEY_ALLOW_ROOT: 'yes',
      PARLEY_JOIN_SECRET: SECRET,
      NO_COLOR: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  server = started;
  let output = '';
  for (const stream of [started.stdout, started.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  await expect.poll(() => output, { timeout: 60_000 }).toContain('Press Ctrl-C to stop the server');
  return output;
}

describe.skipIf(refused !== undefined)('a server that is open to a network', () => {
  it('transcribes people who reach it by IPv6 alone, and they receive each other', async () => {
    namespaces = NetworkNamespaces.create('twoWithIPv6');
    const url = `https://[${namespaces.address}]:${PORT}`;
    expect(await startOn(namespaces)).toContain(url);
    vi.stubEnv('PARLEY_CHROMIUM', namespaces.wrapperOf(await findChromium(), 'client'));
    const browser = await launchChromium();
    try {
      const finals: string[] = [];
      const onTranscript = (event: TranscriptEvent) => {
        if (event.kind === 'updated' && event.segment.status === 'final') finals.push(event.segment.text);
      };
      const listener = await PlayerPage.create({ browser, serverUrl: url, onTranscript });
      await listener.joinAsListener({ displayName: 'Ada', room: 'daily', joinSecret: SECRET });
      const speaker = await PlayerPage.create({ browser, serverUrl: url, audioFile: SPEECH.contract.file });
      await speaker.joinAsSpeaker({ displayName: 'Grace', room: 'daily', joinSecret: SECRET });
      await speaker.startAt(Date.now() + 500);
      await speaker.ended();
      await expect
        .poll(() => wordEdits(wordsOf(SPEECH.contract.text), wordsOf(finals.join(' '))), { timeout: FINALS_TIMEOUT_MS })
        .toBeLessThanOrEqual(MOST_EDITS);
      expect((await listener.received()).packets).toBeGreaterThan(50);
      expect([listener.failure, speaker.failure]).toEqual([undefined, undefined]);
    } finally {
      await browser.close();
    }
  });

  it('listens on IPv4 alone where the system has no IPv6', async () => {
    namespaces = NetworkNamespaces.create('oneWithoutIPv6');
    const output = await startOn(namespaces);
    expect(output).toContain(`https://${namespaces.address}:${PORT}`);
    expect(output).not.toContain('https://[');
    const listening = namespaces.run('server', 'cat', '/proc/net/udp');
    // As the kernel writes them: 127.0.0.1 and 192.0.2.1.
    for (const address of ['0100007F', '010200C0']) {
      expect(listening).toContain(`${address}:${MEDIA_PORT.toString(16).toUpperCase()}`);
    }
    expect(namespaces.run('server', 'cat', '/proc/net/udp6').trim().split('\n')).toHaveLength(1);
  });
});

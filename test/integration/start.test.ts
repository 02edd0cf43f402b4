import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { leaveOut, MODELS_DIRECTORY } from '@parley/media/testing';
import { type Server, type SettingsInput, startServer } from '@parley/server';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/freePort.js';
import { httpsGet } from '../support/httpsGet.js';
import { alive, Cli, descendantsOf } from './support/Cli.js';

const ENGLISH = join(MODELS_DIRECTORY, 'ggml-tiny.en-q8_0.bin');
const withoutEnglish = leaveOut({
  what: 'no English-only model is started',
  missing: existsSync(ENGLISH) ? undefined : `there is no ${ENGLISH} (npm run parley -- models pull tiny.en-q8_0)`,
});
const USUAL = ['--port', '0', '--media-port', '0', '--model', 'parley-nano'];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-start-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const started: Cli[] = [];
function start(args: readonly string[], env: Record<string, string> = {}): Cli {
  const cli = new Cli(args, { env: { PARLEY_DATA: join(folder, 'data'), ...env } });
  started.push(cli);
  return cli;
}
afterEach(() => {
  for (const cli of started.splice(0)) cli.process.kill('SIGKILL');
});

describe('parley start', () => {
  test('stops with a sentence and exit code 1 where the model cannot be used', async () => {
    const text = join(folder, 'notes.txt');
    writeFileSync(text, 'not a model at all, but a text of some length');
    const cases: [string, RegExp][] = [
      ['/nowhere/ggml-base.bin', /\/nowhere\/ggml-base\.bin/],
      [text, /not a ggml Whisper file/],
      [folder, new RegExp(folder)],
      ['no-such-model', /no-such-model/],
    ];
    for (const [model, sentence] of cases) {
      const cli = start(['--port', '0', '--media-port', '0', '--model', model]);
      expect(await cli.exited, model).toBe(1);
      expect(cli.output).toMatch(sentence);
      expect(cli.output).not.toContain('    at ');
      expect(cli.output).not.toContain('Parley is ready');
    }
  });

  test('stops with a sentence where its port is in use', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as { port: number };
    const cli = start(['--port', String(port), '--media-port', '0', '--model', 'parley-nano']);
    expect(await cli.exited).toBe(1);
    expect(cli.output).toContain(`Port ${port} on 127.0.0.1 is in use.`);
    holder.close();
  });

  test('lists all problems of its settings at once', async () => {
    const file = join(folder, 'parley.yaml');
    writeFileSync(file, 'limits:\n  rooms: -1\nunknown: 1\n');
    const cli = start(['--config', file, '--prot', '1', '--mode', 'fastest'], { PARLEY_PORT: 'many' });
    expect(await cli.exited).toBe(1);
    for (const problem of [
      'limits.rooms',
      'unknown is not a setting',
      '--prot is not a flag',
      '--mode',
      'PARLEY_PORT',
    ]) {
      expect(cli.output).toContain(problem);
    }
  });

  test('refuses the mode recording with a sentence until there are recordings', async () => {
    const cli = start([...USUAL, '--mode', 'recording']);
    expect(await cli.exited).toBe(1);
    expect(cli.output).toContain('the mode recording is not available until recording exists');
    expect(cli.output).toContain('accurate, balanced, fast');
  });

  test('stops with a sentence where its model does not know a language that the settings ask for', async () => {
    const file = join(folder, 'languages.yaml');
    writeFileSync(
      file,
      'rooms:\n  lesson:\n    speech:\n      language: pt\n  other:\n    speech:\n      task: translate\n',
    );
    const cli = start([...USUAL, '--config', file, '--speech-language', 'it']);
    expect(await cli.exited).toBe(1);
    for (const problem of [
      'speech.language: The model parley-nano does not know the language it. It knows de, en, es, fr.',
      'rooms.lesson.speech.language: The model parley-nano does not know the language pt. It knows de, en, es, fr.',
      'rooms.other.speech.task: The model parley-nano cannot translate.',
    ]) {
      expect(cli.output).toContain(problem);
    }
    expect(cli.output).not.toContain('    at ');
    expect(cli.output).not.toContain('Parley is ready');
  });

  test('stops where the model that auto has fallen back to does not know the language, and says why it is that model', async () => {
    const flags = [
      '--port',
      '0',
      '--media-port',
      '0',
      '--model-base-url',
      'http://127.0.0.1:9',
      '--speech-language',
      'it',
    ];
    // No way is left: the publisher is out of reach, and so is every package.
    const cli = start(flags, { PARLEY_CACHE: join(folder, 'empty-cache'), PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder });
    expect(await cli.exited).toBe(1);
    expect(cli.output).toContain('The model parley-nano does not know the language it. It knows de, en, es, fr.');
    expect(cli.output).toContain('The model base-q8_0 is not on this machine and could not be had.');
  });

  test.skipIf(withoutEnglish)(
    'stops where an English model is to write down German, or to stand in for one that finds the language',
    async () => {
      const usual = ['--port', '0', '--media-port', '0'];
      const cases: [string[], string][] = [
        [
          ['--model', 'tiny.en-q8_0', '--speech-language', 'de'],
          'speech.language: The model tiny.en-q8_0 does not know the language de. It knows en.',
        ],
        [
          ['--model', 'tiny.en-q8_0', '--speech-task', 'translate'],
          'speech.task: The model tiny.en-q8_0 cannot translate.',
        ],
        [
          ['--model', 'parley-nano', '--interim-model', 'tiny.en-q8_0'],
          'interimModel: The model tiny.en-q8_0 only knows en, but parley-nano detects more languages.',
        ],
      ];
      for (const [flags, problem] of cases) {
        const cli = start([...usual, ...flags]);
        expect(await cli.exited).toBe(1);
        expect(cli.output).toContain(problem);
      }
    },
  );

  test('says in the banner what its mode is for', async () => {
    const cli = start([...USUAL, '--mode', 'fast']);
    await cli.ready();
    expect(cli.output).toMatch(/Mode\s+fast\s+First words as soon as possible/);
  });

  test('serves without the addon, and says in the banner and to probes why there are no captions', async () => {
    const cli = start(USUAL, { PARLEY_NATIVE_DIR: '/nonexistent' });
    const url = await cli.ready();
    expect(cli.output).toMatch(/Engine\s+none/);
    expect(cli.output).toContain('addon is not built');
    const probe = await readiness(url);
    expect(probe).toMatchObject({ status: 'ready', transcription: { state: 'unavailable' } });
  });

  test('--lan asks for a join secret that it prints, with the network address and a code to scan', async () => {
    const cli = start([...USUAL, '--lan']);
    await cli.ready();
    const secret = /Join secret\s+(\S+)/.exec(cli.output)?.[1] ?? '';
    expect(secret).toMatch(/^[a-z2-9]{12}$/);
    expect(cli.output).toContain(`/#secret=${secret}`);
    expect(cli.output).toContain('On the network');
    expect(cli.output).toMatch(/[▄▀█]{8}/);
    expect(cli.output).toContain('/ca.crt');
  });

  test('H15 prints the fingerprint of its own certificate, and recommends to go on without installing the authority', async () => {
    const cli = start([...USUAL, '--lan']);
    const url = new URL(await cli.ready());
    const shown = await new Promise<string>((resolve, reject) => {
      const socket = connect({ host: url.hostname, port: Number(url.port), rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.destroy();
      });
      socket.once('error', reject);
    });
    expect(cli.output).toContain(`SHA-256 ${shown}`);
    expect(cli.output.indexOf('and continue')).toBeGreaterThan(0);
    expect(cli.output.indexOf('and continue')).toBeLessThan(cli.output.indexOf('/ca.crt'));
  });

  test('H14 gives no child process a secret of its settings, nor anything else that it has no use for', async () => {
    const secrets = {
      PARLEY_METRICS_TOKEN: 'a-token-of-the-operator',
      KC_BOOTSTRAP_ADMIN_PASSWORD: 'of-another-program',
    };
    const cli = start(USUAL, secrets);
    await cli.ready();
    const children = descendantsOf(cli.pid);
    expect(children.length).toBeGreaterThanOrEqual(3);
    for (const pid of children) {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      expect(environment).toContain('PATH=');
      for (const [name, value] of Object.entries(secrets)) {
        expect(environment).not.toContain(name);
        expect(environment).not.toContain(value);
      }
    }
  });

  test.runIf(process.getuid?.() === 0)('H14 does not run as root unless it is allowed to', async () => {
    const cli = start(USUAL, { PARLEY_ALLOW_ROOT: 'no' });
    expect(await cli.exited).toBe(1);
    expect(cli.output).toContain('Parley does not run as root.');
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('ends in order at %s and leaves no child', async (signal) => {
    const cli = start(USUAL);
    await cli.ready();
    const children = descendantsOf(cli.pid);
    expect(children.length).toBeGreaterThanOrEqual(3);
    cli.process.kill(signal);
    expect(await cli.exited).toBe(0);
    await expect.poll(() => alive(children), { timeout: 3_000 }).toEqual([]);
  });

  test('leaves no child behind when it is killed', async () => {
    const cli = start(USUAL);
    await cli.ready();
    const children = descendantsOf(cli.pid);
    cli.process.kill('SIGKILL');
    await cli.exited;
    await expect.poll(() => alive(children), { timeout: 5_000 }).toEqual([]);
  });
});

describe('a running server', () => {
  let server: Server;
  beforeAll(async () => {
    server = await startServer({
      settings: { port: 0, media: { port: 0 }, model: 'parley-nano', dataDir: join(folder, 'data') },
      logger: pino({ level: 'silent' }),
    });
  }, 60_000);
  afterAll(() => server?.close());

  test.each(['asr', 'media', 'sfu'] as const)('survives the death of its %s process', async (kind) => {
    const pids = () => [server.childPids[kind]].flat().filter((pid): pid is number => pid !== undefined);
    const before = pids();
    expect(before).toHaveLength(1);
    for (const pid of before) process.kill(pid, 'SIGKILL');
    await expect
      .poll(() => pids().length === 1 && pids()[0] !== before[0] && server.transcription.state, { timeout: 15_000 })
      .toBe('ready');
    await expect.poll(() => readiness(server.url), { timeout: 10_000 }).toMatchObject({ status: 'ready' });
  }, 40_000);
});

describe('a start that fails', () => {
  const failing = (settings: SettingsInput) =>
    startServer({
      settings: { port: 0, media: { port: 0 }, model: 'parley-nano', dataDir: join(folder, 'failed'), ...settings },
      logger: pino({ level: 'silent' }),
    });
  const held = () => ({
    children: alive(descendantsOf(process.pid)).length,
    folders: readdirSync(tmpdir()).filter((name) => /^parley-\w{6}$/.test(name)).length,
  });

  test('over a certificate authority that is not there holds neither its port nor any process', async () => {
    const before = held();
    const port = await freePort();
    const keycloak = { url: 'https://id.example', caFile: join(folder, 'nowhere.pem') };
    const failure = await failing({ port, keycloak }).catch((error: unknown) => error);
    await expect.poll(held, { timeout: 3_000 }).toEqual(before);
    await expect(canListen(port)).resolves.toBe(true);
    expect(failure).toMatchObject({ code: 'SETTINGS_INVALID', message: expect.stringContaining('keycloak.caFile') });
  });

  test('at its last step, since the port is in use, has ended all processes that it began', async () => {
    const before = held();
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as { port: number };
    await expect(failing({ port })).rejects.toMatchObject({ code: 'PORT_IN_USE' });
    await expect.poll(held, { timeout: 3_000 }).toEqual(before);
    holder.close();
  });
});

function canListen(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

async function readiness(url: string): Promise<unknown> {
  return JSON.parse((await httpsGet(`${url}/readyz`)).body);
}

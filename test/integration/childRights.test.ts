import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childLauncher } from '@parley/media/process';
import { loadNative } from '@parley/native';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { alive, Cli, descendantsOf, MAIN } from './support/Cli.js';

const USUAL = ['--port', '0', '--media-port', '0', '--model', 'parley-nano'];
const BOTH_ACCOUNTS = ['--accounts-server', 'daemon', '--accounts-children', 'nobody'];
/** Starts a program with a channel, as `npm start` does, and prints its process id when the channel has ended. */
const SET_UP = `
  const [program, ...args] = process.argv.slice(1);
  const { spawn } = require('node:child_process');
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], detached: true });
  child.on('disconnect', () => console.log(child.pid));
  setInterval(() => {}, 1_000);`;
const NOBODY = { uid: 65_534, gid: 65_534 };
const isRoot = process.getuid?.() === 0;
/** Whether the account `nobody` can read this checkout: some are below a folder that only root can enter. */
const isReadable = isRoot && canRead(NOBODY, MAIN);
if (!isReadable) {
  const reason = isRoot ? `The account nobody cannot read ${MAIN}.` : 'Only root can give it one.';
  console.warn(`SKIPPED: no child process gets an account of its own. ${reason}`);
}

/** In it, other accounts get to what a test lets them. */
let folder: string;
const started: Cli[] = [];
const setUps: ChildProcess[] = [];

function start(args: readonly string[], options: { node?: string; env?: Record<string, string> } = {}): Cli {
  const { node, env } = options;
  const cli = new Cli([...USUAL, ...args], {
    env: { PARLEY_DATA: join(folder, 'data'), ...env },
    ...(node === undefined ? {} : { node }),
  });
  started.push(cli);
  return cli;
}

function canRead(account: typeof NOBODY, file: string): boolean {
  const [program = '', ...args] = childLauncher({ account });
  try {
    execFileSync(program, [...args, 'cat', file], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function fieldOf({ pid, file, name }: { pid: number; file: 'status' | 'limits'; name: string }): string {
  const line = readFileSync(`/proc/${pid}/${file}`, 'utf8')
    .split('\n')
    .find((each) => each.startsWith(name));
  return (line ?? '')
    .slice(name.length)
    .replace(/[\s:]+/g, ' ')
    .trim();
}

beforeAll(() => {
  folder = mkdtempSync(join(isRoot ? '/var/tmp' : tmpdir(), 'parley-rights-'));
  chmodSync(folder, 0o755);
});
afterEach(async () => {
  for (const setUp of setUps.splice(0)) setUp.kill('SIGKILL');
  for (const cli of started.splice(0)) {
    cli.process.kill('SIGTERM');
    await cli.exited;
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('H14 SFU, media worker and ASR process gain no privileges, leave no core dump and hold a bounded number of files', async () => {
  const cli = start([]);
  await cli.ready();
  const children = descendantsOf(cli.pid);
  expect(children.length).toBeGreaterThanOrEqual(3);
  for (const pid of children) {
    expect(fieldOf({ pid, file: 'status', name: 'NoNewPrivs' })).toBe('1');
    expect(fieldOf({ pid, file: 'limits', name: 'Max core file size' })).toBe('0 0 bytes');
    expect(Number.parseInt(fieldOf({ pid, file: 'limits', name: 'Max open files' }), 10)).toBeLessThanOrEqual(65_536);
  }
});

test('H14 an account for child processes that cannot be used is a sentence, and nothing runs with more rights instead', async () => {
  const missing = start(['--accounts-children', 'no-such-account']);
  expect(await missing.exited).toBe(1);
  expect(missing.output).toContain('This system has no account no-such-account.');
  const own = start(['--accounts-children', execFileSync('id', ['-un'], { encoding: 'utf8' }).trim()]);
  expect(await own.exited).toBe(1);
  expect(own.output).toContain('choose an account that nothing else uses');
});

test.runIf(!isRoot)(
  'H14 without the right to give children another account, the server does not start with one',
  async () => {
    const cli = start(['--accounts-children', 'nobody']);
    expect(await cli.exited).toBe(1);
    expect(cli.output).toContain('Child processes cannot be given the account nobody');
  },
);

describe.runIf(isReadable)('child processes with an account of their own', () => {
  /** What they need, where they can read it. */
  let node: string;
  let env: Record<string, string>;
  beforeAll(() => {
    const program = join(folder, 'program');
    mkdirSync(program);
    node = join(program, 'node');
    try {
      linkSync(process.execPath, node);
    } catch {
      copyFileSync(process.execPath, node);
    }
    cpSync(loadNative().folder, join(program, 'native'), { recursive: true });
    mkdirSync(join(program, 'tmp'), { mode: 0o755 });
    env = {
      TMPDIR: join(program, 'tmp'),
      PARLEY_CACHE: join(program, 'cache'),
      PARLEY_NATIVE_DIR: join(program, 'native'),
    };
    const worker = process.env.PARLEY_MEDIASOUP_WORKER;
    if (worker !== undefined) {
      copyFileSync(worker, join(program, 'mediasoup-worker'));
      env.PARLEY_MEDIASOUP_WORKER = join(program, 'mediasoup-worker');
    }
  });

  /** Folders that belong to an account. */
  function environmentOf(account: string): Record<string, string> {
    const data = join(folder, `data-of-${account}`);
    const cache = join(folder, 'program', `cache-of-${account}`);
    mkdirSync(data, { mode: 0o700, recursive: true });
    mkdirSync(cache, { recursive: true });
    for (const own of [data, cache, join(folder, 'program', 'tmp')]) execFileSync('chown', ['-R', account, own]);
    return { ...env, PARLEY_DATA: data, PARLEY_CACHE: cache, PARLEY_ALLOW_ROOT: 'no' };
  }

  test('H14 have that account, no capabilities, and do their work', async () => {
    const cli = start(['--accounts-children', 'nobody'], { node, env });
    await cli.ready();
    expect(cli.output).toMatch(/ONNX Runtime/);
    const children = descendantsOf(cli.pid);
    expect(children.length).toBeGreaterThanOrEqual(3);
    for (const pid of children) {
      expect(fieldOf({ pid, file: 'status', name: 'Uid' })).toBe('65534 65534 65534 65534');
      expect(fieldOf({ pid, file: 'status', name: 'Gid' })).toBe('65534 65534 65534 65534');
      expect(fieldOf({ pid, file: 'status', name: 'Groups' })).toBe('');
      expect(fieldOf({ pid, file: 'status', name: 'CapEff' })).toMatch(/^0+$/);
      expect(fieldOf({ pid, file: 'status', name: 'CapPrm' })).toMatch(/^0+$/);
      expect(fieldOf({ pid, file: 'status', name: 'NoNewPrivs' })).toBe('1');
      expect(fieldOf({ pid, file: 'limits', name: 'Max processes' })).toBe('1024 1024 processes');
    }
  });

  test("H14 can read neither the server's keys nor its log, nor the environment that it was started with", async () => {
    const cli = start(['--accounts-children', 'nobody'], { node, env });
    await cli.ready();
    const data = join(folder, 'data');
    const files = execFileSync('find', [data, '-type', 'f'], { encoding: 'utf8' }).trim().split('\n');
    expect(files.some((file) => file.endsWith('.key'))).toBe(true);
    expect(files.some((file) => file.endsWith('audit.log'))).toBe(true);
    const [program = '', ...args] = childLauncher({ account: NOBODY });
    for (const file of [...files, `/proc/${cli.pid}/environ`]) {
      expect(() => execFileSync(program, [...args, 'cat', file], { stdio: 'pipe' }), file).toThrow(/Permission denied/);
    }
  });

  test('H14 of a server that root started and that goes on with an account of its own: no process is root', async () => {
    const cli = start(BOTH_ACCOUNTS, { node, env: environmentOf('daemon') });
    await cli.ready();
    const daemon = execFileSync('id', ['-u', 'daemon'], { encoding: 'utf8' }).trim();
    expect(fieldOf({ pid: cli.pid, file: 'status', name: 'Uid' })).toBe(Array(4).fill(daemon).join(' '));
    expect(fieldOf({ pid: cli.pid, file: 'status', name: 'NoNewPrivs' })).toBe('1');
    // chown, kill, setgid, setuid, net_bind_service
    const kept = (2 ** 0 + 2 ** 5 + 2 ** 6 + 2 ** 7 + 2 ** 10).toString(16).padStart(16, '0');
    for (const set of ['CapEff', 'CapBnd']) expect(fieldOf({ pid: cli.pid, file: 'status', name: set })).toBe(kept);
    const children = descendantsOf(cli.pid);
    expect(children.length).toBeGreaterThanOrEqual(3);
    for (const pid of children) {
      expect(fieldOf({ pid, file: 'status', name: 'Uid' })).toBe('65534 65534 65534 65534');
      for (const set of ['CapEff', 'CapPrm', 'CapAmb']) {
        expect(fieldOf({ pid, file: 'status', name: set })).toMatch(/^0+$/);
      }
    }
    // It may end and replace what it started, and tidies up behind it.
    process.kill(Math.max(...children), 'SIGKILL');
    await expect.poll(() => descendantsOf(cli.pid).length, { timeout: 10_000 }).toBe(children.length);
    cli.process.kill('SIGTERM');
    expect(await cli.exited).toBe(0);
    expect(readdirSync(join(folder, 'program', 'tmp'))).toEqual([]);
  });

  test('H14 of a server that changed its account end with the set-up that started it, as they do without', async () => {
    const setUp = spawn(process.execPath, ['-e', SET_UP, node, MAIN, 'start', ...USUAL, ...BOTH_ACCOUNTS], {
      env: { ...process.env, ...environmentOf('daemon') },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    setUps.push(setUp);
    const [printed] = await once(setUp.stdout, 'data');
    const server = Number(printed);
    await expect.poll(() => descendantsOf(server).length, { timeout: 30_000 }).toBeGreaterThanOrEqual(3);
    const all = [server, ...descendantsOf(server)];
    setUp.kill('SIGKILL');
    await expect.poll(() => alive(all), { timeout: 20_000 }).toEqual([]);
  });

  test('H14 that cannot read what they need are named with it, instead of failing later', async () => {
    const closed = join(folder, 'closed');
    cpSync(loadNative().folder, closed, { recursive: true });
    chmodSync(closed, 0o700);
    const cli = start(['--accounts-children', 'nobody'], { node, env: { ...env, PARLEY_NATIVE_DIR: closed } });
    expect(await cli.exited).toBe(1);
    expect(cli.output).toContain(`The account nobody cannot read ${closed}.`);
  });
});

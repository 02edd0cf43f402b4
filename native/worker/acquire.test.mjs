import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { acquireWorker, prebuiltName, runsHere } from './acquire.mjs';

const GOOD = '#!/bin/sh\nexit 41\n';
const BAD = '#!/bin/sh\nexit 1\n';

let home;
let root;
let cacheDir;
let tools;
let release;
/** What is known of archives; the one of this version and machine has this sum until one is served. */
let sums;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'parley-worker-'));
  root = join(home, 'root');
  cacheDir = join(home, 'cache');
  tools = join(home, 'tools');
  await mkdir(tools);
  await setVersion('9.9.9');
  sums = { [prebuiltName('9.9.9')]: '0'.repeat(64) };
  release = await serve((_request, response) => response.writeHead(404).end());
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await release.close();
  await rm(home, { recursive: true, force: true });
});

async function setVersion(version) {
  await mkdir(join(root, 'node_modules', 'mediasoup'), { recursive: true });
  await writeFile(join(root, 'node_modules', 'mediasoup', 'package.json'), JSON.stringify({ version }));
}

async function serve(handler) {
  const requests = [];
  const server = createServer((request, response) => {
    requests.push(request.url);
    handler(request, response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${server.address().port}`, requests, close };
}

/** A release page that offers an archive with `script` as the worker. */
async function serveArchive(script) {
  const folder = await mkdtemp(join(home, 'archive-'));
  await writeFile(join(folder, 'mediasoup-worker'), script);
  const archive = execFileSync('tar', ['-czf', '-', '-C', folder, 'mediasoup-worker']);
  sums = { [prebuiltName('9.9.9')]: createHash('sha256').update(archive).digest('hex') };
  await release.close();
  release = await serve((_request, response) => response.end(archive));
}

async function tool(name, script) {
  await writeFile(join(tools, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(tools, name), 0o755);
}

/** Stand-ins for compiler and build tools, so that what surrounds them is tested in no time. */
async function installTools({ worker = GOOD, ninjaFails = false, library = '1.0' } = {}) {
  await tool('c++', 'echo 12.2.0');
  await tool('pkg-config', `echo ${library}`);
  await tool('cmake', 'exit 0');
  await tool('strip', 'exit 0');
  await writeFile(join(tools, 'worker'), worker);
  await chmod(join(tools, 'worker'), 0o755);
  await tool(
    'ninja',
    ninjaFails
      ? 'echo "srtp.h: no such file"; exit 1'
      : `echo "[1/2] a"; echo "[2/2] b"; cp ${join(tools, 'worker')} "$2/mediasoup-worker"`,
  );
  vi.stubEnv('PATH', `${tools}${delimiter}${process.env.PATH}`);
}

const acquire = (options = {}) => acquireWorker({ root, cacheDir, prebuiltUrl: release.url, sums, ...options });
const neverCompile = async () => {
  throw new Error('would compile');
};
const leftovers = async () =>
  (await readdir(join(cacheDir, 'mediasoup-worker'))).filter((name) => name.startsWith('.'));

describe('the official binary', () => {
  it('is taken where it runs, and from the cache afterwards', async () => {
    await serveArchive(GOOD);
    const first = await acquire();
    expect(first.origin).toBe('prebuilt');
    expect(release.requests).toEqual([`/9.9.9/${prebuiltName('9.9.9')}`]);
    expect(await readFile(first.path, 'utf8')).toBe(GOOD);
    expect(await acquire()).toEqual({ path: first.path, origin: 'cache' });
    expect(release.requests).toHaveLength(1);
  });

  it('is in the cache within a moment and without a request or a compiler', async () => {
    await serveArchive(GOOD);
    const { path } = await acquire();
    release.requests.length = 0;
    vi.stubEnv('PATH', tools);
    const startedAt = performance.now();
    expect(await acquire({ beforeCompile: neverCompile })).toEqual({ path, origin: 'cache' });
    expect(performance.now() - startedAt).toBeLessThan(200);
    expect(release.requests).toEqual([]);
  });

  it('is waited for no longer than a few seconds, and leaves nothing half-made behind', async () => {
    await replaceRelease(() => {});
    const startedAt = performance.now();
    await expect(acquire({ beforeCompile: neverCompile })).rejects.toThrow('would compile');
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(await readdir(join(cacheDir, 'mediasoup-worker'))).toEqual([]);
  });

  it('H13 is neither unpacked nor run where its sum is another one, and gives way to the compiler', async () => {
    const sign = join(home, 'was-run');
    await serveArchive(`#!/bin/sh\ntouch ${sign}\nexit 41\n`);
    sums = { [prebuiltName('9.9.9')]: '0'.repeat(64) };
    await installTools();
    expect((await acquire()).origin).toBe('compiled');
    expect(release.requests).toHaveLength(1);
    await expect(readFile(sign)).rejects.toThrow('ENOENT');
    expect(await leftovers()).toEqual([]);
  });

  it('H13 is not even asked for where no sum is known, nor taken from the cache where it was checked against another', async () => {
    await serveArchive(GOOD);
    await acquire();
    await installTools();
    release.requests.length = 0;
    for (const known of [{}, { [prebuiltName('9.9.10')]: '0'.repeat(64) }]) {
      expect((await acquire({ sums: known })).path).not.toContain('9.9.9');
    }
    expect(release.requests).toEqual([]);
  });

  it('H13 of a mirror is taken with the sum that the operator gives', async () => {
    await serveArchive(GOOD);
    vi.stubEnv('PARLEY_MEDIASOUP_PREBUILT_SHA256', sums[prebuiltName('9.9.9')].toUpperCase());
    expect((await acquire({ sums: undefined })).origin).toBe('prebuilt');
  });

  it('is thrown away whole where it does not run', async () => {
    await serveArchive(BAD);
    await expect(acquire({ beforeCompile: neverCompile })).rejects.toThrow('would compile');
    expect(await readdir(join(cacheDir, 'mediasoup-worker'))).toEqual([]);
  });

  it.each([
    ['does not run here', () => serveArchive(BAD)],
    ['is no archive', () => replaceRelease((_request, response) => response.end('<html>sign in</html>'))],
    ['is not published', () => replaceRelease((_request, response) => response.writeHead(404).end())],
    ['does not answer', () => replaceRelease(() => {})],
    [
      'stops in the middle',
      () => replaceRelease((_request, response) => response.writeHead(200, { 'content-length': '1000' }).write('half')),
    ],
  ])('gives way to the compiler where it %s', async (_what, prepare) => {
    await prepare();
    await installTools();
    const result = await acquire({ answerTimeoutMs: 50, downloadTimeoutMs: 50 });
    expect(result.origin).toBe('compiled');
    expect(await runsHere(result.path)).toBe(true);
    expect(await leftovers()).toEqual([]);
  });

  it('is named after version, system and major version of the kernel', () => {
    expect(prebuiltName('3.27.1', { platform: 'linux', arch: 'arm64', release: '6.1.0-18' })).toBe(
      'mediasoup-worker-3.27.1-linux-arm64-kernel6.tgz',
    );
    expect(prebuiltName('3.27.1', { platform: 'darwin', arch: 'x64', release: '23.1.0' })).toBe(
      'mediasoup-worker-3.27.1-darwin-x64.tgz',
    );
  });
});

async function replaceRelease(handler) {
  await release.close();
  release = await serve(handler);
}

describe('the compiled binary', () => {
  it('is made once, and says how far it is', async () => {
    await installTools();
    const fractions = [];
    const first = await acquire({ onProgress: (fraction) => fraction !== undefined && fractions.push(fraction) });
    expect(first.origin).toBe('compiled');
    expect(fractions).toEqual([0.5, 1]);
    release.requests.length = 0;
    expect(await acquire()).toEqual({ path: first.path, origin: 'cache' });
    expect(release.requests).toEqual([]);
  });

  it('asks for compiler and libraries only when it compiles', async () => {
    await installTools();
    const beforeCompile = vi.fn(async () => {});
    await acquire({ beforeCompile });
    await acquire({ beforeCompile });
    expect(beforeCompile).toHaveBeenCalledTimes(1);
  });

  it('is made again for another version of mediasoup or of a library', async () => {
    await installTools();
    const first = await acquire();
    await setVersion('9.9.10');
    const second = await acquire();
    await installTools({ library: '2.0' });
    const third = await acquire();
    expect([second.origin, third.origin]).toEqual(['compiled', 'compiled']);
    expect(new Set([first.path, second.path, third.path]).size).toBe(3);
  });

  it('fails with what the compiler said, and leaves nothing that looks good', async () => {
    await installTools({ ninjaFails: true });
    await expect(acquire()).rejects.toThrow(/srtp\.h: no such file/);
    expect(await readdir(join(cacheDir, 'mediasoup-worker'))).toEqual([]);
  });

  it('fails with the last words of a compiler that does not end its line, and with the signal that ended it', async () => {
    await installTools();
    await tool('ninja', 'printf "out of memory"; kill -9 $$');
    await expect(acquire()).rejects.toThrow(/ninja ended with SIGKILL:\nout of memory/);
  });

  it('is refused where it does not run', async () => {
    await installTools({ worker: BAD });
    await expect(acquire()).rejects.toThrow(/does not run on this machine/);
    expect(await readdir(join(cacheDir, 'mediasoup-worker'))).toEqual([]);
  });

  it('takes no folder without a binary for a good one, and clears away what a killed build left', async () => {
    await installTools();
    const { path } = await acquire();
    await rm(path);
    const gone = execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }).trim();
    await mkdir(join(cacheDir, 'mediasoup-worker', `.work-${gone}-abc`));
    expect(await acquire()).toEqual({ path, origin: 'compiled' });
    expect(await leftovers()).toEqual([]);
  });
});

describe('runsHere', () => {
  it('says no of what is not there and of what is no program', async () => {
    const text = join(home, 'text');
    await writeFile(text, 'text');
    expect(await runsHere(join(home, 'nothing'))).toBe(false);
    expect(await runsHere(text)).toBe(false);
  });

  it('does not hand on the variable that makes a worker wait for its parent', async () => {
    vi.stubEnv('MEDIASOUP_VERSION', '9.9.9');
    await tool('fake', '[ -z "$MEDIASOUP_VERSION" ] && exit 41; exit 1');
    expect(await runsHere(join(tools, 'fake'))).toBe(true);
  });
});

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildNative } from '../build.mjs';
import { cudaRequirements, findCudaTarget, targetFrom } from '../cuda.mjs';

let root: string;
let cacheDir: string;
let tools: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'parley-build-'));
  cacheDir = join(root, 'cache');
  tools = join(root, 'tools');
  for (const name of ['nodejs-whisper', 'node-api-headers', 'node-addon-api']) {
    mkdirSync(join(root, 'node_modules', name), { recursive: true });
    writeFileSync(join(root, 'node_modules', name, 'package.json'), '{"version":"1.0.0"}');
  }
  mkdirSync(tools);
  tool('c++', 'echo compiler 1');
  tool('pkg-config', 'echo 1.3.1');
  tool('cmake', 'for last; do if [ "$previous" = -B ]; then mkdir -p "$last/bin"; fi; previous=$last; done');
  tool(
    'ninja',
    `echo run >> ${join(root, 'runs')}; echo "[1/2] one"; echo "[2/2] two"; touch "$2/bin/parley_native.node" "$2/bin/libggml.so" "$2/bin/notes.txt"`,
  );
  vi.stubEnv('PATH', `${tools}:/usr/bin:/bin`);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

function tool(name: string, body: string): void {
  writeFileSync(join(tools, name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(tools, name), 0o755);
}

const runs = () =>
  existsSync(join(root, 'runs')) ? readFileSync(join(root, 'runs'), 'utf8').trim().split('\n').length : 0;

describe('building the addon', () => {
  it('puts the addon and its libraries alone into the cache and points the loader to it', async () => {
    const progress: [number, string][] = [];
    const built = await buildNative({
      root,
      cacheDir,
      onProgress: (fraction: number, text: string) => progress.push([fraction, text]),
    });
    expect(built).toMatchObject({ builtNow: true, cuda: false });
    expect(dirname(built.dir)).toBe(join(cacheDir, 'native'));
    expect(readdirSync(built.dir).sort()).toEqual(['libggml.so', 'parley_native.node']);
    expect(readdirSync(join(cacheDir, 'native'))).toEqual([built.dir.split('/').at(-1)]);
    expect(JSON.parse(readFileSync(join(root, 'native', 'dist', 'addon.json'), 'utf8'))).toEqual({ dir: built.dir });
    expect(progress.at(-1)).toEqual([1, 'compiling 2 of 2']);
  });

  it('does nothing the second time', async () => {
    const first = await buildNative({ root, cacheDir });
    const second = await buildNative({ root, cacheDir });
    expect(second).toMatchObject({ dir: first.dir, builtNow: false });
    expect(runs()).toBe(1);
  });

  it('builds once for two that ask at the same time', async () => {
    const both = await Promise.all([buildNative({ root, cacheDir }), buildNative({ root, cacheDir })]);
    expect(both[0].dir).toBe(both[1].dir);
    expect(both.filter((each) => each.builtNow)).toHaveLength(1);
    expect(runs()).toBe(1);
  });

  it('builds again for another compiler, library or version of the sources', async () => {
    const dirs = [(await buildNative({ root, cacheDir })).dir];
    tool('c++', 'echo compiler 2');
    dirs.push((await buildNative({ root, cacheDir })).dir);
    tool('pkg-config', 'echo 1.5.2');
    dirs.push((await buildNative({ root, cacheDir })).dir);
    writeFileSync(join(root, 'node_modules', 'nodejs-whisper', 'package.json'), '{"version":"2.0.0"}');
    dirs.push((await buildNative({ root, cacheDir })).dir);
    expect(new Set(dirs).size).toBe(4);
  });

  it('goes on after a builder that died with the lock', async () => {
    const { dir } = await buildNative({ root, cacheDir });
    rmSync(dir, { recursive: true });
    // No process has this number: it is above the kernel's limit.
    writeFileSync(`${dir}.lock`, '4194305');
    expect(await buildNative({ root, cacheDir })).toMatchObject({ builtNow: true });
  });

  it('fails with the last lines of the compiler and what to install, and leaves nothing behind', async () => {
    tool('ninja', 'echo "[1/2] one"; echo "src/Lane.cpp:1: error: no such thing" >&2; exit 1');
    const failure = await buildNative({ root, cacheDir }).catch((error: Error) => error.message);
    expect(failure).toContain('src/Lane.cpp:1: error: no such thing');
    expect(failure).toContain('ninja ended with code 1');
    expect(failure).toContain('libopus');
    expect(failure).not.toContain('[1/2]');
    expect(readdirSync(join(cacheDir, 'native'))).toEqual([]);
  });

  it('says what to install where there is no compiler', async () => {
    rmSync(join(tools, 'c++'));
    vi.stubEnv('PATH', tools);
    await expect(buildNative({ root, cacheDir })).rejects.toThrow(/apt-get install/);
  });
});

describe('the CUDA backend', () => {
  it.skipIf(existsSync('/dev/nvidiactl'))('is left out with a reason where there is no NVIDIA driver', async () => {
    const built = await buildNative({ root, cacheDir, cuda: true });
    expect(built).toMatchObject({
      builtNow: true,
      cuda: false,
      cudaSkippedReason: expect.stringContaining('NVIDIA driver'),
    });
  });

  it('is left out with a reason where its compiler cannot be fetched, and the CPU build is made', async () => {
    tool('python3', 'echo "no network" >&2; exit 1');
    const built = await buildNative({ root, cacheDir, cuda: true, cudaArchitectures: '90' });
    expect(built).toMatchObject({
      builtNow: true,
      cuda: false,
      cudaSkippedReason: expect.stringContaining('no network'),
    });
    expect(existsSync(join(built.dir, 'parley_native.node'))).toBe(true);
  });

  it('is built for each architecture of the machine once', () => {
    expect(targetFrom('9.0, 580.65.06\n9.0, 580.65.06\n')).toEqual({ architectures: '90' });
    expect(targetFrom('12.0, 590.10\n8.6, 590.10\n')).toEqual({ architectures: '120;86' });
    expect(findCudaTarget('75')).toEqual({ architectures: '75' });
  });

  it('H13 is installed from wheels of one version and with one of two sums each, and from no others', () => {
    const lines = cudaRequirements().trim().split('\n');
    expect(lines).toHaveLength(6);
    for (const line of lines) expect(line).toMatch(/^nvidia-[a-z-]+==13\.0\.[\d.]+( --hash=sha256:[0-9a-f]{64}){2}$/);
  });

  it('is left out with a driver that is too old or that names no device', () => {
    expect(targetFrom('8.0, 535.183.01\n').reason).toContain('535');
    expect(targetFrom('No devices were found\n').reason).toContain('no device');
  });
});

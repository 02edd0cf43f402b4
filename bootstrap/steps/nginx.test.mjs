import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createProgress } from '../lib/progress.mjs';
import { ensureNginx } from './nginx.mjs';

let root;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'parley-nginx-'));
  await mkdir(join(root, 'cache'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

/** Puts programs before all others. @param {Record<string, string>} scripts by name */
async function programs(scripts) {
  const folder = join(root, 'programs');
  await mkdir(folder, { recursive: true });
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, name), 0o755);
  }
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`);
}

const ensure = (installed = '/nowhere/nginx') =>
  ensureNginx({ cacheDir: join(root, 'cache'), progress: createProgress(), installed });
/** Unpacks an nginx that answers with this exit code. */
const unpacking = (code) =>
  `mkdir -p "$3/usr/sbin" && printf '#!/bin/sh\\nexit ${code}\\n' > "$3/usr/sbin/nginx" && chmod +x "$3/usr/sbin/nginx"`;

it('takes the nginx of the system, where there is one', async () => {
  expect(await ensure(process.execPath)).toEqual({ program: process.execPath });
});

it('unpacks the package into the cache, once, and installs nothing', async () => {
  await programs({ 'apt-get': `[ "$*" = "download nginx" ] && touch nginx_1.deb`, 'dpkg-deb': unpacking(0) });
  const program = join(root, 'cache', 'nginx-debian', 'usr', 'sbin', 'nginx');
  expect(await ensure()).toEqual({ program });
  await programs({ 'apt-get': 'exit 1' });
  expect(await ensure()).toEqual({ program });
  expect(await readdir(join(root, 'cache'))).toEqual(['nginx-debian']);
});

it('fetches lists of its own where the system has none', async () => {
  const aptGet = `case "$*" in "download nginx") exit 100;; *update) touch updated;; *) [ -f updated ] && touch nginx_1.deb;; esac`;
  await programs({ 'apt-get': aptGet, 'dpkg-deb': unpacking(0) });
  expect(await ensure()).toHaveProperty('program');
});

it.each([
  ['cannot be fetched', 'echo "no such host" >&2; exit 100', unpacking(0), /no such host/],
  ['does not run here', 'touch nginx_1.deb', unpacking(1), /nginx/],
])('says in one line why there is none when it %s, and leaves nothing behind', async (_, aptGet, dpkgDeb, reason) => {
  await programs({ 'apt-get': aptGet, 'dpkg-deb': dpkgDeb });
  const { skipped } = await ensure();
  expect(skipped).toMatch(reason);
  expect(skipped).not.toContain('\n');
  expect(await readdir(join(root, 'cache'))).toEqual([]);
});

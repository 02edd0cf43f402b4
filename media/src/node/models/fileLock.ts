import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 100;
/** How often the holder renews its lock. */
const RENEW_MS = 5_000;
/** A lock that was not renewed for this long belongs to a process that is gone, or that slept. */
const STALE_MS = 30_000;

export interface FileLockOptions {
  /** Its directory must exist. */
  path: string;
  /** Called once if another process has it. */
  onWait?: () => void;
  /** Ends the wait; rejects with its reason. */
  signal?: AbortSignal;
}

/**
 * Runs `work` while only this process holds the lock file, across processes and, on a shared volume, machines. The lock's age shows whether
 * its holder lives, because a process id means nothing in another container. A holder that slept too long may have lost its lock without
 * noticing: verify what it writes before giving it its name.
 */
export async function withFileLock<T>(options: FileLockOptions, work: () => Promise<T>): Promise<T> {
  const { path, onWait, signal } = options;
  const owner = randomUUID();
  for (let tries = 0; !(await tryLock(path, owner)); tries += 1) {
    if (tries === 1) onWait?.();
    signal?.throwIfAborted();
    await sleep(POLL_MS);
  }
  const renewal = setInterval(() => void renew(path, owner), RENEW_MS);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    if ((await ownerOf(path)) === owner) await rm(path, { force: true });
  }
}

async function renew(path: string, owner: string): Promise<void> {
  if ((await ownerOf(path)) !== owner) return;
  const now = new Date();
  await utimes(path, now, now).catch(() => {});
}

async function ownerOf(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch(() => undefined);
}

async function tryLock(path: string, owner: string): Promise<boolean> {
  try {
    await writeFile(path, owner, { flag: 'wx' });
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  if (await isStale(path)) await takeAway(path, owner);
  return false;
}

/** Renamed first, so that it can be put back if it is another process's new lock. */
async function takeAway(path: string, owner: string): Promise<void> {
  const taken = `${path}.${owner}`;
  try {
    await rename(path, taken);
    if (await isStale(taken)) await rm(taken, { force: true });
    else await rename(taken, path);
  } catch {
    // Another process was faster.
  }
}

async function isStale(path: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > STALE_MS;
  } catch {
    // Released meanwhile.
    return false;
  }
}

import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 100;
/** The holder renews its lock so often ... */
const RENEW_MS = 5_000;
/** ... and one that was not renewed for so long is of a process that is gone, or that slept. */
const STALE_MS = 30_000;

export interface FileLockOptions {
  /** Its directory must exist. */
  path: string;
  /** Another process has it: called once. */
  onWait?: () => void;
  /** Ends the wait; rejects with its reason. */
  signal?: AbortSignal;
}

/**
 * Runs `work` while this process alone holds the lock file, across processes and, on a shared volume, machines: a lock's age
 * tells whether its holder lives, for a process id means nothing in another container. A holder that slept too long may have lost its
 * lock without knowing: what it writes has to be checked before it gets its name.
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

/** Under another name first: what turns out to be somebody's new lock is put back. */
async function takeAway(path: string, owner: string): Promise<void> {
  const taken = `${path}.${owner}`;
  try {
    await rename(path, taken);
    if (await isStale(taken)) await rm(taken, { force: true });
    else await rename(taken, path);
  } catch {
    // Somebody else was faster.
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

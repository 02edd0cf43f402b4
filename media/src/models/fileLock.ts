import { open, rm, stat, utimes } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 100;
/** The holder renews its lock so often ... */
const RENEW_MS = 5_000;
/** ... and one that was not renewed for so long is of a process that is gone. */
const STALE_MS = 30_000;

/**
 * Runs `work` while this process alone holds the lock file, across processes and, on a shared volume, machines: a lock's age
 * tells whether its holder lives, for a process id means nothing in another container.
 * @param options.path its directory must exist
 */
export async function withFileLock<T>(options: { path: string }, work: () => Promise<T>): Promise<T> {
  const { path } = options;
  while (!(await tryLock(path))) await sleep(POLL_MS);
  const renewal = setInterval(() => {
    const now = new Date();
    // A lock that was taken away cannot be renewed; the file it guards has a checksum besides.
    utimes(path, now, now).catch(() => {});
  }, RENEW_MS);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx')).close();
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  if (await isStale(path)) await rm(path, { force: true });
  return false;
}

async function isStale(path: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > STALE_MS;
  } catch {
    // Released meanwhile.
    return false;
  }
}

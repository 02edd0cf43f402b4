import { open, readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 100;

/**
 * Runs `work` while this process alone holds the lock file, across processes. A lock whose process is gone is taken over.
 * @param options.path its directory must exist
 */
export async function withFileLock<T>(options: { path: string }, work: () => Promise<T>): Promise<T> {
  while (!(await tryLock(options.path))) await sleep(POLL_MS);
  try {
    return await work();
  } finally {
    await rm(options.path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  if (await isStale(path)) await rm(path, { force: true });
  return false;
}

async function isStale(path: string): Promise<boolean> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch {
    return false;
  }
  const pid = Number(content);
  // Empty for the moment between making and writing the file; a process that died in it leaves a lock that a person must remove.
  if (content === '' || !Number.isInteger(pid)) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}

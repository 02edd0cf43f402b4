import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const POLL_MS = 500;

/**
 * One set-up at a time on a cache. A lock whose process is gone is taken over.
 * @template T
 * @param {{ dir: string, onWait?: (pid: number) => void, isAlive?: (pid: number) => boolean }} options
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock({ dir, onWait = () => {}, isAlive = processIsAlive }, work) {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, 'setup.lock');
  let told = false;
  while (!tryLock(file)) {
    const pid = Number(readQuietly(file));
    if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) {
      rmSync(file, { force: true });
      continue;
    }
    if (!told) onWait(pid);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const unlock = () => rmSync(file, { force: true });
  process.once('exit', unlock);
  try {
    return await work();
  } finally {
    process.off('exit', unlock);
    unlock();
  }
}

/** @param {string} file */
function tryLock(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

/** @param {string} file */
function readQuietly(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** @param {number} pid */
function processIsAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

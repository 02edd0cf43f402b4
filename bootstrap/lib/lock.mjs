import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startOfProcess } from './processes.mjs';

const POLL_MS = 500;
/** Process ids are reused, after a restart of a container even the very same ones: the start time tells them apart. */
const OWN = `${process.pid} ${startOfProcess(process.pid)}`;

/**
 * One set-up at a time per cache. A lock whose process is gone is taken over.
 * @template T
 * @param {{ dir: string, onWait?: (pid: number) => void, isAlive?: (pid: number, start: string) => boolean, pollMs?: number }} options
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 * @throws the file system's error if `dir` cannot be written
 */
export async function withLock({ dir, onWait = () => {}, isAlive = processIsAlive, pollMs = POLL_MS }, work) {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, 'setup.lock');
  let told = false;
  while (!tryLock(file)) {
    const owner = readLock(file);
    if (owner === undefined) continue;
    const [pid = '', start = ''] = owner.split(' ');
    if (!isAlive(Number(pid), start)) {
      takeAway(file, owner);
      continue;
    }
    if (!told) onWait(Number(pid));
    told = true;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  const unlock = () => {
    if (readLock(file) === OWN) rmSync(file, { force: true });
  };
  process.once('exit', unlock);
  try {
    return await work();
  } finally {
    process.off('exit', unlock);
    unlock();
  }
}

/**
 * The lock is a link to a file that is already written, so a lock is never read without its owner.
 * @param {string} file
 */
function tryLock(file) {
  const mine = besides(file);
  try {
    writeFileSync(mine, OWN, { flag: 'wx' });
    linkSync(mine, file);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}

/** @param {string} file @returns {string | undefined} its owner; undefined without a lock */
function readLock(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Removes a dead process's lock. Another process may have done so and locked since: its lock is put back.
 * @param {string} file @param {string} deadOwner
 */
function takeAway(file, deadOwner) {
  const taken = besides(file);
  try {
    renameSync(file, taken);
    if (readLock(taken) !== deadOwner) linkSync(taken, file);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes(/** @type {NodeJS.ErrnoException} */ (error).code ?? '')) throw error;
  } finally {
    rmSync(taken, { force: true });
  }
}

/** @param {string} file */
function besides(file) {
  return `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
}

/** @param {number} pid @param {string} start */
function processIsAlive(pid, start) {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return start === '' || startOfProcess(pid) === start;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

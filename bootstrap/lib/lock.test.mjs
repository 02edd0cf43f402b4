import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withLock } from './lock.mjs';

let dir;
let file;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'parley-lock-'));
  file = join(dir, 'setup.lock');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('withLock', () => {
  it('names its owner while the work goes on, and is gone afterwards', async () => {
    const owner = await withLock({ dir }, () => readFile(file, 'utf8'));
    expect(owner.split(' ')[0]).toBe(String(process.pid));
    expect(await readdir(dir)).toEqual([]);
  });

  it('is given back when the work fails', async () => {
    await expect(withLock({ dir }, () => Promise.reject(new Error('no compiler')))).rejects.toThrow('no compiler');
    expect(await readdir(dir)).toEqual([]);
  });

  it('waits for a set-up that is alive, says so once, and goes on when that one has ended', async () => {
    await writeFile(file, '4711 ');
    const onWait = vi.fn();
    let asked = 0;
    const isAlive = () => ++asked < 4;
    await withLock({ dir, onWait, isAlive, pollMs: 1 }, async () => {});
    expect(asked).toBe(4);
    expect(onWait.mock.calls).toEqual([[4711]]);
  });

  it.each([
    ['of a process that is gone', () => deadPid()],
    ['of another process that had the same number', () => `${process.pid} 1`],
    ['without an owner', () => ''],
  ])('takes over a lock %s', async (_what, owner) => {
    await writeFile(file, String(owner()));
    const onWait = vi.fn();
    expect(await withLock({ dir, onWait }, async () => 'done')).toBe('done');
    expect(onWait).not.toHaveBeenCalled();
  });

  it('lets one work at a time, however many find the same dead lock', async () => {
    await writeFile(file, String(deadPid()));
    let working = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++working);
      await new Promise((resolve) => setImmediate(resolve));
      working -= 1;
    };
    await Promise.all(Array.from({ length: 8 }, () => withLock({ dir, pollMs: 1 }, work)));
    expect(most).toBe(1);
  });

  it('says so where the folder cannot be written, instead of trying for ever', async () => {
    await writeFile(join(dir, 'file'), '');
    await expect(withLock({ dir: join(dir, 'file') }, async () => {})).rejects.toMatchObject({ code: 'EEXIST' });
  });
});

function deadPid() {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

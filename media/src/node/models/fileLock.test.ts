import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withFileLock } from './fileLock.js';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-lock-'));
  path = join(folder, 'a.lock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function age(ms: number): Promise<void> {
  const then = new Date(Date.now() - ms);
  await utimes(path, then, then);
}

describe('withFileLock', () => {
  it('lets one work after the other, and leaves nothing', async () => {
    const order: string[] = [];
    const work = (name: string) => async () => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(`${name} ends`);
    };
    await Promise.all([withFileLock({ path }, work('a')), withFileLock({ path }, work('b'))]);
    const [first, second] = order[0] === 'a begins' ? ['a', 'b'] : ['b', 'a'];
    expect(order).toEqual([`${first} begins`, `${first} ends`, `${second} begins`, `${second} ends`]);
    expect(await readdir(folder)).toEqual([]);
  });

  it('does not remove the lock of a process that took over while it slept', async () => {
    await withFileLock({ path }, () => writeFile(path, 'somebody else'));
    expect(await readFile(path, 'utf8')).toBe('somebody else');
  });

  it('takes over one that was not renewed for long, and says before that it waits', async () => {
    await writeFile(path, 'somebody who is gone');
    await age(31_000);
    let waited = 0;
    expect(await withFileLock({ path, onWait: () => (waited += 1) }, async () => 'done')).toBe('done');
    expect(waited).toBeLessThanOrEqual(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it('ends its wait when aborted', async () => {
    await writeFile(path, 'somebody else');
    const abort = new AbortController();
    const waiting = withFileLock({ path, signal: abort.signal, onWait: () => abort.abort() }, async () => 'done');
    await expect(waiting).rejects.toThrow(/abort/i);
    expect(await readFile(path, 'utf8')).toBe('somebody else');
  });

  it('opens when its work fails', async () => {
    await expect(withFileLock({ path }, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await readdir(folder)).toEqual([]);
  });
});

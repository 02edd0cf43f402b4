import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashOf, hashOfFiles, readStamp, writeStamp } from './hash.mjs';

let dir;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'parley-hash-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('a hash', () => {
  it('tells parts apart by where they end and by their order', () => {
    const hashes = [['ab', 'c'], ['a', 'bc'], ['c', 'ab'], ['abc']].map(hashOf);
    expect(new Set(hashes).size).toBe(4);
    expect(hashOf(['ab', Buffer.from('c')])).toBe(hashes[0]);
  });

  it('of files changes with content and with a file that comes or goes', async () => {
    const file = join(dir, 'a');
    const gone = hashOfFiles([file]);
    await writeFile(file, '1');
    const first = hashOfFiles([file]);
    await writeFile(file, '2');
    const second = hashOfFiles([file]);
    expect(new Set([gone, first, second]).size).toBe(3);
    await writeFile(file, '1');
    expect(hashOfFiles([file])).toBe(first);
  });
});

describe('a stamp', () => {
  it('is read as it was written, also into a folder that is not there yet', () => {
    const file = join(dir, 'node_modules', '.stamp');
    expect(readStamp(file)).toBeUndefined();
    writeStamp(file, 'abc');
    expect(readStamp(file)).toBe('abc');
  });
});

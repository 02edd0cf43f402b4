import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileRevocationStore } from './FileRevocationStore.js';

let folder: string;
let file: string;
let failures: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-revocations-'));
  file = join(folder, 'keys', 'revocations.jsonl');
  failures = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (capacity = 10) =>
  new FileRevocationStore({ file, capacity, onFailure: (reason) => failures.push(reason) });
const entry = (key: string, forgetAtMs = 100) => ({ key, beforeMs: 1, forgetAtMs });
const lines = () => readFileSync(file, 'utf8').trim().split('\n');

test('has what was written before, without what is over, for its owner alone', async () => {
  const written = open();
  expect(await written.load({ nowMs: 0 })).toEqual([]);
  await written.append(entry('a', 50));
  await written.append(entry('b', 150));
  await written.append({ issuer: 'i', notBeforeMs: 7 });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await open().load({ nowMs: 100 })).toEqual([entry('b', 150), { issuer: 'i', notBeforeMs: 7 }]);
  expect(lines()).toHaveLength(2);
});

test('grows to twice its capacity and no further; the oldest go first', async () => {
  const written = open(10);
  for (let index = 0; index < 1_000; index += 1) {
    await written.append(entry(`k${index}`));
    expect(lines().length).toBeLessThan(20);
  }
  expect((await open(10).load({ nowMs: 0 })).at(-1)).toEqual(entry('k999'));
});

test('says why something could not be written, and goes on', async () => {
  writeFileSync(join(folder, 'keys'), 'no folder');
  const written = open();
  await expect(written.append(entry('a'))).rejects.toMatchObject({ code: 'EEXIST' });
  rmSync(join(folder, 'keys'));
  await written.append(entry('b'));
  expect(await open().load({ nowMs: 0 })).toEqual([entry('b')]);
});

test('is read although it cannot be tidied up, and says why', async () => {
  const written = open();
  await written.append(entry('a', 50));
  await written.append(entry('b', 150));
  // Where the tidy file would be written first.
  mkdirSync(`${file}.${process.pid}.new`);
  expect(await open().load({ nowMs: 100 })).toEqual([entry('b', 150)]);
  expect(failures).toEqual(['EISDIR']);
});

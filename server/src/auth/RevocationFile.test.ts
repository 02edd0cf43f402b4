import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RevocationFile } from './RevocationFile.js';

let folder: string;
let file: string;
let failures: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-revocations-'));
  file = join(folder, 'keys', 'revocations.jsonl');
  failures = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (capacity = 10) => new RevocationFile({ file, capacity, onFailure: (reason) => failures.push(reason) });
const entry = (key: string, forgetAtMs = 100) => ({ key, beforeMs: 1, forgetAtMs });
const lines = () => readFileSync(file, 'utf8').trim().split('\n');

test('has what was written before, without what is over, for its owner alone', () => {
  const written = open();
  expect(written.load({ nowMs: 0 })).toEqual([]);
  written.append(entry('a', 50));
  written.append(entry('b', 150));
  written.append({ issuer: 'i', notBeforeMs: 7 });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(open().load({ nowMs: 100 })).toEqual([entry('b', 150), { issuer: 'i', notBeforeMs: 7 }]);
  expect(lines()).toHaveLength(2);
});

test('grows to twice its capacity and no further; the oldest go first', () => {
  const written = open(10);
  for (let index = 0; index < 1_000; index += 1) {
    written.append(entry(`k${index}`));
    expect(lines().length).toBeLessThan(20);
  }
  expect(open(10).load({ nowMs: 0 }).at(-1)).toEqual(entry('k999'));
});

test('says why something could not be written, and goes on', () => {
  writeFileSync(join(folder, 'keys'), 'no folder');
  open().append(entry('a'));
  expect(failures).toEqual(['EEXIST']);
});

import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testApiKeyStore } from '../conformance/apiKeyStoreSuite.js';
import { testRevocationStore } from '../conformance/revocationStoreSuite.js';
import { testSigningKeyStore } from '../conformance/signingKeyStoreSuite.js';
import { testTokenRevocationStore } from '../conformance/tokenRevocationStoreSuite.js';
import { FileApiKeyStore } from './FileApiKeyStore.js';
import { fileKeyStores } from './fileKeyStores.js';

const folders: string[] = [];
function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'parley-keys-'));
  folders.push(folder);
  return folder;
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const inFolder = (dataDir: string) => () => fileKeyStores({ dataDir });
const create =
  <Name extends 'revocations' | 'signingKeys' | 'tokenRevocations'>(name: Name) =>
  () => {
    const open = inFolder(emptyFolder());
    return () => open()[name];
  };

testApiKeyStore({
  name: 'a file',
  create: () => {
    const file = join(emptyFolder(), 'keys', 'api-keys.json');
    return () => new FileApiKeyStore({ file, capacity: 50 });
  },
});
testRevocationStore({ name: 'a file', create: create('revocations') });
testSigningKeyStore({ name: 'a file', create: create('signingKeys') });
testTokenRevocationStore({ name: 'a file', create: create('tokenRevocations') });

describe('keys in files', () => {
  let dataDir: string;
  let file: string;
  beforeEach(() => {
    dataDir = emptyFolder();
    file = join(dataDir, 'keys', 'api-keys.json');
  });

  const key = { id: 'a', name: 'a', hash: 'h', rooms: '*' as const, grants: ['join' as const], createdAtMs: 1 };

  test('make no file before they are asked for something', () => {
    inFolder(dataDir)();
    expect(existsSync(join(dataDir, 'keys'))).toBe(false);
  });

  test('H14 are for the eyes of their owner alone, and never written by a use', async () => {
    const { apiKeys } = fileKeyStores({ dataDir });
    await apiKeys.add(key);
    const before = readFileSync(file, 'utf8');
    await apiKeys.noteUse({ id: 'a', atMs: 2 });
    expect(readFileSync(file, 'utf8')).toBe(before);
    for (const each of [file, `${file}.uses`]) expect(statSync(each).mode & 0o777).toBe(0o600);
    expect(statSync(join(dataDir, 'keys')).mode & 0o777).toBe(0o700);
  });

  test('H14 that others may read, as after a backup, are closed to them when they are next read', async () => {
    const { apiKeys } = fileKeyStores({ dataDir });
    await apiKeys.add(key);
    chmodSync(file, 0o644);
    expect(await fileKeyStores({ dataDir }).apiKeys.list()).toHaveLength(1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('are changed by one program at a time', async () => {
    const { apiKeys } = fileKeyStores({ dataDir });
    await apiKeys.add(key);
    writeFileSync(`${file}.lock`, '');
    // Of a program that was killed long ago.
    utimesSync(`${file}.lock`, 1_000, 1_000);
    await apiKeys.add({ ...key, id: 'b' });
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  test('that cannot be read are not thrown away', async () => {
    const { apiKeys, signingKeys } = fileKeyStores({ dataDir });
    await apiKeys.add(key);
    for (const [name, content] of [
      ['api-keys.json', '{"broken":'],
      ['room-tokens.json', '[{"kid": 7}]'],
    ] as const) {
      writeFileSync(join(dataDir, 'keys', name), content);
    }
    await expect(apiKeys.list()).rejects.toThrow(SyntaxError);
    await expect(apiKeys.add({ ...key, id: 'b' })).rejects.toThrow(SyntaxError);
    const signing = { kid: 'k', createdAtMs: 1, key: {} };
    await expect(signingKeys.list()).rejects.toThrow('kid');
    await expect(signingKeys.add(signing, { dropUntilMs: 0 })).rejects.toThrow('kid');
    expect(readFileSync(join(dataDir, 'keys', 'room-tokens.json'), 'utf8')).toBe('[{"kid": 7}]');
    expect(readFileSync(file, 'utf8')).toBe('{"broken":');
  });
});

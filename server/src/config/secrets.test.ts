import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LoadSettingsOptions, loadSettings, type SettingsError } from './loadSettings.js';
import { settingLeaves } from './settingsTree.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function fileWith(content: string, mode = 0o600): string {
  const file = join(folder, 'file');
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

function problemsOf(options: LoadSettingsOptions): readonly string[] {
  try {
    loadSettings(options);
    return [];
  } catch (error) {
    return (error as SettingsError).problems;
  }
}

const SECRETS = [
  'joinSecret',
  'keycloak.serviceClientSecret',
  'turn.credential',
  'turn.secret',
  'metrics.token',
] as const;

test('H20 every secret can come from a file, by a variable or by a flag, without the line break at its end', () => {
  const leaves = settingLeaves().filter(({ meta }) => meta.secret);
  expect(leaves.map(({ path }) => path.join('.'))).toEqual(SECRETS);
  const file = fileWith('a secret of a file\n');
  for (const { path, flag, fileVariable = '' } of leaves) {
    for (const options of [{ environment: { [fileVariable]: file } }, { flags: [flag, file] }]) {
      const settings: unknown = loadSettings(options);
      expect(path.reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], settings)).toBe(
        'a secret of a file',
      );
    }
  }
});

test('H20 no secret is taken from an argument, nor shown in the answer', () => {
  for (const name of [
    'join-secret',
    'keycloak-service-client-secret',
    'turn-credential',
    'turn-secret',
    'metrics-token',
  ]) {
    for (const flags of [[`--${name}`, 'open-for-everybody'], [`--${name}=open-for-everybody`]]) {
      const problems = problemsOf({ flags });
      expect(problems).toEqual([expect.stringMatching(`^--${name}: .+ Use --${name}-file FILE`)]);
      expect(problems.join()).not.toContain('open-for-everybody');
    }
  }
});

test('H20 a secret in a file is refused with the reason: missing, empty, too short, or open to changes', () => {
  const from = (file: string) => problemsOf({ environment: { PARLEY_JOIN_SECRET_FILE: file } });
  expect(from('/nowhere')).toEqual(['PARLEY_JOIN_SECRET_FILE: there is no file at /nowhere.']);
  expect(from(folder)).toEqual([`PARLEY_JOIN_SECRET_FILE: there is no file at ${folder}.`]);
  expect(from(fileWith('\n'))[0]).toContain('is empty');
  expect(from(fileWith('x'.repeat(70_000)))[0]).toContain('too large');
  expect(from(fileWith('12345'))).toHaveLength(1);
  expect(from(fileWith('long enough', 0o606))[0]).toContain('every account can change');
  expect(from(fileWith('long enough', 0o444))).toEqual([]);
});

test('H20 one secret given twice is a contradiction', () => {
  const environment = { PARLEY_TURN_SECRET: 'long enough', PARLEY_TURN_SECRET_FILE: fileWith('long enough') };
  expect(problemsOf({ environment })).toEqual([
    'PARLEY_TURN_SECRET and PARLEY_TURN_SECRET_FILE are the same secret: give one of them.',
  ]);
});

test('H20 a settings file with a secret is not used while every account can read it', () => {
  const content = 'metrics:\n  token: a token of sixteen and more\n';
  expect(problemsOf({ file: fileWith(content, 0o644) })[0]).toMatch(
    /can read .* metrics\.token is a secret: chmod o-r/,
  );
  for (const mode of [0o600, 0o640]) expect(problemsOf({ file: fileWith(content, mode) })).toEqual([]);
  expect(problemsOf({ file: fileWith('port: 8443\n', 0o644) })).toEqual([]);
});

test('H20 a settings file that every account can change is not used', () => {
  expect(problemsOf({ file: fileWith('port: 8443\n', 0o666) })[0]).toMatch(/can change this file: chmod o-w/);
});

test("H14 a certificate's private key that every account can read is not used", () => {
  const key = fileWith('key', 0o644);
  const flags = ['--tls-cert-file', key, '--tls-key-file', key];
  expect(problemsOf({ flags })).toEqual([`tls.keyFile: every account can read or change ${key}: chmod o-rw ${key}.`]);
  chmodSync(key, 0o640);
  expect(problemsOf({ flags })).toEqual([]);
});

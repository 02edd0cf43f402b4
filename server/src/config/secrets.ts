import { readFileSync, statSync } from 'node:fs';
import type { SettingLeaf } from './settingsTree.js';

const MOST_BYTES = 65_536;
const OTHERS_READ = 0o004;
const OTHERS_WRITE = 0o002;

/** Why a file cannot be used: a clause without a full stop. */
export class SecretFileError extends Error {
  override readonly name = 'SecretFileError';
}

/**
 * The secret in a file, without the line break at its end. The file may be readable by all: secret managers mount files that way, and
 * protect the folder instead.
 * @throws SecretFileError
 */
export function secretIn(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) throw new SecretFileError(`there is no file at ${file}`);
  if (stat.size > MOST_BYTES) throw new SecretFileError(`${file} is too large for a secret`);
  if ((stat.mode & OTHERS_WRITE) !== 0)
    throw new SecretFileError(`every account can change ${file}: chmod o-w ${file}`);
  const secret = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  if (secret === '') throw new SecretFileError(`${file} is empty`);
  return secret;
}

/** Problems with the permissions of a settings file, which depend on what it contains. */
export function accessProblemsOf(options: { file: string; content: object; leaves: readonly SettingLeaf[] }): string[] {
  const { file, content, leaves } = options;
  const { mode } = statSync(file);
  // The settings decide what the server loads and who may join.
  if ((mode & OTHERS_WRITE) !== 0) return [`${file}: every account can change this file: chmod o-w ${file}.`];
  const secret = leaves.find(({ meta, path }) => meta.secret === true && valueAt(content, path) !== undefined);
  if (secret === undefined || (mode & OTHERS_READ) === 0) return [];
  return [`${file}: every account can read this file, and ${secret.path.join('.')} is a secret: chmod o-r ${file}.`];
}

/** Problems with the permissions of a file that is itself a secret, such as a private key. */
export function keyAccessProblemsOf(options: { name: string; file: string }): string[] {
  const { name, file } = options;
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined || (stat.mode & (OTHERS_READ | OTHERS_WRITE)) === 0) return [];
  return [`${name}: every account can read or change ${file}: chmod o-rw ${file}.`];
}

function valueAt(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (node, key) => (typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[key] : undefined),
    tree,
  );
}

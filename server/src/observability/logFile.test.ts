import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAuditLog } from './AuditLog.js';
import { createLogger } from './logger.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-log-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the log and the audit log are open from their first moment, so that a process may end in the next one', () => {
  const file = join(folder, 'new', 'parley.log');
  createLogger({ level: 'info', file });
  expect(readFileSync(file, 'utf8')).toBe('');
  const audit = join(folder, 'new', 'audit.log');
  createAuditLog({ file: audit });
  expect(statSync(audit).mode & 0o777).toBe(0o600);
});

test('a log that cannot be written is known at once', () => {
  expect(() => createLogger({ level: 'info', file: folder })).toThrow(/EISDIR/);
});

test('H17 other accounts read neither log, also where the file was there before and open to them', () => {
  const modeOf = (path: string) => statSync(path).mode & 0o777;
  const files = ['parley.log', 'audit.log'].map((name) => join(folder, 'new', name));
  const open = () => {
    createLogger({ level: 'info', file: files[0] as string });
    createAuditLog({ file: files[1] as string });
  };
  open();
  expect(files.map(modeOf)).toEqual([0o600, 0o600]);
  expect(modeOf(join(folder, 'new'))).toBe(0o700);

  for (const file of files) chmodSync(file, 0o644);
  open();
  expect(files.map(modeOf)).toEqual([0o640, 0o640]);
});

test('H17 a log that goes to a device leaves its access as it is', () => {
  const before = statSync('/dev/null').mode;
  createLogger({ level: 'info', file: '/dev/null' });
  expect(statSync('/dev/null').mode).toBe(before);
});

import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
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

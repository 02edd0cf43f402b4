import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAuditLog } from './AuditLog.js';
import { logFile } from './logFile.js';
import { createLogger } from './logger.js';

const MB = 1_000_000;

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-rotation-'));
  file = join(folder, 'parley.log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const filesThere = () => readdirSync(folder).sort();
const linesOf = (path: string) => readFileSync(path, 'utf8').split('\n').slice(0, -1);
/** Numbered, and of 1,000 bytes each. */
const lineOf = (number: number) => `${String(number).padStart(8, '0').padEnd(999, '.')}\n`;
const numbersIn = (path: string) => linesOf(path).map((line) => Number(line.slice(0, 8)));

describe('a log file that is rotated', () => {
  test('H6 is bounded, and so is the number of old ones; what is newest stays', async () => {
    const stream = logFile({ file, rotation: { maxFileMb: 1, maxFiles: 2 } });
    for (let number = 0; number < 4_500; number++) stream.write(lineOf(number));
    await expect.poll(() => [file, `${file}.1`].map((each) => statSync(each).size)).toEqual([MB / 2, MB]);
    await expect.poll(() => statSync(`${file}.2`).size).toBe(MB);
    expect(filesThere()).toEqual(['parley.log', 'parley.log.1', 'parley.log.2']);
    expect(numbersIn(`${file}.2`)[0]).toBe(2_000);
  });

  test('H6 loses no line and keeps their order, also where many come before one is written', async () => {
    const stream = logFile({ file, rotation: { maxFileMb: 1, maxFiles: 9 } });
    for (let number = 0; number < 5_500; number++) stream.write(lineOf(number));
    const inOrder = () =>
      filesThere()
        .reverse()
        .flatMap((name) => numbersIn(join(folder, name)));
    await expect.poll(() => inOrder().length).toBe(5_500);
    expect(inOrder()).toEqual(Array.from({ length: 5_500 }, (_, number) => number));
  });

  test('H6 counts what was in it when the server started', async () => {
    writeFileSync(file, 'x'.repeat(MB));
    const stream = logFile({ file, rotation: { maxFileMb: 1, maxFiles: 2 } });
    stream.write(lineOf(1));
    await expect.poll(() => readFileSync(file, 'utf8')).toBe(lineOf(1));
    expect(statSync(`${file}.1`).size).toBe(MB);
  });

  test('H17 is for its owner alone, each of them', async () => {
    writeFileSync(file, 'x'.repeat(MB), { mode: 0o644 });
    chmodSync(file, 0o644);
    createLogger({ level: 'info', file, rotation: { maxFileMb: 1, maxFiles: 2 } }).info('a line');
    const audit = join(folder, 'audit.log');
    writeFileSync(audit, 'x'.repeat(MB), { mode: 0o600 });
    createAuditLog({ file: audit, rotation: { maxFileMb: 1, maxFiles: 2 } }).record({
      event: 'apiKeyRevoked',
      key: 'k1',
    });
    await expect.poll(filesThere).toEqual(['audit.log', 'audit.log.1', 'parley.log', 'parley.log.1']);
    for (const name of filesThere()) expect(statSync(join(folder, name)).mode & 0o007, name).toBe(0);
    for (const name of ['parley.log', 'audit.log']) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });

  test('H6 that cannot be renamed goes on, and says so once for as many bytes', async () => {
    mkdirSync(`${file}.1`);
    writeFileSync(join(`${file}.1`, 'in-the-way'), '');
    const stream = logFile({ file, rotation: { maxFileMb: 1, maxFiles: 1 } });
    for (let number = 0; number < 1_500; number++) stream.write(lineOf(number));
    await expect.poll(() => linesOf(file).length).toBe(1_501);
    expect(linesOf(file).filter((line) => line.includes('this file cannot be rotated'))).toHaveLength(1);
  });

  test('is no device', () => {
    const stream = logFile({ file: '/dev/null', rotation: { maxFileMb: 1, maxFiles: 1 } });
    for (let number = 0; number < 1_500; number++) stream.write(lineOf(number));
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });
});

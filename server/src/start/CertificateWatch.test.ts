import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualTime } from '@parley/media/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CertificateWatch } from './CertificateWatch.js';

const MINUTE_MS = 60_000;

let folder: string;
let time: ManualTime;
let used: number;
let lines: string[];
let usable: boolean;
let watch: CertificateWatch;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-certificate-'));
  time = new ManualTime();
  [used, lines, usable] = [0, [], true];
  replace('cert.pem', 'first');
  replace('key.pem', 'first');
  const say = (level: string) => () => void lines.push(level);
  watch = new CertificateWatch({
    files: { certPath: join(folder, 'cert.pem'), keyPath: join(folder, 'key.pem') },
    use: () => {
      used += 1;
      if (!usable) throw new Error('key values mismatch');
    },
    logger: { info: say('info'), warn: say('warn') },
    time,
  });
});
afterEach(() => {
  watch.close();
  rmSync(folder, { recursive: true, force: true });
});

/** As those who renew do it: the file is there whole or not at all. */
function replace(name: string, text: string): void {
  writeFileSync(join(folder, 'new'), text);
  renameSync(join(folder, 'new'), join(folder, name));
}

test('H15 a renewed certificate is taken within a minute, once', () => {
  time.advance(3 * MINUTE_MS);
  expect(used).toBe(0);
  replace('cert.pem', 'second');
  replace('key.pem', 'second');
  time.advance(3 * MINUTE_MS);
  expect([used, lines]).toEqual([1, ['info']]);
});

test('H15 files that do not go together are told of once, and tried again when one of them changes', () => {
  replace('cert.pem', 'second');
  usable = false;
  time.advance(3 * MINUTE_MS);
  expect([used, lines]).toEqual([1, ['warn']]);
  replace('key.pem', 'second');
  usable = true;
  time.advance(MINUTE_MS);
  expect([used, lines]).toEqual([2, ['warn', 'info']]);
});

test('looks no more when it is closed', () => {
  watch.close();
  replace('cert.pem', 'second');
  time.advance(3 * MINUTE_MS);
  expect(used).toBe(0);
});

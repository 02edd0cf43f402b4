import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { measureEntry, measureFirstLoad } from './measureSize.mjs';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));

/** @type {string} */
let folder;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-size-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(/** @type {string} */ path, /** @type {string} */ content) {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), content);
}

const gzipped = (/** @type {string} */ text) => gzipSync(text, { level: 9 }).length;

describe('the size of an entry point', () => {
  it('counts what it imports, at once or later, minified, and not its peers', async () => {
    const words = Array.from({ length: 2_000 }, (_, index) => (index * 7_919).toString(36)).join(' ');
    write('now.js', `export const now = '${words}';`);
    write('later.js', `export const later = '${[...words].reverse().join('')}';`);
    write(
      'entry.js',
      `/* ${words} */ import 'react'; export * from './now.js'; export const load = () => import('./later.js');`,
    );
    const { gzipBytes, modules } = await measureEntry(join(folder, 'entry.js'));
    expect(gzipBytes).toBeGreaterThan(2 * gzipped(words) * 0.9);
    expect(gzipBytes).toBeLessThan(2 * gzipped(words) * 1.2);
    expect(modules.filter((path) => path.endsWith('.js')).length).toBeGreaterThanOrEqual(3);
    expect(modules.join()).not.toContain('node_modules/react');
  });
});

describe('the first load of a page', () => {
  it('is its document, scripts with what they import at once, and styles', () => {
    const html =
      '<link rel="icon" href="/icon.svg"><link rel="stylesheet" href="/a/s.css"><script type="module" src="/a/main.js"></script>';
    write('index.html', html);
    write('a/s.css', 'p{}');
    write('a/main.js', 'import{a}from"./part.js";import("./panel.js")');
    write('a/part.js', 'export const a=1');
    write('a/panel.js', 'export const b=1');
    const { files, gzipBytes } = measureFirstLoad(folder);
    expect(files).toEqual(['index.html', 'a/s.css', 'a/main.js', 'a/part.js']);
    const sizes = [html, 'p{}', 'import{a}from"./part.js";import("./panel.js")', 'export const a=1'].map(gzipped);
    expect(gzipBytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
  });
});

describe('the SDK', () => {
  it('has no media library in what runs without a browser, and no schemas in what runs in one', async () => {
    const headless = await measureEntry(join(DIST, 'headless', 'index.js'));
    expect(headless.modules.join()).toContain('node_modules/socket.io-client');
    expect(headless.modules.join()).not.toContain('node_modules/mediasoup-client');
    const page = await measureEntry(join(DIST, 'index.js'));
    expect(page.modules.join()).toContain('node_modules/mediasoup-client');
    expect(page.modules.join()).not.toContain('node_modules/zod');
  });

  it('is as small as its README says', async () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const promisedKb = Number(/less than (\d+) kB in all/.exec(readme)?.[1]);
    const { gzipBytes } = await measureEntry(join(DIST, 'index.js'));
    expect(gzipBytes).toBeLessThan(promisedKb * 1_000);
  });
});

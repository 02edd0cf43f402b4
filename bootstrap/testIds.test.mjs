import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['bench', 'bootstrap', 'certs', 'client-sdk', 'demo', 'media', 'native', 'server', 'test'];
const SKIPPED = new Set(['node_modules', 'dist']);
/** A title that begins with an id, behind `test(` or behind the table of `test.each`. */
const TITLE = /\(\s*['"`]([A-Z]\d{1,2}) \S/g;
const ROW = /^\| `([A-Z]\d{1,2})` \| .+ \| (.+) \|$/gm;

/** @param {string} folder @returns {string[]} */
function testFilesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : testFilesIn(path);
    return /\.test\.(ts|mjs)$/.test(entry.name) ? [path] : [];
  });
}

/** @param {Iterable<[id: string, file: string]>} pairs */
function linesOf(pairs) {
  return [...new Set([...pairs].map(([id, file]) => `${id} ${file}`))].sort();
}

it('docs/reliability.md has every id of the test titles, with the files that have tests of it, and no others', () => {
  /** @type {[string, string][]} */
  const inTitles = FOLDERS.flatMap((folder) => testFilesIn(join(ROOT, folder))).flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(TITLE)].map(
      ([, id = '']) => /** @type {[string, string]} */ ([id, basename(path)]),
    ),
  );
  const page = readFileSync(join(ROOT, 'docs', 'reliability.md'), 'utf8');
  /** @type {[string, string][]} */
  const inIndex = [...page.matchAll(ROW)].flatMap(([, id = '', files = '']) =>
    [...files.matchAll(/`([^`]+)`/g)].map(([, file = '']) => /** @type {[string, string]} */ ([id, file])),
  );
  expect(inIndex.length).toBeGreaterThan(20);
  expect(linesOf(inIndex)).toEqual(linesOf(inTitles));
});

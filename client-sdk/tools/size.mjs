/** `npm run size`: compares every entry point of the SDK, and the page's first load, with its limit. Exits with 1 if one is exceeded. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureEntry, measureFirstLoad } from './measureSize.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SDK = join(ROOT, 'client-sdk', 'dist');
/** Limits in kB (1,000 bytes) after minification and gzip: promises, not the current values. */
const ENTRIES = [
  { name: '@parley/client-sdk', file: 'index.js', limitKb: 75 },
  { name: '@parley/client-sdk/react', file: 'react/index.js', limitKb: 80 },
  { name: '@parley/client-sdk/headless', file: 'headless/index.js', limitKb: 30 },
  { name: '@parley/client-sdk/protocol', file: 'protocol/index.js', limitKb: 6 },
  { name: '@parley/client-sdk/protocol/schema', file: 'protocol/schema.js', limitKb: 6 },
];
const PAGE = { name: 'meeting page, first load', folder: join(ROOT, 'server', 'web', 'dist', 'app'), limitKb: 250 };

const rows = [];
for (const { name, file, limitKb } of ENTRIES) {
  const { gzipBytes } = await measureEntry(join(SDK, file));
  rows.push({ name, gzipBytes, limitKb });
}
rows.push({ name: PAGE.name, gzipBytes: measureFirstLoad(PAGE.folder).gzipBytes, limitKb: PAGE.limitKb });

const width = Math.max(...rows.map(({ name }) => name.length));
const line = (/** @type {string[]} */ [name = '', size = '', limit = '', verdict = '']) =>
  `${name.padEnd(width)}  ${size.padStart(8)}  ${limit.padStart(8)}  ${verdict}`.trimEnd();
const kb = (/** @type {number} */ bytes) => `${(bytes / 1_000).toFixed(1)} kB`;
const isOver = (/** @type {typeof rows[number]} */ { gzipBytes, limitKb }) => gzipBytes > limitKb * 1_000;

console.log(line(['minified and gzipped', 'size', 'limit']));
for (const row of rows) {
  console.log(line([row.name, kb(row.gzipBytes), `${row.limitKb} kB`, isOver(row) ? 'OVER THE LIMIT' : 'ok']));
}
process.exitCode = rows.some(isOver) ? 1 : 0;

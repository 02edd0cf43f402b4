/** Measures how much of the SDK and of the page a browser has to download. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

/** Applications that use these already have them. */
const PEERS = [/^react($|\/)/, /^react-dom($|\/)/, /^zod($|\/)/];

/**
 * Bundles one entry point like an application that imports all of it: minified, with all dependencies except the peers.
 * @param {string} entry path of the compiled entry point
 * @returns {Promise<{ gzipBytes: number, modules: string[] }>} all that it may ever load, in bytes after gzip, and the files inside
 */
export async function measureEntry(entry) {
  const built = await build({
    configFile: false,
    root: dirname(entry),
    logLevel: 'silent',
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      rolldownOptions: { input: entry, external: PEERS, preserveEntrySignatures: 'strict' },
    },
  });
  const chunks = [built].flat().flatMap((result) => ('output' in result ? result.output : []));
  const code = chunks.flatMap((chunk) => (chunk.type === 'chunk' ? [chunk] : []));
  return {
    gzipBytes: code.reduce((sum, chunk) => sum + gzipBytesOf(chunk.code), 0),
    modules: code.flatMap((chunk) => chunk.moduleIds),
  };
}

/**
 * What a browser downloads before the page works: the document, its scripts and their static imports, its styles.
 * @param {string} folder of a built page
 * @returns {{ gzipBytes: number, files: string[] }}
 */
export function measureFirstLoad(folder) {
  const html = readFileSync(join(folder, 'index.html'), 'utf8');
  const files = new Set(['index.html']);
  for (const tag of html.matchAll(/<(?:script|link)\b[^>]*>/g)) {
    const rel = /\brel="([^"]*)"/.exec(tag[0])?.[1] ?? 'script';
    const path = /\b(?:src|href)="(?:\.?\/)?([^"]*)"/.exec(tag[0])?.[1];
    if (path !== undefined && ['script', 'modulepreload', 'stylesheet'].includes(rel))
      withImports({ folder, path, files });
  }
  const sizes = [...files].map((path) => gzipBytesOf(readFileSync(join(folder, path))));
  return { gzipBytes: sizes.reduce((sum, size) => sum + size, 0), files: [...files] };
}

/** @param {{ folder: string, path: string, files: Set<string> }} options */
function withImports({ folder, path, files }) {
  if (files.has(path)) return;
  files.add(path);
  if (!path.endsWith('.js')) return;
  const code = readFileSync(join(folder, path), 'utf8');
  // The bundler's output format; `import()` is loaded later, if at all.
  for (const [, imported = ''] of code.matchAll(/\b(?:import|from)\s*["'](\.[^"']+\.js)["']/g)) {
    withImports({ folder, path: join(dirname(path), imported), files });
  }
}

/** @param {string | Buffer} content */
function gzipBytesOf(content) {
  return gzipSync(content, { level: 9 }).length;
}

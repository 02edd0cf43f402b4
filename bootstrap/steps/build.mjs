import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hashOfFiles, readStamp, writeStamp } from '../lib/hash.mjs';
import { run } from '../lib/run.mjs';
import { SetupError } from '../lib/SetupError.mjs';

/** Each after those that it needs. */
const PACKAGES = ['native', 'media', 'client-sdk', 'server', 'server/web', 'demo', 'bench', 'test'];
/** One of each package and page, so that a removed `dist` is built again. */
const OUTPUTS = [
  'native/dist/index.js',
  'media/dist/node/index.js',
  'client-sdk/dist/index.js',
  'client-sdk/dist/bundle/parley.js',
  'server/dist/cli/main.js',
  'server/web/dist/app/index.html',
  'demo/dist/cli.js',
  'bench/dist/main.js',
];
const SOURCE = /\.(ts|tsx|mts|css|html|svg|json)$/;
const SKIPPED_NAMES = new Set(['node_modules', 'dist', 'fixtures']);
/** Data and sources of other builds; by path, because a package may have its own `src/meeting`. */
const SKIPPED_PATHS = ['native/models', 'native/worker', 'demo/meeting'];

/**
 * TypeScript and the pages' bundles, if a source has changed.
 * @param {{ root: string, progress: ReturnType<import('../lib/progress.mjs').createProgress> }} options
 */
export async function buildSources({ root, progress }) {
  const stamp = sourceHash(root);
  const stampFile = join(root, 'node_modules', '.parley-build');
  if (readStamp(stampFile) === stamp && outputsAreThere(root)) return;
  await progress.step('Build', async (report) => {
    // A failed or stopped build leaves a mixture, which must not count as the earlier tree's build.
    rmSync(stampFile, { force: true });
    // Incremental state of an earlier tree has been seen to hide changes behind project references.
    for (const folder of [...PACKAGES, 'client-sdk/src/protocol', 'client-sdk/dist/protocol']) {
      rmSync(join(root, folder, 'tsconfig.tsbuildinfo'), { force: true });
      rmSync(join(root, folder, 'dist', 'tsconfig.tsbuildinfo'), { force: true });
    }
    try {
      report(undefined, 'compiling');
      await run(join(root, 'node_modules', '.bin', 'tsc'), ['-b'], { cwd: root, tailLines: 40 });
      for (const folder of PACKAGES.filter((name) => hasAssets(join(root, name)))) {
        report(undefined, `bundling ${folder}`);
        await run('npm', ['run', '--silent', 'build:assets'], { cwd: join(root, folder), tailLines: 40 });
      }
    } catch (error) {
      throw new SetupError(`The sources do not build:\n${error instanceof Error ? error.message : error}`);
    }
    writeStamp(stampFile, stamp);
    return { detail: 'TypeScript and pages' };
  });
}

/** @param {string} folder */
function hasAssets(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).scripts?.['build:assets'] !== undefined;
  } catch {
    return false;
  }
}

/** @param {string} root */
function outputsAreThere(root) {
  return OUTPUTS.every((file) => statSync(join(root, file), { throwIfNoEntry: false })?.isFile() === true);
}

/** @param {string} root */
export function sourceHash(root) {
  const files = PACKAGES.flatMap((folder) => sourcesUnder({ root, folder }));
  return hashOfFiles([
    ...files,
    join(root, 'tsconfig.json'),
    join(root, 'tsconfig.base.json'),
    join(root, 'package-lock.json'),
  ]);
}

/** @param {{ root: string, folder: string }} options @returns {string[]} */
function sourcesUnder({ root, folder }) {
  if (SKIPPED_PATHS.includes(folder) || !existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return SKIPPED_NAMES.has(entry.name) ? [] : sourcesUnder({ root, folder: path });
    return SOURCE.test(entry.name) ? [join(root, path)] : [];
  });
}

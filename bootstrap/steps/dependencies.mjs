import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hashOfFiles, readStamp, writeStamp } from '../lib/hash.mjs';
import { run } from '../lib/run.mjs';
import { SetupError } from '../lib/SetupError.mjs';

/**
 * `npm ci` without install scripts: what those would download or compile, the steps after this one get or build with progress.
 * @param {{ root: string, progress: ReturnType<import('../lib/progress.mjs').createProgress> }} options
 */
export async function installDependencies({ root, progress }) {
  const stamp = `${dependencyHash(root)} node ${process.versions.node.split('.')[0]}`;
  const stampFile = join(root, 'node_modules', '.parley-stamp');
  if (readStamp(stampFile) === stamp) return;
  await progress.step('Dependencies', async () => {
    // Older npm keeps it while it empties the folder: an install that is stopped would pass for one that was finished.
    rmSync(stampFile, { force: true });
    try {
      await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root });
    } catch (error) {
      throw new SetupError(
        `The npm packages cannot be installed; is the registry reachable?\n${error instanceof Error ? error.message : error}`,
      );
    }
    writeStamp(stampFile, stamp);
    const packages = readdirSync(join(root, 'node_modules')).length;
    return { detail: `${packages} folders in node_modules` };
  });
}

/** @param {string} root */
function dependencyHash(root) {
  const example = 'client-sdk/examples/express-keycloak';
  const workspaces = ['.', 'native', 'media', 'client-sdk', example, 'server', 'server/web', 'demo', 'bench'];
  return hashOfFiles([
    join(root, 'package-lock.json'),
    ...workspaces.map((folder) => join(root, folder, 'package.json')),
  ]);
}

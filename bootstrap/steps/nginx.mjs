import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { reasonOf } from '../lib/reasonOf.mjs';
import { run } from '../lib/run.mjs';
import { SetupError } from '../lib/SetupError.mjs';

const INSTALLED = '/usr/sbin/nginx';

/**
 * An nginx for the tests: the one of this system, or Debian's package, unpacked into the cache. Installing it would start a web server on this
 * machine. apt compares what it fetches with the distribution's signed lists.
 * @param {object} options
 * @param {string} options.cacheDir
 * @param {ReturnType<import('../lib/progress.mjs').createProgress>} options.progress
 * @param {string} [options.installed] where the system has it
 * @returns {Promise<{ program: string } | { skipped: string }>} the program, or why there is none, in one line
 */
export async function ensureNginx({ cacheDir, progress, installed = INSTALLED }) {
  if (existsSync(installed)) return { program: installed };
  const home = join(cacheDir, 'nginx-debian');
  const program = join(home, 'usr', 'sbin', 'nginx');
  if (existsSync(program)) return { program };
  const work = `${home}.part-${process.pid}`;
  try {
    await progress.step('nginx', async () => {
      try {
        const unpacked = join(work, 'unpacked');
        mkdirSync(unpacked, { recursive: true });
        const archive = await fetchPackage(work);
        await run('dpkg-deb', ['-x', archive, unpacked]);
        // One of another release would lack libraries here.
        await run(join(unpacked, 'usr', 'sbin', 'nginx'), ['-v']);
        rmSync(home, { recursive: true, force: true });
        renameSync(unpacked, home);
      } finally {
        rmSync(work, { recursive: true, force: true });
      }
      return { detail: 'for the tests' };
    });
    return { program };
  } catch (error) {
    return { skipped: reasonOf(error) };
  }
}

/** @param {string} work @returns {Promise<string>} the package's file */
async function fetchPackage(work) {
  const download = (/** @type {string[]} */ ...options) =>
    run('apt-get', [...options, 'download', 'nginx'], { cwd: work });
  try {
    await download();
  } catch {
    // This system's lists are old or were never fetched. Lists of our own need no administrator, and change nothing here.
    for (const name of ['state/lists/partial', 'cache/archives/partial'])
      mkdirSync(join(work, name), { recursive: true });
    const own = ['-o', `Dir::State=${work}/state`, '-o', `Dir::Cache=${work}/cache`, '-o', 'APT::Sandbox::User=root'];
    own.push('-o', 'Dir::State::status=/var/lib/dpkg/status');
    await run('apt-get', [...own, '-qq', 'update'], { cwd: work });
    await download(...own);
  }
  const [archive] = readdirSync(work).filter((name) => name.endsWith('.deb'));
  if (archive === undefined) throw new SetupError('apt-get has fetched no package nginx.');
  return join(work, archive);
}

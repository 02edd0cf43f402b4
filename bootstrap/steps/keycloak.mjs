import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readStamp, writeStamp } from '../lib/hash.mjs';
import { reasonOf } from '../lib/reasonOf.mjs';
import { run } from '../lib/run.mjs';
import { SetupError } from '../lib/SetupError.mjs';
import { ensureSystemPackages } from './systemPackages.mjs';

export const KEYCLOAK_VERSION = '26.5.5';
const SHA256 = '5cd606f5e23ff77d9991ce55bab4a2ea529f05f7e16e24c1f270c6f360b50988';
const UNPACK = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack';
/** Built in once: a start with other options would build again, which takes longer than the start. */
const BUILD_OPTIONS = ['--db=dev-mem'];
/** A registry that does not answer costs the tests a minute; Maven's own limit is half an hour. */
const MAVEN_LIMITS = [
  '-Dmaven.wagon.rto=60000',
  '-Dmaven.wagon.http.retryHandler.count=1',
  '-Daether.connector.connectTimeout=10000',
  '-Daether.connector.requestTimeout=60000',
];

/**
 * A Keycloak for the tests: fetched, unpacked and prepared once, then never written to.
 * @param {object} options
 * @param {string} options.cacheDir
 * @param {ReturnType<import('../lib/progress.mjs').createProgress>} options.progress
 * @param {string} [options.sha256] of the archive; default: the release's own
 * @returns {Promise<{ home: string } | { skipped: string }>} its folder, or why there is none, in one line
 */
export async function ensureKeycloak({ cacheDir, progress, sha256 = SHA256 }) {
  const home = join(cacheDir, `keycloak-${KEYCLOAK_VERSION}`);
  const stampFile = join(home, '.parley-stamp');
  const stamp = [sha256, ...BUILD_OPTIONS].join(' ');
  const isPrepared = () => readStamp(stampFile) === stamp;
  try {
    await ensureSystemPackages({ parts: isPrepared() ? ['keycloak'] : ['keycloak', 'maven'], progress });
    if (isPrepared()) return { home };
    await progress.step('Keycloak', async (report) => {
      const work = `${home}.part-${process.pid}`;
      const clear = () => rmSync(work, { recursive: true, force: true });
      // An interrupt ends this process without returning here.
      process.once('exit', clear);
      try {
        removeLeftovers(home);
        report(undefined, 'fetching 165 MB');
        const unpacked = await fetchKeycloak({ work, sha256 });
        report(undefined, 'preparing');
        await run(join(unpacked, 'bin', 'kc.sh'), ['build', ...BUILD_OPTIONS]);
        writeStamp(join(unpacked, '.parley-stamp'), stamp);
        rmSync(home, { recursive: true, force: true });
        renameSync(unpacked, home);
      } finally {
        process.off('exit', clear);
        clear();
      }
      return { detail: `${KEYCLOAK_VERSION}, for the tests` };
    });
    return { home };
  } catch (error) {
    return { skipped: reasonOf(error) };
  }
}

/**
 * Maven unpacks it, too: the system need not have an unzip program, and the scripts stay executable.
 * @param {{ work: string, sha256: string }} options
 * @returns {Promise<string>} the unpacked distribution
 */
async function fetchKeycloak({ work, sha256 }) {
  const repository = join(work, 'repository');
  const unpacked = join(work, 'unpacked');
  mkdirSync(unpacked, { recursive: true });
  // Run in a folder without a project file that could interfere.
  await run(
    'mvn',
    [
      '-q',
      '-B',
      '-C',
      '-Dstyle.color=never',
      ...MAVEN_LIMITS,
      `-Dmaven.repo.local=${repository}`,
      UNPACK,
      `-Dartifact=org.keycloak:keycloak-quarkus-dist:${KEYCLOAK_VERSION}:zip`,
      `-DoutputDirectory=${unpacked}`,
    ],
    { cwd: work },
  );
  const name = `keycloak-quarkus-dist-${KEYCLOAK_VERSION}.zip`;
  const archive = join(repository, 'org', 'keycloak', 'keycloak-quarkus-dist', KEYCLOAK_VERSION, name);
  const hash = createHash('sha256');
  await pipeline(createReadStream(archive), hash);
  const actual = hash.digest('hex');
  if (actual !== sha256) throw new SetupError(`${name} does not match the released file: its SHA-256 is ${actual}.`);
  return join(unpacked, `keycloak-${KEYCLOAK_VERSION}`);
}

/** Files of an earlier set-up that was killed: some hundred megabytes. @param {string} home */
function removeLeftovers(home) {
  for (const name of readdirSync(dirname(home))) {
    if (name.startsWith(`${basename(home)}.part-`)) rmSync(join(dirname(home), name), { recursive: true, force: true });
  }
}

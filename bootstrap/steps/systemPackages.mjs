import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { agrees } from '../lib/consent.mjs';
import { run } from '../lib/run.mjs';
import { SetupError } from '../lib/SetupError.mjs';

/** Paths of browsers that are not on the PATH. */
const USUAL_PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
  '/opt/google/chrome/chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/**
 * System packages that each part needs: the Debian name, and how to check for it without the package manager.
 * @typedef {{ debian: string, present: () => boolean }} Need
 * @type {Record<'compiler' | 'addon' | 'worker' | 'browser' | 'firefox' | 'keycloak' | 'maven' | 'pip', Need[]>}
 */
export const NEEDS = {
  compiler: [
    { debian: 'cmake', present: () => hasProgram('cmake') },
    { debian: 'ninja-build', present: () => hasProgram('ninja') },
    { debian: 'g++', present: () => hasProgram('c++') },
    { debian: 'pkg-config', present: () => hasProgram('pkg-config') },
  ],
  addon: [{ debian: 'libopus-dev', present: () => hasLibrary('opus') }],
  worker: [
    { debian: 'libuv1-dev', present: () => hasLibrary('libuv') },
    { debian: 'libssl-dev', present: () => hasLibrary('openssl') },
    { debian: 'libsrtp2-dev', present: () => hasLibrary('libsrtp2') },
    // Debian's runtime package has the pkg-config file, too, so this checks for the header.
    { debian: 'libflatbuffers-dev', present: () => hasHeader('flatbuffers/flatbuffers.h') },
    { debian: 'flatbuffers-compiler', present: () => hasProgram('flatc') },
  ],
  browser: [{ debian: 'chromium', present: () => findChromium() !== undefined }],
  firefox: [{ debian: 'firefox-esr', present: () => findFirefox() !== undefined }],
  keycloak: [{ debian: 'default-jre-headless', present: () => hasProgram('java') }],
  maven: [{ debian: 'maven', present: () => hasProgram('mvn') }],
  pip: [{ debian: 'python3-pip', present: () => succeeds('python3', ['-m', 'pip', '--version']) }],
};

/** As in the demo and the tests. @returns {string | undefined} */
export function findChromium(env = process.env, usualPlaces = USUAL_PLACES) {
  if (env.PARLEY_CHROMIUM) return existsSync(env.PARLEY_CHROMIUM) ? env.PARLEY_CHROMIUM : undefined;
  const folders = (env.PATH ?? '').split(':').filter((folder) => folder !== '');
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
  return [...names.flatMap((name) => folders.map((folder) => `${folder}/${name}`)), ...usualPlaces].find((path) =>
    existsSync(path),
  );
}

/** As in the browser tests. @returns {string | undefined} */
export function findFirefox(env = process.env) {
  if (env.PARLEY_FIREFOX) return existsSync(env.PARLEY_FIREFOX) ? env.PARLEY_FIREFOX : undefined;
  const folders = (env.PATH ?? '').split(':').filter((folder) => folder !== '');
  return ['firefox-esr', 'firefox']
    .flatMap((name) => folders.map((folder) => `${folder}/${name}`))
    .find((path) => existsSync(path));
}

/** @param {(keyof typeof NEEDS)[]} parts @returns {string[]} Debian names of missing packages */
export function missingPackages(parts, needs = NEEDS) {
  return parts
    .flatMap((part) => needs[part])
    .filter((need) => !need.present())
    .map((need) => need.debian);
}

/** @param {string[]} packages */
export function installCommand(packages) {
  return `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`;
}

/**
 * Installs missing packages after listing them and asking; otherwise prints the command that does it.
 * @param {{ parts: (keyof typeof NEEDS)[], progress: ReturnType<import('../lib/progress.mjs').createProgress> }} options
 */
export async function ensureSystemPackages({ parts, progress }) {
  const missing = missingPackages(parts);
  if (missing.length === 0) return;
  progress.line(`  Missing on this system: ${missing.join(' ')}`);
  if (!hasProgram('apt-get')) {
    throw new SetupError(`Install these with your system's package manager (names as in Debian): ${missing.join(' ')}`);
  }
  const prefix = process.getuid?.() === 0 ? [] : canSudo() ? ['sudo', '-n'] : undefined;
  if (prefix === undefined) {
    throw new SetupError(
      `Installing them needs an administrator. Run this once, then try again:\n\n  sudo sh -c '${installCommand(missing)}'`,
    );
  }
  if (!(await agrees('Install them with apt-get?'))) {
    throw new SetupError(
      `Nothing is installed on this system without a yes. Add --yes (npm start -- --yes), or run this once, then try again:\n\n  ${prefix.length === 0 ? installCommand(missing) : `sudo sh -c '${installCommand(missing)}'`}`,
    );
  }
  await progress.step('System packages', async (report) => {
    const apt = async (/** @type {string[]} */ args) => {
      const [program = 'apt-get', ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args];
      await run(program, rest);
    };
    try {
      report(undefined, 'updating the package list');
      await apt(['update', '-qq']);
      report(undefined, `installing ${missing.length}`);
      await apt(['install', '-y', '-qq', '--no-install-recommends', ...missing]);
    } catch (error) {
      throw new SetupError(
        `The packages cannot be installed; is the package mirror reachable? Install them yourself, then try again:\n\n  ${installCommand(missing)}\n\n${error instanceof Error ? error.message : error}`,
      );
    }
    const still = missingPackages(parts);
    if (still.length > 0) throw new SetupError(`Installed, but still not found: ${still.join(' ')}`);
    return { detail: missing.join(' ') };
  });
}

/** @param {string} name */
function hasProgram(name) {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(`${folder}/${name}`));
}

/** @param {string} name as C++ includes it */
function hasHeader(name) {
  return hasProgram('c++') && succeeds('c++', ['-fsyntax-only', '-include', name, '-x', 'c++', '/dev/null']);
}

/** @param {string} name as pkg-config knows it */
function hasLibrary(name) {
  return hasProgram('pkg-config') && succeeds('pkg-config', ['--exists', name]);
}

function canSudo() {
  return hasProgram('sudo') && succeeds('sudo', ['-n', 'true']);
}

/** @param {string} program @param {string[]} args */
function succeeds(program, args) {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

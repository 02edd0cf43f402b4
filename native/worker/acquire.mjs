/**
 * Gets mediasoup-worker for this machine. Plain JavaScript: the set-up runs it before anything else is built.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { arch, platform, release } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import followRedirects from 'follow-redirects';

const HERE = dirname(fileURLToPath(import.meta.url));
/** Exit code of the worker if its channel has no other end, which shows that it runs on this machine. */
const EXIT_CODE_WITHOUT_PARENT = 41;
const DEFAULT_PREBUILT_URL = 'https://github.com/versatica/mediasoup/releases/download';
const ANSWER_TIMEOUT_MS = 3_000;
const DOWNLOAD_TIMEOUT_MS = 60_000;
/** Of the system, by their names for pkg-config. */
export const LIBRARIES = ['libuv', 'openssl', 'libsrtp2', 'flatbuffers'];

/**
 * Takes nothing that was downloaded without a sum to compare it with: an official archive whose SHA-256 stands in `prebuilt.json`, else
 * what is compiled here.
 * @param {object} options
 * @param {string} options.root the repository
 * @param {string} options.cacheDir
 * @param {string} [options.prebuiltUrl] folder of the releases; the official one without
 * @param {Record<string, string>} [options.sums] SHA-256 of archives by name; those of `prebuilt.json` without, and for this machine's the one
 *   of `PARLEY_MEDIASOUP_PREBUILT_SHA256`
 * @param {number} [options.answerTimeoutMs] until the release page has answered; default 3,000
 * @param {number} [options.downloadTimeoutMs] for the whole of the archive; default 60,000
 * @param {(fraction: number | undefined, text: string) => void} [options.onProgress]
 * @param {() => Promise<void>} [options.beforeCompile] makes sure that compiler and libraries are there
 * @returns {Promise<{ path: string, origin: 'cache' | 'prebuilt' | 'compiled' }>}
 */
export async function acquireWorker(options) {
  const { root, cacheDir, onProgress = () => {}, beforeCompile = async () => {} } = options;
  const folder = join(cacheDir, 'mediasoup-worker');
  const version = versionOf(root);

  const name = prebuiltName(version);
  const sum = (options.sums ?? knownSums(name))[name];
  // Named by the sum, too: what lies here was checked against this one.
  const prebuilt = join(folder, `${name.replace(/\.tgz$/, '')}-${sum?.slice(0, 12)}`, 'mediasoup-worker');
  if (sum !== undefined && existsSync(prebuilt)) return { path: prebuilt, origin: 'cache' };
  const compiledBefore = compiledPath({ root, folder });
  if (compiledBefore !== undefined && existsSync(compiledBefore)) return { path: compiledBefore, origin: 'cache' };

  mkdirSync(folder, { recursive: true });
  removeLeftovers(folder);
  if (sum !== undefined && (await fetchPrebuilt({ ...options, version, folder, path: prebuilt, sum, onProgress })))
    return { path: prebuilt, origin: 'prebuilt' };

  await beforeCompile();
  const path = compiledPath({ root, folder });
  if (path === undefined)
    throw new Error(`pkg-config does not know all of: ${LIBRARIES.join(', ')}. Install their development packages.`);
  await compile({ root, folder, path, onProgress });
  return { path, origin: 'compiled' };
}

/** @param {string} name @returns {Record<string, string>} */
function knownSums(name) {
  const official = JSON.parse(readFileSync(join(HERE, 'prebuilt.json'), 'utf8'));
  const own = process.env.PARLEY_MEDIASOUP_PREBUILT_SHA256;
  return own === undefined || own === '' ? official : { ...official, [name]: own.toLowerCase() };
}

/** @param {string} root */
function versionOf(root) {
  return JSON.parse(readFileSync(join(root, 'node_modules', 'mediasoup', 'package.json'), 'utf8')).version;
}

/** Name of the official archive. Linux ones are made for a major version of the kernel. */
export function prebuiltName(version, machine = { platform: platform(), arch: arch(), release: release() }) {
  const kernel = machine.platform === 'linux' ? `-kernel${machine.release.split('.')[0]}` : '';
  return `mediasoup-worker-${version}-${machine.platform}-${machine.arch}${kernel}.tgz`;
}

/** @returns {Promise<boolean>} whether a binary that runs here lies at `path` now */
async function fetchPrebuilt({
  version,
  folder,
  path,
  sum,
  prebuiltUrl = process.env.PARLEY_MEDIASOUP_PREBUILT_URL ?? DEFAULT_PREBUILT_URL,
  answerTimeoutMs = ANSWER_TIMEOUT_MS,
  downloadTimeoutMs = DOWNLOAD_TIMEOUT_MS,
  onProgress,
}) {
  onProgress(undefined, 'asking for the official binary');
  let archive;
  try {
    archive = await download(`${prebuiltUrl}/${version}/${prebuiltName(version)}`, {
      answerTimeoutMs,
      downloadTimeoutMs,
    });
  } catch {
    return false;
  }
  // Before anything of it is unpacked, let alone run.
  if (createHash('sha256').update(archive).digest('hex') !== sum) {
    onProgress(undefined, 'the official binary has another sum than expected, and is not used');
    return false;
  }
  const work = mkdtempSync(join(folder, `.work-${process.pid}-`));
  try {
    const file = join(work, 'worker.tgz');
    writeFileSync(file, archive);
    await promisify(execFile)('tar', ['-xzf', file, '-C', work]);
    const binary = join(work, 'mediasoup-worker');
    chmodSync(binary, 0o755);
    if (!(await runsHere(binary))) return false;
    rmSync(file);
    if (!existsSync(path)) {
      rmSync(dirname(path), { recursive: true, force: true });
      renameSync(work, dirname(path));
    }
    return true;
  } catch {
    return false;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Not by `fetch`: Node's ends the process when the other side closes at the wrong moment (undici's parser, `assert(!this.paused)`). */
async function download(url, { answerTimeoutMs, downloadTimeoutMs }) {
  const abort = new AbortController();
  const { http, https } = followRedirects;
  const client = url.startsWith('https:') ? https : http;
  let timer = setTimeout(() => abort.abort(), answerTimeoutMs);
  try {
    const response = await new Promise((resolve, reject) => {
      client.get(url, { signal: abort.signal }, resolve).on('error', reject);
    });
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(), downloadTimeoutMs);
    if (response.statusCode === 200) return await buffer(response);
    response.destroy();
    throw new Error(`status ${response.statusCode}`);
  } finally {
    clearTimeout(timer);
  }
}

/** @param {string} binary */
export function runsHere(binary) {
  return new Promise((resolve) => {
    // With MEDIASOUP_VERSION it would take itself for a child and wait.
    const env = { ...process.env };
    delete env.MEDIASOUP_VERSION;
    const child = spawn(binary, [], { stdio: 'ignore', timeout: 10_000, killSignal: 'SIGKILL', env });
    child.on('error', () => resolve(false));
    child.on('exit', (code) => resolve(code === EXIT_CODE_WITHOUT_PARENT));
  });
}

/** Keyed by everything that the result depends on; undefined while compiler or libraries are missing. */
function compiledPath({ root, folder }) {
  const hash = createHash('sha256').update(versionOf(root)).update(`${platform()} ${arch()}`);
  for (const file of ['CMakeLists.txt', ...filesUnder(join(HERE, 'shim')).map((name) => join('shim', name))]) {
    hash.update(file).update(readFileSync(join(HERE, file)));
  }
  try {
    hash.update(compilerVersion());
    for (const library of LIBRARIES) {
      hash.update(
        execFileSync('pkg-config', ['--modversion', library], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        }),
      );
    }
  } catch {
    return undefined;
  }
  return join(folder, hash.digest('hex').slice(0, 16), 'mediasoup-worker');
}

function compilerVersion() {
  const ask = (flag) => execFileSync('c++', [flag], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    return ask('-dumpfullversion');
  } catch {
    return ask('-dumpversion'); // Clang knows the short one only.
  }
}

/** What set-ups left that were killed: about 100 MB each. */
function removeLeftovers(folder) {
  for (const name of readdirSync(folder)) {
    const pid = Number(/^\.work-(\d+)-/.exec(name)?.[1] ?? 0);
    if (pid > 0 && pid !== process.pid && !isAlive(pid)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function filesUnder(folder) {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();
}

async function compile({ root, folder, path, onProgress }) {
  const work = mkdtempSync(join(folder, `.work-${process.pid}-`));
  try {
    await run(
      'cmake',
      [
        '-G',
        'Ninja',
        '-S',
        HERE,
        '-B',
        work,
        '-DCMAKE_BUILD_TYPE=Release',
        `-DMEDIASOUP_WORKER_DIR=${join(root, 'node_modules', 'mediasoup', 'worker')}`,
      ],
      () => {},
    );
    await run('ninja', ['-C', work, 'mediasoup-worker'], (line) => {
      const step = /^\[(\d+)\/(\d+)\]/.exec(line);
      if (step) onProgress(Number(step[1]) / Number(step[2]), `compiling ${step[1]} of ${step[2]}`);
    });
    const binary = join(work, 'mediasoup-worker');
    if (!(await runsHere(binary))) throw new Error('The compiled mediasoup-worker does not run on this machine.');
    await promisify(execFile)('strip', [binary]).catch(() => {});
    const done = join(work, 'done');
    mkdirSync(done);
    renameSync(binary, join(done, 'mediasoup-worker'));
    // Whole or not at all: the folder appears under its name in one step.
    if (!existsSync(path)) {
      rmSync(dirname(path), { recursive: true, force: true });
      renameSync(done, dirname(path));
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function run(program, args, onLine) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const tail = [];
    const take = (line) => {
      onLine(line);
      tail.push(line);
      if (tail.length > 30) tail.shift();
    };
    // Also the last one without a line break: that is where a failure often stands.
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', take);
    child.on('error', (error) => reject(new Error(`${program} cannot be started: ${error.message}`, { cause: error })));
    child.on('close', (code, signal) =>
      code === 0
        ? resolve()
        : reject(new Error(`${program} ended with ${signal ?? `code ${code}`}:\n${tail.join('\n')}`)),
    );
  });
}

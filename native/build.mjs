/**
 * Builds the addon for this machine into the cache, once for each set of inputs. Plain JavaScript without dependencies:
 * the set-up runs it before anything else is compiled. Needs CMake, Ninja, a C++20 compiler, pkg-config and libopus.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cudaArguments, findCudaTarget, prepareCudaToolchain } from './cuda.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const ADDON = 'parley_native.node';
const PACKAGES = ['nodejs-whisper', 'node-api-headers', 'node-addon-api'];
const WHAT_TO_INSTALL =
  'Needed: cmake, ninja, a C++20 compiler, pkg-config and libopus with its headers ' +
  '(Debian and Ubuntu: apt-get install -y cmake ninja-build g++ pkg-config libopus-dev).';
const ERROR_LINES = 30;
const LOCK_POLL_MS = 250;

/**
 * @param {object} options
 * @param {string} options.root the repository (its node_modules holds the sources)
 * @param {string} options.cacheDir
 * @param {boolean} [options.cuda] build ggml's CUDA backend too, where an NVIDIA driver is; without one the CPU build is
 *   made and `cudaSkippedReason` says why
 * @param {string} [options.cudaArchitectures] e.g. `90`; build for these without asking the driver
 * @param {(fraction: number, text: string) => void} [options.onProgress]
 * @returns {Promise<{ dir: string, builtNow: boolean, durationMs: number, cuda: boolean, cudaSkippedReason?: string }>}
 * @throws Error whose message holds the last lines of the compiler and what to do
 */
export async function buildNative({ root, cacheDir, cuda = false, cudaArchitectures, onProgress = () => {} }) {
  const startedAt = performance.now();
  const done = (dir, builtNow, rest) => {
    pointTo(root, dir);
    return { dir, builtNow, durationMs: Math.round(performance.now() - startedAt), ...rest };
  };
  if (!cuda) {
    const { dir, builtNow } = await buildOnce({ root, cacheDir, onProgress });
    return done(dir, builtNow, { cuda: false });
  }
  let reason;
  const target = findCudaTarget(cudaArchitectures);
  if (target.architectures === undefined) {
    reason = target.reason;
  } else {
    try {
      const { dir, builtNow } = await buildOnce({ root, cacheDir, onProgress, architectures: target.architectures });
      return done(dir, builtNow, { cuda: true });
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
  }
  const { dir, builtNow } = await buildOnce({ root, cacheDir, onProgress });
  return done(dir, builtNow, { cuda: false, cudaSkippedReason: reason });
}

/** Configures into `buildDir` and compiles nothing. @returns {Promise<{ env: Record<string, string> }>} */
export async function configureNative({ root, cacheDir, buildDir, architectures, onProgress = () => {} }) {
  const modules = join(root, 'node_modules');
  const toolchain =
    architectures === undefined ? undefined : await prepareCudaToolchain({ cacheDir, architectures, onProgress });
  const env = toolchain?.env ?? {};
  const settings = {
    CMAKE_BUILD_TYPE: 'Release',
    PARLEY_WHISPER_DIR: join(modules, 'nodejs-whisper', 'cpp', 'whisper.cpp'),
    PARLEY_NODE_HEADERS_DIR: join(modules, 'node-api-headers', 'include'),
    PARLEY_ADDON_API_DIR: join(modules, 'node-addon-api'),
  };
  const args = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`);
  if (toolchain !== undefined) args.push(...cudaArguments(toolchain));
  await run('cmake', ['-Wno-dev', '-G', 'Ninja', '-S', HERE, '-B', buildDir, ...args], { env });
  return { env };
}

async function buildOnce({ root, cacheDir, onProgress, architectures }) {
  const key = buildKey({ root, architectures });
  const home = join(cacheDir, 'native');
  const dir = join(home, key);
  if (existsSync(join(dir, ADDON))) return { dir, builtNow: false };

  mkdirSync(home, { recursive: true });
  const failedBefore = join(home, `${key}.failed`);
  if (architectures !== undefined && existsSync(failedBefore)) {
    throw new Error(`${readFileSync(failedBefore, 'utf8')}\nTo try again, delete ${failedBefore}.`);
  }
  const release = await takeLock({
    path: join(home, `${key}.lock`),
    onWait: () => onProgress(0, 'waiting for another build'),
  });
  const buildDir = join(home, `.build-${key}-${process.pid}`);
  removeLeftovers({ home, key });
  try {
    if (existsSync(join(dir, ADDON))) return { dir, builtNow: false };
    onProgress(0, 'configuring');
    const { env } = await configureNative({ root, cacheDir, buildDir, architectures, onProgress });
    await compile({ buildDir, env, onProgress, keepFailure: architectures === undefined ? undefined : failedBefore });
    const result = join(buildDir, 'result');
    collect(join(buildDir, 'bin'), result);
    rmSync(dir, { recursive: true, force: true });
    renameSync(result, dir);
    return { dir, builtNow: true };
  } finally {
    rmSync(buildDir, { recursive: true, force: true });
    release();
  }
}

/** Left by a killed build of the same key: this process holds the lock, so no other can be working on it. */
function removeLeftovers({ home, key }) {
  for (const name of readdirSync(home)) {
    if (name.startsWith(`.build-${key}-`)) rmSync(join(home, name), { recursive: true, force: true });
  }
}

/** CUDA's is a long build: a failure is remembered, so that the next start does not go through it again. */
async function compile({ buildDir, env, onProgress, keepFailure }) {
  try {
    await run('ninja', ['-C', buildDir, '-j', String(availableParallelism()), 'parley_native'], {
      env,
      onLine: (line) => {
        const step = /^\[(\d+)\/(\d+)\]/.exec(line);
        if (step) onProgress(Number(step[1]) / Number(step[2]), `compiling ${step[1]} of ${step[2]}`);
      },
    });
  } catch (error) {
    if (keepFailure !== undefined && error instanceof Error) writeFileSync(keepFailure, error.message);
    throw error;
  }
}

/** Everything that the result depends on. */
function buildKey({ root, architectures }) {
  const hash = createHash('sha256');
  const sources = ['src', join('third-party', 'onnxruntime')].flatMap((folder) =>
    readdirSync(join(HERE, folder))
      .sort()
      .map((file) => join(folder, file)),
  );
  for (const name of ['CMakeLists.txt', 'cuda.mjs', ...sources]) {
    hash.update(name).update(readFileSync(join(HERE, name)));
  }
  for (const name of PACKAGES) {
    hash.update(
      `${name}@${JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version}`,
    );
  }
  hash.update(JSON.stringify([process.platform, process.arch, cpuIdentity(), architectures ?? 'cpu']));
  hash.update(output('c++', ['--version'])).update(output('pkg-config', ['--modversion', 'opus']));
  return hash.digest('hex').slice(0, 16);
}

/** Model and flags of the first processor: what "native" means to the compiler. */
function cpuIdentity() {
  if (!existsSync('/proc/cpuinfo')) return '';
  const first = readFileSync('/proc/cpuinfo', 'utf8').split('\n\n')[0] ?? '';
  return first
    .split('\n')
    .filter((line) => /^(model name|cpu family|model|flags|Features|CPU (implementer|part|variant))\s*:/.test(line))
    .join('\n');
}

function output(program, args) {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new Error(`The addon cannot be built: "${program} ${args.join(' ')}" failed. ${WHAT_TO_INSTALL}`, {
      cause: error,
    });
  }
}

/** The addon and the libraries that it looks for beside it. */
function collect(from, to) {
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    if (name.endsWith('.node') || name.endsWith('.so')) cpSync(join(from, name), join(to, name), { dereference: true });
  }
}

/** Where `lib/loadAddon.ts` finds the newest build. */
function pointTo(root, dir) {
  const pointer = join(root, 'native', 'dist', 'addon.json');
  const content = `${JSON.stringify({ dir })}\n`;
  if (existsSync(pointer) && readFileSync(pointer, 'utf8') === content) return;
  mkdirSync(dirname(pointer), { recursive: true });
  const part = `${pointer}.${process.pid}`;
  writeFileSync(part, content);
  renameSync(part, pointer);
}

/** One builder at a time for a key; a lock whose process is gone counts for nothing. */
async function takeLock({ path, onWait }) {
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isAbandoned(path)) {
      rmSync(path, { force: true });
      continue;
    }
    onWait();
    await delay(LOCK_POLL_MS);
  }
}

function isAbandoned(path) {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    // The owner writes its number right after it made the file.
    if (!Number.isInteger(pid) || pid <= 0) return Date.now() - statSync(path).mtimeMs > 5_000;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

function run(program, args, { env, onLine = () => {} }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    const tail = [];
    let rest = '';
    const takeLine = (line) => {
      onLine(line);
      // Progress says nothing about a failure.
      if (/^\[\d+\/\d+\]/.test(line) || line.trim() === '') return;
      tail.push(line.length > 500 ? `${line.slice(0, 500)}...` : line);
      if (tail.length > ERROR_LINES) tail.shift();
    };
    const take = (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) takeLine(line);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', (error) => {
      reject(
        new Error(`The addon cannot be built: ${program} cannot be started (${error.message}). ${WHAT_TO_INSTALL}`, {
          cause: error,
        }),
      );
    });
    child.on('close', (code, signal) => {
      takeLine(rest);
      if (code === 0) resolve();
      else
        reject(
          new Error(
            `The addon cannot be built: ${program} ended with ${signal ?? `code ${code}`}.\n${tail.join('\n')}\n${WHAT_TO_INSTALL}`,
          ),
        );
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const built = await buildNative({
    root: dirname(HERE),
    cacheDir: process.env.PARLEY_CACHE ?? join(process.env.HOME ?? '.', '.cache', 'parley'),
    cuda: process.argv.includes('--cuda'),
    cudaArchitectures: process.env.PARLEY_CUDA_ARCHITECTURES,
    onProgress: (_fraction, text) => process.stderr.write(`\r${text}   `),
  });
  process.stderr.write('\n');
  process.stdout.write(`${JSON.stringify(built)}\n`);
}

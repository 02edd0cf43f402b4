/**
 * A CUDA compiler without a CUDA installation: NVIDIA's own wheels from the Python package index. Only the driver must
 * be on the machine.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** All of one minor version: the compiler does not pin its own parts, and they refuse one another otherwise. */
const CUDA_VERSION = '13.0';
const WHEELS = [
  'nvidia-cuda-nvcc',
  'nvidia-cuda-crt',
  'nvidia-nvvm',
  'nvidia-cuda-runtime',
  'nvidia-cuda-cccl',
  'nvidia-cublas',
];
/** The oldest driver series that runs CUDA 13. */
const MIN_DRIVER = 580;

/**
 * @param {string | undefined} forced architectures to build for without asking the driver
 * @returns {{ architectures: string, reason?: undefined } | { architectures?: undefined, reason: string }}
 */
export function findCudaTarget(forced) {
  if (forced !== undefined && forced !== '') return { architectures: forced };
  if (!existsSync('/dev/nvidiactl')) {
    return { reason: 'No NVIDIA driver is on this machine (/dev/nvidiactl is missing); recognition runs on the CPU.' };
  }
  let answer;
  try {
    answer = execFileSync('nvidia-smi', ['--query-gpu=compute_cap,driver_version', '--format=csv,noheader'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 20_000,
    });
  } catch {
    return { reason: 'nvidia-smi does not answer, so the NVIDIA driver cannot be used; recognition runs on the CPU.' };
  }
  return targetFrom(answer);
}

/** @param {string} answer lines of "9.0, 580.65.06", one a device */
export function targetFrom(answer) {
  const devices = answer
    .split('\n')
    .map((line) => /^\s*(\d+)\.(\d+)\s*,\s*(\d+)/.exec(line))
    .filter((match) => match !== null);
  if (devices.length === 0) return { reason: 'nvidia-smi names no device; recognition runs on the CPU.' };
  const driver = Number(devices[0][3]);
  if (driver < MIN_DRIVER) {
    return {
      reason: `The NVIDIA driver is of series ${driver}; ${MIN_DRIVER} or newer is needed. Recognition runs on the CPU.`,
    };
  }
  return { architectures: [...new Set(devices.map((match) => `${match[1]}${match[2]}`))].sort().join(';') };
}

/**
 * Fetches the compiler into the cache unless it is there.
 * @returns {Promise<{ root: string, architectures: string, env: Record<string, string> }>}
 */
export async function prepareCudaToolchain({ cacheDir, architectures, onProgress }) {
  const home = join(cacheDir, `cuda-${CUDA_VERSION}`);
  const root = join(home, 'nvidia', 'cu13');
  if (!existsSync(join(root, 'bin', 'nvcc'))) {
    onProgress(0, 'fetching the CUDA compiler');
    const part = `${home}.part-${process.pid}`;
    mkdirSync(part, { recursive: true });
    try {
      const wheels = WHEELS.map((wheel) => `${wheel}==${CUDA_VERSION}.*`);
      await promisify(execFile)(
        'python3',
        [
          '-m',
          'pip',
          'install',
          '--quiet',
          '--disable-pip-version-check',
          '--no-deps',
          '--no-compile',
          '--target',
          part,
          ...wheels,
        ],
        { maxBuffer: 16 * 1024 * 1024 },
      );
      link(join(part, 'nvidia', 'cu13'));
      rmSync(home, { recursive: true, force: true });
      renameSync(part, home);
    } catch (error) {
      const detail = String(error.stderr || error.message)
        .trim()
        .split('\n')
        .slice(-5)
        .join('\n');
      throw new Error(
        `The CUDA compiler could not be fetched with "python3 -m pip" (Debian and Ubuntu: apt-get install -y python3-pip); recognition runs on the CPU.\n${detail}`,
        { cause: error },
      );
    } finally {
      rmSync(part, { recursive: true, force: true });
    }
  }
  return { root, architectures, env: { PATH: `${join(root, 'bin')}:${process.env.PATH ?? ''}` } };
}

/** The wheels have only names with a number; CMake looks for names without, in `lib64`. */
function link(root) {
  const lib = join(root, 'lib');
  for (const name of readdirSync(lib)) {
    const [plain, version] = name.split('.so.');
    if (version !== undefined && !existsSync(join(lib, `${plain}.so`))) symlinkSync(name, join(lib, `${plain}.so`));
  }
  if (!existsSync(join(root, 'lib64'))) symlinkSync('lib', join(root, 'lib64'));
}

/** @returns {string[]} CMake arguments */
export function cudaArguments({ root, architectures }) {
  return [
    '-DPARLEY_CUDA=ON',
    // The runtime libraries stay where they are: cuBLAS alone is over 500 MB.
    `-DPARLEY_CUDA_RPATH=${join(root, 'lib')}`,
    `-DCMAKE_CUDA_ARCHITECTURES=${architectures}`,
    `-DCUDAToolkit_ROOT=${root}`,
    `-DCMAKE_CUDA_COMPILER=${join(root, 'bin', 'nvcc')}`,
  ];
}

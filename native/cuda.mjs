/**
 * A CUDA compiler without a CUDA installation: NVIDIA's own wheels from the Python package index. Only the driver must
 * be on the machine.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** All of one minor version: the compiler does not pin its own parts, and they refuse one another otherwise. */
const CUDA_VERSION = '13.0';
/**
 * With the SHA-256 of each wheel that is published for Linux, x64 and arm64. For another version:
 * `pip install --dry-run --report - --no-deps --only-binary=:all: --platform manylinux_2_27_x86_64 --target x NAME==VERSION`.
 */
const WHEELS = {
  'nvidia-cuda-nvcc==13.0.88': [
    '56fe502eb77625a12f25172caa3cdddb4e4c8ba2c8c17dba44b164761b380f03',
    'c7ff28f86a24effdc6c034fa15230c549a273e4771b10a7fec14996f8cf3307f',
  ],
  'nvidia-cuda-crt==13.0.88': [
    '2c8043c7c9e02492716426e9919fc78d2c5b3b2a7a768a88e952676b08aa55a4',
    'ee2ea2a97073e02ee62bb27841f437332be2c248e3eac013df07997ada39c003',
  ],
  'nvidia-nvvm==13.0.88': [
    'c5f41ffeb6466944a026dfa5317d7d85355c119bbec279205d22f1869d1054e0',
    'c4376a291d72d22a315d9d2f69bdae8f8cd83a627f75bad395cee49a0fe65dc1',
  ],
  'nvidia-cuda-runtime==13.0.96': [
    '7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548',
    'ef9bcbe90493a2b9d810e43d249adb3d02e98dd30200d86607d8d02687c43f55',
  ],
  'nvidia-cuda-cccl==13.0.85': [
    'e0da7ad981f3a8aff08241b5bfc1af868742a63e2762f53a5171c492ef242649',
    '6f0203e29fed809ee2b7fe9b1344df66ecab990c37d6a2e0e189b26d6c97ed7c',
  ],
  'nvidia-cublas==13.0.2.14': [
    '0cf238ffdbe46c00cb9aa98e7bca745c223a5ca5a53e686ac8b3e5a08fe80d6c',
    '17165c296de689662b96e0ef4f21dfbff3092ff00d0e3e59470f5acb08c0f87d',
  ],
};
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
      const requirements = join(part, 'requirements.txt');
      writeFileSync(requirements, cudaRequirements());
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
          '--only-binary=:all:',
          '--require-hashes',
          '--requirement',
          requirements,
          '--target',
          part,
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

/** For pip, which installs no wheel without one of its sums. */
export function cudaRequirements() {
  const lines = Object.entries(WHEELS).map(([wheel, sums]) =>
    [wheel, ...sums.map((sum) => `--hash=sha256:${sum}`)].join(' '),
  );
  return `${lines.join('\n')}\n`;
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

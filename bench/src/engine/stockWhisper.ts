import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '@parley/media/node';
import { runProgram } from './runProgram.js';

const SOURCES = fileURLToPath(new URL('../../native', import.meta.url));
const PACKAGE = fileURLToPath(new URL('../../../node_modules/nodejs-whisper', import.meta.url));
const WHISPER = join(PACKAGE, 'cpp', 'whisper.cpp');
const PROGRAM = 'stock_whisper';

export interface StockWhisper {
  program: string;
  /** Version of whisper.cpp. */
  version: string;
  llamafile: boolean;
}

/**
 * Builds whisper.cpp as its users do, unpatched and with its default options for this processor, with a small program on top; once for each
 * version, compiler and processor, into the cache.
 * @param options.llamafile with ggml's llamafile kernels, which are off by default and make 8-bit weights quicker on some processors
 * @throws Error with the compiler's output
 */
export async function buildStockWhisper({ llamafile }: { llamafile: boolean }): Promise<StockWhisper> {
  const version = versionIn(await readFile(join(WHISPER, 'CMakeLists.txt'), 'utf8'));
  const name = `whisper.cpp-${version}${llamafile ? '-llamafile' : ''}-${await keyOfBuild()}`;
  const directory = join(cacheDirectory(), 'bench', name);
  const program = join(directory, PROGRAM);
  if (existsSync(program)) return { program, version, llamafile };
  console.error(`${name} is being built for comparison ...`);
  const build = `${directory}.${process.pid}`;
  try {
    await mkdir(directory, { recursive: true });
    await runProgram('cmake', [
      ...['-Wno-dev', '-G', 'Ninja', '-S', SOURCES, '-B', build],
      ...['-DCMAKE_BUILD_TYPE=Release', `-DPARLEY_WHISPER_DIR=${WHISPER}`],
      ...(llamafile ? ['-DGGML_LLAMAFILE=ON'] : []),
    ]);
    await runProgram('ninja', ['-C', build, '-j', String(availableParallelism()), PROGRAM]);
    await rename(await builtProgram(build), program);
  } finally {
    await rm(build, { recursive: true, force: true });
  }
  return { program, version, llamafile };
}

/** whisper.cpp's own CMake file decides where programs go. */
async function builtProgram(build: string): Promise<string> {
  const inBin = join(build, 'bin', PROGRAM);
  return existsSync(inBin) ? inBin : join(build, PROGRAM);
}

/** @param cmake the text of whisper.cpp's CMake file */
export function versionIn(cmake: string): string {
  return /project\("whisper\.cpp" VERSION ([\d.]+)\)/.exec(cmake)?.[1] ?? 'unknown';
}

/** Everything that the result depends on. */
async function keyOfBuild(): Promise<string> {
  const hash = createHash('sha256');
  for (const path of [
    join(SOURCES, 'CMakeLists.txt'),
    join(SOURCES, 'stockWhisper.cpp'),
    join(PACKAGE, 'package.json'),
  ])
    hash.update(await readFile(path));
  hash.update(await runProgram('c++', ['--version']));
  // "Native" depends on these.
  const processor = (await readFile('/proc/cpuinfo', 'utf8').catch(() => '')).split('\n\n')[0] ?? '';
  for (const line of processor.split('\n'))
    if (/^(model name|flags|Features|CPU part)\s*:/.test(line)) hash.update(line);
  return hash.digest('hex').slice(0, 16);
}

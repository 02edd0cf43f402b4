import { join } from 'node:path';
import { cacheDirectory } from '../node/models/cacheDirectory.js';

/** The published model for tests with recordings of people; `npm test` fetches it. */
export const TEST_MODEL = 'base-q8_0';

/** Where this machine keeps its models. */
export const MODELS_DIRECTORY = join(cacheDirectory(), 'models');

/** Where the graphs of encoders are kept, the same as with `npm start`. */
export const ENCODERS_DIRECTORY = join(cacheDirectory(), 'encoders');

/**
 * Whether tests are skipped because something is not on this machine, which is reported once.
 * @param missing what is not there and how to get it; undefined: nothing is missing
 * @throws Error with PARLEY_REQUIRE_MODEL=1, so that an incomplete run is not taken for a complete one
 */
export function leaveOut(options: { what: string; missing: string | undefined }): boolean {
  const { what, missing } = options;
  if (missing === undefined) return false;
  if (process.env.PARLEY_REQUIRE_MODEL === '1') throw new Error(`PARLEY_REQUIRE_MODEL is 1, and ${missing}`);
  console.warn(`SKIPPED: ${what}. ${missing}`);
  return true;
}

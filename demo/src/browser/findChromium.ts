import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { DemoError } from '../DemoError.js';

const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
/** Paths of browsers that are not on the PATH. */
const USUAL_PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/opt/google/chrome/chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/**
 * The browser to use: `PARLEY_CHROMIUM`, else the first Chromium or Chrome on the `PATH` or in the usual places.
 *
 * @param options.env default: the process's own
 * @param options.usualPlaces default: where packages put browsers
 * @throws {DemoError} if there is none
 */
export async function findChromium(
  options: { env?: NodeJS.ProcessEnv; usualPlaces?: readonly string[] } = {},
): Promise<string> {
  const { env = process.env, usualPlaces = USUAL_PLACES } = options;
  const chosen = env.PARLEY_CHROMIUM;
  if (chosen !== undefined && chosen !== '') {
    if (await isExecutable(chosen)) return chosen;
    throw new DemoError(`PARLEY_CHROMIUM is ${chosen}, which cannot be run.`);
  }
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const places = [...COMMANDS.flatMap((command) => folders.map((folder) => join(folder, command))), ...usualPlaces];
  for (const place of places) if (await isExecutable(place)) return place;
  throw new DemoError(
    'No Chromium or Chrome was found. Install one (Debian: apt install chromium) or name it in PARLEY_CHROMIUM.',
  );
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

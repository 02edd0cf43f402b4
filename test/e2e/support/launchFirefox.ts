import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type Browser, launch } from 'puppeteer-core';

const COMMANDS = ['firefox-esr', 'firefox'];
/** The browser itself takes two or three seconds; this is for a machine that does much else. */
const LAUNCH_TIMEOUT_MS = 60_000;

const PREFERENCES = {
  // The microphone is a tone, and pages need not ask for it.
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  // A machine may have no network but loopback, which Firefox leaves out otherwise.
  'media.peerconnection.ice.loopback': true,
  // Codecs are not fetched: without a network that is waited for.
  'media.gmp-manager.updateEnabled': false,
  // The page speaks English on every machine.
  'intl.accept_languages': 'en-US,en',
} as const;

/**
 * Starts the distribution's Firefox without a window, driven over WebDriver BiDi. It takes the server's development certificate
 * and has a microphone that sounds.
 *
 * @throws Error when there is no Firefox: `npm test` installs one
 */
export async function launchFirefox(): Promise<Browser> {
  return launch({
    browser: 'firefox',
    executablePath: await findFirefox(),
    headless: true,
    acceptInsecureCerts: true,
    // Wide enough for everything that the page has to show at once.
    defaultViewport: { width: 1_280, height: 800 },
    extraPrefsFirefox: PREFERENCES,
    timeout: LAUNCH_TIMEOUT_MS,
    protocolTimeout: LAUNCH_TIMEOUT_MS,
  });
}

/** `PARLEY_FIREFOX`, else the first on the `PATH`. */
async function findFirefox(): Promise<string> {
  const { PARLEY_FIREFOX: chosen, PATH = '' } = process.env;
  const folders = PATH.split(delimiter).filter((folder) => folder !== '');
  const places = chosen ? [chosen] : COMMANDS.flatMap((command) => folders.map((folder) => join(folder, command)));
  for (const place of places) {
    const runs = await access(place, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return place;
  }
  throw new Error(
    chosen
      ? `PARLEY_FIREFOX is ${chosen}, which cannot be run.`
      : 'No Firefox was found. Install one (Debian: apt install firefox-esr) or name it in PARLEY_FIREFOX.',
  );
}

/// <reference lib="dom" />
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchChromium } from '../browser/launchChromium.js';
import { PlayerPage } from '../browser/PlayerPage.js';
import { DemoError } from '../DemoError.js';
import { choiceSentence, meetingNamed, mismatchWarning } from '../meeting/chooseMeeting.js';
import { loadMeeting } from '../meeting/loadMeeting.js';
import { joinFromLobby, openLobby } from '../meetingPage/enterMeeting.js';
import { startOwnServer } from '../startOwnServer.js';
import type { Output } from '../terminal/Output.js';
import { type Moment, type Picture, type PicturedMeeting, SCENES, type Scenes } from './scenes.js';

const ROOM = 'project-review';
const DESKTOP: BrowserContextOptions = { viewport: { width: 1_280, height: 800 } };
const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};
/** The browser's own microphone: a tone, which disturbs no one, because its participant is muted in the meeting. */
const MICROPHONE = ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'];
const START_LEAD_MS = 1_500;
const STEP_TIMEOUT_MS = 30_000;
/** The level of the microphone, so that the bar of the lobby is not empty. */
const LOUD_ENOUGH = 0.3;

export interface ScreenshotOptions {
  /** Folder for the pictures. */
  folder: string;
  /** Value of the server's setting of that name. */
  model: string;
  /** Default: the one that the model understands. */
  meeting?: PicturedMeeting;
  /** Where the progress of a download is shown; default: nowhere. */
  progress?: Output;
  onPicture?: (file: string) => void;
  /** Sentences about model and meeting. */
  onNote?: (sentence: string) => void;
}

/**
 * Takes the pictures of the README: a server, real browsers, a scripted meeting. Writes a PNG for each of `PICTURES` into a folder, 1280 x
 * 800 or, of the phone, 780 x 1688. Takes as long as the meeting talks: a bit more than a minute.
 *
 * @throws {DemoError} if there is no browser, the server does not start, or a page is removed from the room
 */
export async function takeScreenshots(options: ScreenshotOptions): Promise<void> {
  await mkdir(options.folder, { recursive: true });
  const take = async (page: Page, picture: Picture) => {
    const path = join(options.folder, `${picture}.png`);
    // Transitions are skipped to their end: the same moment gives the same picture.
    await page.screenshot({ path, animations: 'disabled', caret: 'hide' });
    options.onPicture?.(path);
  };
  const { model, progress, onNote = () => undefined } = options;
  const server = await startOwnServer({ model, ...(progress === undefined ? {} : { progress }) });
  try {
    const meeting = options.meeting ?? (server.model.demo ? 'synthetic' : 'people');
    const { directory } = meetingNamed(meeting);
    const about = { asked: options.meeting, model: server.model, meeting: { name: meeting, directory } };
    for (const sentence of [choiceSentence(about), server.notice, mismatchWarning(about)]) {
      if (sentence !== undefined) onNote(sentence);
    }
    const browser = await launchChromium({ flags: MICROPHONE });
    try {
      await playScenes({ browser, serverUrl: server.url, take, directory, scenes: SCENES[meeting] });
    } finally {
      await browser.close();
    }
  } finally {
    await server.close();
  }
}

async function playScenes(options: {
  browser: Browser;
  serverUrl: string;
  take: (page: Page, picture: Picture) => Promise<void>;
  directory: string;
  scenes: Scenes;
}): Promise<void> {
  const { browser, serverUrl, take, directory } = options;
  const { moments, search } = options.scenes;
  const players = await seatSpeakers({ browser, serverUrl, directory });
  const desktop = await newPage(browser, DESKTOP);
  const ada = { page: desktop, serverUrl, room: ROOM, displayName: 'Ada', microphone: true };
  await openLobby(ada);
  await hears(desktop);
  await take(desktop, 'lobby');
  await joinFromLobby(ada);
  await desktop.getByTestId('mute-button').click();
  const phone = await newPage(browser, PHONE);
  const emma = { page: phone, serverUrl, room: ROOM, displayName: 'Emma', microphone: true };
  await openLobby(emma);
  await joinFromLobby(emma);
  await phone.getByTestId('mute-button').click();

  const startAtMs = Date.now() + START_LEAD_MS;
  await Promise.all(players.map((player) => player.startAt(startAtMs)));

  await desktop.getByTestId('transcript-button').click();
  // Nothing should look as if a mouse were over it.
  await desktop.mouse.move(0, 0);
  await shows(desktop, moments.call);
  await take(desktop, 'call');
  await desktop.getByTestId('transcript-button').click();
  await desktop.mouse.move(0, 0);
  await desktop.emulateMedia({ colorScheme: 'dark' });
  await shows(desktop, moments.dark);
  await take(desktop, 'dark');
  await desktop.emulateMedia({ colorScheme: 'light', contrast: 'more' });
  await shows(desktop, moments.contrast);
  await take(desktop, 'contrast');
  await desktop.emulateMedia({ contrast: 'no-preference' });
  await shows(phone, moments.phone);
  await take(phone, 'phone');
  await desktop.getByTestId('search-input').fill(search);
  await shows(desktop, moments.transcript);
  await take(desktop, 'transcript');
  const failure = players.find((player) => player.failure !== undefined)?.failure;
  if (failure !== undefined) throw new DemoError(`A participant lost the connection to the meeting: ${failure}`);
}

/** Waits for words in the captions, as long as makes sense. */
async function shows(page: Page, { words, latestMs }: Moment): Promise<void> {
  const caption = page.getByTestId('caption').filter({ hasText: words });
  await caption
    .first()
    .waitFor({ timeout: latestMs })
    .catch(() => undefined);
}

/** Waits until the microphone picks up its own tone, which comes once a second. */
async function hears(page: Page): Promise<void> {
  await page.waitForFunction(
    (least) => {
      const meter = document.querySelector('[data-testid="level-meter"]');
      return meter !== null && Number(getComputedStyle(meter).getPropertyValue('--level')) > least;
    },
    LOUD_ENOUGH,
    { timeout: STEP_TIMEOUT_MS },
  );
}

/** The speakers of the scripted meeting, in the room and silent. */
async function seatSpeakers(options: {
  browser: Browser;
  serverUrl: string;
  directory: string;
}): Promise<PlayerPage[]> {
  const { browser, serverUrl, directory } = options;
  const players: PlayerPage[] = [];
  for (const { name, file } of (await loadMeeting(directory)).speakers) {
    const player = await PlayerPage.create({ browser, serverUrl, audioFile: file });
    await player.joinAsSpeaker({ displayName: name, room: ROOM });
    players.push(player);
  }
  return players;
}

/** English and light, whatever the machine's settings. */
async function newPage(browser: Browser, options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext({
    ...options,
    ignoreHTTPSErrors: true,
    locale: 'en-GB',
    colorScheme: 'light',
  });
  return context.newPage();
}

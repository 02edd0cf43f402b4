import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchChromium } from '../browser/launchChromium.js';
import { PlayerPage } from '../browser/PlayerPage.js';
import { DemoError } from '../DemoError.js';
import { loadMeeting } from '../meeting/loadMeeting.js';
import { joinFromLobby, openLobby } from '../meetingPage/enterMeeting.js';
import { BUILT_IN_MEETING } from '../parseArguments.js';
import { startOwnServer } from '../startOwnServer.js';

/** The pictures, in the order in which they are taken. */
export const PICTURES = ['lobby', 'call', 'dark', 'contrast', 'phone', 'transcript'] as const;
export type Picture = (typeof PICTURES)[number];

const ROOM = 'project-review';
const DESKTOP: BrowserContextOptions = { viewport: { width: 1_280, height: 800 } };
const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};
/** The browser's own microphone: a tone, which nobody is bothered with, since who has it is muted in the meeting. */
const MICROPHONE = ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'];
const START_LEAD_MS = 1_500;
/** When each is taken, in milliseconds of the scripted meeting: in the middle of what somebody says. */
const MOMENTS: Record<Exclude<Picture, 'lobby'>, number> = {
  call: 46_300,
  dark: 50_900,
  contrast: 54_900,
  phone: 57_900,
  transcript: 62_200,
};

/**
 * Takes the pictures of the README: a server with the built-in model, real browsers, the scripted meeting. Writes a PNG for each
 * of `PICTURES` into a folder, 1280 x 800 or, of the phone, 780 x 1688. Takes as long as the meeting talks: a bit more than a minute.
 *
 * @throws {DemoError} when no browser is there, the server does not start, or somebody is thrown out of the room
 */
export async function takeScreenshots(options: { folder: string; onPicture?: (file: string) => void }): Promise<void> {
  await mkdir(options.folder, { recursive: true });
  const take = async (page: Page, picture: Picture) => {
    const path = join(options.folder, `${picture}.png`);
    // Transitions are put at their end: the same moment gives the same picture.
    await page.screenshot({ path, animations: 'disabled', caret: 'hide' });
    options.onPicture?.(path);
  };
  const server = await startOwnServer();
  try {
    const browser = await launchChromium({ flags: MICROPHONE });
    try {
      await playScenes({ browser, serverUrl: server.url, take });
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
}): Promise<void> {
  const { browser, serverUrl, take } = options;
  const players = await seatSpeakers({ browser, serverUrl });
  const desktop = await newPage(browser, DESKTOP);
  const ada = { page: desktop, serverUrl, room: ROOM, displayName: 'Ada', microphone: true };
  await openLobby(ada);
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
  const until = (picture: keyof typeof MOMENTS) => delay(Math.max(0, startAtMs + MOMENTS[picture] - Date.now()));

  await desktop.getByTestId('transcript-button').click();
  await until('call');
  await take(desktop, 'call');
  await desktop.getByTestId('transcript-button').click();
  await desktop.emulateMedia({ colorScheme: 'dark' });
  await until('dark');
  await take(desktop, 'dark');
  await desktop.emulateMedia({ colorScheme: 'light', contrast: 'more' });
  await until('contrast');
  await take(desktop, 'contrast');
  await desktop.emulateMedia({ contrast: 'no-preference' });
  await until('phone');
  await take(phone, 'phone');
  await desktop.getByTestId('search-input').fill('supplier');
  await until('transcript');
  await take(desktop, 'transcript');
  const failure = players.find((player) => player.failure !== undefined)?.failure;
  if (failure !== undefined) throw new DemoError(`A participant was cut off from the meeting: ${failure}`);
}

/** The speakers of the scripted meeting, in the room and silent. */
async function seatSpeakers(options: { browser: Browser; serverUrl: string }): Promise<PlayerPage[]> {
  const players: PlayerPage[] = [];
  for (const { name, file } of (await loadMeeting(BUILT_IN_MEETING)).speakers) {
    const player = await PlayerPage.create({ ...options, audioFile: file });
    await player.joinAsSpeaker({ displayName: name, room: ROOM });
    players.push(player);
  }
  return players;
}

/** English and light whatever the machine has. */
async function newPage(browser: Browser, options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext({
    ...options,
    ignoreHTTPSErrors: true,
    locale: 'en-GB',
    colorScheme: 'light',
  });
  return context.newPage();
}

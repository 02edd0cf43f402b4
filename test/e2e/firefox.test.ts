/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { networkInterfaces } from 'node:os';
import { PlayerPage, wordEdits, wordsOf } from '@parley/demo';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { launchFirefox } from './support/launchFirefox.js';
import { MeetingPage } from './support/MeetingPage.js';
import { Stage } from './support/Stage.js';
import { SPEECH } from './support/speech.js';

const STEP_TIMEOUT_MS = 20_000;
/** Enough that it is a stream and not a few packets of its beginning. */
const LEAST_PACKETS = 50;
const LEAST_LEDGER_MS = 1_000;
const ALLOWED_EDITS = 1;

let stage: Stage;
let firefox: Browser;
beforeAll(async () => {
  // Firefox leaves loopback out, as docs/running.md says.
  stage = await Stage.create({ media: { port: 0, addresses: ownAddresses() } });
  firefox = await launchFirefox();
}, 120_000);
afterEach((context) => stage.afterEach(context));
afterAll(async () => {
  await firefox?.close();
  await stage?.close();
});

/** One address of this machine on a network. */
function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all.flatMap(({ family, internal, address }) => (family === 'IPv4' && !internal ? [address] : [])).slice(0, 1);
}

const testId = (id: string) => `[data-testid="${id}"]`;

declare global {
  interface Window {
    openedConnections: RTCPeerConnection[];
  }
}

/** Runs in the page before its own scripts: keeps every connection that the page opens. */
function keepConnections(): void {
  window.openedConnections = [];
  const Original = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Original {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      window.openedConnections.push(this);
    }
  };
}

/** Packets of audio that this page has been sent. */
function receivedPackets(page: Page): Promise<number> {
  return page.evaluate(async () => {
    let packets = 0;
    for (const connection of window.openedConnections) {
      const report = await connection.getStats();
      report.forEach((stats: RTCInboundRtpStreamStats) => {
        if (stats.type === 'inbound-rtp' && stats.kind === 'audio') packets += stats.packetsReceived ?? 0;
      });
    }
    return packets;
  });
}

/** What stands in the page's transcript. */
function shownFinals(page: Page): Promise<{ participantId: string | null; speaker: string; text: string }[]> {
  return page.evaluate(() =>
    Array.from(document.querySelectorAll('[data-testid="segment"][data-status="final"]'), (element) => ({
      participantId: element.getAttribute('data-participant-id'),
      speaker: element.querySelector('[data-testid="segment-speaker"]')?.textContent ?? '',
      text: element.querySelector('[data-testid="segment-text"]')?.textContent ?? '',
    })),
  );
}

/** Audio that reached the server: its ledger without what was lost on the way and filled. */
async function heardMs(): Promise<number> {
  const books = await stage.books();
  return (books.get('total') ?? 0) - (books.get('concealed') ?? 0);
}

function participantIds(page: Page, name: string): Promise<(string | null)[]> {
  return page.evaluate(
    (selector, wanted) =>
      Array.from(document.querySelectorAll(selector))
        .filter(({ textContent }) => textContent?.includes(wanted))
        .map((element) => element.getAttribute('data-participant-id')),
    testId('participant'),
    name,
  );
}

it('lets somebody with Firefox join, be heard, hear and read what is said by somebody with Chromium', async () => {
  const room = 'two-browsers';
  const poll = { timeout: STEP_TIMEOUT_MS, interval: 250 };
  const page = await firefox.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.evaluateOnNewDocument(keepConnections);

  // Join, with a microphone.
  await page.goto(`${stage.url}/?room=${room}`);
  await page.waitForFunction(
    (selector) => document.querySelector(`${selector} option:not([value=""]):not([value="listen-only"])`) !== null,
    { timeout: STEP_TIMEOUT_MS },
    testId('microphone-select'),
  );
  await page.locator(testId('name-input')).fill('Fox');
  await page.locator(testId('join-button')).click();
  await expect.poll(() => participantIds(page, 'Fox'), poll).toHaveLength(1);
  const [foxId] = await participantIds(page, 'Fox');

  // Be heard: by the server, whose ledger counts nobody else's audio yet ...
  await expect.poll(() => heardMs(), poll).toBeGreaterThan(LEAST_LEDGER_MS);
  const chromium = await stage.launch();
  const reader = await MeetingPage.open({
    context: await stage.newContext(chromium),
    url: `${stage.url}/?room=${room}`,
  });
  await reader.join({ name: 'Ben', room });
  expect(await reader.participantId('Fox')).toBe(foxId);
  expect(await reader.participant('Fox').getAttribute('data-muted')).toBe('false');
  // ... and by Chromium.
  const { file, text } = SPEECH.contract;
  const player = await PlayerPage.create({ browser: chromium, serverUrl: stage.url, audioFile: file });
  const { participantId: graceId } = await player.joinAsSpeaker({ displayName: 'Grace', room });
  await expect.poll(async () => (await player.received()).packets, poll).toBeGreaterThan(LEAST_PACKETS);

  // Hear and read.
  await player.startAt(Date.now() + 500);
  await expect.poll(() => receivedPackets(page), poll).toBeGreaterThan(LEAST_PACKETS);
  await expect
    .poll(async () => (await shownFinals(page)).map((final) => final.text).join(' '), poll)
    .toSatisfy((shown: string) => wordEdits(wordsOf(text), wordsOf(shown)) <= ALLOWED_EDITS);
  for (const final of await shownFinals(page)) {
    expect(final.participantId).toBe(graceId);
    expect(final.speaker).toContain('Grace');
  }

  // Leave, and be seen to have left.
  await page.locator(testId('leave-button')).click();
  await expect.poll(() => reader.participant('Fox').count(), poll).toBe(0);
  expect(player.failure).toBeUndefined();
  expect([...problems, ...reader.errors]).toEqual([]);
}, 60_000);

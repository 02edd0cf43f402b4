/// <reference lib="dom" />
import { percentile } from '@parley/media/testing';
import type { Browser, Page } from 'playwright-core';
import { PlayerPage } from '../browser/PlayerPage.js';
import { DemoError } from '../DemoError.js';
import { joinFromLobby, openLobby } from '../meetingPage/enterMeeting.js';
import { entryStart } from './filledTranscript.js';
import { longestTaskMs, longTasksOf, nowOf, watchLongTasks } from './longTasks.js';

const ROOM = 'long-meeting';
const READER = 'Reader';
const STEP_TIMEOUT_MS = 60_000;
const SPEECH_LEAD_MS = 300;
/** A sweep over everything, then a reader's pace. */
const SWEEP_FRAMES = 120;
const START_FRAMES = 30;
const READING_FRAMES = 240;
const READING_PX = 90;
/** Less than a line of the smallest text. */
const LEAST_ROW_PX = 10;

/** How a long transcript behaves in the page. Long tasks: 0 if the page was never busy for 50 ms or longer. */
export interface LongTranscript {
  /** Entries that were there before the first speech. */
  segments: number;
  /** From pressing the button until the newest entry could be read. */
  catchUpMs: number;
  longestTaskMs: {
    /** While the page joined and fetched the transcript. */
    catchUp: number;
    /** While it was swept and read from end to start and back, with someone speaking. */
    scroll: number;
    /** While it stayed at its end and grew. */
    update: number;
  };
  /** Between two frames while scrolling. */
  frameMs: { p50: number; p95: number };
  /** Versions of captions that arrived meanwhile. */
  updates: { scroll: number; update: number };
}

/**
 * Joins a room whose transcript has that many entries already (see `filledTranscript`), scrolls through them while someone speaks, and
 * reads along at the end while someone else does.
 *
 * @param options.audioFile what both say: some seconds of speech that the server's model knows
 * @throws {DemoError} if the transcript does not have all entries from its end to its start
 */
export async function measureLongTranscript(options: {
  browser: Browser;
  serverUrl: string;
  segments: number;
  audioFile: string;
}): Promise<LongTranscript> {
  const { browser, serverUrl, segments, audioFile } = options;
  let updates = 0;
  const onTranscript = () => {
    updates += 1;
  };
  const first = await PlayerPage.create({ browser, serverUrl, audioFile, onTranscript });
  const second = await PlayerPage.create({ browser, serverUrl, audioFile });
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1_280, height: 800 } });
  try {
    await first.joinAsSpeaker({ displayName: 'First', room: ROOM });
    const { participantId } = await second.joinAsSpeaker({ displayName: 'Second', room: ROOM });
    const page = await context.newPage();
    await watchLongTasks(page);
    const reader = { page, serverUrl, room: ROOM, displayName: READER };
    await openLobby(reader);

    const joinedAtMs = await nowOf(page);
    await joinFromLobby(reader);
    const newest = page.getByTestId('segment').filter({ hasText: entryStart(segments) });
    await newest.first().waitFor({ timeout: STEP_TIMEOUT_MS });
    const caughtUpAtMs = await nowOf(page);

    const updatesBefore = updates;
    await first.startAt(Date.now() + SPEECH_LEAD_MS);
    const { frames, heightPx, textAtStart } = await scrollThrough(page);
    if (heightPx < segments * LEAST_ROW_PX || !textAtStart.startsWith(entryStart(1))) {
      throw new DemoError(`The transcript of ${segments} entries is ${heightPx} px high and begins: ${textAtStart}`);
    }
    // If the end has moved on meanwhile, the page offers the way back to it.
    const jump = page.getByTestId('jump-button');
    if (await jump.isVisible()) await jump.click();
    const scrolledAtMs = await nowOf(page);
    const updatesScrolled = updates;
    await second.startAt(Date.now() + SPEECH_LEAD_MS);
    const said = `[data-testid="segment"][data-status="final"][data-participant-id="${participantId}"]`;
    await page.locator(said).first().waitFor({ timeout: STEP_TIMEOUT_MS });
    const endedAtMs = await nowOf(page);

    const tasks = await longTasksOf(page);
    const longest = (fromMs: number, toMs: number) => longestTaskMs({ tasks, fromMs, toMs });
    return {
      segments,
      catchUpMs: caughtUpAtMs - joinedAtMs,
      longestTaskMs: {
        catchUp: longest(joinedAtMs, caughtUpAtMs),
        scroll: longest(caughtUpAtMs, scrolledAtMs),
        update: longest(scrolledAtMs, endedAtMs),
      },
      frameMs: { p50: percentile(frames, 0.5) ?? 0, p95: percentile(frames, 0.95) ?? 0 },
      updates: { scroll: updatesScrolled - updatesBefore, update: updates - updatesScrolled },
    };
  } finally {
    await Promise.all([context.close(), first.close(), second.close()]);
  }
}

/**
 * From the end to the start, for a while at a reader's pace, and back to the end.
 *
 * @returns milliseconds between frames, the height of all entries, and the text at the start
 */
function scrollThrough(page: Page): Promise<{ frames: number[]; heightPx: number; textAtStart: string }> {
  return page.evaluate(
    async ({ sweepFrames, startFrames, readingFrames, readingPx }) => {
      const list = scrollerOf(document.querySelector('[data-testid="segment"]'));
      const frames: number[] = [];
      let lastAtMs = await nextFrame();
      const scrollTo = async (top: number) => {
        list.scrollTop = top;
        const atMs = await nextFrame();
        frames.push(atMs - lastAtMs);
        lastAtMs = atMs;
      };
      const end = list.scrollHeight;
      for (let frame = 1; frame <= sweepFrames; frame += 1) await scrollTo(end * (1 - frame / sweepFrames));
      // Rows above are measured once they are rendered, and what is in sight stays in its place: reaching the start takes some frames more.
      for (let frame = 0; frame < startFrames; frame += 1) await scrollTo(0);
      const textAtStart = list.querySelector('[data-testid="segment-text"]')?.textContent ?? '';
      for (let frame = 1; frame <= readingFrames; frame += 1) await scrollTo(frame * readingPx);
      for (let frame = 1; frame <= sweepFrames; frame += 1) await scrollTo((list.scrollHeight * frame) / sweepFrames);
      return { frames, heightPx: end, textAtStart };

      function nextFrame(): Promise<number> {
        return new Promise((resolve) => requestAnimationFrame(resolve));
      }
      function scrollerOf(row: Element | null): Element {
        for (let element = row; element !== null; element = element.parentElement) {
          const scrolls = /auto|scroll/.test(getComputedStyle(element).overflowY);
          if (scrolls && element.scrollHeight > element.clientHeight) return element;
        }
        throw new Error('the transcript does not scroll');
      }
    },
    { sweepFrames: SWEEP_FRAMES, startFrames: START_FRAMES, readingFrames: READING_FRAMES, readingPx: READING_PX },
  );
}

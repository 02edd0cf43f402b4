import { PlayerPage, wordEdits, wordsOf } from '@parley/demo';
import type { Browser } from 'playwright-core';
import { expect } from 'vitest';
import type { MeetingPage } from './MeetingPage.js';
import type { Speech } from './speech.js';

const SENTENCE_TIMEOUT_MS = 30_000;
const START_LEAD_MS = 500;

/** Someone joins, says one sentence and stays. @returns the page that sends it, and for how long */
export async function speak(options: {
  browser: Browser;
  serverUrl: string;
  name: string;
  room: string;
  speech: Speech;
}): Promise<{ player: PlayerPage; sentMs: number }> {
  const { browser, serverUrl, name, room, speech } = options;
  const player = await PlayerPage.create({ browser, serverUrl, audioFile: speech.file });
  await player.joinAsSpeaker({ displayName: name, room });
  const { startedAtMs } = await player.startAt(Date.now() + START_LEAD_MS);
  await player.ended();
  return { player, sentMs: Date.now() - startedAtMs };
}

/** The page shows a sentence, except for one word at most. */
export async function expectSentence(meeting: MeetingPage, { text }: Speech): Promise<void> {
  const isIt = (shown: string) => wordEdits(wordsOf(text), wordsOf(shown)) <= 1;
  await expect
    .poll(async () => (await meeting.finals()).some((segment) => isIt(segment.text)), { timeout: SENTENCE_TIMEOUT_MS })
    .toBe(true);
}

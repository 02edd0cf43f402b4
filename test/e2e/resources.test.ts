import { isDeepStrictEqual } from 'node:util';
import { PlayerPage } from '@parley/demo';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { processUsage } from './support/processUsage.js';
import { Stage } from './support/Stage.js';
import { SPEECH } from './support/speech.js';
import { TranscriptTap } from './support/TranscriptTap.js';

const PEOPLE = 8;
const ROUNDS = 3;
const START_LEAD_MS = 1_000;
const FINALS_TIMEOUT_MS = 60_000;
/** Rooms, sockets and their timers go when the last one has left, not at once. */
const RELEASE_TIMEOUT_MS = 30_000;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.create({ meetingEndDelayMs: 0 });
}, 120_000);
afterEach((context) => stage.afterEach(context));
afterAll(() => stage?.close());

async function counts() {
  return { server: await stage.server.resources(), system: await processUsage() };
}

/** Eight people join one room, all say a sentence, everybody gets a final, all leave. */
async function meet(browser: Browser, room: string): Promise<void> {
  const serverUrl = stage.url;
  const sentences = Object.values(SPEECH);
  const tap = new TranscriptTap();
  const players: PlayerPage[] = [];
  for (let index = 0; index < PEOPLE; index += 1) {
    const audioFile = sentences[index % sentences.length]?.file ?? '';
    const player = await PlayerPage.create({
      browser,
      serverUrl,
      audioFile,
      ...(index === 0 ? { onTranscript: tap.onTranscript } : {}),
    });
    await player.joinAsSpeaker({ displayName: `Person ${index + 1}`, room });
    players.push(player);
  }
  const during = await stage.server.resources();
  expect(during).toMatchObject({ rooms: 1, peers: PEOPLE, producers: PEOPLE, pipelines: PEOPLE });

  const startAtMs = Date.now() + START_LEAD_MS;
  await Promise.all(players.map((player) => player.startAt(startAtMs)));
  await Promise.all(players.map((player) => player.ended()));
  await tap.speakersWithFinals(PEOPLE, FINALS_TIMEOUT_MS);
  expect(players.map(({ failure }) => failure)).toEqual(players.map(() => undefined));
  await Promise.all(players.map((player) => player.leave()));
  await Promise.all(players.map((player) => player.close()));
}

it('holds nothing of a meeting of eight after they left, however often they meet', async () => {
  const browser = await stage.launch();
  // The first meeting may open what is kept: pools, lazily loaded modules, the model's buffers.
  await meet(browser, 'warm-up');
  await expect
    .poll(() => stage.server.resources(), { timeout: RELEASE_TIMEOUT_MS })
    .toMatchObject({ rooms: 0, peers: 0 });
  // Counted inside the poll, as later: the poll holds a timer itself.
  let before = await counts();
  await expect
    .poll(
      async () => {
        const earlier = before;
        before = await counts();
        return isDeepStrictEqual(before, earlier);
      },
      { timeout: RELEASE_TIMEOUT_MS, interval: 500 },
    )
    .toBe(true);

  for (let round = 1; round <= ROUNDS; round += 1) {
    await meet(browser, `round-${round}`);
    await expect.poll(counts, { timeout: RELEASE_TIMEOUT_MS, interval: 500 }).toEqual(before);
  }
}, 360_000);

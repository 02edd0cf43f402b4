import { PlayerPage } from '@parley/demo';
import { resourcesOf } from '@parley/server/testing';
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
const RELEASE_TIMEOUT_MS = 60_000;
/** Longer than the longest timer of a connection (joining: 10 s). */
const AT_REST_MS = 11_000;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.create({ meetingEndDelayMs: 0 });
}, 120_000);
afterEach((context) => stage.afterEach(context));
afterAll(() => stage?.close());

/** By name: what the server holds, and what the system gives its processes. Counted inside polls alone: a poll holds a timer. */
async function counts(): Promise<Record<string, number>> {
  const { processes, descriptors } = await processUsage();
  const byProgram = Object.entries(descriptors).map(([name, count]) => [`descriptors of ${name}`, count]);
  return { ...(await resourcesOf(stage.server)), processes, ...Object.fromEntries(byProgram) };
}

/** The least of each that was held while nothing changed for longer than any timer of a connection runs. */
async function countsAtRest(): Promise<Record<string, number>> {
  let least: Record<string, number> = {};
  let sinceMs = performance.now();
  await expect
    .poll(
      async () => {
        const now = await counts();
        const fallen = Object.entries(now).filter(([name, count]) => count < (least[name] ?? Number.POSITIVE_INFINITY));
        if (fallen.length > 0) sinceMs = performance.now();
        least = { ...least, ...Object.fromEntries(fallen) };
        return performance.now() - sinceMs;
      },
      { timeout: RELEASE_TIMEOUT_MS, interval: 500 },
    )
    .toBeGreaterThan(AT_REST_MS);
  return least;
}

/** What is held beyond what was held before. Less is no leak. */
function grown(options: { before: Readonly<Record<string, number>>; now: Readonly<Record<string, number>> }) {
  const { before, now } = options;
  return Object.fromEntries(Object.entries(now).filter(([name, count]) => count > (before[name] ?? 0)));
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
  const during = await resourcesOf(stage.server);
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
    .poll(() => resourcesOf(stage.server), { timeout: RELEASE_TIMEOUT_MS })
    .toMatchObject({ rooms: 0, peers: 0 });
  const before = await countsAtRest();

  for (let round = 1; round <= ROUNDS; round += 1) {
    await meet(browser, `round-${round}`);
    await expect
      .poll(async () => grown({ before, now: await counts() }), { timeout: RELEASE_TIMEOUT_MS, interval: 500 })
      .toEqual({});
  }
}, 360_000);

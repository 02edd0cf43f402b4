import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commonWords, PlayerPage, wordEdits, wordsOf } from '@parley/demo';
import { readSound, wavFile } from '@parley/media/testing';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Stage } from './support/Stage.js';
import { SPEECH } from './support/speech.js';
import { TranscriptTap } from './support/TranscriptTap.js';

const FINALS_TIMEOUT_MS = 30_000;
const START_LEAD_MS = 1_000;
/** Later than any leak. */
const ECHO_MS = 700;
const ECHO_GAIN = 0.25;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.create();
}, 120_000);
afterEach((context) => stage.afterEach(context));
afterAll(() => stage?.close());

it('keeps the words of two people apart who speak at the same time', async () => {
  const browser = await stage.launch();
  const serverUrl = stage.url;
  const room = 'crosstalk';
  const tap = new TranscriptTap();
  const listener = await PlayerPage.create({ browser, serverUrl, onTranscript: tap.onTranscript });
  await listener.joinAsListener({ displayName: 'Listener', room });

  const people = [
    { name: 'Ada', speech: SPEECH.contract, other: SPEECH.launch },
    { name: 'Ben', speech: SPEECH.launch, other: SPEECH.contract },
  ];
  const speakers = [];
  for (const { name, speech, other } of people) {
    const player = await PlayerPage.create({ browser, serverUrl, audioFile: speech.file });
    const { participantId } = await player.joinAsSpeaker({ displayName: name, room });
    speakers.push({ name, speech, other, player, participantId });
  }
  const startAtMs = Date.now() + START_LEAD_MS;
  const starts = await Promise.all(speakers.map(({ player }) => player.startAt(startAtMs)));
  const distanceMs = Math.max(...starts.map(({ startedAtMs }) => Math.abs(startedAtMs - startAtMs)));
  expect(distanceMs).toBeLessThan(300);
  await Promise.all(speakers.map(({ player }) => player.ended()));
  stage.played({ ms: Date.now() - startAtMs - distanceMs, speakers: 2 });
  await tap.speakersWithFinals(2, FINALS_TIMEOUT_MS);

  for (const { name, speech, other, participantId } of speakers) {
    const spoken = wordsOf(speech.text);
    await expect
      .poll(() => wordEdits(spoken, wordsOf(tap.text(participantId))), { timeout: FINALS_TIMEOUT_MS })
      .toBeLessThan(3);
    expect(tap.finals(participantId).map(({ displayName }) => displayName)).toContain(name);
    // Words that only the other one said are nowhere in this one's transcript.
    const foreign = wordsOf(other.text).filter((word) => !spoken.includes(word));
    expect(commonWords(foreign, wordsOf(tap.text(participantId)))).toBe(0);
  }
  const known = new Set(speakers.map(({ participantId }) => participantId));
  expect(tap.finals().filter(({ participantId }) => !known.has(participantId))).toEqual([]);
  expect([listener, ...speakers.map(({ player }) => player)].map(({ failure }) => failure)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
}, 120_000);

it('H7 captions nobody for what their loudspeaker plays, as the server sent it to them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-echo-'));
  const browser = await stage.launch();
  const serverUrl = stage.url;
  const room = 'echo';
  const echoFile = join(folder, 'echo.wav');
  const values = [...(await readSound(SPEECH.contract.file))].map((sample) => (ECHO_GAIN * sample) / 32_768);
  await writeFile(echoFile, wavFile({ values, encoding: 'pcm', bits: 16 }));
  const tap = new TranscriptTap();
  const listener = await PlayerPage.create({ browser, serverUrl, onTranscript: tap.onTranscript });
  await listener.joinAsListener({ displayName: 'Listener', room });
  const ada = await PlayerPage.create({ browser, serverUrl, audioFile: SPEECH.contract.file });
  const { participantId } = await ada.joinAsSpeaker({ displayName: 'Ada', room });
  const ben = await PlayerPage.create({ browser, serverUrl, audioFile: echoFile });
  await ben.joinAsSpeaker({ displayName: 'Ben', room });
  await rm(folder, { recursive: true });

  const crosstalkMs = async () => (await stage.books()).get('crosstalk') ?? 0;
  const beforeMs = await crosstalkMs();
  const startAtMs = Date.now() + START_LEAD_MS;
  await Promise.all([ada.startAt(startAtMs), ben.startAt(startAtMs + ECHO_MS)]);
  await Promise.all([ada.ended(), ben.ended()]);
  await tap.speakersWithFinals(1, FINALS_TIMEOUT_MS);
  await expect.poll(crosstalkMs, { timeout: FINALS_TIMEOUT_MS }).toBeGreaterThan(beforeMs + 2_000);
  await ben.leave();
  expect(new Set(tap.finals().map((segment) => segment.participantId))).toEqual(new Set([participantId]));
  expect([listener, ada, ben].map(({ failure }) => failure)).toEqual([undefined, undefined, undefined]);
}, 120_000);

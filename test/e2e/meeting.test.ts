import { fileURLToPath } from 'node:url';
import { loadMeeting, playMeeting, REQUIREMENTS, scoreMeeting } from '@parley/demo';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keepResult, Stage } from './support/Stage.js';

const MEETING = fileURLToPath(new URL('../../demo/meeting', import.meta.url));
/** 86 s of audio from three speakers: Chromium sends a packet every 20 ms, fewer in silence. */
const LEAST_PACKETS = 500;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.create();
}, 120_000);
afterAll(() => stage?.close());

it('hears, understands and names everybody in the scripted meeting', async () => {
  const recording = await playMeeting({ serverUrl: stage.url, meetingDir: MEETING, room: 'review' });
  const score = scoreMeeting(await loadMeeting(MEETING), recording);
  await keepResult({ name: 'meeting-score.json', content: `${JSON.stringify(score, null, 2)}\n` });

  expect(score.speakers.map(({ name, words }) => ({ name, words }))).toEqual([
    { name: 'Sarah', words: 76 },
    { name: 'Robert', words: 58 },
    { name: 'Grace', words: 59 },
  ]);
  expect(score.wer).toBeLessThanOrEqual(REQUIREMENTS.builtIn.wer);
  expect(score).toMatchObject({ missedUtterances: 0, finalsInSilence: 0, misattributed: 0 });
  const books = await stage.books();
  expect(books.get('transcribed')).toBeGreaterThan(30_000);
  expect(books.get('total')).toBeGreaterThan(3 * 80_000);
  // Captions are not all that people get: the listener was sent the voice of each of the three.
  expect(recording.received.tracks).toBe(3);
  expect(recording.received.packets).toBeGreaterThan(LEAST_PACKETS);
}, 240_000);

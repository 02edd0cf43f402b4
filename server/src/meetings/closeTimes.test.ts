import { CLOSE_TIMES } from '@parley/media/process';
import { ManualTime } from '@parley/media/testing';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { segmentOf } from '../store/conformance/transcriptStoreSuite.js';
import { Meeting } from './Meeting.js';

const STEP_MS = 50;
const GIVEN_UP_MS = 60_000;

const silent = () => new Promise<never>(() => {});
const down = () => Promise.reject(new Error('the store is down'));

/** What the store costs the end of a meeting that begins so long after its last segments, as in a room that closes. */
async function endOf(answer: () => Promise<never>, afterMs: number): Promise<number> {
  const time = new ManualTime();
  const store = {
    append: answer,
    clear: answer,
    end: answer,
    page: async () => ({ segments: [], firstSeq: 1, lastSeq: 0 }),
  };
  const meeting = await Meeting.open({ room: 'daily', store, logger: pino({ level: 'silent' }), time });
  for (const id of ['a', 'b', 'c']) {
    meeting.transcript.commit(segmentOf(id, { meetingId: meeting.meetingId }), () => {});
  }
  await time.advanceAsync(afterMs, STEP_MS);
  const beganMs = time.now();
  let over = false;
  void meeting.transcript
    .flush()
    .then(() => meeting.end())
    .then(() => {
      over = true;
    });
  while (!over && time.now() < beganMs + GIVEN_UP_MS) await time.advanceAsync(STEP_MS);
  return time.now() - beganMs;
}

test.each([
  ['says nothing', silent],
  ['takes nothing', down],
])('a shutdown gives a room the time to end although its store %s, whenever it is asked', async (_, answer) => {
  const took = await Promise.all(Array.from({ length: 60 }, (__, index) => endOf(answer, index * 1_000)));
  const { inFlightMs, lastTextMs, shutdownDrainMs } = CLOSE_TIMES;
  expect(inFlightMs + lastTextMs + Math.max(...took)).toBeLessThan(shutdownDrainMs);
});

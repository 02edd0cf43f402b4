import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodePcm } from '../../../testing/decodePcm.js';
import { type EchoPath, echoOf } from '../../../testing/echoPath.js';
import { joinPcm } from '../../../testing/joinPcm.js';
import { readSound } from '../../recordings/sound/readSound.js';
import { leak, Meeting, mix, START_MS } from './testing/Meeting.js';

const MS = 16;
const PEOPLE = new URL('../../../../../test/fixtures/people/meeting/', import.meta.url);
const SPEECH = new URL('../../../../../test/fixtures/speech/', import.meta.url);

/** Sentences of three people, four seconds each. */
const bytes = readFileSync(new URL('../../../../test/fixtures/speech16k.s16le', import.meta.url));
const ADA = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2).slice();
const LENGTH_MS = ADA.length / MS;
const [BEN, CAROL] = [spoken('robert', { fromMs: 19_410 }), spoken('grace', { fromMs: 41_390 })];
const SILENCE = new Int16Array(ADA.length);

function spoken(name: string, { fromMs }: { fromMs: number }): Int16Array {
  const track = decodePcm(readFileSync(new URL(`meeting-${name}.pcm.br`, SPEECH)));
  return track.slice(fromMs * MS, fromMs * MS + ADA.length);
}

/** What somebody's microphone sends whose loudspeaker plays a voice. */
function echo(voice: Int16Array, path: EchoPath, own: Int16Array = SILENCE): Int16Array {
  return mix(Int16Array.from(echoOf(voice, path)), own);
}

/** A meeting in which everybody is sent everybody else. */
function meetingOf(...trackIds: string[]): Meeting {
  const meeting = new Meeting(...trackIds);
  for (const trackId of trackIds) meeting.guard.setSent(trackId, trackIds);
  return meeting;
}

const DELAYS_MS = [80, 250, 500, 900, 1_100];
const GAINS_DB = [-6, -15, -25];
const PATHS = DELAYS_MS.flatMap((delayMs) => GAINS_DB.map((gainDb) => ({ delayMs, gainDb })));

describe('the echo of what somebody is sent', () => {
  test.each(PATHS)('H7 is found in a room with a drifting clock: $delayMs ms, $gainDb dB', (path) => {
    const meeting = meetingOf('ada', 'ben');
    meeting.play({ ada: ADA, ben: echo(ADA, path) });
    const verdict = meeting.judge('ben');
    expect(verdict).toMatchObject({ crosstalk: true, sourceTrackId: 'ada' });
    expect(verdict.explainedShare).toBeGreaterThan(0.85);
    expect(meeting.judge('ada')).toEqual({ crosstalk: false, explainedShare: 0 });
  });

  test.each(PATHS)('H7 takes nothing from somebody who speaks meanwhile: $delayMs ms, $gainDb dB', (path) => {
    const meeting = meetingOf('ada', 'ben');
    meeting.play({ ada: ADA, ben: echo(ADA, path, BEN) });
    const verdict = meeting.judge('ben');
    expect(verdict.crosstalk).toBe(false);
    expect(verdict).not.toHaveProperty('alsoOnTrackId');
    expect(verdict.explainedShare).toBeLessThan(0.1);
    expect(meeting.judge('ada')).toEqual({ crosstalk: false, explainedShare: 0 });
  });

  test.each(DELAYS_MS)('H7 is kept apart from the words before and after it (%d ms)', (delayMs) => {
    const meeting = meetingOf('ada', 'ben');
    const own = joinPcm([BEN, SILENCE, SILENCE, BEN]);
    const ada = joinPcm([SILENCE, ADA, SILENCE, SILENCE]);
    meeting.play({ ada, ben: echo(ada, { delayMs, gainDb: -12 }, own) });
    const judge = (from: number, to: number) =>
      meeting.guard.judge('ben', START_MS + from * LENGTH_MS, START_MS + to * LENGTH_MS);
    expect(judge(0, 1)).toEqual({ crosstalk: false, explainedShare: 0 });
    expect(judge(1, 3)).toMatchObject({ crosstalk: true, sourceTrackId: 'ada' });
    expect(judge(3, 4)).toEqual({ crosstalk: false, explainedShare: 0 });
  });

  test.each([
    ['quinn', 1_800],
    ['libby', 7_440],
    ['jack', 19_010],
  ])('H7 is found of a recorded person, and not taken for what another one says: %s', async (name, fromMs) => {
    const recording = await readSound(new URL(`${name}.flac`, PEOPLE));
    const voice = recording.slice(fromMs * MS, fromMs * MS + ADA.length);
    const path = { delayMs: 600, gainDb: -9 };
    const meeting = meetingOf('ada', 'ben');
    meeting.play({ ada: voice, ben: echo(voice, path) });
    expect(meeting.judge('ben')).toMatchObject({ crosstalk: true, sourceTrackId: 'ada' });
    const bothFromMs = meeting.nowMs;
    meeting.play({ ada: voice, ben: echo(voice, path, BEN) });
    expect(meeting.guard.judge('ben', bothFromMs, meeting.nowMs)).toMatchObject({ crosstalk: false });
    expect(meeting.judge('ada').explainedShare).toBeLessThan(0.02);
  });

  test('H7 is found while it comes, but for its first frames', () => {
    const meeting = meetingOf('ada', 'ben');
    meeting.play({ ada: ADA, ben: echo(ADA, { delayMs: 600, gainDb: -12 }) });
    expect(meeting.atOnce.ben).toBeGreaterThan(60);
    expect(meeting.atOnce.ada).toBeUndefined();
  });

  test('H7 is found in hindsight where its source waited for a lost packet', () => {
    const meeting = meetingOf('ada', 'ben');
    meeting.play({ ben: echo(ADA, { delayMs: 600, gainDb: -12 }) });
    expect(meeting.judge('ben')).toEqual({ crosstalk: false, explainedShare: 0 });
    meeting.nowMs = START_MS;
    meeting.play({ ada: ADA });
    expect(meeting.judge('ben')).toMatchObject({ crosstalk: true, sourceTrackId: 'ada' });
  });

  test('H7 is found all through a long meeting, however far the clocks drift apart', () => {
    const meeting = meetingOf('ada', 'ben');
    const voice = joinPcm(new Array<Int16Array>(12).fill(ADA));
    const path = { delayMs: 500, gainDb: -12, reverberationMs: 0, driftPpm: 300 };
    meeting.play({ ada: voice, ben: echo(voice, path) });
    const { nowMs } = meeting;
    expect(meeting.guard.judge('ben', nowMs - 25_000, nowMs).explainedShare).toBeGreaterThan(0.9);
    expect(meeting.judge('ada').explainedShare).toBeLessThan(0.01);
  });

  test('H7 of two people who speak at once is neither of them under the name of a third', () => {
    const meeting = meetingOf('ada', 'ben', 'carol');
    const path = { delayMs: 500, gainDb: -12 };
    const both = mix(echo(ADA, path), echo(CAROL, path));
    meeting.play({ ada: ADA, ben: both, carol: CAROL });
    expect(meeting.judge('ben')).toMatchObject({ crosstalk: true });
    expect(meeting.judge('ada')).toMatchObject({ crosstalk: false });
    expect(meeting.judge('carol')).toMatchObject({ crosstalk: false });
  });

  test('is no echo of what was not sent, and later than any leak', () => {
    const heard = echo(ADA, { delayMs: 700, gainDb: -12 });
    const unsent = new Meeting('ada', 'ben', 'carol');
    unsent.guard.setSent('ben', ['carol', 'ben', 'somebody else']);
    unsent.guard.setSent('nobody', ['ada']);
    unsent.play({ ada: ADA, ben: heard, carol: SILENCE });
    expect(unsent.judge('ben')).toMatchObject({ crosstalk: false });
    expect(unsent.judge('ben').explainedShare).toBeLessThan(0.1);
  });

  test('is looked for as long as the source is sent, whichever of the two came first', () => {
    const meeting = new Meeting('ben');
    const heard = echo(ADA, { delayMs: 700, gainDb: -12 });
    meeting.guard.setSent('ben', ['ada']);
    meeting.guard.open('ada');
    meeting.play({ ada: ADA, ben: heard });
    expect(meeting.judge('ben')).toMatchObject({ crosstalk: true, sourceTrackId: 'ada' });
    const againFromMs = meeting.nowMs;
    const end = meeting.guard.open('ada');
    meeting.play({ ada: ADA, ben: heard });
    expect(meeting.guard.judge('ben', againFromMs, meeting.nowMs)).toMatchObject({ crosstalk: true });
    meeting.guard.setSent('ben', []);
    const unsentFromMs = meeting.nowMs;
    meeting.play({ ada: ADA, ben: heard });
    expect(meeting.guard.judge('ben', unsentFromMs, meeting.nowMs)).toMatchObject({ crosstalk: false });
    end();
    expect(meeting.guard.judge('ben', unsentFromMs, meeting.nowMs)).toEqual({ crosstalk: false, explainedShare: 0 });
  });

  test('H7 is no echo where it arrived before its source: both have their line, and it says so', () => {
    const meeting = meetingOf('ada', 'mallory');
    // Sent on 60 ms after it came, louder, and dated back so that the victim seems to be the later one.
    const voice = leak(ADA, { delayMs: 0, gain: 0.4 });
    meeting.play(
      { ada: voice, mallory: leak(voice, { delayMs: 60, gain: 2.5 }) },
      { clocksMs: { mallory: -700 }, lateMs: { mallory: 0 } },
    );
    const verdict = meeting.judge('ada');
    expect(verdict).toMatchObject({ crosstalk: false, alsoOnTrackId: 'mallory' });
    expect(verdict.explainedShare).toBeLessThan(0.05);
    expect(meeting.atOnce.ada ?? 0).toBeLessThan(5);
  });

  test("H7 takes nobody's words because somebody plays what was said before", () => {
    const meeting = meetingOf('ada', 'mallory');
    meeting.play({ ada: ADA, mallory: SILENCE });
    meeting.play({ ada: BEN, mallory: leak(ADA, { delayMs: 0, gain: 0.5 }) });
    meeting.play({ ada: CAROL, mallory: leak(BEN, { delayMs: 0, gain: 2 }) });
    expect(meeting.judge('ada')).toMatchObject({ crosstalk: false });
    expect(meeting.judge('ada').explainedShare).toBeLessThan(0.05);
    // What they play is their own line, and nobody else's.
    expect(meeting.judge('mallory')).toMatchObject({ crosstalk: false });
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { joinPcm } from '../../../testing/joinPcm.js';
import { FRAME_MS, FRAME_SAMPLES, leak, Meeting, START_MS } from './testing/Meeting.js';

const RATE = 16_000;
const WINDOW_FRAMES = 8;

/** One spoken sentence of four seconds. */
const bytes = readFileSync(new URL('../../../../test/fixtures/speech16k.s16le', import.meta.url));
const VICTIM = leak(new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2), { delayMs: 0, gain: 0.4 });
const FRAMES = Math.floor(VICTIM.length / FRAME_SAMPLES);

/** Who is sent the victim's voice, and whose voice is sent to the victim. */
function meeting(): Meeting {
  const both = ['victim', 'mallory'];
  const met = new Meeting(...both);
  for (const trackId of both) met.guard.setSent(trackId, both);
  return met;
}

/** By how many samples the end of a voice is most like itself before. */
function periodOf(known: Int16Array): number {
  const length = Math.min(640, known.length / 2);
  let [best, period] = [0, 40];
  for (let lag = 40; lag <= 320; lag += 1) {
    let [product, energy] = [0, 1];
    for (let at = known.length - length; at < known.length; at += 1) {
      const before = known[at - lag] ?? 0;
      product += (known[at] ?? 0) * before;
      energy += before * before;
    }
    const likeness = product / Math.sqrt(energy);
    if (likeness > best) [best, period] = [likeness, lag];
  }
  return period;
}

describe('somebody who is after the words of another', () => {
  test.each([20, 60])('H7 does not get them by going on with a vowel before it has come (%d ms behind)', (behindMs) => {
    const behind = (behindMs * RATE) / 1_000;
    const guessed = new Int16Array(VICTIM.length);
    for (let at = 2 * FRAME_SAMPLES; at + FRAME_SAMPLES <= VICTIM.length; at += FRAME_SAMPLES) {
      const known = VICTIM.subarray(0, at - behind);
      const period = periodOf(known);
      for (let next = 0; next < FRAME_SAMPLES; next += 1) {
        guessed[at + next] = 2 * (known[known.length - period + ((next + behind) % period)] ?? 0);
      }
    }
    const met = meeting();
    // A little sooner than the victim's own.
    met.play({ victim: VICTIM, mallory: guessed }, { lateMs: { mallory: -10 } });
    const verdict = met.judge('victim');
    expect(verdict.crosstalk).toBe(false);
    expect(verdict.explainedShare).toBeLessThan(0.2);
  });

  test('H7 does not get them by starting over while the network of the other stands still', () => {
    const met = meeting();
    for (let frame = 0; frame < FRAMES; frame += 1) {
      const pcm = VICTIM.slice(frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES);
      const startMs = START_MS + frame * FRAME_MS;
      const inWindow = frame % WINDOW_FRAMES;
      const lateMs = inWindow < WINDOW_FRAMES / 2 ? 400 : 0;
      if (inWindow === WINDOW_FRAMES / 2) met.guard.jump('mallory');
      const copy = leak(pcm, { delayMs: 0, gain: 2.5 });
      met.guard.push({ trackId: 'mallory', startMs, arrivedMs: startMs + lateMs + 50, pcm: copy, probability: 0.9 });
      met.guard.push({ trackId: 'victim', startMs, arrivedMs: startMs + lateMs, pcm, probability: 0.9 });
      expect(met.guard.frameIsCrosstalk('victim', startMs)).toBe(false);
    }
  });

  test.each([0.1, 0.5, 2])('H7 does not get them by playing again what was said before, %d times as loud', (gain) => {
    const met = meeting();
    const other = VICTIM.toReversed();
    const own = joinPcm([VICTIM, other, VICTIM.map((sample) => -sample), other]);
    const again = leak(own, { delayMs: 1_000 * (VICTIM.length / RATE) + 333, gain });
    met.play({ victim: own.subarray(0, 2 * VICTIM.length), mallory: again.subarray(0, 2 * VICTIM.length) });
    expect(met.judge('victim').crosstalk).toBe(false);
    // Vowels of one voice are alike.
    expect(met.judge('victim').explainedShare).toBeLessThan(0.1);
    // It stays a line of who plays it: the server cannot know that it is no word of theirs.
    expect(met.judge('mallory')).toEqual({ crosstalk: false, explainedShare: 0 });
  });

  test('H7 does not give the victim the words of a third, whose echo they send on louder', () => {
    const all = ['ada', 'victim', 'mallory'];
    const met = new Meeting(...all);
    for (const trackId of all) met.guard.setSent(trackId, all);
    const echo = leak(VICTIM, { delayMs: 500, gain: 0.25 });
    met.play(
      { ada: VICTIM, victim: echo, mallory: leak(echo, { delayMs: 60, gain: 2 }) },
      { clocksMs: { mallory: -160 }, lateMs: { mallory: 0 } },
    );
    expect(met.judge('victim')).toMatchObject({ crosstalk: true, sourceTrackId: 'ada' });
    expect(met.judge('ada')).toMatchObject({ crosstalk: false });
  });
});

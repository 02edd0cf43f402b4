import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noise } from '../../../testing/noises.js';
import { CrosstalkGuard } from './CrosstalkGuard.js';
import { ForgetfulCrosstalkGuard } from './testing/ForgetfulCrosstalkGuard.js';
import { FRAME_MS, FRAME_SAMPLES, leak, Meeting, mix, START_MS } from './testing/Meeting.js';

const RATE = 16_000;

/** One spoken sentence of four seconds. */
const bytes = readFileSync(new URL('../../../../test/fixtures/speech16k.s16le', import.meta.url));
const ANNA = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2).slice();
/** Another voice, in the same rhythm at other times: the sentence backwards. */
const BEN = ANNA.toReversed();
const SILENCE = new Int16Array(ANNA.length);

const KEPT = { crosstalk: false };

describe('CrosstalkGuard', () => {
  test.each([0, 30, 75, 150, 250, 333.3, 400])('finds a voice that comes %d ms late on a second track', (delayMs) => {
    const meeting = new Meeting('anna', 'ben');
    meeting.play({ anna: ANNA, ben: leak(ANNA, { delayMs, gain: 0.25 }) });
    const verdict = meeting.judge('ben');
    expect(verdict).toMatchObject({ crosstalk: true, sourceTrackId: 'anna' });
    expect(verdict.explainedShare).toBeGreaterThan(0.9);
    expect(meeting.judge('anna')).toEqual({ crosstalk: false, explainedShare: 0 });
  });

  test('tells of the frames while they come, not only in hindsight', () => {
    const meeting = new Meeting('anna', 'ben');
    meeting.play({ anna: ANNA, ben: leak(ANNA, { delayMs: 120, gain: 0.25 }) });
    expect(meeting.atOnce.ben).toBeGreaterThan(60);
    expect(meeting.atOnce.anna).toBeUndefined();
  });

  test('finds a leak that seems to come before its source, because the clocks of the tracks differ', () => {
    const meeting = new Meeting('anna', 'ben');
    const clocksMs = { anna: 0, ben: -80 };
    meeting.play({ anna: ANNA, ben: leak(ANNA, { delayMs: 10, gain: 0.25 }) }, { clocksMs });
    expect(meeting.judge('ben')).toMatchObject({ crosstalk: true, sourceTrackId: 'anna' });
    expect(meeting.judge('anna')).toMatchObject(KEPT);
  });

  test.each([
    ['in time', 60, {}],
    ['as soon as it can, on a short way', 3, {}],
    ['dated back by 400 ms', 200, { clocksMs: { mallory: -400 } }],
    ['dated back so that it seems to be first', 60, { clocksMs: { mallory: -160 } }],
  ])('H7 keeps the words of somebody whose voice another one sends on louder, %s', (_, delayMs, clocks) => {
    const voice = leak(ANNA, { delayMs: 0, gain: 0.4 });
    const meeting = new Meeting('anna', 'mallory');
    meeting.play({ anna: voice, mallory: leak(voice, { delayMs, gain: 2.5 }) }, clocks);
    const verdict = meeting.judge('anna');
    expect(verdict.crosstalk).toBe(false);
    // A vowel is like itself a few milliseconds before.
    expect(verdict.explainedShare).toBeLessThan(0.05);
    expect(meeting.atOnce.anna ?? 0).toBeLessThan(5);
  });

  test('H7 keeps them also where that one holds back what they send, in bursts', () => {
    const voice = leak(ANNA, { delayMs: 0, gain: 0.4 });
    const meeting = new Meeting('anna', 'mallory');
    // Sent 60 ms after it came, and dated 400 ms before that.
    meeting.play(
      { anna: voice, mallory: leak(voice, { delayMs: 60, gain: 2.5 }) },
      { clocksMs: { mallory: -400 }, lateMs: { mallory: 0 } },
    );
    expect(meeting.judge('anna')).toMatchObject({ crosstalk: false, explainedShare: 0 });
  });

  test('names who else is heard with a voice where nobody can tell who was first', () => {
    const meeting = new Meeting('anna', 'ben');
    // The microphone that hears less of it has the shorter way.
    meeting.play({ anna: ANNA, ben: leak(ANNA, { delayMs: 10, gain: 0.25 }) }, { lateMs: { anna: 80 } });
    expect(meeting.judge('ben')).toEqual({ crosstalk: false, explainedShare: 0, alsoOnTrackId: 'anna' });
    expect(meeting.judge('anna')).toEqual({ crosstalk: false, explainedShare: 0 });
    expect(meeting.atOnce.ben).toBeUndefined();
  });

  test('finds in hindsight what it could not know while the source was late', () => {
    const meeting = new Meeting('anna', 'ben');
    meeting.play({ ben: leak(ANNA, { delayMs: 0, gain: 0.25 }) });
    expect(meeting.judge('ben')).toEqual({ crosstalk: false, explainedShare: 0 });
    expect(meeting.atOnce.ben).toBeUndefined();
    meeting.nowMs = START_MS;
    meeting.play({ anna: ANNA });
    expect(meeting.judge('ben')).toMatchObject({ crosstalk: true, sourceTrackId: 'anna' });
  });

  test('finds a leak that is the wrong way round', () => {
    const meeting = new Meeting('anna', 'ben');
    const voice = noise({ kind: 'white', seconds: 1, levelDb: -20 });
    meeting.play({ anna: voice, ben: leak(voice, { delayMs: 90, gain: -0.25 }) });
    expect(meeting.judge('ben')).toMatchObject({ crosstalk: true, sourceTrackId: 'anna' });
  });

  test('finds a leak under the noise of its own microphone', () => {
    const hiss = noise({ kind: 'white', seconds: 5, levelDb: -60 }).subarray(0, ANNA.length);
    const meeting = new Meeting('anna', 'ben');
    meeting.play({ anna: ANNA, ben: mix(leak(ANNA, { delayMs: 90, gain: 0.25 }), hiss) });
    expect(meeting.judge('ben')).toMatchObject({ crosstalk: true, sourceTrackId: 'anna' });
  });

  test('finds the delay anew when the leak moves', () => {
    const meeting = new Meeting('anna', 'ben');
    meeting.play({ anna: ANNA, ben: leak(ANNA, { delayMs: 60, gain: 0.25 }) });
    const movedAtMs = meeting.nowMs;
    meeting.play({ anna: ANNA, ben: leak(ANNA, { delayMs: 240, gain: 0.25 }) });
    expect(meeting.guard.judge('ben', movedAtMs, meeting.nowMs)).toMatchObject({ crosstalk: true });
  });

  test('takes no echo later than 420 ms for a leak', () => {
    const meeting = new Meeting('anna', 'ben');
    meeting.play({ anna: ANNA, ben: leak(ANNA, { delayMs: 700, gain: 0.25 }) });
    expect(meeting.judge('ben')).toMatchObject(KEPT);
  });

  test.each([0.8, 1, 3])('keeps a copy that is %d times as loud: nobody is the echo of a quieter track', (gain) => {
    const meeting = new Meeting('anna', 'ben');
    const quiet = leak(ANNA, { delayMs: 0, gain: 0.3 });
    meeting.play({ anna: quiet, ben: leak(quiet, { delayMs: 60, gain }) });
    expect(meeting.judge('ben')).toEqual({ crosstalk: false, explainedShare: 0 });
  });

  test('keeps two people who talk at the same time', () => {
    const meeting = new Meeting('anna', 'ben');
    meeting.play({ anna: ANNA, ben: BEN });
    expect(meeting.judge('anna')).toMatchObject(KEPT);
    expect(meeting.judge('ben')).toMatchObject(KEPT);
    expect(meeting.judge('anna').explainedShare).toBeLessThan(0.1);
    expect(meeting.judge('ben').explainedShare).toBeLessThan(0.1);
  });

  test('keeps two people who talk at the same time and hear each other leak', () => {
    const meeting = new Meeting('anna', 'ben');
    meeting.play({
      anna: mix(ANNA, leak(BEN, { delayMs: 45, gain: 0.15 })),
      ben: mix(BEN, leak(ANNA, { delayMs: 45, gain: 0.15 })),
    });
    expect(meeting.judge('anna')).toMatchObject(KEPT);
    expect(meeting.judge('ben')).toMatchObject(KEPT);
  });

  test('keeps somebody who speaks softly over a leak', () => {
    const own = leak(BEN, { delayMs: 0, gain: 0.4 });
    const meeting = new Meeting('anna', 'ben');
    meeting.play({ anna: ANNA, ben: mix(own, leak(ANNA, { delayMs: 100, gain: 0.1 })) });
    expect(meeting.judge('ben')).toMatchObject(KEPT);
  });

  test('takes the voice for its own where the leak was a smaller part of what was said', () => {
    const meeting = new Meeting('anna', 'ben');
    meeting.play({ anna: ANNA, ben: leak(ANNA, { delayMs: 50, gain: 0.25 }) });
    meeting.play({ anna: SILENCE, ben: BEN });
    meeting.play({ anna: SILENCE, ben: BEN });
    const verdict = meeting.judge('ben');
    expect(verdict.crosstalk).toBe(false);
    expect(verdict).not.toHaveProperty('sourceTrackId');
    expect(verdict.explainedShare).toBeGreaterThan(0.2);
    expect(verdict.explainedShare).toBeLessThan(0.4);
  });

  test('judges the stretch that it is asked for and no other', () => {
    const meeting = new Meeting('anna', 'ben');
    meeting.play({ anna: ANNA, ben: leak(ANNA, { delayMs: 50, gain: 0.25 }) });
    meeting.play({ anna: SILENCE, ben: SILENCE.subarray(0, RATE) });
    const ownFromMs = meeting.nowMs;
    meeting.play({ anna: SILENCE, ben: BEN });
    expect(meeting.guard.judge('ben', START_MS, ownFromMs)).toMatchObject({ crosstalk: true });
    expect(meeting.guard.judge('ben', ownFromMs, meeting.nowMs)).toEqual({ crosstalk: false, explainedShare: 0 });
  });

  test('names the track that the voice came from, of several', () => {
    const meeting = new Meeting('anna', 'ben', 'carol');
    meeting.play({ anna: ANNA, ben: BEN, carol: leak(BEN, { delayMs: 70, gain: 0.25 }) });
    expect(meeting.judge('carol')).toMatchObject({ crosstalk: true, sourceTrackId: 'ben' });
    expect(meeting.judge('anna')).toMatchObject(KEPT);
    expect(meeting.judge('ben')).toMatchObject(KEPT);
  });

  test('names the track that most of the voice came from', () => {
    const meeting = new Meeting('anna', 'ben', 'carol');
    const [part, whole] = [ANNA.subarray(0, 1.5 * RATE), ANNA];
    meeting.play({ anna: part, ben: SILENCE.subarray(0, part.length), carol: leak(part, { delayMs: 70, gain: 0.25 }) });
    meeting.play({ anna: SILENCE, ben: whole, carol: leak(whole, { delayMs: 70, gain: 0.25 }) });
    expect(meeting.judge('carol')).toMatchObject({ crosstalk: true, sourceTrackId: 'ben' });
  });

  test('looks at frames with speech only', () => {
    const meeting = new Meeting('anna', 'ben');
    meeting.play({ anna: ANNA, ben: leak(ANNA, { delayMs: 50, gain: 0.25 }) }, { probability: 0.3 });
    expect(meeting.atOnce.ben).toBeUndefined();
    expect(meeting.judge('ben')).toEqual({ crosstalk: false, explainedShare: 0 });
  });

  test('goes on with a track that was opened anew when its predecessor of the same name ends', () => {
    const meeting = new Meeting('anna', 'ben');
    const endOldOne = meeting.guard.open('ben');
    meeting.guard.open('ben');
    endOldOne();
    meeting.play({ anna: ANNA, ben: leak(ANNA, { delayMs: 50, gain: 0.25 }) });
    expect(meeting.judge('ben')).toMatchObject({ crosstalk: true, sourceTrackId: 'anna' });
  });

  test('judges nothing that is too quiet to tell', () => {
    const guard = new CrosstalkGuard();
    guard.open('anna');
    guard.open('ben');
    // At -70 dBFS.
    const faint = leak(ANNA, { delayMs: 0, gain: 0.002 });
    for (let frame = 0; frame < 100; frame += 1) {
      const [from, to] = [frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES];
      const startMs = frame * FRAME_MS;
      guard.push({ trackId: 'anna', startMs, arrivedMs: startMs, pcm: ANNA.slice(from, to), probability: 0.9 });
      guard.push({ trackId: 'ben', startMs, arrivedMs: startMs, pcm: faint.slice(from, to), probability: 0.9 });
    }
    expect(guard.judge('ben', 0, 3_200)).toEqual({ crosstalk: false, explainedShare: 0 });
  });

  test('makes do with a history that is shorter than it compares', () => {
    const meeting = new Meeting('anna', 'ben');
    const voice = noise({ kind: 'white', seconds: 0.2, levelDb: -20 });
    meeting.play({ anna: voice, ben: leak(voice, { delayMs: 10, gain: 0.25 }) });
    expect(meeting.nowMs - START_MS).toBeLessThan(256);
    expect(meeting.judge('ben')).toMatchObject({ crosstalk: true, sourceTrackId: 'anna' });
    expect(meeting.judge('anna')).toMatchObject(KEPT);
  });

  test('says no of stretches and tracks that it knows nothing of', () => {
    const meeting = new Meeting('anna', 'ben');
    const no = { crosstalk: false, explainedShare: 0 };
    expect(meeting.judge('ben')).toEqual(no);
    expect(meeting.guard.frameIsCrosstalk('ben', START_MS)).toBe(false);
    meeting.play({ anna: ANNA, ben: leak(ANNA, { delayMs: 50, gain: 0.25 }) });
    expect(meeting.guard.judge('ben', 0, START_MS - 1_000)).toEqual(no);
    expect(meeting.guard.judge('ben', meeting.nowMs + 1_000, meeting.nowMs + 2_000)).toEqual(no);
    expect(meeting.guard.frameIsCrosstalk('ben', START_MS - 1_000)).toBe(false);
    expect(meeting.guard.judge('nobody', START_MS, meeting.nowMs)).toEqual(no);
    expect(meeting.guard.frameIsCrosstalk('nobody', meeting.nowMs)).toBe(false);
    meeting.play({ nobody: ANNA });
    expect(meeting.judge('nobody')).toEqual(no);
  });

  test.each(['close', 'jump'] as const)('compares nothing with what a track carried before its %s', (what) => {
    const meeting = new Meeting('anna', 'ben', 'carol');
    meeting.play({ ben: leak(ANNA, { delayMs: 50, gain: 0.25 }) });
    meeting.nowMs = START_MS;
    meeting.play({ anna: ANNA });
    meeting.guard[what]('anna');
    expect(meeting.judge('ben')).toEqual({ crosstalk: false, explainedShare: 0 });
    expect(meeting.judge('anna')).toEqual({ crosstalk: false, explainedShare: 0 });
  });

  test('begins anew after a jump of the time line', () => {
    const meeting = new Meeting('anna', 'ben');
    const heard = leak(ANNA, { delayMs: 50, gain: 0.25 });
    meeting.play({ anna: ANNA, ben: heard });
    expect(meeting.judge('ben').crosstalk).toBe(true);
    meeting.guard.jump('ben');
    expect(meeting.judge('ben')).toEqual({ crosstalk: false, explainedShare: 0 });
    const jumpedAtMs = meeting.nowMs;
    meeting.play({ anna: ANNA, ben: heard });
    expect(meeting.guard.judge('ben', jumpedAtMs, meeting.nowMs)).toMatchObject({ crosstalk: true });
  });

  test('remembers half a minute and no more, however long the meeting', () => {
    const meeting = new Meeting('anna', 'ben');
    const heard = leak(ANNA, { delayMs: 50, gain: 0.25 });
    for (let times = 0; times < 12; times += 1) meeting.play({ anna: ANNA, ben: heard });
    const { nowMs } = meeting;
    expect(nowMs - START_MS).toBeGreaterThan(45_000);
    expect(meeting.guard.judge('ben', START_MS, nowMs - 33_000)).toEqual({ crosstalk: false, explainedShare: 0 });
    expect(meeting.guard.frameIsCrosstalk('ben', nowMs - 33_000)).toBe(false);
    expect(meeting.guard.judge('ben', nowMs - 20_000, nowMs)).toMatchObject({ crosstalk: true });
  });
});

describe('what a CrosstalkGuard remembers', () => {
  test('changes no verdict', { timeout: 60_000 }, () => {
    const part = fc.record({
      from: fc.nat(100),
      frames: fc.integer({ min: 5, max: 20 }),
      speakers: fc.subarray(['anna', 'ben', 'carol']),
      delayMs: fc.nat(460),
      gain: fc.constantFrom(0.05, 0.25, 0.6),
      lateTrack: fc.constantFrom(undefined, undefined, 'anna', 'ben'),
      lateMs: fc.record({ anna: fc.nat(200), ben: fc.nat(200), carol: fc.constant(0) }) as fc.Arbitrary<
        Record<string, number>
      >,
      jump: fc.constantFrom(undefined, undefined, undefined, 'anna', 'ben', 'carol'),
    });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const guards = [new CrosstalkGuard(), new ForgetfulCrosstalkGuard()] as const;
        const names = ['anna', 'ben', 'carol'];
        const voices: Record<string, Int16Array> = {
          anna: ANNA,
          ben: BEN,
          carol: leak(ANNA, { delayMs: 900, gain: 1 }),
        };
        for (const guard of guards) for (const name of names) guard.open(name);
        let frame = 0;
        let openedMs = 0;
        for (const { from, frames, speakers, delayMs, gain, lateTrack, lateMs, jump } of parts) {
          if (jump !== undefined) for (const guard of guards) guard.jump(jump);
          if (jump !== undefined) openedMs = frame * FRAME_MS;
          const sounds = names.map((name) => {
            const own = speakers.includes(name) ? (voices[name] ?? SILENCE) : SILENCE;
            const heard = speakers.filter((other) => other !== name).map((other) => voices[other] ?? SILENCE);
            return heard.reduce((sum, voice) => mix(sum, leak(voice, { delayMs, gain })), own);
          });
          // A track that is late comes after the others, all of it at once.
          const order = names.toSorted((a, b) => Number(a === lateTrack) - Number(b === lateTrack));
          const push = (name: string, index: number) => {
            const at = ((from + index) * FRAME_SAMPLES) % (ANNA.length - FRAME_SAMPLES);
            const pcm = (sounds[names.indexOf(name)] ?? SILENCE).slice(at, at + FRAME_SAMPLES);
            const probability = pcm.some((sample) => Math.abs(sample) > 100) ? 0.9 : 0.01;
            for (const guard of guards) {
              const startMs = (frame + index) * FRAME_MS;
              guard.push({ trackId: name, startMs, arrivedMs: startMs + (lateMs[name] ?? 0), pcm, probability });
            }
          };
          const judge = () => {
            for (const name of names) {
              const [remembering, anew] = guards.map((guard) =>
                guard.judge(name, openedMs, (frame + frames) * FRAME_MS),
              );
              expect(remembering).toEqual(anew);
            }
          };
          for (let index = 0; index < frames; index += 1) {
            for (const name of order) if (name !== lateTrack) push(name, index);
            if (index % 10 === 9) judge();
          }
          if (lateTrack !== undefined) for (let index = 0; index < frames; index += 1) push(lateTrack, index);
          judge();
          frame += frames;
        }
      }),
      { numRuns: 8 },
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noise } from '../../../testing/noises.js';
import { dbfs, rms } from '../../audio/levels.js';
import { MICROPHONE_CHECK_FRAMES, MicrophoneCheck, type MicrophoneReading } from './MicrophoneCheck.js';
import { NoiseFloor } from './NoiseFloor.js';
import { SpeechGain } from './SpeechGain.js';

const FRAME = 512;
const fullScale = (levelDb: number) => 32_768 * 10 ** (levelDb / 20);

/** A frame of a tone whose root mean square is a level in dBFS; what does not fit into 16 bits is cut off. */
function tone(levelDb: number): Int16Array {
  const peak = fullScale(levelDb) * Math.SQRT2;
  return Int16Array.from({ length: FRAME }, (_, index) =>
    Math.max(-32_768, Math.min(32_767, Math.round(peak * Math.sin((2 * Math.PI * 8 * index) / FRAME)))),
  );
}

describe('NoiseFloor', () => {
  it('is the quietest of what was heard, until that is 4 s ago', () => {
    const floor = new NoiseFloor();
    expect(floor.push(-30)).toBe(-30);
    expect(floor.push(-62)).toBe(-62);
    expect(floor.push(-20)).toBe(-62);
    for (let frame = 0; frame < 90; frame += 1) expect(floor.push(-40)).toBe(-62);
    for (let frame = 0; frame < 60; frame += 1) floor.push(-40);
    expect(floor.push(-40)).toBe(-40);
  });
});

describe('SpeechGain', () => {
  /** Speech, roughly: a second at a level, with a pause after it. */
  const say = (gain: SpeechGain, levelDb: number, { seconds = 1, pauseDb = -90 } = {}) => {
    let last: Int16Array = new Int16Array(FRAME);
    for (let frame = 0; frame < seconds * 31; frame += 1) last = gain.apply(tone(frame % 8 === 7 ? pauseDb : levelDb));
    return last;
  };

  it('lifts quiet speech to the level that the model hears well', () => {
    const gain = new SpeechGain();
    gain.apply(tone(-88));
    say(gain, -60, { seconds: 4, pauseDb: -88 });
    expect(dbfs(rms(gain.apply(tone(-60))))).toBeCloseTo(-30, 0);
  });

  it('leaves speech of a usual level, and loud speech, as it is', () => {
    for (const levelDb of [-27, -15, -6]) {
      const gain = new SpeechGain();
      say(gain, levelDb);
      expect(gain.gainDb).toBe(0);
      expect(gain.apply(tone(levelDb))).toEqual(tone(levelDb));
    }
  });

  it('does not lift steady noise, nor silence, however quiet', () => {
    for (const kind of ['silence', 'white', 'pink', 'hum'] as const) {
      for (const levelDb of [-40, -60, -70]) {
        const gain = new SpeechGain();
        const pcm = noise({ kind, seconds: 10, levelDb });
        for (let at = 0; at + FRAME <= pcm.length; at += FRAME) gain.apply(pcm.subarray(at, at + FRAME));
        expect(gain.gainDb).toBe(0);
      }
    }
  });

  it('keeps its gain while nobody speaks', () => {
    const gain = new SpeechGain();
    say(gain, -55, { seconds: 4 });
    const before = gain.gainDb;
    expect(before).toBeGreaterThan(20);
    for (let frame = 0; frame < 600; frame += 1) gain.apply(tone(-88));
    expect(gain.gainDb).toBe(before);
  });

  it('comes down at once when somebody who was quiet speaks up', () => {
    const gain = new SpeechGain();
    say(gain, -60, { seconds: 4 });
    for (let frame = 0; frame < 6; frame += 1) gain.apply(tone(-20));
    expect(gain.gainDb).toBe(0);
  });

  it('gives a copy of the same length, never lowered, and at most 40 dB up, whatever comes', () => {
    const frame = fc
      .array(fc.integer({ min: -32_768, max: 32_767 }), { minLength: FRAME, maxLength: FRAME })
      .map((samples) => Int16Array.from(samples));
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 8 }), fc.integer({ min: 0, max: 14 }), (frames, shift) => {
        const gain = new SpeechGain();
        for (const each of frames) {
          const quiet = each.map((sample) => sample >> shift);
          const given = quiet.slice();
          const lifted = gain.apply(quiet);
          expect(quiet).toEqual(given);
          expect(lifted).not.toBe(quiet);
          expect(lifted.every((sample, index) => Math.abs(sample) >= Math.abs(quiet[index] ?? 0))).toBe(true);
          expect(gain.gainDb).toBeGreaterThanOrEqual(0);
          expect(gain.gainDb).toBeLessThanOrEqual(40);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('MicrophoneCheck', () => {
  const speak = (check: MicrophoneCheck, levelDb: number, frames: number) => {
    const told: MicrophoneReading[] = [];
    for (let frame = 0; frame < frames; frame += 1) {
      const reading = check.push(tone(levelDb));
      if (reading !== undefined) told.push(reading);
    }
    return told;
  };
  const levels = (told: MicrophoneReading[]) => told.map(({ level }) => level);

  it('says nothing before it has heard enough speech, then how the microphone is, once', () => {
    const check = new MicrophoneCheck();
    expect(speak(check, -25, MICROPHONE_CHECK_FRAMES - 1)).toEqual([]);
    const told = speak(check, -25, 1_000);
    expect(levels(told)).toEqual(['good']);
    expect(told[0]?.speechLevelDb).toBeCloseTo(-25, 1);
    expect(told[0]?.clippedShare).toBe(0);
  });

  it('tells of speech that is too quiet once, and takes it back when it is louder', () => {
    const check = new MicrophoneCheck();
    expect(levels(speak(check, -58, 1_000))).toEqual(['quiet']);
    expect(levels(speak(check, -30, 1_000))).toEqual(['good']);
    expect(levels(speak(check, -58, 1_000))).toEqual(['quiet']);
  });

  it('tells of speech that is cut off once, and takes it back', () => {
    const check = new MicrophoneCheck();
    const told = speak(check, 6, 1_000);
    expect(levels(told)).toEqual(['clipping']);
    expect(told[0]?.clippedShare).toBeGreaterThan(0.3);
    expect(levels(speak(check, -20, 2_000))).toEqual(['good']);
  });

  it('does not waver at a limit: between both of a pair what was told before holds', () => {
    const good = new MicrophoneCheck();
    expect(levels([...speak(good, -30, 200), ...speak(good, -48, 3_000)])).toEqual(['good']);
    const quiet = new MicrophoneCheck();
    expect(levels([...speak(quiet, -58, 200), ...speak(quiet, -48, 3_000)])).toEqual(['quiet']);
  });

  it('does not take a single peak for a microphone that clips', () => {
    const check = new MicrophoneCheck();
    expect(levels([...speak(check, -25, 200), ...speak(check, 6, 2), ...speak(check, -25, 500)])).toEqual(['good']);
  });
});

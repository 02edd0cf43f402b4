import { describe, expect, test } from 'vitest';
import { noise } from '../../../testing/noises.js';
import { explainedShare, SOURCE_MARGIN } from './explainedShare.js';

const SAMPLES = 1_024;
const NOISE = Float32Array.from(noise({ kind: 'pink', seconds: 1, levelDb: -20 }), (sample) => sample / 32_768);
/** Where the stretches begin that are looked for. */
const AT = 2_000;

function stretch(from: number): Float32Array {
  return NOISE.slice(from, from + SAMPLES);
}

/** The source at a shift, with the margins that are wanted. */
function sourceAt(from: number): Float32Array {
  return NOISE.slice(from - SOURCE_MARGIN.before, from + SAMPLES + SOURCE_MARGIN.after);
}

/** What a microphone hears of the source by several ways, each so late and so loud. */
function heardBy(...ways: { delay: number; gain: number }[]): Float32Array {
  return Float32Array.from({ length: SAMPLES }, (_, index) =>
    ways.reduce((sum, { delay, gain }) => sum + gain * (NOISE[AT + index - delay] ?? 0), 0),
  );
}

describe('explainedShare', () => {
  test('explains all of a quieter copy, and tells how much louder the source is', () => {
    const { share, sourceGain } = explainedShare(heardBy({ delay: 0, gain: 0.2 }), sourceAt(AT));
    expect(share).toBeGreaterThan(0.99);
    expect(share).toBeLessThanOrEqual(1);
    expect(sourceGain).toBeCloseTo(5, 2);
  });

  test('explains a copy the other way round as well, and one that is louder than the source', () => {
    expect(explainedShare(heardBy({ delay: 0, gain: -0.5 }), sourceAt(AT)).share).toBeGreaterThan(0.99);
    const louder = explainedShare(heardBy({ delay: 0, gain: 4 }), sourceAt(AT));
    expect(louder.share).toBeGreaterThan(0.99);
    expect(louder.sourceGain).toBeCloseTo(0.25, 3);
  });

  test('explains the direct sound together with its early reflections', () => {
    const heard = heardBy({ delay: 0, gain: 0.3 }, { delay: 3, gain: 0.2 }, { delay: 7, gain: -0.1 });
    expect(explainedShare(heard, sourceAt(AT)).share).toBeGreaterThan(0.99);
  });

  test.each([-2, 7])('forgives a shift that is %i samples off', (delay) => {
    expect(explainedShare(heardBy({ delay, gain: 0.2 }), sourceAt(AT)).share).toBeGreaterThan(0.99);
  });

  test('explains nearly nothing of a copy that is far from the shift', () => {
    const white = Float32Array.from(noise({ kind: 'white', seconds: 1, levelDb: -20 }), (sample) => sample / 32_768);
    const source = white.slice(AT - SOURCE_MARGIN.before, AT + SAMPLES + SOURCE_MARGIN.after);
    expect(explainedShare(white.slice(AT - 200, AT - 200 + SAMPLES), source).share).toBeLessThan(0.05);
    expect(explainedShare(white.slice(AT, AT + SAMPLES), source).share).toBeGreaterThan(0.99);
  });

  test('explains nearly nothing of a noise of its own', () => {
    const own = Float32Array.from(noise({ kind: 'white', seconds: 1, levelDb: -20 }), (sample) => sample / 32_768);
    expect(explainedShare(own.subarray(0, SAMPLES), sourceAt(AT)).share).toBeLessThan(0.05);
  });

  test('explains the leaked part where somebody speaks over a leak', () => {
    const own = Float32Array.from(noise({ kind: 'white', seconds: 1, levelDb: -20 }), (sample) => sample / 32_768);
    const leak = heardBy({ delay: 0, gain: 0.5 });
    const energyOf = (samples: Float32Array) => samples.reduce((sum, value) => sum + value * value, 0);
    const gain = Math.sqrt(energyOf(leak) / energyOf(own.subarray(0, SAMPLES)));
    const both = leak.map((value, index) => value + gain * (own[index] ?? 0));
    const { share } = explainedShare(both, sourceAt(AT));
    expect(share).toBeGreaterThan(0.4);
    expect(share).toBeLessThan(0.6);
  });

  test('explains nothing where one of both is silent', () => {
    const silent = { share: 0, sourceGain: 0 };
    expect(explainedShare(new Float32Array(SAMPLES), sourceAt(AT))).toEqual(silent);
    const nothing = new Float32Array(SAMPLES + SOURCE_MARGIN.before + SOURCE_MARGIN.after);
    expect(explainedShare(stretch(AT), nothing)).toEqual(silent);
  });

  test('stays a share where the source is one tone, whose copies are all alike', () => {
    const tone = (from: number, length: number, gain: number) =>
      Float32Array.from({ length }, (_, index) => gain * Math.sin((2 * Math.PI * 440 * (from + index)) / 4_000));
    const source = tone(-SOURCE_MARGIN.before, SAMPLES + SOURCE_MARGIN.before + SOURCE_MARGIN.after, 0.5);
    const { share } = explainedShare(tone(0, SAMPLES, 0.1), source);
    expect(share).toBeGreaterThan(0.99);
    expect(share).toBeLessThanOrEqual(1);
    expect(explainedShare(NOISE.subarray(0, SAMPLES), source).share).toBeLessThan(0.1);
  });

  test('takes samples that the source does not have for silence', () => {
    const half = sourceAt(AT).subarray(0, SOURCE_MARGIN.before + SAMPLES / 2);
    const { share } = explainedShare(stretch(AT), half);
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.8);
  });
});

import { describe, expect, test } from 'vitest';
import { SAMPLES_PER_MS, TrackHistory } from './TrackHistory.js';

const FRAME_SAMPLES = 512;
const FRAME_MS = 32;
/** How late the low-pass makes what it lets through, and room for the edge of it. */
const EDGE_MS = 2;

/** A frame that is the same value all over. */
function level(value: number): Int16Array {
  return new Int16Array(FRAME_SAMPLES).fill(value);
}

function tone(hertz: number, frame: number): Int16Array {
  return Int16Array.from({ length: FRAME_SAMPLES }, (_, index) =>
    Math.round(10_000 * Math.sin((2 * Math.PI * hertz * (frame * FRAME_SAMPLES + index)) / 16_000)),
  );
}

function rms(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
}

/** The one value that a stretch has all over. */
function valueAt(history: TrackHistory, fromMs: number, toMs: number): number {
  const samples = [...history.read(fromMs, (toMs - fromMs) * SAMPLES_PER_MS)];
  const mean = samples.reduce((sum, value) => sum + value, 0) / samples.length;
  expect(Math.max(...samples.map((value) => Math.abs(value - mean)))).toBeLessThan(1e-3);
  return mean;
}

describe('TrackHistory', () => {
  test('has each frame where it was on the clock of the meeting', () => {
    const history = new TrackHistory();
    for (let frame = 0; frame < 8; frame += 1) history.push(level((frame + 1) * 1_000), 5_000 + frame * FRAME_MS, 0);
    expect(history.endMs).toBe(5_000 + 8 * FRAME_MS);
    // The low-pass keeps what does not change.
    for (let frame = 0; frame < 8; frame += 1) {
      const startMs = 5_000 + frame * FRAME_MS;
      const value = valueAt(history, startMs + EDGE_MS, startMs + FRAME_MS);
      expect(value * 32_768).toBeGreaterThan((frame + 1) * 1_000 * 0.97);
      expect(value * 32_768).toBeLessThan((frame + 1) * 1_000 * 1.03);
    }
  });

  test('has no seam between two frames', () => {
    const history = new TrackHistory();
    for (let frame = 0; frame < 10; frame += 1) history.push(tone(300, frame), frame * FRAME_MS, 0);
    const samples = history.read(FRAME_MS, 8 * FRAME_MS * SAMPLES_PER_MS);
    // Of a tone, each sample is told by the two before it.
    const factor = 2 * Math.cos((2 * Math.PI * 300) / 4_000);
    const errors = samples.slice(2).map((value, at) => value - factor * (samples[at + 1] ?? 0) + (samples[at] ?? 0));
    expect(Math.max(...errors.map(Math.abs))).toBeLessThan(1e-3);
    expect(rms(samples)).toBeGreaterThan(0.2);
  });

  test('keeps the deep part of a voice and drops what 4 kHz cannot carry', () => {
    const heard = (hertz: number) => {
      const history = new TrackHistory();
      for (let frame = 0; frame < 8; frame += 1) history.push(tone(hertz, frame), frame * FRAME_MS, 0);
      return rms(history.read(FRAME_MS, 6 * FRAME_MS * SAMPLES_PER_MS));
    };
    const sent = 10_000 / 32_768 / Math.SQRT2;
    expect(heard(500) / sent).toBeGreaterThan(0.9);
    expect(heard(3_500) / sent).toBeLessThan(0.05);
    expect(heard(6_000) / sent).toBeLessThan(0.05);
  });

  test('is silent before its first frame and after its newest one', () => {
    const history = new TrackHistory();
    expect([...history.read(0, 8)]).toEqual(new Array(8).fill(0));
    history.push(level(8_000), 1_000, 0);
    const samples = history.read(1_000 - 10, (10 + FRAME_MS + 10) * SAMPLES_PER_MS);
    expect(samples).toHaveLength((10 + FRAME_MS + 10) * SAMPLES_PER_MS);
    expect(rms(samples.slice(0, 10 * SAMPLES_PER_MS))).toBe(0);
    expect(rms(samples.slice(-10 * SAMPLES_PER_MS))).toBe(0);
    expect(samples[(10 + FRAME_MS) * SAMPLES_PER_MS - 1]).toBeGreaterThan(0.2);
    expect(rms(history.read(50_000, 100))).toBe(0);
    expect(rms(history.read(-50_000, 100))).toBe(0);
  });

  test('keeps 34 seconds and overwrites what is older', () => {
    const history = new TrackHistory();
    const frames = 1_300;
    for (let frame = 0; frame < frames; frame += 1) history.push(level(frame + 1), frame * FRAME_MS, 0);
    const endMs = frames * FRAME_MS;
    expect(history.endMs).toBe(endMs);
    const oldestMs = endMs - 34_000;
    expect(rms(history.read(oldestMs - 1_000, 1_000 * SAMPLES_PER_MS))).toBe(0);
    expect(rms(history.read(oldestMs - 1_000, 1_001 * SAMPLES_PER_MS))).toBeGreaterThan(0);
    expect(rms(history.read(endMs, 1_000 * SAMPLES_PER_MS))).toBe(0);
    for (const frame of [240, 700, frames - 1]) {
      const value = valueAt(history, frame * FRAME_MS + EDGE_MS, (frame + 1) * FRAME_MS);
      expect(Math.abs(value * 32_768 - (frame + 1))).toBeLessThan((frame + 1) * 0.03);
    }
  });

  test('follows a clock that drifts, by its newest frame', () => {
    const history = new TrackHistory();
    history.push(level(1_000), 0, 0);
    history.push(level(2_000), FRAME_MS + 5, 0);
    expect(history.endMs).toBe(2 * FRAME_MS + 5);
    const value = valueAt(history, FRAME_MS + 5 + EDGE_MS, 2 * FRAME_MS + 5);
    expect(Math.abs(value * 32_768 - 2_000)).toBeLessThan(60);
  });

  test('has forgotten everything after a jump, the tail of the low-pass included', () => {
    const history = new TrackHistory();
    for (let frame = 0; frame < 4; frame += 1) history.push(level(20_000), frame * FRAME_MS, 0);
    history.clear();
    expect(rms(history.read(0, 4 * FRAME_MS * SAMPLES_PER_MS))).toBe(0);
    history.push(level(0), 9_000, 0);
    expect(rms(history.read(8_900, 200 * SAMPLES_PER_MS))).toBe(0);
    expect(history.endMs).toBe(9_000 + FRAME_MS);
  });

  test('knows how long after its time each stretch arrived', () => {
    const history = new TrackHistory();
    expect(history.lateness(0, 256)).toBe(0);
    for (let frame = 0; frame < 8; frame += 1) {
      const lateMs = frame < 4 ? 10 : 50;
      history.push(level(1_000), 5_000 + frame * FRAME_MS, 5_000 + (frame + 0.5) * FRAME_MS + lateMs);
    }
    expect(history.lateness(5_000, 4 * FRAME_MS)).toBeCloseTo(10, 6);
    expect(history.lateness(5_000 + 4 * FRAME_MS, 4 * FRAME_MS)).toBeCloseTo(50, 6);
    expect(history.lateness(5_000 + 3.5 * FRAME_MS, FRAME_MS)).toBeCloseTo(30, 6);
    // What is not there does not count.
    expect(history.lateness(4_000, 1_000 + FRAME_MS)).toBeCloseTo(10, 6);
    expect(history.lateness(9_000, 256)).toBe(0);
    history.clear();
    expect(history.lateness(5_000, 256)).toBe(0);
  });

  test('keeps the arrivals of half a minute', () => {
    const history = new TrackHistory();
    const frames = 3_000;
    for (let frame = 0; frame < frames; frame += 1)
      history.push(level(1), frame * FRAME_MS, (frame + 0.5) * FRAME_MS + frame);
    expect(history.lateness((frames - 1_000) * FRAME_MS, FRAME_MS)).toBeCloseTo(frames - 1_000, 6);
    expect(history.lateness(0, FRAME_MS)).toBe(0);
  });
});

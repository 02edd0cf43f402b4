import type { PcmRing } from '../audio/index.js';

/** Silence within an utterance, in samples of the time line. */
export interface Pause {
  startSample: number;
  endSample: number;
}

export interface CompactAudio {
  pcm: Int16Array;
  /** Milliseconds of `pcm` to milliseconds of the original audio. */
  toOriginalMs: (ms: number) => number;
}

const SAMPLES_PER_MS = 16;
/** What remains of a pause on either side: ends of words, and a hint that there was a pause. */
const KEPT_SAMPLES = 64 * SAMPLES_PER_MS;
/** Shorter pauses are left as they are. */
const SHORTEST_SAMPLES = 190 * SAMPLES_PER_MS;

/**
 * The audio between two samples with long pauses shortened to about 130 ms. Whisper models tend to end their text at a pause, or
 * to invent some for it; and silence costs as much as speech.
 */
export function compactPauses(options: {
  ring: PcmRing;
  startSample: number;
  endSample: number;
  pauses: readonly Pause[];
}): CompactAudio {
  const { ring, startSample, endSample } = options;
  const skipped = options.pauses
    .filter((pause) => pause.endSample - pause.startSample >= SHORTEST_SAMPLES)
    .map((pause) => ({
      from: Math.max(startSample, pause.startSample + KEPT_SAMPLES),
      to: Math.min(endSample, pause.endSample - KEPT_SAMPLES),
    }))
    .filter(({ from, to }) => to > from);
  if (skipped.length === 0) return { pcm: ring.read(startSample, endSample), toOriginalMs: (ms) => ms };

  const parts: Int16Array[] = [];
  let at = startSample;
  for (const { from, to } of skipped) {
    parts.push(ring.read(at, from));
    at = to;
  }
  parts.push(ring.read(at, endSample));
  return { pcm: concatenate(parts), toOriginalMs: (ms) => originalMs(ms, { startSample, skipped }) };
}

function originalMs(ms: number, map: { startSample: number; skipped: { from: number; to: number }[] }): number {
  let sample = map.startSample + ms * SAMPLES_PER_MS;
  for (const { from, to } of map.skipped) {
    if (sample < from) break;
    sample += to - from;
  }
  return (sample - map.startSample) / SAMPLES_PER_MS;
}

function concatenate(parts: readonly Int16Array[]): Int16Array {
  const pcm = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    pcm.set(part, at);
    at += part.length;
  }
  return pcm;
}

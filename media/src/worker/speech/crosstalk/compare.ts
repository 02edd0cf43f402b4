import { explainedShare, SOURCE_MARGIN } from './explainedShare.js';
import { correlate } from './fft.js';
import { SAMPLES_PER_MS, type TrackHistory } from './TrackHistory.js';

/** Sound is compared over so much of it. */
export const WINDOW_MS = 256;

/** By how much a copy may be later than its source. */
export interface Lags {
  fromMs: number;
  toMs: number;
}

/** Of a voice that reaches a second microphone through the air. The negative side is for clocks that differ. */
export const LEAK: Lags = { fromMs: -100, toMs: 420 };
/**
 * Of what was sent to somebody and comes back from their loudspeaker: network, jitter buffer, loudspeaker (350 ms for some wireless ones),
 * microphone, network. What is sooner back is found as a leak. With the window it fills one transform.
 */
export const ECHO: Lags = { fromMs: 400, toMs: 1_160 };
/** Of the energy, what has to be explained by another track. */
const LEAST_SHARE = 0.6;
/** The other track must be so much louder: nobody is their own echo. */
const LEAST_SOURCE_GAIN = 1.5;
/** Below it a window is too quiet to tell (-66 dBFS). */
const QUIET_LEVEL = 5e-4;

/** A stretch of one track that may be another track's voice. */
export interface Heard {
  samples: Float32Array;
  startMs: number;
  level: number;
}

export function readHeard(history: TrackHistory, startMs: number): Heard {
  const samples = history.read(startMs, WINDOW_MS * SAMPLES_PER_MS);
  return { samples, startMs, level: rms(samples) };
}

/** Whether the other track is loud enough at these lags to be the source. Cheap: it spares a comparison. */
export function canExplain(other: TrackHistory, { startMs, level }: Heard, { fromMs, toMs }: Lags): boolean {
  if (level < QUIET_LEVEL) return false;
  return other.loudest(startMs - toMs, WINDOW_MS + toMs - fromMs) >= level * LEAST_SOURCE_GAIN;
}

/** @param delayMs by how much what was heard is later than the other track */
export function isExplained(other: TrackHistory, { samples, startMs }: Heard, delayMs: number): boolean {
  const { before, after } = SOURCE_MARGIN;
  const fromMs = startMs - delayMs - before / SAMPLES_PER_MS;
  const source = other.read(fromMs, samples.length + before + after);
  const { share, sourceGain } = explainedShare(samples, source);
  return share >= LEAST_SHARE && sourceGain >= LEAST_SOURCE_GAIN;
}

/** By how much the heard sound is later than that of the other tracks together, where they are most alike. */
export function findDelay(others: readonly TrackHistory[], heard: Heard, lags: Lags): number | undefined {
  const { samples, startMs } = heard;
  const span = samples.length + (lags.toMs - lags.fromMs) * SAMPLES_PER_MS;
  const source = mixOf(others, startMs - lags.toMs, span);
  const products = correlate(samples, source);
  let energy = 0;
  for (let index = 0; index < samples.length; index += 1) energy += (source[index] as number) ** 2;
  let best = 0;
  let bestShift: number | undefined;
  for (let shift = 0; shift < products.length; shift += 1) {
    const likeness = Math.abs(products[shift] as number) / Math.sqrt(energy + 1e-9);
    if (likeness > best) {
      best = likeness;
      bestShift = shift;
    }
    energy += (source[shift + samples.length] ?? 0) ** 2 - (source[shift] ?? 0) ** 2;
  }
  return bestShift === undefined ? undefined : lags.toMs - bestShift / SAMPLES_PER_MS;
}

/**
 * Whether the other track's sound had arrived here before its copy did. Time lines can be bent by who sends them, arrivals cannot: who
 * sends on what they were sent comes after it, and who forges a voice is later than its owner.
 */
export function arrivedFirst(options: {
  own: TrackHistory;
  other: TrackHistory;
  startMs: number;
  delayMs: number;
}): boolean {
  const { own, other, startMs, delayMs } = options;
  // Of the same sound on both: of two stretches, who sends could make one the better.
  const fromMs = Math.max(startMs, own.startMs, other.startMs + delayMs);
  const lengthMs = Math.min(startMs + WINDOW_MS, other.endMs + delayMs) - fromMs;
  return delayMs + own.lateness(fromMs, lengthMs) - other.lateness(fromMs - delayMs, lengthMs) >= 0;
}

/** What several tracks carried together. */
function mixOf(tracks: readonly TrackHistory[], startMs: number, samples: number): Float32Array {
  const [first, ...others] = tracks.map((track) => track.read(startMs, samples));
  const mix = first ?? new Float32Array(samples);
  for (const other of others)
    for (let at = 0; at < samples; at += 1) mix[at] = (mix[at] as number) + (other[at] as number);
  return mix;
}

function rms(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / Math.max(1, samples.length));
}

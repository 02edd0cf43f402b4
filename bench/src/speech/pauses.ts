import { joinPcm } from '@parley/media/testing';
import { SAMPLES_PER_MS, type Span } from './Speech.js';

const FRAME_MS = 10;
const FRAME_SAMPLES = FRAME_MS * SAMPLES_PER_MS;
/** Frames below this share of the loudest one are a pause: some 28 dB. */
const QUIET_SHARE = 0.04;

/** Stretches of a recording in which nothing is said, its beginning and end included; in order. */
export function pausesOf(pcm: Int16Array): Span[] {
  const levels: number[] = [];
  for (let at = 0; at < pcm.length; at += FRAME_SAMPLES) levels.push(level(pcm.subarray(at, at + FRAME_SAMPLES)));
  const most = QUIET_SHARE * levels.reduce((loudest, each) => Math.max(loudest, each), 0);
  const lengthMs = pcm.length / SAMPLES_PER_MS;
  const pauses: Span[] = [];
  for (const [frame, each] of levels.entries()) {
    if (each > most) continue;
    const [startMs, endMs] = [frame * FRAME_MS, Math.min((frame + 1) * FRAME_MS, lengthMs)];
    const last = pauses.at(-1);
    if (last?.endMs === startMs) last.endMs = endMs;
    else pauses.push({ startMs, endMs });
  }
  return pauses;
}

/** The same recording with no pause longer than so: each loses its middle. */
export function withoutPauses(pcm: Int16Array, { mostMs }: { mostMs: number }): Int16Array {
  const parts: Int16Array[] = [];
  let fromMs = 0;
  for (const { startMs, endMs } of pausesOf(pcm)) {
    if (endMs - startMs <= mostMs) continue;
    parts.push(pcm.subarray(fromMs * SAMPLES_PER_MS, (startMs + mostMs / 2) * SAMPLES_PER_MS));
    fromMs = endMs - mostMs / 2;
  }
  parts.push(pcm.subarray(fromMs * SAMPLES_PER_MS));
  return joinPcm(parts);
}

function level(frame: Int16Array): number {
  return Math.sqrt(frame.reduce((sum, value) => sum + value * value, 0) / Math.max(1, frame.length));
}

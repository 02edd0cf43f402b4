import { CrosstalkGuard, type CrosstalkVerdict } from '../CrosstalkGuard.js';

export const FRAME_SAMPLES = 512;
export const FRAME_MS = 32;
/** Of a meeting whose tracks have just been opened. */
export const START_MS = 7_000;
const RATE = 16_000;

/** A voice as another microphone hears it. */
export function leak(voice: Int16Array, { delayMs, gain }: { delayMs: number; gain: number }): Int16Array {
  const shift = Math.round((delayMs * RATE) / 1_000);
  return Int16Array.from(voice, (_, index) => Math.round(gain * (voice[index - shift] ?? 0)));
}

export function mix(a: Int16Array, b: Int16Array): Int16Array {
  return Int16Array.from(a, (sample, index) => Math.max(-32_768, Math.min(32_767, sample + (b[index] ?? 0))));
}

/** A meeting whose tracks come frame by frame, side by side. */
export class Meeting {
  readonly guard = new CrosstalkGuard();
  /** How many frames of each track were crosstalk as soon as they came. */
  readonly atOnce: Record<string, number> = {};
  nowMs = START_MS;

  constructor(...trackIds: string[]) {
    for (const trackId of trackIds) this.guard.open(trackId);
  }

  play(
    tracks: Record<string, Int16Array>,
    options: { probability?: number; clocksMs?: Record<string, number>; lateMs?: Record<string, number> } = {},
  ) {
    const frames = Math.floor(Math.max(...Object.values(tracks).map((pcm) => pcm.length)) / FRAME_SAMPLES);
    for (let frame = 0; frame < frames; frame += 1) {
      for (const [trackId, all] of Object.entries(tracks)) {
        const startMs = this.nowMs + (options.clocksMs?.[trackId] ?? 0);
        const pcm = all.slice(frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES);
        const arrivedMs = this.nowMs + FRAME_MS / 2 + (options.lateMs?.[trackId] ?? 0);
        const loud = pcm.some((sample) => Math.abs(sample) > 100);
        this.guard.push({ trackId, startMs, arrivedMs, pcm, probability: loud ? (options.probability ?? 0.9) : 0.01 });
        if (this.guard.frameIsCrosstalk(trackId, startMs)) this.atOnce[trackId] = (this.atOnce[trackId] ?? 0) + 1;
      }
      this.nowMs += FRAME_MS;
    }
  }

  /** All that has been played. */
  judge(trackId: string): CrosstalkVerdict {
    return this.guard.judge(trackId, START_MS, this.nowMs);
  }
}

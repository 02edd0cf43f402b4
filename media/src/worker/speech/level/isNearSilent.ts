const WINDOW_SAMPLES = 480;
const FULL_SCALE = 32_768;

/** Whether audio (16 kHz) is nowhere louder than a level in dBFS, over windows of 30 ms. A constant offset is no sound. */
export function isNearSilent(pcm: Int16Array, levelDb: number): boolean {
  const limit = 10 ** (levelDb / 10) * FULL_SCALE * FULL_SCALE;
  for (let from = 0; from < pcm.length; from += WINDOW_SAMPLES) {
    const to = Math.min(pcm.length, from + WINDOW_SAMPLES);
    let sum = 0;
    let squares = 0;
    for (let index = from; index < to; index += 1) {
      const sample = pcm[index] ?? 0;
      sum += sample;
      squares += sample * sample;
    }
    const mean = sum / (to - from);
    if (squares / (to - from) - mean * mean > limit) return false;
  }
  return true;
}

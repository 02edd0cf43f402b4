/** 10 ms: finer than any pause. */
const STEP_SAMPLES = 160;
/** Loudness over 120 ms: as long as the rest of a shortened pause, and longer than the silence within a consonant. */
const STEPS = 12;

/**
 * The middle of the quietest 120 ms whose middle is between two positions in 16 kHz audio; if several are equally quiet, the one nearest to
 * the centre.
 */
export function quietestSample(pcm: Int16Array, options: { from: number; to: number }): number {
  const { from, to } = options;
  const middle = Math.round((from + to) / 2);
  const first = Math.max(0, from - (STEPS / 2) * STEP_SAMPLES);
  const energies: number[] = [];
  for (let at = first; at + STEP_SAMPLES <= Math.min(pcm.length, to + (STEPS / 2) * STEP_SAMPLES); at += STEP_SAMPLES) {
    let sum = 0;
    for (let index = at; index < at + STEP_SAMPLES; index += 1) sum += (pcm[index] ?? 0) ** 2;
    energies.push(sum);
  }
  let best: { sample: number; energy: number } | undefined;
  for (let step = 0; step + STEPS <= energies.length; step += 1) {
    const sample = first + (step + STEPS / 2) * STEP_SAMPLES;
    const energy = energies.slice(step, step + STEPS).reduce((sum, each) => sum + each, 0);
    const nearer = Math.abs(sample - middle) < Math.abs((best?.sample ?? 0) - middle);
    if (best === undefined || energy < best.energy || (energy === best.energy && nearer)) best = { sample, energy };
  }
  return best?.sample ?? middle;
}

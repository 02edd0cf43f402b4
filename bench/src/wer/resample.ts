import type { Sound } from './readWav.js';

/** Zero crossings of the filter on either side. */
const HALF_WIDTH = 16;

/** To 16 kHz: band-limited interpolation with a sinc under a Hann window, below half of the lower of the two rates. */
export function to16k({ sampleRate, samples }: Sound): Int16Array {
  const step = sampleRate / 16_000;
  const cutoff = Math.min(1, 1 / step);
  const half = HALF_WIDTH / cutoff;
  const out = new Int16Array(Math.floor(samples.length / step));
  for (let index = 0; index < out.length; index += 1) {
    const centre = index * step;
    const from = Math.max(0, Math.ceil(centre - half));
    const to = Math.min(samples.length - 1, Math.floor(centre + half));
    let sum = 0;
    for (let tap = from; tap <= to; tap += 1) {
      const distance = tap - centre;
      sum +=
        (samples[tap] ?? 0) * cutoff * sinc(distance * cutoff) * (0.5 + 0.5 * Math.cos((Math.PI * distance) / half));
    }
    out[index] = Math.max(-32_768, Math.min(32_767, Math.round(sum * 32_768)));
  }
  return out;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

import type { Sound } from './Sound.js';

const RATE = 16_000;
/** Zero crossings of the filter on either side. */
const HALF_WIDTH = 16;

/** To 16 kHz: band-limited interpolation with a sinc under a Hann window, below half of the lower of the two rates. */
export function to16k({ sampleRate, samples }: Sound): Int16Array {
  const step = sampleRate / RATE;
  const cutoff = Math.min(1, 1 / step);
  const half = HALF_WIDTH / cutoff;
  // The positions between two source samples repeat after this many: each needs its filter only once.
  const places = RATE / greatestCommonDivisor(sampleRate, RATE);
  const filters = new Map<number, Filter>();
  const out = new Int16Array(Math.floor(samples.length / step));
  for (let index = 0; index < out.length; index += 1) {
    const place = index % places;
    const filter = filters.get(place) ?? filterAt(((place * sampleRate) % RATE) / RATE, { cutoff, half });
    filters.set(place, filter);
    const { firstTap, weights } = filter;
    const from = Math.floor((index * sampleRate) / RATE) + firstTap;
    const to = Math.min(weights.length, samples.length - from);
    let sum = 0;
    for (let tap = Math.max(0, -from); tap < to; tap += 1) sum += (weights[tap] ?? 0) * (samples[from + tap] ?? 0);
    out[index] = Math.max(-32_768, Math.min(32_767, Math.round(sum * 32_768)));
  }
  return out;
}

interface Filter {
  /** Relative to the source sample at or before the position. */
  firstTap: number;
  weights: Float64Array;
}

/** @param fraction of the way from one source sample to the next */
function filterAt(fraction: number, { cutoff, half }: { cutoff: number; half: number }): Filter {
  const firstTap = Math.ceil(fraction - half);
  const weights = Float64Array.from({ length: Math.floor(fraction + half) - firstTap + 1 }, (_, tap) => {
    const distance = firstTap + tap - fraction;
    return cutoff * sinc(distance * cutoff) * (0.5 + 0.5 * Math.cos((Math.PI * distance) / half));
  });
  return { firstTap, weights };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

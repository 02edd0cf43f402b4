import { describe, expect, test } from 'vitest';
import { noise } from '../../../testing/noises.js';
import { correlate, fft } from './fft.js';

const NOISE = Float64Array.from(noise({ kind: 'white', seconds: 0.25, levelDb: -20 }), (sample) => sample / 32_768);

function naiveTransform(real: Float64Array, imaginary: Float64Array): { real: number[]; imaginary: number[] } {
  const out = { real: [] as number[], imaginary: [] as number[] };
  for (let k = 0; k < real.length; k += 1) {
    let [re, im] = [0, 0];
    for (let n = 0; n < real.length; n += 1) {
      const angle = (-2 * Math.PI * k * n) / real.length;
      const [a, b] = [real[n] ?? 0, imaginary[n] ?? 0];
      re += a * Math.cos(angle) - b * Math.sin(angle);
      im += a * Math.sin(angle) + b * Math.cos(angle);
    }
    out.real.push(re);
    out.imaginary.push(im);
  }
  return out;
}

function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let most = 0;
  for (let index = 0; index < a.length; index += 1) most = Math.max(most, Math.abs((a[index] ?? 0) - (b[index] ?? 0)));
  return most;
}

describe('fft', () => {
  test.each([1, 2, 4, 8, 64, 256])('agrees with the sum that defines it, for %i complex values', (size) => {
    const real = NOISE.slice(0, size);
    const imaginary = NOISE.slice(1_000, 1_000 + size);
    const wanted = naiveTransform(real, imaginary);
    fft(real, imaginary);
    expect(farthest(real, wanted.real)).toBeLessThan(1e-9);
    expect(farthest(imaginary, wanted.imaginary)).toBeLessThan(1e-9);
  });

  test('gives each size its own table, whichever was used before', () => {
    for (const size of [64, 8, 64]) {
      const real = NOISE.slice(0, size);
      const imaginary = new Float64Array(size);
      const wanted = naiveTransform(real, imaginary);
      fft(real, imaginary);
      expect(farthest(real, wanted.real)).toBeLessThan(1e-9);
    }
  });

  test('comes back to where it began with the inverse, as many times larger as there are values', () => {
    const size = 128;
    const real = NOISE.slice(0, size);
    const imaginary = NOISE.slice(1_000, 1_000 + size);
    fft(real, imaginary);
    fft(real, imaginary, true);
    const scaled = (values: Float64Array) => values.map((value) => value * size);
    expect(farthest(real, scaled(NOISE.slice(0, size)))).toBeLessThan(1e-9);
    expect(farthest(imaginary, scaled(NOISE.slice(1_000, 1_000 + size)))).toBeLessThan(1e-9);
  });
});

describe('correlate', () => {
  test.each([
    [16, 64],
    [100, 300],
    [50, 50],
    [1, 9],
  ])('agrees with the sums of products at every shift, for %i values in %i', (short, long) => {
    const a = Float32Array.from(NOISE.subarray(0, short));
    const b = Float32Array.from(NOISE.subarray(1_000, 1_000 + long));
    const wanted = Array.from({ length: long - short + 1 }, (_, shift) =>
      a.reduce((sum, value, index) => sum + value * (b[shift + index] ?? 0), 0),
    );
    expect(farthest(correlate(a, b), wanted)).toBeLessThan(1e-9);
  });

  test('is largest where the short stretch was taken from the long one', () => {
    const long = Float32Array.from(NOISE.subarray(0, 3_000));
    const products = correlate(long.slice(1_234, 1_234 + 512), long);
    expect(products.indexOf(Math.max(...products))).toBe(1_234);
  });
});

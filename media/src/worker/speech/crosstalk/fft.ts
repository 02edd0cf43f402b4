/** In-place complex Fourier transform (Cooley and Tukey, radix 2). Lengths are powers of two. The inverse is not scaled. */
export function fft(real: Float64Array, imaginary: Float64Array, inverse = false): void {
  const size = real.length;
  for (let i = 1, j = 0; i < size; i += 1) {
    let bit = size >> 1;
    for (; (j & bit) !== 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [real[i], real[j]] = [real[j] ?? 0, real[i] ?? 0];
      [imaginary[i], imaginary[j]] = [imaginary[j] ?? 0, imaginary[i] ?? 0];
    }
  }
  const { cos, sin } = twiddles(size);
  for (let length = 2; length <= size; length <<= 1) {
    const half = length >> 1;
    const stride = size / length;
    for (let from = 0; from < size; from += length) {
      for (let k = 0; k < half; k += 1) {
        const c = cos[k * stride] as number;
        const s = (inverse ? -1 : 1) * (sin[k * stride] as number);
        const [even, odd] = [from + k, from + k + half];
        const oddReal = real[odd] as number;
        const oddImaginary = imaginary[odd] as number;
        const re = oddReal * c - oddImaginary * s;
        const im = oddReal * s + oddImaginary * c;
        real[odd] = (real[even] as number) - re;
        imaginary[odd] = (imaginary[even] as number) - im;
        real[even] = (real[even] as number) + re;
        imaginary[even] = (imaginary[even] as number) + im;
      }
    }
  }
}

const tables = new Map<number, { cos: Float64Array; sin: Float64Array }>();

function twiddles(size: number): { cos: Float64Array; sin: Float64Array } {
  let table = tables.get(size);
  if (table === undefined) {
    const angle = (index: number) => (-2 * Math.PI * index) / size;
    table = {
      cos: Float64Array.from({ length: size / 2 }, (_, index) => Math.cos(angle(index))),
      sin: Float64Array.from({ length: size / 2 }, (_, index) => Math.sin(angle(index))),
    };
    tables.set(size, table);
  }
  return table;
}

/** Sums of products of `short` with `long` at every shift from 0 to `long.length - short.length`. */
export function correlate(short: Float32Array, long: Float32Array): Float64Array {
  let size = 1;
  while (size < long.length) size <<= 1;
  // Both are real: one transform carries them as real and imaginary part.
  const real = new Float64Array(size);
  const imaginary = new Float64Array(size);
  real.set(long);
  imaginary.set(short);
  fft(real, imaginary);
  const productReal = new Float64Array(size);
  const productImaginary = new Float64Array(size);
  for (let k = 0; k < size; k += 1) {
    const mirror = (size - k) % size;
    const [a, b] = [real[k] as number, imaginary[k] as number];
    const [c, d] = [real[mirror] as number, imaginary[mirror] as number];
    const [longReal, longImaginary] = [(a + c) / 2, (b - d) / 2];
    const [shortReal, shortImaginary] = [(b + d) / 2, (c - a) / 2];
    productReal[k] = longReal * shortReal + longImaginary * shortImaginary;
    productImaginary[k] = longImaginary * shortReal - longReal * shortImaginary;
  }
  fft(productReal, productImaginary, true);
  return productReal.subarray(0, long.length - short.length + 1).map((value) => value / size);
}

import { brotliDecompressSync } from 'node:zlib';

/**
 * Samples of a fixture `*.pcm.br`: 16 kHz mono, stored as second differences, all high bytes before all low bytes, under Brotli. Half
 * the size of the samples, and no decoder needed.
 */
export function decodePcm(file: Uint8Array): Int16Array {
  const bytes = brotliDecompressSync(file);
  const pcm = new Int16Array(bytes.length / 2);
  let [last, slope] = [0, 0];
  for (let index = 0; index < pcm.length; index += 1) {
    const difference = ((bytes[index] as number) << 8) | (bytes[pcm.length + index] as number);
    slope = (slope + difference) & 0xffff;
    last = ((last + slope) << 16) >> 16;
    pcm[index] = last;
  }
  return pcm;
}

import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';

const FOLDER = new URL('../fixtures/speech/', import.meta.url);

/**
 * A track of `fixtures/speech`, 16 kHz mono. Stored as second differences, all high bytes before all low bytes, under Brotli: half
 * the size of the samples, and no decoder needed.
 */
export function loadPcm(name: string): Int16Array {
  const bytes = brotliDecompressSync(readFileSync(new URL(`${name}.pcm.br`, FOLDER)));
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

export function loadJson<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')) as T;
}

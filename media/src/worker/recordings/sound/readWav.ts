import type { Sound } from './Sound.js';

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;

/**
 * Reads a RIFF WAVE file: PCM of 8, 16, 24 or 32 bits or 32-bit float, any rate; several channels become their mean. Undefined for
 * everything else.
 *
 * Source: Microsoft's Multimedia Programming Interface and Data Specifications 1.0, and WAVEFORMATEXTENSIBLE.
 */
export function readWav(file: Uint8Array): Sound | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 12 || tag(view, 0) !== 'RIFF' || tag(view, 8) !== 'WAVE') return undefined;
  let format: Format | undefined;
  for (let at = 12; at + 8 <= file.length; ) {
    const name = tag(view, at);
    const start = at + 8;
    // A recorder that was stopped hard leaves a length of 0 or of 4 GiB: then the rest of the file is meant.
    const length = Math.min(view.getUint32(at + 4, true), file.length - start);
    if (name === 'fmt ' && length >= 16) format = readFormat(view, start, length);
    if (name === 'data') return format && readSamples({ view, start, length: length || file.length - start, format });
    at = start + length + (length % 2);
  }
  return undefined;
}

interface Format {
  encoding: number;
  channels: number;
  sampleRate: number;
  bits: number;
}

function readFormat(view: DataView, start: number, length: number): Format {
  const encoding = view.getUint16(start, true);
  return {
    encoding: encoding === EXTENSIBLE && length >= 26 ? view.getUint16(start + 24, true) : encoding,
    channels: view.getUint16(start + 2, true),
    sampleRate: view.getUint32(start + 4, true),
    bits: view.getUint16(start + 14, true),
  };
}

function readSamples(options: { view: DataView; start: number; length: number; format: Format }): Sound | undefined {
  const { view, start, length, format } = options;
  const { channels, bits, sampleRate } = format;
  const read = readerOf(view, format);
  if (read === undefined || channels === 0 || sampleRate === 0) return undefined;
  const bytes = bits / 8;
  const samples = new Float32Array(Math.floor(length / (bytes * channels)));
  for (let index = 0; index < samples.length; index += 1) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel += 1) sum += read(start + (index * channels + channel) * bytes);
    samples[index] = sum / channels;
  }
  return { sampleRate, samples };
}

function readerOf(view: DataView, { encoding, bits }: Format): ((at: number) => number) | undefined {
  if (encoding === FLOAT && bits === 32) return (at) => view.getFloat32(at, true);
  if (encoding !== PCM) return undefined;
  if (bits === 8) return (at) => (view.getUint8(at) - 128) / 128;
  if (bits === 16) return (at) => view.getInt16(at, true) / 32_768;
  if (bits === 24) return (at) => (view.getInt16(at + 1, true) * 256 + view.getUint8(at)) / 8_388_608;
  if (bits === 32) return (at) => view.getInt32(at, true) / 2_147_483_648;
  return undefined;
}

function tag(view: DataView, at: number): string {
  return String.fromCharCode(...Array.from({ length: 4 }, (_, index) => view.getUint8(at + index)));
}

import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { wavFile } from '../../../testing/wavFile.js';
import { decodeFlac } from './decodeFlac.js';
import { decodeSound, readSound } from './readSound.js';
import { readWav } from './readWav.js';
import { to16k } from './to16k.js';

const PEOPLE = new URL('../../../../../test/fixtures/people/', import.meta.url);
const SPEECH = new URL('../../../../../test/fixtures/speech/', import.meta.url);

describe('a WAV file', () => {
  const values = [0, 0.5, -0.5, 0.25];

  it.each([
    ['pcm', 8, 0.01],
    ['pcm', 16, 1e-4],
    ['pcm', 24, 1e-6],
    ['pcm', 32, 1e-6],
    ['float', 32, 0],
  ] as const)('of %s with %i bits is read', (encoding, bits, tolerance) => {
    const sound = readWav(wavFile({ values, encoding, bits }));
    expect(sound?.sampleRate).toBe(16_000);
    expect(sound?.samples).toHaveLength(4);
    for (const [index, value] of values.entries()) {
      expect(Math.abs((sound?.samples[index] ?? 9) - value)).toBeLessThanOrEqual(tolerance);
    }
  });

  it('of two channels becomes their mean', () => {
    const sound = readWav(wavFile({ values: [0.5, 0, -0.5, 0.5], encoding: 'float', bits: 32, channels: 2 }));
    expect([...(sound?.samples ?? [])]).toEqual([0.25, 0]);
  });

  it('with chunks before its samples, and with a length that says nothing, is read to its end', () => {
    const sound = readWav(wavFile({ values, encoding: 'pcm', bits: 16, extraChunk: 3, dataLength: 0xffffffff }));
    expect(sound?.samples).toHaveLength(4);
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['another format', new TextEncoder().encode('OggS and more bytes than twelve')],
    ['an encoding that is not known', wavFile({ values, encoding: 'pcm', bits: 16, formatTag: 0x11 })],
    ['no samples', wavFile({ values, encoding: 'pcm', bits: 16 }).slice(0, 36)],
  ])('that is %s is left to others', (_, file) => {
    expect(readWav(file)).toBeUndefined();
  });
});

describe('a FLAC file', () => {
  it('has the samples that went into it', async () => {
    const bytes = await readFile(new URL('en-01.s16le', SPEECH));
    const original = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    expect(await readSound(new URL('en-01.flac', SPEECH))).toEqual(original);
  });

  it('of 48 kHz becomes 16 kHz', async () => {
    const pcm = await readSound(new URL('meeting/jack.flac', PEOPLE));
    expect(pcm.length).toBe(Math.floor(2_554_559 / 3));
    const loudest = pcm
      .subarray(19 * 16_000, 29.7 * 16_000)
      .reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    // The recording's notes say: brought to a peak of 0.6.
    expect(loudest / 32_768).toBeCloseTo(0.6, 1);
  });

  it.each([16, 24])('of two channels with %i bits becomes their mean', async (bits) => {
    const sound = await decodeFlac(await constantFlac({ values: [0.5, -0.25], samples: 5_000, bits }));
    expect(sound?.sampleRate).toBe(44_100);
    expect(sound?.samples).toHaveLength(5_000);
    expect(new Set(sound?.samples)).toEqual(new Set([0.125]));
  });

  it('that ends early, is damaged, or has nothing but a beginning is refused', async () => {
    const whole = await readFile(new URL('clips/en-jfk.flac', PEOPLE));
    const damaged = Buffer.from(whole).fill(7, 50_000, 50_600);
    for (const file of [whole.subarray(0, whole.length - 10), damaged, Buffer.from('fLaC')]) {
      await expect(decodeFlac(file)).rejects.toThrow('The FLAC file is damaged or incomplete.');
    }
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['another format', new TextEncoder().encode('OggS'.padEnd(64))],
  ])('that is %s is left to others', async (_, file) => {
    expect(await decodeFlac(file)).toBeUndefined();
    expect(await decodeSound(file)).toBeUndefined();
  });
});

describe('another sample rate', () => {
  const tone = (sampleRate: number, hertz: number) =>
    Float32Array.from(
      { length: sampleRate / 2 },
      (_, index) => 0.5 * Math.sin((2 * Math.PI * hertz * index) / sampleRate),
    );
  const level = (pcm: Int16Array) =>
    Math.sqrt(pcm.subarray(800, -800).reduce((sum, value) => sum + (value / 32_768) ** 2, 0) / (pcm.length - 1_600));

  it.each([8_000, 22_050, 44_100, 48_000])('%i Hz keeps what speech needs', (sampleRate) => {
    const pcm = to16k({ sampleRate, samples: tone(sampleRate, 1_000) });
    expect(pcm.length).toBe(8_000);
    expect(level(pcm)).toBeCloseTo(0.5 / Math.SQRT2, 2);
  });

  it('keeps out what 16 kHz cannot carry', () => {
    expect(level(to16k({ sampleRate: 48_000, samples: tone(48_000, 11_000) }))).toBeLessThan(0.005);
  });
});

/** Made by libFLAC's own encoder, each channel with one value throughout. */
async function constantFlac(options: {
  values: readonly number[];
  samples: number;
  bits: number;
}): Promise<Uint8Array> {
  const { values, samples, bits } = options;
  const { default: load } = await import('libflacjs');
  const flac = load('min');
  if (!flac.isReady()) await new Promise<void>((resolve) => flac.on('ready', () => resolve()));
  const encoder = flac.create_libflac_encoder(44_100, values.length, bits, 5, samples, true);
  const parts: Uint8Array[] = [];
  flac.init_encoder_stream(encoder, (part) => {
    parts.push(new Uint8Array(part));
  });
  const channels = values.map((value) => new Int32Array(samples).fill(value * 2 ** (bits - 1)));
  flac.FLAC__stream_encoder_process(encoder, channels, samples);
  flac.FLAC__stream_encoder_finish(encoder);
  flac.FLAC__stream_encoder_delete(encoder);
  return new Uint8Array(Buffer.concat(parts));
}

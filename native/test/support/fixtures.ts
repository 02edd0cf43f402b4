import { readFileSync } from 'node:fs';
import { createOpusDecoder } from '../../lib/index.js';

export interface EncodedAudio {
  name: string;
  /** Delay of the encoder, in samples at 48 kHz. */
  preSkip48k: number;
  packets: Buffer[];
}

export interface Utterance extends EncodedAudio {
  language: string;
  text: string;
}

type Stored<T extends EncodedAudio> = Omit<T, 'packets'> & { packets: string[] };

function read<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/${file}`, import.meta.url), 'utf8')) as T;
}

function unpack<T extends EncodedAudio>(stored: Stored<T>): T {
  return { ...stored, packets: stored.packets.map((packet) => Buffer.from(packet, 'base64')) } as unknown as T;
}

export function tones(): EncodedAudio[] {
  return read<{ cases: Stored<EncodedAudio>[] }>('tones.json').cases.map(unpack);
}

export function utterance(name: string): Utterance {
  const found = read<{ utterances: Stored<Utterance>[] }>('speech.json').utterances.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no utterance ${name}`);
  return unpack(found);
}

/** 16 kHz mono, without the encoder's delay. */
export function decodeAll(audio: EncodedAudio): Int16Array {
  const decoder = createOpusDecoder();
  const out = new Int16Array(1_920);
  const parts: number[] = [];
  for (const packet of audio.packets) parts.push(...out.subarray(0, decoder.decode(packet, out)));
  decoder.close();
  return Int16Array.from(parts.slice(Math.round(audio.preSkip48k / 3)));
}

export function rms(samples: Int16Array): number {
  if (samples.length === 0) return 0;
  let sum = 0;
  for (const sample of samples) sum += (sample / 32_768) ** 2;
  return Math.sqrt(sum / samples.length);
}

/** Share of the energy that a sine of `hz` explains, whatever its phase: 1 for a pure tone. */
export function shareOfTone(samples: Int16Array, hz: number): number {
  let sine = 0;
  let cosine = 0;
  let energy = 0;
  samples.forEach((sample, i) => {
    const angle = (2 * Math.PI * hz * i) / 16_000;
    sine += sample * Math.sin(angle);
    cosine += sample * Math.cos(angle);
    energy += sample * sample;
  });
  return energy === 0 ? 0 : (2 * (sine ** 2 + cosine ** 2)) / (samples.length * energy);
}

/** Normalised correlation of two signals of one length, at no shift. */
export function similarity(a: Int16Array, b: Int16Array): number {
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb || 1);
}

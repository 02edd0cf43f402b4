import { readFileSync } from 'node:fs';

type PacketFixture =
  | 'speech20msFec'
  | 'speechDtx'
  | 'mono10ms'
  | 'mono2_5ms'
  | 'mono5msCelt'
  | 'mono40ms'
  | 'mono60ms'
  | 'mono120ms'
  | 'stereo20ms'
  | 'cbr20ms'
  | 'stereoFec';

const read = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url));

const packets: Record<PacketFixture, string[]> = JSON.parse(read('opusPackets.json').toString('utf8'));

export const opusPackets = (name: PacketFixture): Uint8Array[] =>
  packets[name].map((base64) => new Uint8Array(Buffer.from(base64, 'base64')));

/** 16 kHz mono; speech from 0.38 s to 3.51 s. */
export function speech16k(): Int16Array {
  const bytes = read('speech16k.s16le');
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** Largest normalised correlation of two signals over shifts of up to 30 ms (a codec delays). */
export function similarity(a: Int16Array, b: Int16Array): number {
  let best = 0;
  for (let shift = -480; shift <= 480; shift += 1) {
    let product = 0;
    let energyA = 0;
    let energyB = 0;
    for (let index = Math.max(0, -shift); index < a.length && index + shift < b.length; index += 1) {
      const x = a[index] ?? 0;
      const y = b[index + shift] ?? 0;
      product += x * y;
      energyA += x * x;
      energyB += y * y;
    }
    if (energyA > 0 && energyB > 0) best = Math.max(best, product / Math.sqrt(energyA * energyB));
  }
  return best;
}

export function concatPcm(blocks: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    all.set(block, at);
    at += block.length;
  }
  return all;
}

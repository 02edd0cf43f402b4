import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOpusDecoder, type NativeOpusDecoder, opusPacketInfo } from '../lib/index.js';
import { decodeAll, rms, shareOfTone, similarity, tones, utterance } from './support/fixtures.js';

const SAMPLES_20_MS = 320;
const INVALID = { name: 'NativeError', code: 'NATIVE_INVALID_ARGUMENT' };
/** Code 3 with `count` frames of 20 ms (SILK wideband, configuration 9). */
const manyFrames = (count: number) => Uint8Array.from([(9 << 3) | 3, count, ...new Uint8Array(count)]);

let decoder: NativeOpusDecoder;
let out: Int16Array;

beforeEach(() => {
  decoder = createOpusDecoder();
  out = new Int16Array(1_920);
});

afterEach(() => decoder.close());

describe('decoding', () => {
  it.each(tones().map((tone) => [tone.name, tone] as const))('gives the tone back from %s packets', (_name, tone) => {
    const samples = decodeAll(tone).subarray(800, 7_200);
    expect(samples.length).toBe(6_400);
    // A sine with a peak of 0.5.
    expect(rms(samples)).toBeGreaterThan(0.5 * Math.SQRT1_2 * 0.89);
    expect(rms(samples)).toBeLessThan(0.5 * Math.SQRT1_2 * 1.12);
    expect(shareOfTone(samples, 440)).toBeGreaterThan(0.97);
    expect(shareOfTone(samples, 500)).toBeLessThan(0.05);
  });

  it('gives 16 kHz samples of the length that the packet announces', () => {
    for (const tone of tones()) {
      const packet = tone.packets[0] ?? Buffer.alloc(0);
      expect(decoder.decode(packet, out) * 3).toBe(opusPacketInfo(packet)?.durationSamples48k);
      decoder.reset();
    }
  });

  it('gives the same samples again after a reset', () => {
    const [first, second] = utterance('en-01').packets.slice(40, 42) as [Buffer, Buffer];
    decoder.decode(first, out);
    decoder.decode(second, out);
    const before = out.slice(0, SAMPLES_20_MS);
    decoder.reset();
    decoder.decode(first, out);
    decoder.decode(second, out);
    expect(out.slice(0, SAMPLES_20_MS)).toEqual(before);
  });

  it('refuses an output that is too small and writes nothing into it', () => {
    const small = new Int16Array(SAMPLES_20_MS - 1).fill(7);
    const packet = utterance('en-01').packets[50] ?? Buffer.alloc(0);
    expect(() => decoder.decode(packet, small)).toThrow(expect.objectContaining(INVALID));
    expect(small.every((sample) => sample === 7)).toBe(true);
  });

  it('refuses every call after close, and close may be called twice', () => {
    decoder.close();
    decoder.close();
    expect(() => decoder.decode(Uint8Array.of(0x48, 1), out)).toThrow(expect.objectContaining(INVALID));
    expect(() => decoder.conceal(SAMPLES_20_MS, out)).toThrow(expect.objectContaining(INVALID));
  });
});

describe('invalid packets', () => {
  const cases: [string, Uint8Array][] = [
    ['is empty (R1)', new Uint8Array()],
    ['has a frame over 1,275 bytes (R2)', Uint8Array.from([9 << 3, ...new Uint8Array(1_276)])],
    ['has two equal frames in an odd number of bytes (R3)', Uint8Array.of((9 << 3) | 1, 1, 2, 3)],
    ['has a first frame longer than the packet (R4)', Uint8Array.of((9 << 3) | 2, 200, 1, 2)],
    ['has no frame count (R5)', Uint8Array.of((9 << 3) | 3)],
    ['counts zero frames (R5)', manyFrames(0)],
    ['is longer than 120 ms (R5)', manyFrames(7)],
    ['has constant frames that do not divide its length (R6)', Uint8Array.of((9 << 3) | 3, 2, 1, 2, 3)],
    ['has variable frames beyond its end (R7)', Uint8Array.of((9 << 3) | 3, 0x80 | 2, 250, 1)],
  ];

  it.each(cases)('is refused when it %s', (_what, packet) => {
    expect(opusPacketInfo(packet)).toBeNull();
    expect(() => decoder.decode(packet, out)).toThrow(expect.objectContaining(INVALID));
    expect(() => decoder.decodeFec(packet, SAMPLES_20_MS, out)).toThrow(expect.objectContaining(INVALID));
  });

  it('takes the longest valid packet, 120 ms', () => {
    expect(opusPacketInfo(manyFrames(6))).toEqual({
      durationSamples48k: 5_760,
      frames: 6,
      stereo: false,
      hasFec: false,
    });
    expect(decoder.decode(manyFrames(6), out)).toBe(1_920);
  });

  it('never crashes, and never gives more than it announces, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (packet) => {
        const info = opusPacketInfo(packet);
        if (info === null) {
          expect(() => decoder.decode(packet, out)).toThrow(expect.objectContaining(INVALID));
          return;
        }
        expect(info.durationSamples48k).toBeLessThanOrEqual(5_760);
        let samples = 0;
        try {
          samples = decoder.decode(packet, out);
        } catch (error) {
          // Valid outside, broken inside: libopus may say so.
          expect(error).toMatchObject({ name: 'NativeError' });
        }
        expect(samples * 3 === info.durationSamples48k || samples === 0).toBe(true);
      }),
      { numRuns: 3_000, seed: 7 },
    );
  });
});

describe('lost packets', () => {
  const LOST = 60;

  function decodeUpTo(packets: Buffer[], count: number): void {
    for (const packet of packets.slice(0, count)) decoder.decode(packet, out);
  }

  it.each([40, 320, 960, 1_920])('are concealed with exactly %i samples', (samples) => {
    decodeUpTo(utterance('en-01').packets, LOST);
    expect(decoder.conceal(samples, out)).toBe(samples);
  });

  it.each([0, -320, 41, 1_960])('are not concealed with %i samples', (samples) => {
    expect(() => decoder.conceal(samples, new Int16Array(4_000))).toThrow(expect.objectContaining(INVALID));
  });

  it('are concealed with sound after speech and end in silence', () => {
    const { packets } = utterance('en-01');
    const loud = packets.findIndex((packet) => rms(out.subarray(0, decoder.decode(packet, out))) > 0.08);
    expect(loud).toBeGreaterThan(0);
    decoder.conceal(SAMPLES_20_MS, out);
    expect(rms(out.subarray(0, SAMPLES_20_MS))).toBeGreaterThan(0.02);
    for (let i = 0; i < 20; i++) decoder.conceal(SAMPLES_20_MS, out);
    expect(rms(out.subarray(0, SAMPLES_20_MS))).toBeLessThan(0.001);
  });

  it('come back from the redundancy of the next packet, closer to the truth than concealment', () => {
    const { packets } = utterance('en-01');
    let recovered = 0;
    let concealed = 0;
    let compared = 0;
    for (let lost = 30; lost < 170; lost += 7) {
      const next = packets[lost + 1] ?? Buffer.alloc(0);
      if (opusPacketInfo(next)?.hasFec !== true) continue;
      decoder.reset();
      decodeUpTo(packets, lost);
      decoder.decode(packets[lost] ?? Buffer.alloc(0), out);
      const truth = out.slice(0, SAMPLES_20_MS);
      if (rms(truth) < 0.01) continue;

      decoder.reset();
      decodeUpTo(packets, lost);
      expect(decoder.decodeFec(next, SAMPLES_20_MS, out)).toBe(SAMPLES_20_MS);
      recovered += similarity(truth, out.slice(0, SAMPLES_20_MS));

      decoder.reset();
      decodeUpTo(packets, lost);
      decoder.conceal(SAMPLES_20_MS, out);
      concealed += similarity(truth, out.slice(0, SAMPLES_20_MS));
      compared++;
    }
    expect(compared).toBeGreaterThan(5);
    expect(recovered / compared).toBeGreaterThan(0.8);
    expect(recovered / compared).toBeGreaterThan(concealed / compared + 0.1);
  });

  it('are concealed where the next packet has no redundancy', () => {
    const celt = tones().find((tone) => tone.name === 'celt-20ms')?.packets ?? [];
    decodeUpTo(celt, 10);
    expect(opusPacketInfo(celt[11] ?? Buffer.alloc(0))?.hasFec).toBe(false);
    expect(decoder.decodeFec(celt[11] ?? Buffer.alloc(0), SAMPLES_20_MS, out)).toBe(SAMPLES_20_MS);
    expect(rms(out.subarray(0, SAMPLES_20_MS))).toBeGreaterThan(0.05);
  });
});

describe('packet information', () => {
  it('finds redundancy in most speech packets of an encoder with FEC and in none without', () => {
    const withFec = utterance('en-01').packets.filter((packet) => opusPacketInfo(packet)?.hasFec);
    expect(withFec.length).toBeGreaterThan(80);
    for (const tone of tones()) {
      expect(tone.packets.some((packet) => opusPacketInfo(packet)?.hasFec)).toBe(false);
    }
  });

  it('tells stereo, duration and frames', () => {
    const first = (name: string) => tones().find((tone) => tone.name === name)?.packets[3] ?? Buffer.alloc(0);
    expect(opusPacketInfo(first('stereo-20ms'))).toMatchObject({ stereo: true, durationSamples48k: 960, frames: 1 });
    expect(opusPacketInfo(first('silk-60ms'))).toMatchObject({ stereo: false, durationSamples48k: 2_880, frames: 1 });
    expect(opusPacketInfo(first('celt-2.5ms'))).toMatchObject({ durationSamples48k: 120, frames: 1 });
    expect(opusPacketInfo(first('celt-120ms'))).toMatchObject({ durationSamples48k: 5_760, frames: 6 });
  });
});

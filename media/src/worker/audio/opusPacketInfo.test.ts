import * as native from '@parley/native';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { opusPackets } from '../../../test/loadFixtures.js';
import { libopusAvailable } from './OpusDecoder.js';
import { type OpusPacketInfo, opusPacketInfo } from './opusPacketInfo.js';

/** TOC byte: configuration, stereo flag, frame count code. */
const toc = (config: number, code: number, stereo = false) => (config << 3) | (stereo ? 4 : 0) | code;
const SILK_20 = 1;
const SILK_60 = 3;
const CELT_2_5 = 16;
const CELT_20 = 19;
const bytes = (...parts: (number | number[])[]) => Uint8Array.from(parts.flat());
const zeros = (count: number) => new Array<number>(count).fill(0);

interface Rule {
  name: string;
  packet: Uint8Array;
  expected: { frames: number; durationSamples48k: number } | null;
}

const RULES: Rule[] = [
  { name: 'R1: an empty packet', packet: bytes(), expected: null },
  { name: 'a TOC alone (DTX)', packet: bytes(toc(SILK_20, 0)), expected: { frames: 1, durationSamples48k: 960 } },
  {
    name: 'R2: a frame of 1,275 bytes',
    packet: bytes(toc(CELT_20, 0), zeros(1_275)),
    expected: { frames: 1, durationSamples48k: 960 },
  },
  { name: 'R2: a frame of 1,276 bytes', packet: bytes(toc(CELT_20, 0), zeros(1_276)), expected: null },
  {
    name: 'R3: two equal frames',
    packet: bytes(toc(CELT_20, 1), zeros(20)),
    expected: { frames: 2, durationSamples48k: 1_920 },
  },
  {
    name: 'R3: an odd number of bytes for two equal frames',
    packet: bytes(toc(CELT_20, 1), zeros(21)),
    expected: null,
  },
  { name: 'R2: two frames of 1,276 bytes', packet: bytes(toc(CELT_20, 1), zeros(2_552)), expected: null },
  {
    name: 'R4: two frames with a size',
    packet: bytes(toc(CELT_20, 2), 5, zeros(9)),
    expected: { frames: 2, durationSamples48k: 1_920 },
  },
  {
    name: 'R4: a size of two bytes',
    packet: bytes(toc(CELT_20, 2), 252, 1, zeros(256), zeros(3)),
    expected: { frames: 2, durationSamples48k: 1_920 },
  },
  { name: 'R4: no size', packet: bytes(toc(CELT_20, 2)), expected: null },
  { name: 'R4: half a size', packet: bytes(toc(CELT_20, 2), 252), expected: null },
  { name: 'R4: a size beyond the packet', packet: bytes(toc(CELT_20, 2), 10, zeros(9)), expected: null },
  { name: 'R2: a second frame of 1,276 bytes', packet: bytes(toc(CELT_20, 2), 0, zeros(1_276)), expected: null },
  { name: 'R6: code 3 without a count', packet: bytes(toc(CELT_20, 3)), expected: null },
  { name: 'R5: code 3 with no frames', packet: bytes(toc(CELT_20, 3), 0, 1), expected: null },
  {
    name: 'R5: 120 ms',
    packet: bytes(toc(CELT_2_5, 3), 48, zeros(48)),
    expected: { frames: 48, durationSamples48k: 5_760 },
  },
  { name: 'R5: 122.5 ms', packet: bytes(toc(CELT_2_5, 3), 49, zeros(49)), expected: null },
  { name: 'R5: three times 60 ms', packet: bytes(toc(SILK_60, 3), 3, zeros(3)), expected: null },
  { name: 'R6: equal shares that do not divide', packet: bytes(toc(CELT_20, 3), 2, zeros(5)), expected: null },
  {
    name: 'R6: equal shares with padding',
    packet: bytes(toc(CELT_20, 3), 0x40 | 2, 3, zeros(8), zeros(3)),
    expected: { frames: 2, durationSamples48k: 1_920 },
  },
  {
    name: 'R6: a padding of 254 and more',
    packet: bytes(toc(CELT_20, 3), 0x40 | 2, 255, 1, zeros(8), zeros(255)),
    expected: { frames: 2, durationSamples48k: 1_920 },
  },
  { name: 'R6: padding beyond the packet', packet: bytes(toc(CELT_20, 3), 0x40 | 2, 9, zeros(8)), expected: null },
  { name: 'R6: padding without an end', packet: bytes(toc(CELT_20, 3), 0x40 | 2, 255, 255), expected: null },
  {
    name: 'R7: three frames with sizes',
    packet: bytes(toc(CELT_20, 3), 0x80 | 3, 2, 0, zeros(2), zeros(7)),
    expected: { frames: 3, durationSamples48k: 2_880 },
  },
  { name: 'R7: sizes beyond the packet', packet: bytes(toc(CELT_20, 3), 0x80 | 3, 200, 0, zeros(9)), expected: null },
  {
    name: 'R7: a last frame of 1,276 bytes',
    packet: bytes(toc(CELT_20, 3), 0x80 | 2, 0, zeros(1_276)),
    expected: null,
  },
  {
    name: 'R7: one frame without a size',
    packet: bytes(toc(CELT_20, 3), 0x80 | 1, zeros(7)),
    expected: { frames: 1, durationSamples48k: 960 },
  },
];

const FIXTURES = [
  ['speech20msFec', { durationSamples48k: 960, frames: 1, stereo: false }],
  ['mono10ms', { durationSamples48k: 480, frames: 1, stereo: false }],
  ['mono2_5ms', { durationSamples48k: 120, frames: 1, stereo: false }],
  ['mono5msCelt', { durationSamples48k: 240, frames: 1, stereo: false }],
  ['mono40ms', { durationSamples48k: 1_920, stereo: false }],
  ['mono60ms', { durationSamples48k: 2_880, stereo: false }],
  ['mono120ms', { durationSamples48k: 5_760, stereo: false }],
  ['stereo20ms', { durationSamples48k: 960, frames: 1, stereo: true }],
] as const;

describe.each<[string, boolean, (packet: Uint8Array) => OpusPacketInfo | null]>([
  ['in TypeScript', true, opusPacketInfo],
  ['of the addon', libopusAvailable(), (packet) => native.opusPacketInfo(packet)],
])('opusPacketInfo %s', (_name, available, packetInfo) => {
  it.skipIf(!available).each(RULES)('keeps to RFC 6716 section 3.4: $name', ({ packet, expected }) => {
    if (expected === null) expect(packetInfo(packet)).toBeNull();
    else expect(packetInfo(packet)).toMatchObject(expected);
  });

  it.skipIf(!available).each(FIXTURES)('reads what an encoder wrote: %s', (name, expected) => {
    for (const packet of opusPackets(name)) expect(packetInfo(packet)).toMatchObject(expected);
  });

  it.skipIf(!available)('sees in-band FEC where the encoder was asked for it, and only there', () => {
    const share = (name: 'speech20msFec' | 'stereoFec' | 'mono60ms' | 'cbr20ms' | 'stereo20ms') => {
      const packets = opusPackets(name);
      return packets.filter((packet) => packetInfo(packet)?.hasFec === true).length / packets.length;
    };
    expect(share('speech20msFec')).toBeGreaterThan(0.5);
    expect(share('stereoFec')).toBeGreaterThan(0.5);
    expect(share('mono60ms')).toBeGreaterThan(0.5);
    expect(share('cbr20ms')).toBe(0);
    expect(share('stereo20ms')).toBe(0);
  });

  it.skipIf(!available)('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_500 }), (data) => {
        const info = packetInfo(data);
        if (info === null) return;
        expect(info.durationSamples48k).toBeGreaterThanOrEqual(120);
        expect(info.durationSamples48k).toBeLessThanOrEqual(5_760);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('opusPacketInfo', () => {
  it.skipIf(!libopusAvailable())('agrees with the addon on any bytes', () => {
    const short = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(fc.oneof(short, fc.uint8Array({ maxLength: 1_500 })), (data) => {
        expect(opusPacketInfo(data)).toEqual(native.opusPacketInfo(data));
      }),
      { numRuns: 3_000 },
    );
  });
});

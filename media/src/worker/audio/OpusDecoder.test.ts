import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { concatPcm, opusPackets, similarity, speech16k } from '../../../test/loadFixtures.js';
import { rms } from './levels.js';
import { createOpusDecoder, libopusAvailable, type OpusDecoder, type OpusImplementation } from './OpusDecoder.js';

const open: OpusDecoder[] = [];

function decoderOf(prefer: OpusImplementation): OpusDecoder {
  const decoder = createOpusDecoder({ prefer });
  open.push(decoder);
  return decoder;
}

afterEach(() => {
  for (const decoder of open.splice(0)) decoder.close();
});

const second = () => speech16k().subarray(16_000, 32_000);

describe.each<OpusImplementation>(['libopus', 'opusscript'])('OpusDecoder with %s', (implementation) => {
  const skip = implementation === 'libopus' && !libopusAvailable();

  it.skipIf(skip)('says what it is', () => {
    expect(decoderOf(implementation).implementation).toBe(implementation);
  });

  it.skipIf(skip)('decodes speech to what was spoken, at 16 kHz mono', () => {
    const decoder = decoderOf(implementation);
    const pcm = concatPcm(opusPackets('speech20msFec').map((packet) => decoder.decode(packet)));
    expect(pcm.length).toBe(204 * 320);
    expect(similarity(speech16k(), pcm)).toBeGreaterThan(0.9);
  });

  it.skipIf(skip).each([
    ['mono10ms', 160],
    ['mono2_5ms', 40],
    ['mono5msCelt', 80],
    ['mono40ms', 640],
    ['mono60ms', 960],
    ['mono120ms', 1_920],
    ['stereo20ms', 320],
    ['stereoFec', 320],
    ['cbr20ms', 320],
  ] as const)('decodes %s', (name, samples) => {
    const decoder = decoderOf(implementation);
    const blocks = opusPackets(name).map((packet) => decoder.decode(packet));
    expect(new Set(blocks.map((block) => block.length))).toEqual(new Set([samples]));
    expect(similarity(second(), concatPcm(blocks))).toBeGreaterThan(0.85);
  });

  it.skipIf(skip)('follows changes of length, channels and bit rate from packet to packet', () => {
    const decoder = decoderOf(implementation);
    const names = ['mono20', 'mono60ms', 'stereo20ms', 'mono2_5ms', 'mono120ms', 'cbr20ms'] as const;
    for (let round = 0; round < 3; round += 1) {
      for (const name of names) {
        const packet = opusPackets(name === 'mono20' ? 'speech20msFec' : name)[round + 4];
        if (packet === undefined) throw new Error('fixture too short');
        const info = decoder.packetInfo(packet);
        expect(decoder.decode(packet).length).toBe((info?.durationSamples48k ?? 0) / 3);
      }
    }
  });

  it.skipIf(skip)('keeps decoders apart', () => {
    const packets = opusPackets('speech20msFec').slice(30, 80);
    const alone = decoderOf(implementation);
    const expected = packets.map((packet) => alone.decode(packet));
    const decoders = Array.from({ length: 120 }, () => decoderOf(implementation));
    for (const [index, packet] of packets.entries()) {
      for (const decoder of decoders) expect(decoder.decode(packet)).toEqual(expected[index]);
    }
  });

  it.skipIf(skip)('gives arrays that later calls leave alone', () => {
    const decoder = decoderOf(implementation);
    const packets = opusPackets('mono10ms');
    const first = decoder.decode(packets[0] ?? new Uint8Array());
    const copy = first.slice();
    for (const packet of packets.slice(1)) decoder.decode(packet);
    expect(first).toEqual(copy);
  });

  it.skipIf(skip)('throws for an invalid packet and decodes the next one', () => {
    const decoder = decoderOf(implementation);
    const packets = opusPackets('mono10ms');
    expect(() => decoder.decode(Uint8Array.from([0x9b, 0]))).toThrow();
    expect(() => decoder.decode(new Uint8Array())).toThrow();
    expect(decoder.packetInfo(Uint8Array.from([0x9b, 0]))).toBeNull();
    expect(decoder.decode(packets[0] ?? new Uint8Array()).length).toBe(160);
  });

  it.skipIf(skip)('survives any bytes: decodes them to the length that their headers say, or throws', () => {
    const decoder = decoderOf(implementation);
    const good = opusPackets('mono10ms')[0] ?? new Uint8Array();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (data) => {
        const info = decoder.packetInfo(data);
        if (info === null) {
          expect(() => decoder.decode(data)).toThrow();
          return;
        }
        try {
          expect(decoder.decode(data).length).toBe(info.durationSamples48k / 3);
        } catch (error) {
          if (!(error instanceof Error) || !/libopus answered|decoder error/.test(error.message)) throw error;
        }
        expect(decoder.decodeFec(data, 320).length).toBe(320);
      }),
      { numRuns: 1_000 },
    );
    expect(decoder.decode(good).length).toBe(160);
  });

  it.skipIf(skip)('conceals a loss with something that fades away', () => {
    const decoder = decoderOf(implementation);
    const spoken = opusPackets('speech20msFec')
      .slice(20, 60)
      .map((packet) => decoder.decode(packet));
    const concealed = Array.from({ length: 12 }, () => decoder.conceal(320));
    const before = rms(spoken.at(-1) ?? new Int16Array());
    expect(concealed.every((block) => block.length === 320)).toBe(true);
    expect(rms(concealed[0] ?? new Int16Array())).toBeGreaterThan(before / 10);
    expect(rms(concealed.at(-1) ?? new Int16Array())).toBeLessThan(before / 10);
    expect(decoder.conceal(40).length).toBe(40);
    expect(decoder.conceal(1_920).length).toBe(1_920);
  });

  it.skipIf(skip)('begins anew after a reset', () => {
    const packets = opusPackets('mono10ms');
    const decoder = decoderOf(implementation);
    const expected = packets.map((packet) => decoder.decode(packet));
    decoder.reset();
    expect(packets.map((packet) => decoder.decode(packet))).toEqual(expected);
  });

  it.skipIf(skip)('refuses work after it was closed, and closes twice', () => {
    const decoder = decoderOf(implementation);
    decoder.close();
    decoder.close();
    expect(() => decoder.decode(opusPackets('mono10ms')[0] ?? new Uint8Array())).toThrow();
  });
});

describe('createOpusDecoder', () => {
  it('gives libopus where the addon is there, else opusscript', () => {
    const decoder = createOpusDecoder();
    open.push(decoder);
    expect(decoder.implementation).toBe(libopusAvailable() ? 'libopus' : 'opusscript');
  });

  it.skipIf(!libopusAvailable())(
    'recovers a lost packet from the FEC of the next one better than by concealment',
    () => {
      const packets = opusPackets('speech20msFec');
      const truth = createOpusDecoder({ prefer: 'libopus' });
      const withFec = createOpusDecoder({ prefer: 'libopus' });
      const withPlc = createOpusDecoder({ prefer: 'libopus' });
      open.push(truth, withFec, withPlc);
      let fecError = 0;
      let plcError = 0;
      let losses = 0;
      const distance = (a: Int16Array, b: Int16Array) => a.reduce((sum, x, at) => sum + (x - (b[at] ?? 0)) ** 2, 0);
      for (const [index, packet] of packets.entries()) {
        const spoken = truth.decode(packet);
        const next = packets[index + 1];
        const lost = index % 7 === 3 && next !== undefined && withFec.packetInfo(next)?.hasFec === true;
        if (lost) {
          losses += 1;
          fecError += distance(withFec.decodeFec(next, 320), spoken);
          plcError += distance(withPlc.conceal(320), spoken);
        } else {
          withFec.decode(packet);
          withPlc.decode(packet);
        }
      }
      expect(losses).toBeGreaterThan(10);
      expect(fecError).toBeLessThan(plcError / 2);
    },
  );

  it.skipIf(!libopusAvailable())('gives the same sound from both implementations', () => {
    const libopus = createOpusDecoder({ prefer: 'libopus' });
    const opusscript = createOpusDecoder({ prefer: 'opusscript' });
    open.push(libopus, opusscript);
    const packets = opusPackets('speech20msFec');
    const a = concatPcm(packets.map((packet) => libopus.decode(packet)));
    const b = concatPcm(packets.map((packet) => opusscript.decode(packet)));
    expect(similarity(a, b)).toBeGreaterThan(0.99);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatPcm, opusPackets, similarity, speech16k } from '../../../test/loadFixtures.js';
import type { RtpPacket } from '../rtp/parseRtpPacket.js';
import { type RtpOutput, RtpReceiver } from '../rtp/RtpReceiver.js';
import { createOpusDecoder, type OpusDecoder } from './OpusDecoder.js';
import type { OpusPacketInfo } from './opusPacketInfo.js';
import { type PcmBlock, type PcmEpoch, type PcmJump, TrackDecoder } from './TrackDecoder.js';

/**
 * A made-up codec: byte 0 is the value of all samples, byte 1 the length in units of 2.5 ms, byte 2 the value of the packet before (its
 * "FEC", 0 for none). Value 255 is an invalid packet, 254 is refused by `decode`. Concealment has the value -1.
 */
class FakeDecoder implements OpusDecoder {
  readonly implementation = 'libopus';
  readonly recoversFec = true;
  resets = 0;
  closed = 0;

  packetInfo(packet: Uint8Array): OpusPacketInfo | null {
    if (packet.length === 0 || packet[0] === 255) return null;
    // A packet that starts DTX has no room for a length.
    const durationSamples48k = packet.length <= 2 ? 960 : (packet[1] ?? 0) * 120;
    return { durationSamples48k, frames: 1, stereo: false, hasFec: (packet[2] ?? 0) > 0 };
  }

  decode(packet: Uint8Array): Int16Array {
    if (packet[0] === 254) throw new Error('refused');
    return new Int16Array((packet[1] ?? 0) * 40).fill(packet[0] ?? 0);
  }

  conceal(samples: number): Int16Array {
    expect(samples % 40).toBe(0);
    expect(samples).toBeLessThanOrEqual(1_920);
    return new Int16Array(samples).fill(-1);
  }

  decodeFec(next: Uint8Array, samples: number): Int16Array {
    expect(samples % 40).toBe(0);
    return new Int16Array(samples).fill(next[2] ?? 0);
  }

  reset(): void {
    this.resets += 1;
  }

  close(): void {
    this.closed += 1;
  }
}

/** Payload of 20 ms unless said otherwise. */
const voice = (value: number, units = 8, fec = 0) => Uint8Array.from([value, units, fec]);
const DTX = Uint8Array.from([0]);
const FRAME = 960;

function setUp(decoder: OpusDecoder = new FakeDecoder(), idleFillMs?: number) {
  const blocks: PcmBlock[] = [];
  const jumps: PcmJump[] = [];
  const epochs: PcmEpoch[] = [];
  let cursor = 0;
  const track = new TrackDecoder({
    decoder,
    ...(idleFillMs === undefined ? {} : { idleFillMs }),
    onPcm: (block) => {
      expect(block.startSample).toBe(cursor);
      expect(block.pcm.length).toBeGreaterThan(0);
      cursor += block.pcm.length;
      blocks.push(block);
    },
    onJump: (jump) => {
      expect(jump.fromSample).toBe(cursor);
      cursor = jump.toSample;
      jumps.push(jump);
    },
    onEpoch: (epoch) => {
      cursor = 0;
      epochs.push(epoch);
    },
  });
  let sequence = 0;
  const packet = (extendedTimestamp: number, payload: Uint8Array, arrivedAtMs = extendedTimestamp / 48) => {
    sequence += 1;
    track.handle({ kind: 'packet', extendedSequence: sequence, extendedTimestamp, payload, arrivedAtMs }, arrivedAtMs);
  };
  const lost = (count: number) => track.handle({ kind: 'lost', count, extendedTimestamp: 0 }, 0);
  /** Runs of equal samples: `value x samples origin`. */
  const runs = () => {
    const text: { value: number; samples: number; origin: string }[] = [];
    for (const { pcm, origin } of blocks) {
      for (const value of pcm) {
        const last = text.at(-1);
        if (last !== undefined && last.value === value && last.origin === origin) last.samples += 1;
        else text.push({ value, samples: 1, origin });
      }
    }
    return text.map(({ value, samples, origin }) => `${value}x${samples} ${origin}`);
  };
  return { track, blocks, jumps, epochs, packet, lost, runs };
}

describe('TrackDecoder', () => {
  it('puts contiguous packets on a line that begins with the first one', () => {
    const { track, packet, runs } = setUp();
    expect(track.firstExtendedTimestamp).toBeUndefined();
    packet(50_000, voice(1));
    packet(50_960, voice(2));
    expect(track.firstExtendedTimestamp).toBe(50_000);
    expect(track.endSample).toBe(640);
    expect(runs()).toEqual(['1x320 audio', '2x320 audio']);
  });

  it('takes packets of any length, also when it changes', () => {
    const { packet, runs } = setUp();
    packet(0, voice(1, 1));
    packet(120, voice(2, 48));
    packet(5_880, voice(3, 24));
    packet(8_760, voice(4, 4));
    expect(runs()).toEqual(['1x40 audio', '2x1920 audio', '3x960 audio', '4x160 audio']);
  });

  it('fills a lost packet from the FEC of the next one', () => {
    const { track, packet, lost, runs } = setUp();
    packet(0, voice(1));
    lost(1);
    packet(2 * FRAME, voice(3, 8, 2));
    expect(runs()).toEqual(['1x320 audio', '2x320 concealed', '3x320 audio']);
    expect(track.stats).toMatchObject({ audioSamples: 640, concealedSamples: 320, fecSamples: 320, plcSamples: 0 });
  });

  it('conceals what FEC does not reach, up to 120 ms, then falls silent', () => {
    const { track, packet, lost, runs } = setUp();
    packet(0, voice(1));
    lost(10);
    packet(11 * FRAME, voice(3, 8, 2));
    expect(runs()).toEqual([
      '1x320 audio',
      '-1x1920 concealed',
      `0x${9 * 320 - 1_920} concealed`,
      '2x320 concealed',
      '3x320 audio',
    ]);
    expect(track.stats).toMatchObject({ concealedSamples: 3_200, plcSamples: 1_920, fecSamples: 320 });
  });

  it('conceals by PLC alone where the next packet carries no FEC', () => {
    const { packet, lost, runs } = setUp();
    packet(0, voice(1));
    lost(2);
    packet(3 * FRAME, voice(3));
    expect(runs()).toEqual(['1x320 audio', '-1x640 concealed', '3x320 audio']);
  });

  it('takes a jump of the timestamp without a loss for DTX, not for loss', () => {
    const { track, packet, runs } = setUp();
    packet(0, voice(1));
    packet(20 * FRAME, voice(2, 8, 9));
    expect(runs()).toEqual(['1x320 audio', `0x${19 * 320} dtx`, '2x320 audio']);
    expect(track.stats).toMatchObject({ dtxSamples: 19 * 320, concealedSamples: 0 });
  });

  it('lets the line follow the wall clock in DTX, 60 ms behind it', () => {
    const { track, packet, runs } = setUp();
    packet(0, voice(1));
    packet(FRAME, DTX);
    expect(track.endSample).toBe(640);
    track.tick(60);
    expect(track.endSample).toBe(640);
    track.tick(200);
    // The packet of 20 to 40 ms came at 20 ms: at 200 ms the line may be at 220 - 60 ms.
    expect(track.endSample).toBe((220 - 40) * 16 - 320);
    track.tick(400);
    packet(20 * FRAME, voice(2));
    packet(21 * FRAME, voice(3));
    expect(runs()).toEqual(['1x320 audio', `0x${19 * 320} dtx`, '2x320 audio', '3x320 audio']);
  });

  it('keeps the first syllable after DTX with a refresh every 400 ms', () => {
    const { track, packet, runs } = setUp();
    packet(0, voice(1));
    packet(FRAME, DTX);
    for (let frame = 2; frame < 80; frame += 1) {
      track.tick(frame * 20);
      if (frame % 20 === 0) {
        packet(frame * FRAME, voice(5));
        packet((frame + 1) * FRAME, DTX);
      }
    }
    packet(80 * FRAME, voice(7));
    expect(runs().at(-1)).toBe('7x320 audio');
    expect(track.stats).toMatchObject({ audioSamples: 5 * 320, concealedSamples: 0, overlapSamples: 0, restarts: 0 });
    expect(track.endSample).toBe(81 * 320);
  });

  it('takes a packet lost in DTX for the newest part of the gap', () => {
    const { packet, lost, runs } = setUp();
    packet(0, voice(1));
    packet(FRAME, DTX);
    lost(1);
    packet(20 * FRAME, voice(3, 8, 2));
    expect(runs()).toEqual(['1x320 audio', `0x${18 * 320} dtx`, '2x320 concealed', '3x320 audio']);
  });

  it('conceals a lost packet only, when a pause has begun with it', () => {
    const { track, packet, lost } = setUp();
    packet(0, voice(1));
    lost(1);
    packet(20 * FRAME, voice(3, 8, 2));
    expect(track.stats).toMatchObject({ concealedSamples: 320, dtxSamples: 18 * 320 });
  });

  it('follows the wall clock a second after the last packet even without DTX, and calls it concealed', () => {
    const { track, packet, runs } = setUp();
    packet(0, voice(1), 0);
    track.tick(999);
    expect(track.endSample).toBe(320);
    track.tick(1_000);
    expect(runs()).toEqual(['1x320 audio', `0x${790 * 16} concealed`]);
  });

  it('goes on where it was when packets come late, and not lost', () => {
    const { track, packet, epochs, runs } = setUp();
    packet(0, voice(1), 0);
    for (let nowMs = 0; nowMs < 1_000; nowMs += 20) track.tick(nowMs);
    packet(FRAME, voice(2), 999);
    packet(2 * FRAME, voice(3), 999);
    expect(runs()).toEqual(['1x320 audio', '2x320 audio', '3x320 audio']);
    expect(epochs).toEqual([]);
  });

  it('does not conceal by an echo of the past when the line has been silent in between', () => {
    const { track, packet, lost, runs } = setUp();
    packet(0, voice(1), 0);
    track.tick(1_200);
    lost(51);
    packet(52 * FRAME, voice(3, 8, 2), 1_200);
    expect(runs()).toEqual(['1x320 audio', `0x${50 * 320} concealed`, '2x320 concealed', '3x320 audio']);
  });

  it('stops filling after a while, so that a speaker who is away costs nothing', () => {
    const { track, packet, blocks } = setUp(new FakeDecoder(), 1_000);
    packet(0, voice(1), 0);
    for (let nowMs = 0; nowMs < 10_000; nowMs += 20) track.tick(nowMs);
    expect(track.endSample).toBe(320 + 790 * 16);
    expect(blocks.length).toBeLessThan(60);
  });

  it('jumps over a mute of two hours instead of filling it', () => {
    const { track, packet, jumps, blocks } = setUp();
    packet(0, voice(1), 0);
    track.tick(8_000);
    const before = track.endSample;
    packet(7_200 * 48_000, voice(2), 7_200_000);
    expect(jumps).toEqual([{ fromSample: before, toSample: 7_200 * 16_000 }]);
    expect(blocks.at(-1)).toMatchObject({ startSample: 7_200 * 16_000, origin: 'audio' });
    expect(track.stats.jumpedSamples).toBe(7_200 * 16_000 - before);
  });

  it('drops a short overlap with time that is filled already, and counts it', () => {
    const { track, packet, runs } = setUp();
    packet(0, DTX, 0);
    track.tick(200);
    expect(track.endSample).toBe(320 + 140 * 16);
    // Starts 10 ms before the end of the line.
    packet(150 * 48, voice(2), 300);
    expect(runs()).toEqual([`0x${320 + 140 * 16} dtx`, '2x160 audio']);
    expect(track.stats.overlapSamples).toBe(160);
  });

  it('begins a new line rather than losing words that come late', () => {
    const { track, packet, epochs, runs } = setUp();
    packet(0, voice(1), 0);
    track.tick(1_000);
    packet(FRAME, voice(2), 1_001);
    packet(2 * FRAME, voice(3), 1_002);
    expect(epochs).toEqual([{ firstExtendedTimestamp: FRAME, arrivedAtMs: 1_001 }]);
    expect(track.firstExtendedTimestamp).toBe(FRAME);
    expect(track.endSample).toBe(640);
    expect(runs().slice(-2)).toEqual(['2x320 audio', '3x320 audio']);
    expect(track.stats).toMatchObject({ restarts: 1, overlapSamples: 0 });
  });

  it('starts over at sample 0 after a resync, and reports it with the first packet', () => {
    const decoder = new FakeDecoder();
    const { track, packet, epochs, runs } = setUp(decoder);
    packet(0, voice(1), 0);
    track.handle({ kind: 'resync' }, 20);
    expect(track.firstExtendedTimestamp).toBeUndefined();
    expect(epochs).toEqual([]);
    packet(777, voice(2), 40);
    expect(epochs).toEqual([{ firstExtendedTimestamp: 777, arrivedAtMs: 40 }]);
    expect(decoder.resets).toBe(1);
    expect(runs()).toEqual(['1x320 audio', '2x320 audio']);
  });

  it('is silent about an epoch before the first packet', () => {
    const { track, packet, epochs } = setUp();
    track.handle({ kind: 'resync' }, 0);
    packet(0, voice(1), 0);
    expect(epochs).toEqual([]);
  });

  it('takes an invalid packet for a lost one', () => {
    const { track, packet, runs } = setUp();
    packet(0, voice(1));
    packet(FRAME, voice(255));
    packet(2 * FRAME, voice(3, 8, 2));
    expect(runs()).toEqual(['1x320 audio', '2x320 concealed', '3x320 audio']);
    expect(track.stats.invalidPackets).toBe(1);
  });

  it('conceals a packet that the codec refuses', () => {
    const { track, packet, runs } = setUp();
    packet(0, voice(1));
    packet(FRAME, voice(254));
    packet(2 * FRAME, voice(3));
    expect(runs()).toEqual(['1x320 audio', '-1x320 concealed', '3x320 audio']);
    expect(track.stats.invalidPackets).toBe(1);
  });

  it('lets packets of padding only pass without effect', () => {
    const { track, packet } = setUp();
    packet(0, voice(1));
    packet(FRAME, new Uint8Array());
    packet(FRAME, voice(2));
    expect(track.stats).toMatchObject({ emptyPackets: 1, audioSamples: 640 });
  });

  it('closes its decoder once and does nothing afterwards', () => {
    const decoder = new FakeDecoder();
    const { track, packet, blocks } = setUp(decoder);
    track.close();
    track.close();
    packet(0, voice(1));
    track.tick(1_000);
    expect(decoder.closed).toBe(1);
    expect(blocks).toEqual([]);
  });

  it('keeps one continuous line for any packets, and every decoded sample at its timestamp', () => {
    const step = fc.record({
      frames: fc.integer({ min: 1, max: 200 }),
      lost: fc.nat(3),
      payload: fc.constantFrom('voice', 'voice', 'dtx', 'invalid', 'refused', 'empty'),
      delayMs: fc.nat(400),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { track, packet, lost, blocks } = setUp();
        const payloads = {
          voice: voice(9, 8, 4),
          dtx: DTX,
          invalid: voice(255),
          refused: voice(254),
          empty: new Uint8Array(),
        };
        let timestamp = 0;
        for (const { frames, lost: lostPackets, payload, delayMs } of steps) {
          timestamp += frames * FRAME;
          const nowMs = timestamp / 48 + delayMs;
          if (lostPackets > 0) lost(lostPackets);
          packet(timestamp, payloads[payload], nowMs);
          track.tick(nowMs + 10);
          const last = blocks.at(-1);
          const first = track.firstExtendedTimestamp;
          if (payload === 'voice' && last?.origin === 'audio' && first !== undefined) {
            expect(last.startSample + last.pcm.length).toBe((timestamp - first) / 3 + 320);
          }
        }
        const { audioSamples, concealedSamples, dtxSamples } = track.stats;
        const total = blocks.reduce((sum, { pcm }) => sum + pcm.length, 0);
        expect(audioSamples + concealedSamples + dtxSamples).toBe(total);
      }),
    );
  });
});

/** Sends real packets of 20 ms through receiver and decoder, with simulated network effects. */
function transmit(
  packets: readonly Uint8Array[],
  network: (index: number) => { unsent?: boolean; lost?: boolean; delayMs?: number; copies?: number },
) {
  const line = setUp(createOpusDecoder());
  const receiver = new RtpReceiver({
    payloadType: 111,
    onOutput: (output: RtpOutput) => line.track.handle(output, nowMs),
  });
  let nowMs = 0;
  const arrivals: { atMs: number; packet: RtpPacket }[] = [];
  let sequence = 65_500;
  for (const [index, payload] of packets.entries()) {
    const { unsent = false, lost = false, delayMs = 0, copies = 1 } = network(index);
    if (unsent) continue;
    sequence += 1;
    if (lost) continue;
    const packet: RtpPacket = {
      payloadType: 111,
      marker: false,
      sequenceNumber: sequence & 0xffff,
      timestamp: (0xffff_0000 + index * FRAME) >>> 0,
      ssrc: 1,
      payload,
    };
    for (let copy = 0; copy < copies; copy += 1) arrivals.push({ atMs: index * 20 + delayMs + copy * 25, packet });
  }
  arrivals.sort((a, b) => a.atMs - b.atMs);
  for (const { atMs, packet } of arrivals) {
    for (; nowMs < atMs; nowMs += 20) {
      receiver.tick(nowMs);
      if (!receiver.holding) line.track.tick(nowMs);
    }
    receiver.push(packet, atMs);
  }
  receiver.flush(nowMs);
  return { ...line, receiver, pcm: concatPcm(line.blocks.map(({ pcm }) => pcm)) };
}

/** The same pseudo-random numbers every time. */
function randomNumbers(seed: number) {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('TrackDecoder behind RtpReceiver', () => {
  const packets = opusPackets('speech20msFec');
  const perfect = transmit(packets, () => ({}));

  it('gives the speech as it was, over wraps of both counters', () => {
    expect(perfect.pcm.length).toBe(204 * 320);
    expect(perfect.epochs).toEqual([]);
    expect(similarity(speech16k(), perfect.pcm)).toBeGreaterThan(0.9);
  });

  it.each([1, 5, 10, 20, 30])('keeps the time line exact at %i percent random loss', (percent) => {
    const random = randomNumbers(percent);
    const { pcm, track, receiver, epochs } = transmit(packets, (index) => ({
      lost: index > 0 && index < 203 && random() * 100 < percent,
    }));
    expect(pcm.length).toBe(204 * 320);
    expect(epochs).toEqual([]);
    expect(receiver.stats.lost).toBeGreaterThan(0);
    expect(track.stats.concealedSamples).toBe(receiver.stats.lost * 320);
    expect(track.stats.dtxSamples).toBe(0);
    expect(similarity(perfect.pcm, pcm)).toBeGreaterThan(percent > 5 ? 0.55 : 0.8);
  });

  it.each([200, 1_000])('keeps the time line exact over a burst of %i ms', (burstMs) => {
    const { pcm, track, epochs } = transmit(packets, (index) => ({
      lost: index >= 60 && index < 60 + burstMs / 20,
    }));
    expect(pcm.length).toBe(204 * 320);
    expect(epochs).toEqual([]);
    expect(track.stats.concealedSamples).toBe(burstMs * 16);
    const after = 60 * 320 + burstMs * 16 + 3_200;
    expect(similarity(perfect.pcm.subarray(after), pcm.subarray(after))).toBeGreaterThan(0.9);
  });

  it('survives the loss of everything', () => {
    expect(transmit(packets, () => ({ lost: true })).pcm.length).toBe(0);
  });

  it('doubles and loses no sample when 10 % come three later and 10 % come twice', () => {
    const random = randomNumbers(8);
    const { pcm, receiver } = transmit(packets, (index) => ({
      delayMs: index > 0 && random() < 0.1 ? 65 : 0,
      copies: random() < 0.1 ? 2 : 1,
    }));
    expect(receiver.stats).toMatchObject({ lost: 0, late: 0 });
    expect(receiver.stats.duplicates).toBeGreaterThan(5);
    expect(receiver.stats.recoveredByWait).toBeGreaterThan(5);
    expect(pcm).toEqual(perfect.pcm);
  });

  it('adds no more than its wait under jitter, counts late packets, and keeps the line exact', () => {
    const random = randomNumbers(9);
    const { pcm, receiver, track } = transmit(packets, (index) => ({
      delayMs: index === 0 || index === 203 ? 0 : random() * 300,
    }));
    expect(receiver.stats.late).toBeGreaterThan(0);
    expect(receiver.stats.lost).toBe(receiver.stats.late);
    expect(pcm.length).toBe(204 * 320);
    expect(track.stats.concealedSamples).toBe(receiver.stats.lost * 320);
  });

  it.each([300, 600, 900])('keeps one line, and every sample, over a spike of %i ms', (spikeMs) => {
    const after = 60 + spikeMs / 20;
    const { pcm, epochs, track } = transmit(packets, (index) => ({
      delayMs: index >= 60 && index < after ? (after - index) * 20 : 0,
    }));
    expect(epochs).toEqual([]);
    expect(track.stats).toMatchObject({ overlapSamples: 0, concealedSamples: 0 });
    expect(pcm).toEqual(perfect.pcm);
  });

  it('loses no word to a spike of one second', () => {
    const { blocks, epochs, track } = transmit(packets, (index) => ({
      delayMs: index >= 60 && index < 110 ? (110 - index) * 20 : 0,
    }));
    expect(epochs.length).toBe(1);
    expect(track.stats).toMatchObject({ overlapSamples: 0, audioSamples: 204 * 320 });
    const audio = concatPcm(blocks.filter(({ origin }) => origin === 'audio').map(({ pcm }) => pcm));
    expect(similarity(perfect.pcm, audio)).toBeGreaterThan(0.95);
  });

  it.each([
    ['every packet', () => false],
    ['every packet but a refresh', (index: number) => index === 30],
    ['every packet but the first of the speech', (index: number) => index === 64],
  ])('keeps speech in its place after DTX that brings %s', (_name, isLost) => {
    const dtx = opusPackets('speechDtx');
    let inDtx = false;
    // A WebRTC sender transmits only the first packet of a pause, then a refresh every 400 ms.
    const { pcm, track, epochs } = transmit(dtx, (index) => {
      const small = (dtx[index]?.length ?? 0) <= 2;
      const unsent = small && inDtx;
      inDtx = small;
      return { unsent, lost: isLost(index) };
    });
    expect(epochs).toEqual([]);
    expect(track.stats).toMatchObject({ overlapSamples: 0, restarts: 0 });
    expect(track.stats.concealedSamples).toBeLessThanOrEqual(640);
    // Only the silence after the last packet is missing.
    expect(pcm.length).toBeGreaterThan(3 * 16_000);
    const spoken = pcm.subarray(16_000, 32_000);
    expect(similarity(speech16k().subarray(0, 16_000), spoken)).toBeGreaterThan(0.85);
  });

  it.each([200, -200])('neither grows nor slips in an hour with a sender that is %i ppm off', (ppm) => {
    let samples = 0;
    let epochs = 0;
    const track = new TrackDecoder({
      decoder: new FakeDecoder(),
      onPcm: ({ pcm }) => {
        samples += pcm.length;
      },
      onEpoch: () => {
        epochs += 1;
      },
    });
    const payload = voice(1);
    for (let index = 0; index < 180_000; index += 1) {
      const arrivedAtMs = (index * 20) / (1 + ppm / 1e6);
      if (index % 4 === 0) track.tick(arrivedAtMs);
      const extendedTimestamp = index * FRAME;
      track.handle({ kind: 'packet', extendedSequence: index, extendedTimestamp, payload, arrivedAtMs }, arrivedAtMs);
    }
    expect(samples).toBe(180_000 * 320);
    expect(epochs).toBe(0);
    expect(track.stats).toMatchObject({ dtxSamples: 0, concealedSamples: 0, overlapSamples: 0 });
  });

  it('decodes changes of packet length, channels and bit rate in the middle of a stream', () => {
    const { track, packet, blocks } = setUp(createOpusDecoder());
    const names = ['mono10ms', 'stereo20ms', 'mono60ms', 'mono2_5ms', 'mono120ms', 'cbr20ms', 'mono40ms'] as const;
    let timestamp = 0;
    let samples = 0;
    for (let round = 0; round < 4; round += 1) {
      for (const name of names) {
        const payload = opusPackets(name)[round] ?? new Uint8Array();
        packet(timestamp, payload);
        const length = blocks.at(-1)?.pcm.length ?? 0;
        timestamp += length * 3;
        samples += length;
      }
    }
    expect(track.endSample).toBe(samples);
    expect(samples).toBe(4 * (160 + 320 + 960 + 40 + 1_920 + 320 + 640));
    expect(track.stats).toMatchObject({ invalidPackets: 0, concealedSamples: 0, dtxSamples: 0 });
  });
});

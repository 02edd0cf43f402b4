import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RtpPacket } from './parseRtpPacket.js';
import { type RtpOutput, RtpReceiver } from './RtpReceiver.js';

const packet = (sequenceNumber: number, timestamp: number, payloadType = 111): RtpPacket => ({
  payloadType,
  marker: false,
  sequenceNumber: sequenceNumber & 0xffff,
  timestamp: timestamp >>> 0,
  ssrc: 1,
  payload: Uint8Array.from([sequenceNumber & 0xff]),
});

function setUp() {
  const outputs: RtpOutput[] = [];
  const receiver = new RtpReceiver({ payloadType: 111, onOutput: (output) => outputs.push(output) });
  const short = () =>
    outputs.map((output) => {
      if (output.kind === 'packet') return `${output.extendedSequence}@${output.extendedTimestamp}`;
      if (output.kind === 'lost') return `lost ${output.count}@${output.extendedTimestamp}>${output.nextPayload?.[0]}`;
      return 'resync';
    });
  return { receiver, outputs, short };
}

describe('RtpReceiver', () => {
  it('counts on over wraps of sequence number and timestamp', () => {
    const { receiver, short } = setUp();
    receiver.push(packet(65_535, 0xffff_fc40), 0);
    receiver.push(packet(0, 0), 20);
    receiver.push(packet(1, 960), 40);
    expect(short()).toEqual(['65535@4294966336', '65536@4294967296', '65537@4294968256']);
    expect(receiver.stats.lost).toBe(0);
  });

  it('says what is lost, where it began and which packet follows', () => {
    const { receiver, short } = setUp();
    receiver.push(packet(1, 960), 0);
    receiver.push(packet(2, 1_920), 20);
    receiver.push(packet(5, 4_800), 80);
    receiver.tick(230);
    expect(short()).toEqual(['1@960', '2@1920', 'lost 2@2880>5', '5@4800']);
    expect(receiver.stats).toMatchObject({ received: 3, lost: 2, late: 0, recoveredByWait: 0 });
  });

  it('keeps the arrival of a packet that had to wait', () => {
    const { receiver, outputs } = setUp();
    receiver.push(packet(1, 960), 0);
    receiver.push(packet(3, 2_880), 40);
    receiver.push(packet(2, 1_920), 100);
    expect(outputs).toMatchObject([{ arrivedAtMs: 0 }, { arrivedAtMs: 100 }, { arrivedAtMs: 40 }]);
    expect(receiver.stats).toMatchObject({ recoveredByWait: 1, reordered: 1, lost: 0 });
  });

  it('drops and counts duplicates, late packets and other payload types', () => {
    const { receiver, short } = setUp();
    receiver.push(packet(1, 960), 0);
    receiver.push(packet(1, 960), 1);
    receiver.push(packet(3, 2_880), 40);
    receiver.push(packet(4, 3_840, 13), 60);
    receiver.tick(300);
    receiver.push(packet(2, 1_920), 400);
    expect(short()).toEqual(['1@960', 'lost 1@1920>3', '3@2880']);
    expect(receiver.stats).toMatchObject({ duplicates: 1, late: 1, lost: 1, badPayloadType: 1 });
  });

  it('starts a new epoch after two packets in sequence far away, and loses neither', () => {
    const { receiver, short } = setUp();
    receiver.push(packet(100, 960), 0);
    receiver.push(packet(9_000, 50_000), 20);
    expect(short()).toEqual(['100@960']);
    receiver.push(packet(9_001, 50_960), 40);
    receiver.push(packet(9_002, 51_920), 60);
    expect(short().slice(1)).toEqual(['resync', '9000@50000', '9001@50960', '9002@51920']);
    expect(receiver.stats).toMatchObject({ resyncs: 1, suspect: 0 });
  });

  it('delivers what waits before it starts a new epoch', () => {
    const { receiver, short } = setUp();
    receiver.push(packet(500, 960), 0);
    receiver.push(packet(502, 2_880), 10);
    receiver.push(packet(100, 7), 20);
    receiver.push(packet(101, 967), 40);
    expect(short()).toEqual(['500@960', 'lost 1@1920>246', '502@2880', 'resync', '100@7', '101@967']);
  });

  it('drops a single packet from far away', () => {
    const { receiver, short } = setUp();
    receiver.push(packet(100, 960), 0);
    receiver.push(packet(9_000, 50_000), 20);
    receiver.push(packet(101, 1_920), 40);
    expect(short()).toEqual(['100@960', '101@1920']);
    expect(receiver.stats).toMatchObject({ resyncs: 0, suspect: 1 });
  });

  it('drops packets whose timestamp stands still, for as long as it does', () => {
    const { receiver, short } = setUp();
    receiver.push(packet(1, 960), 0);
    for (let index = 2; index < 50; index += 1) receiver.push(packet(index, 960), index * 20);
    receiver.push(packet(50, 1_920), 1_000);
    expect(short()).toEqual(['1@960', '50@1920']);
    expect(receiver.stats).toMatchObject({ badTimestamp: 48, resyncs: 0 });
  });

  it('believes timestamps that run on from an earlier point after three packets', () => {
    const { receiver, short } = setUp();
    receiver.push(packet(1, 1_000_000), 0);
    receiver.push(packet(2, 500_000), 20);
    receiver.push(packet(3, 500_960), 40);
    receiver.push(packet(4, 501_920), 60);
    receiver.push(packet(5, 502_880), 80);
    expect(short()).toEqual(['1@1000000', 'resync', '4@501920', '5@502880']);
    expect(receiver.stats).toMatchObject({ badTimestamp: 2, resyncs: 1 });
  });

  it('drops timestamps that go back with every packet', () => {
    const { receiver, short } = setUp();
    for (let index = 0; index < 20; index += 1) receiver.push(packet(index, 1_000_000 - index * 960), index * 20);
    expect(short()).toEqual(['0@1000000']);
  });

  it('takes a timestamp far ahead of the arrivals for a new time base, and a long pause for what it is', () => {
    const { receiver, short } = setUp();
    receiver.push(packet(1, 0), 0);
    receiver.push(packet(2, 7_200 * 48_000), 7_200_000);
    receiver.push(packet(3, 14_400 * 48_000), 7_200_020);
    expect(short()).toEqual(['1@0', `2@${7_200 * 48_000}`, 'resync', `3@${14_400 * 48_000}`]);
  });

  it('delivers what waits on flush, with the holes as lost', () => {
    const { receiver, short } = setUp();
    receiver.push(packet(1, 960), 0);
    receiver.push(packet(4, 3_840), 60);
    receiver.flush(61);
    expect(short()).toEqual(['1@960', 'lost 2@1920>4', '4@3840']);
  });

  it('never puts the start of a loss behind the packet after it', () => {
    const { receiver, outputs } = setUp();
    receiver.push(packet(1, 0), 0);
    receiver.push(packet(2, 5_760), 120);
    // Packets have become shorter within the hole.
    receiver.push(packet(4, 6_720), 140);
    receiver.flush(200);
    expect(outputs[2]).toMatchObject({ kind: 'lost', extendedTimestamp: 6_720 });
  });

  it('holds its promises for any loss, reordering, duplication and delay', () => {
    const fate = fc.record({
      lost: fc.boolean(),
      copies: fc.integer({ min: 1, max: 2 }),
      delayMs: fc.nat(300),
    });
    fc.assert(
      fc.property(fc.array(fate, { minLength: 1, maxLength: 150 }), fc.nat(65_535), (fates, start) => {
        const sent: { sequence: number; atMs: number }[] = [];
        for (const [index, { lost, copies, delayMs }] of fates.entries()) {
          if (lost && index > 0) continue;
          for (let copy = 0; copy < copies; copy += 1) {
            sent.push({ sequence: start + index, atMs: index === 0 ? 0 : index * 20 + delayMs + copy * 30 });
          }
        }
        sent.sort((a, b) => a.atMs - b.atMs);

        let expected = start;
        let timestamp = -1;
        const receiver = new RtpReceiver({
          payloadType: 111,
          onOutput: (output) => {
            if (output.kind === 'resync') throw new Error('no restart was sent');
            if (output.kind === 'lost') {
              expected += output.count;
              return;
            }
            expect(output.extendedSequence).toBe(expected);
            expect(output.extendedTimestamp).toBe((output.extendedSequence - start) * 960 + 5);
            expect(output.extendedTimestamp).toBeGreaterThan(timestamp);
            timestamp = output.extendedTimestamp;
            expected += 1;
          },
        });
        for (const { sequence, atMs } of sent) receiver.push(packet(sequence, (sequence - start) * 960 + 5), atMs);
        receiver.flush(1e6);
        const { received, duplicates, late } = receiver.stats;
        expect(received).toBe(sent.length);
        const delivered = new Set(sent.map(({ sequence }) => sequence)).size;
        expect(received - duplicates - late).toBeLessThanOrEqual(delivered);
        expect(expected).toBe(Math.max(...sent.map(({ sequence }) => sequence)) + 1);
      }),
    );
  });
});

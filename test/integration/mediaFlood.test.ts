import { readFileSync } from 'node:fs';
import { PACKET_TICKS } from '@parley/media/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { packetsOf, RawMeeting, type RawMember } from './support/RawMeeting.js';
import { engineThere } from './support/SpeechRig.js';

const FLOOD = { packetsPerSecond: 1_000, everyMs: 5 };
/** Of 13 bytes each: 39 kB a second, a third of what a transport may receive. */
const SMALL_PACKETS_PER_SECOND = 3_000;
/** Frames in one packet of the flood: 120 ms, the most that Opus allows. */
const FRAMES = 6;

/** The frame of a packet so many times, as one packet (RFC 6716 section 3.2.5: code 3, constant bit rate). */
function repeated(packet: Uint8Array): Uint8Array {
  const frame = packet.subarray(1);
  return Uint8Array.from([(packet[0] ?? 0) | 3, FRAMES, ...Array.from({ length: FRAMES }, () => [...frame]).flat()]);
}

describe.skipIf(!engineThere)('a member with a raw connection who floods the real SFU', () => {
  let packets: Uint8Array[];
  let floodPackets: Uint8Array[];
  const timers: NodeJS.Timeout[] = [];
  let meeting: RawMeeting;

  beforeAll(async () => {
    packets = await packetsOf('en-01.s16le');
    // Another voice: the same one would be taken for crosstalk.
    floodPackets = (await packetsOf('fr-13.s16le')).map(repeated);
    meeting = await RawMeeting.create();
  }, 60_000);
  afterEach(() => {
    for (const timer of timers.splice(0)) clearInterval(timer);
    meeting.leaveAll();
  });
  afterAll(() => meeting?.close());

  /** @returns a function that ends it */
  function pour(options: { packetsPerSecond: number; send: (number: number) => void }): () => void {
    const { packetsPerSecond, send } = options;
    const startedAtMs = performance.now();
    let number = 0;
    const timer = setInterval(() => {
      const due = ((performance.now() - startedAtMs) * packetsPerSecond) / 1_000;
      for (; number < due; number += 1) send(number);
    }, FLOOD.everyMs);
    timers.push(timer);
    return () => clearInterval(timer);
  }

  /** @returns a function that ends it */
  function flood(member: RawMember, ticks: number): () => void {
    return pour({
      packetsPerSecond: FLOOD.packetsPerSecond,
      send: (number) => {
        const payload = floodPackets[number % floodPackets.length] as Uint8Array;
        member.send({ number, timestamp: number * ticks, payload });
      },
    });
  }

  const linesOf = ({ lines }: RawMember) => lines.map(({ status, text }) => [status, text]);

  const residentBytes = () => {
    const [pid] = meeting.node.pids.media;
    return 1_024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  };

  test.each([
    ['timestamps that jump', 11 * 48_000],
    ['timestamps that count along', FRAMES * PACKET_TICKS],
  ])(
    'H1 with %s is muted, then removed, and the captions of another speaker stay what they are',
    async (_, ticks) => {
      const alone = await meeting.enter(`quiet-${ticks}`, 'Ada');
      await alone.speak(packets);
      await expect.poll(() => linesOf(alone).length, { timeout: 10_000 }).toBeGreaterThan(0);
      const before = residentBytes();

      const ada = await meeting.enter(`flooded-${ticks}`, 'Ada');
      const mallory = await meeting.enter(`flooded-${ticks}`, 'Mallory');
      const stop = flood(mallory, ticks);
      const muted = expect
        .poll(() => ada.client.payloadsOf('participantMuted'), { timeout: 15_000, interval: 20 })
        .toMatchObject([{ participantId: mallory.participantId, reason: 'flooding' }])
        .then(() => ada.received);
      await Promise.all([muted, ada.speak(packets)]);
      const copies = await muted;
      // What was on its way, and nothing of what came after.
      expect(copies).toBeLessThan(6_000);
      expect(ada.received - copies).toBeLessThan(300);
      expect(mallory.received).toBeGreaterThan(packets.length / 2);

      await expect.poll(() => mallory.client.farewell, { timeout: 25_000 }).toBe('FLOODING');
      stop();
      await expect
        .poll(() => ada.client.payloadsOf('participantLeft'))
        .toEqual([{ participantId: mallory.participantId, reason: 'removed' }]);
      await expect.poll(() => linesOf(ada), { timeout: 10_000 }).toEqual(linesOf(alone));
      expect(residentBytes() - before).toBeLessThan(100_000_000);
    },
    120_000,
  );

  test.each([
    ['of their own track', undefined],
    ['of no track', 999_999],
  ])(
    'H1 with packets of 13 bytes %s is muted, and removed although nothing of them is forwarded',
    async (of, ssrc) => {
      const grace = await meeting.enter(`small ${of}`.replaceAll(' ', '-'), 'Grace');
      const mallory = await meeting.enter(`small ${of}`.replaceAll(' ', '-'), 'Mallory');
      const payload = Uint8Array.of(0);
      const startedAtMs = performance.now();
      const stop = pour({
        packetsPerSecond: SMALL_PACKETS_PER_SECOND,
        send: (number) => mallory.send({ number, timestamp: number * PACKET_TICKS, payload, ssrc }),
      });
      await expect
        .poll(() => grace.client.payloadsOf('participantMuted'), { timeout: 15_000, interval: 20 })
        .toMatchObject([{ participantId: mallory.participantId, reason: 'flooding' }]);
      await expect.poll(() => mallory.client.farewell, { timeout: 25_000 }).toBe('FLOODING');
      stop();
      expect(performance.now() - startedAtMs).toBeLessThan(20_000);
      expect(grace.client.closed).toBe(false);
    },
    60_000,
  );
});

import { afterEach, beforeEach, expect, test } from 'vitest';
import { noise } from '../../testing/noises.js';
import { OpusEncoder, PACKET_TICKS } from '../../testing/OpusEncoder.js';
import { soundActivity } from '../../testing/WrittenSpeech.js';
import type { PcmRing } from '../audio/index.js';
import type { BudgetLimit } from '../contract/messages.js';
import { TrackIntake } from './TrackIntake.js';

const encoder = new OpusEncoder();
const [PACKET = new Uint8Array()] = encoder.encode(noise({ kind: 'white', seconds: 0.02, levelDb: -20 }), {
  lossPercent: 0,
});
encoder.close();

/** The same 20 ms six times (RFC 6716 section 3.2.5: code 3, constant bit rate). */
const LONG_PACKET = Uint8Array.from([
  (PACKET[0] ?? 0) | 3,
  6,
  ...Array.from({ length: 6 }, () => [...PACKET.subarray(1)]).flat(),
]);

const SECONDS = 10;
/**
 * The lead that media time may have, and once what waits for 150 ms behind a hole: 450 packets a second, each after at most 2 s of silence.
 */
const OVERSHOOT_S = 30 + 0.15 * 450 * 2;
const SAMPLES_PER_S = 16_000;
const S = 48_000;

let nowMs: number;
let intake: TrackIntake;
let rings: PcmRing[];
let told: { timelines: number; frames: number; samples: number; limits: Set<BudgetLimit> };

beforeEach(() => {
  nowMs = 1_000;
  rings = [];
  told = { timelines: 0, frames: 0, samples: 0, limits: new Set() };
  intake = new TrackIntake({
    payloadType: 100,
    meetingStartedAtMs: 0,
    now: () => nowMs,
    voiceActivity: soundActivity,
    onEvent: (event) => {
      // Anything longer is a jump, for which no samples are made.
      if (event.type === 'audioReceived' && event.samples <= 2 * SAMPLES_PER_S) told.samples += event.samples;
      if (event.type === 'frameJudged') told.frames += 1;
      if (event.type === 'budgetExceeded') told.limits.add(event.limit);
      if (event.type === 'timelineStarted') {
        told.timelines += 1;
        rings.push(event.timeline.ring);
      }
    },
  });
  rings.push(intake.timeline.ring);
  intake.speaking = true;
});
afterEach(() => intake.close());

function flood(options: { perSecond: number; ticks: number; payload?: Uint8Array }): void {
  const { perSecond, ticks, payload = PACKET } = options;
  let sent = 0;
  for (let passedMs = 0; passedMs < SECONDS * 1_000; passedMs += 20) {
    for (const end = sent + perSecond / 50; sent < end; sent += 1) {
      const sequenceNumber = sent & 0xffff;
      intake.push({
        payloadType: 100,
        marker: false,
        sequenceNumber,
        timestamp: (sent * ticks) >>> 0,
        ssrc: 1,
        payload,
      });
    }
    nowMs += 20;
    intake.tick();
  }
}

test.each<[string, BudgetLimit, { perSecond: number; ticks: number; payload?: Uint8Array }]>([
  ['timestamps that jump by 11 s', 'timelines', { perSecond: 200, ticks: 11 * S }],
  ['timestamps that jump by 11 s, 3,000 times a second', 'timelines', { perSecond: 3_000, ticks: 11 * S }],
  ['timestamps that jump by 1.9 s', 'mediaTime', { perSecond: 200, ticks: 1.9 * S }],
  ['timestamps that jump by 9 s', 'mediaTime', { perSecond: 200, ticks: 9 * S }],
  ['packets of 120 ms each', 'mediaTime', { perSecond: 400, ticks: 6 * PACKET_TICKS, payload: LONG_PACKET }],
  ['packets of 120 ms that overlap', 'timelines', { perSecond: 400, ticks: PACKET_TICKS, payload: LONG_PACKET }],
  ['packets, 3,000 a second', 'mediaTime', { perSecond: 3_000, ticks: PACKET_TICKS }],
  ['packets with a frozen timestamp', 'packets', { perSecond: 3_000, ticks: 0 }],
])('H1 the cost of a track that sends %s is bounded', (_, limit, stream) => {
  flood(stream);
  expect(told.limits).toContain(limit);
  expect(told.timelines).toBeLessThan(100);
  expect(told.samples / SAMPLES_PER_S).toBeLessThan(SECONDS + OVERSHOOT_S);
  expect(told.frames).toBeLessThan(((SECONDS + OVERSHOOT_S) * SAMPLES_PER_S) / 512);
  const allocatedBytes = rings.reduce((sum, ring) => sum + 2 * ring.allocatedSamples, 0);
  expect(allocatedBytes).toBeLessThan(8_000_000);
});

test('nothing is dropped of a track that sends what a microphone does', () => {
  flood({ perSecond: 50, ticks: PACKET_TICKS });
  expect(told.limits).toEqual(new Set());
  expect(told.samples).toBe(SECONDS * SAMPLES_PER_S);
  expect(told.timelines).toBe(0);
});

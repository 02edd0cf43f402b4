import { beforeEach, describe, expect, test } from 'vitest';
import type { BudgetLimit } from '../contract/messages.js';
import type { RtpPacket } from './parseRtpPacket.js';
import { MAX_MEDIA_LEAD_MS, TRACK_BUDGET, TrackBudget } from './TrackBudget.js';

const packetOf = (bytes: number): RtpPacket => ({
  payloadType: 100,
  marker: false,
  sequenceNumber: 0,
  timestamp: 0,
  ssrc: 1,
  payload: new Uint8Array(bytes),
});

let nowMs: number;
let exceeded: BudgetLimit[];
let budget: TrackBudget;
beforeEach(() => {
  nowMs = 5_000;
  exceeded = [];
  budget = new TrackBudget({ onExceeded: (limit) => exceeded.push(limit) });
});

/** @returns how many of them passed */
function send(options: { seconds: number; perSecond: number; bytes?: number; mediaMs?: number }): number {
  const { seconds, perSecond, bytes = 80, mediaMs = 1_000 / perSecond } = options;
  let passed = 0;
  for (let index = 0; index < seconds * perSecond; index += 1) {
    nowMs += 1_000 / perSecond;
    if (!budget.admits(packetOf(bytes), nowMs)) continue;
    passed += 1;
    budget.spendMedia(mediaMs, nowMs);
  }
  return passed;
}

describe('what passes unchanged', () => {
  test.each([
    ['a browser', { perSecond: 50, bytes: 120 }],
    ['the shortest packets that Opus has', { perSecond: 400, bytes: 20 }],
    ['the highest bit rate that Opus has', { perSecond: 50, bytes: 1_275 }],
    ['a microphone whose clock is 1 % fast', { perSecond: 50, mediaMs: 20.2 }],
  ])('for an hour: %s', (_, stream) => {
    expect(send({ seconds: 3_600, ...stream })).toBe(3_600 * stream.perSecond);
    expect(exceeded).toEqual([]);
  });

  test('half a minute of audio that comes all at once, again and again', () => {
    for (let round = 0; round < 5; round += 1) {
      nowMs += 30_000;
      for (let index = 0; index < 1_500; index += 1) {
        expect(budget.admits(packetOf(80), nowMs)).toBe(true);
        budget.spendMedia(20, nowMs);
      }
    }
  });

  test('a pause of ten minutes that the timestamps count along', () => {
    send({ seconds: 10, perSecond: 50 });
    nowMs += 600_000;
    expect(budget.admits(packetOf(80), nowMs)).toBe(true);
    budget.spendMedia(600_020, nowMs);
    expect(send({ seconds: 10, perSecond: 50 })).toBe(500);
  });

  test('the same pause, of which the clock fills a moment just before the next packet', () => {
    send({ seconds: 10, perSecond: 50 });
    nowMs += 600_000;
    budget.fillMedia(6_000);
    nowMs += 20;
    expect(budget.admits(packetOf(80), nowMs)).toBe(true);
    budget.spendMedia(594_020, nowMs);
    expect(send({ seconds: 10, perSecond: 50 })).toBe(500);
  });

  test('a network that stands still every other second, for an hour', () => {
    for (let round = 0; round < 1_800; round += 1) {
      expect(send({ seconds: 2, perSecond: 50 })).toBe(100);
      budget.spendTimeline();
    }
  });
});

describe('H1 what a track sends beyond its budget', () => {
  test('H1 is dropped, for each limit, and told once a second', () => {
    const SECONDS = 10;
    const allowed = (name: keyof typeof TRACK_BUDGET) => {
      const { capacity, perSecond } = TRACK_BUDGET[name];
      return capacity + SECONDS * perSecond;
    };
    expect(send({ seconds: SECONDS, perSecond: 3_000 })).toBeLessThanOrEqual(allowed('packets'));
    expect(new Set(exceeded)).toEqual(new Set(['packets']));
    expect(exceeded.length).toBeGreaterThan(5);
    expect(exceeded.length).toBeLessThanOrEqual(SECONDS);

    nowMs += 60_000;
    exceeded = [];
    const passed = send({ seconds: SECONDS, perSecond: 400, bytes: 1_275 });
    expect(passed * 1_275).toBeLessThanOrEqual(allowed('bytes'));
    expect(new Set(exceeded)).toEqual(new Set(['bytes']));

    nowMs += 60_000;
    exceeded = [];
    const long = send({ seconds: SECONDS, perSecond: 400, mediaMs: 120 });
    expect(long * 120).toBeLessThanOrEqual(MAX_MEDIA_LEAD_MS + SECONDS * 1_060 + 120);
    expect(new Set(exceeded)).toEqual(new Set(['mediaTime']));
  });

  test('H1 is dropped where each packet begins a time line, however many of them were admitted before that was seen', () => {
    let begun = 0;
    for (let index = 0; index < 10 * 200; index += 1) {
      nowMs += 5;
      if (!budget.admits(packetOf(80), nowMs)) continue;
      budget.spendTimeline();
      begun += 1;
    }
    expect(begun).toBeLessThanOrEqual(TRACK_BUDGET.timelines.capacity + 10 * TRACK_BUDGET.timelines.perSecond);
    expect(new Set(exceeded)).toEqual(new Set(['timelines']));
    // Held back behind a hole and let out at once: a debt.
    for (let index = 0; index < 60; index += 1) budget.spendTimeline();
    nowMs += 30_000;
    expect(budget.admits(packetOf(80), nowMs)).toBe(false);
    expect(budget.dropped).toBeGreaterThan(1_900);
  });

  test('is forgotten when the track behaves again', () => {
    send({ seconds: 10, perSecond: 3_000 });
    exceeded = [];
    nowMs += 4_000;
    expect(send({ seconds: 60, perSecond: 50 })).toBe(3_000);
    expect(exceeded).toEqual([]);
  });
});

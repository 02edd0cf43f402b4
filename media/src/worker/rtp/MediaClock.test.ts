import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MediaClock } from './MediaClock.js';

const TICKS_PER_MS = 48;

describe('MediaClock', () => {
  it('is anchored at the first arrival, in meeting time', () => {
    const clock = new MediaClock({ meetingStartMs: 10_000 });
    expect(clock.toMeetingMs(0)).toBeUndefined();
    clock.observe(123_456, 12_500);
    expect(clock.toMeetingMs(123_456)).toBeCloseTo(2_500, 6);
    expect(clock.toMeetingMs(123_456 + 48_000)).toBeCloseTo(3_500, 6);
    expect(clock.toExtendedTimestamp(3_500)).toBeCloseTo(171_456, 3);
  });

  it('forgets the jitter of the first packet within three seconds', () => {
    const clock = new MediaClock();
    for (let index = 0; index <= 200; index += 1) {
      clock.observe(index * 960, index * 20 + (index === 0 ? 300 : 0));
      if (index === 0) expect(clock.toMeetingMs(0)).toBeCloseTo(300, 6);
    }
    expect(clock.toMeetingMs(0)).toBeCloseTo(0, 6);
  });

  it('is not moved by a jitter of up to 300 ms, nor by a spike of one second', () => {
    const clock = new MediaClock();
    for (let index = 0; index <= 3_000; index += 1) {
      const spike = index > 1_000 && index < 1_050 ? 1_000 : 0;
      clock.observe(index * 960, index * 20 + ((index * 7919) % 301) + spike);
    }
    expect(Math.abs(clock.toMeetingMs(3_000 * 960) ?? 0)).toBeCloseTo(60_000, -1);
    expect(Math.abs((clock.toMeetingMs(3_000 * 960) ?? 0) - 60_000)).toBeLessThan(20);
  });

  it.each([200, -200])('follows a sender that is off by %i ppm for an hour', (ppm) => {
    const clock = new MediaClock();
    let worst = 0;
    for (let index = 0; index <= 180_000; index += 1) {
      const sentAtMs = index * 20;
      const timestamp = Math.round(sentAtMs * (1 + ppm / 1e6) * TICKS_PER_MS);
      clock.observe(timestamp, sentAtMs + ((index * 7919) % 40));
      worst = Math.max(worst, Math.abs((clock.toMeetingMs(timestamp) ?? 0) - sentAtMs));
    }
    expect(worst).toBeLessThan(50);
  });

  it('H9 lets nobody date what they say back by sending slowly: a little at most, and for seconds only', () => {
    const clock = new MediaClock();
    let timestamp = 0;
    let nowMs = 0;
    /** Packets of 20 ms. @returns how long before its arrival the last of them is dated, and the worst of them */
    const send = (packets: number, everyMs: number) => {
      let lagMs = 0;
      let worstMs = 0;
      for (let index = 0; index < packets; index += 1, timestamp += 960, nowMs += everyMs) {
        clock.observe(timestamp, nowMs);
        lagMs = nowMs - (clock.toMeetingMs(timestamp) ?? 0);
        worstMs = Math.max(worstMs, lagMs);
      }
      return { lagMs, worstMs };
    };
    send(100, 20);
    // 5 % slower than time for a minute: 3 s in all.
    expect(send(3_000, 21).worstMs).toBeLessThan(350);
    expect(send(500, 20).lagMs).toBeLessThan(110);
    // Half as fast as time.
    expect(send(500, 40).worstMs).toBeLessThanOrEqual(1_200);
    expect(send(1_000, 20).lagMs).toBeLessThan(110);
  });

  it('counts and ignores timestamps that stand still or go back', () => {
    const clock = new MediaClock();
    clock.observe(9_600, 0);
    expect(clock.observe(9_600, 20)).toBe('frozen');
    expect(clock.observe(8_640, 40)).toBe('backwards');
    expect(clock.observe(10_560, 20)).toBe('ok');
    expect(clock.toMeetingMs(9_600)).toBeCloseTo(0, 6);
    expect(clock.stats).toEqual({ frozen: 1, backwards: 1, reanchors: 0 });
  });

  it('anchors again when timestamps leap ahead of the arrivals, or after a reset', () => {
    const clock = new MediaClock();
    clock.observe(0, 0);
    expect(clock.observe(3_600_000 * TICKS_PER_MS, 20)).toBe('reanchored');
    expect(clock.toMeetingMs(3_600_000 * TICKS_PER_MS)).toBeCloseTo(20, 6);
    clock.reset();
    expect(clock.anchored).toBe(false);
    clock.observe(5, 7_000);
    expect(clock.toMeetingMs(5)).toBeCloseTo(7_000, 6);
  });

  it('goes on after two hours without a packet', () => {
    const clock = new MediaClock();
    clock.observe(0, 0);
    clock.observe(7_200_000 * TICKS_PER_MS, 7_200_030);
    expect(clock.toMeetingMs(7_200_000 * TICKS_PER_MS)).toBeCloseTo(7_200_030, -1);
  });

  it('gives later timestamps later times, whatever the arrivals do', () => {
    const packet = fc.record({ ticks: fc.integer({ min: 120, max: 96_000 }), waitMs: fc.nat(3_000) });
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 200 }), (packets) => {
        const clock = new MediaClock();
        let timestamp = 0;
        let nowMs = 0;
        let before = Number.NEGATIVE_INFINITY;
        for (const { ticks, waitMs } of packets) {
          timestamp += ticks;
          nowMs += waitMs;
          // A leap of the time base is allowed to move everything.
          if (clock.observe(timestamp, nowMs) === 'reanchored') before = Number.NEGATIVE_INFINITY;
          const meetingMs = clock.toMeetingMs(timestamp) ?? 0;
          expect(meetingMs).toBeGreaterThan(before);
          before = meetingMs;
        }
      }),
    );
  });
});

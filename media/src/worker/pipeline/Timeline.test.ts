import { describe, expect, it } from 'vitest';
import { Timeline } from './Timeline.js';

const timelineOf = (firstTimestamp?: number) =>
  new Timeline({
    index: 1,
    meetingStartedAtMs: 1_000,
    now: () => 7_500,
    ...(firstTimestamp === undefined ? {} : { firstTimestamp }),
  });

describe('a time line', () => {
  it('knows when each sample was said, from the packets that came', () => {
    const timeline = timelineOf(48_000);
    timeline.observe(48_000, 6_000);
    expect(timeline.msOf(0)).toBe(5_000);
    expect(timeline.msOf(16_000)).toBe(6_000);
    expect(timeline.timestampOf(16_000)).toBe(96_000);
  });

  it('takes a sample for said now while no packet has come', () => {
    expect(timelineOf().msOf(16_000)).toBe(6_500);
  });

  it('begins where it was first said to begin', () => {
    const timeline = timelineOf();
    timeline.startAt(undefined);
    timeline.startAt(960);
    timeline.startAt(5_000);
    expect(timeline.timestampOf(0)).toBe(960);
  });

  it('counts the same for audio that came without RTP', () => {
    const timeline = timelineOf(0);
    timeline.observeSample(0, 6_000);
    timeline.observeSample(320, 6_020);
    expect(timeline.msOf(320)).toBe(5_020);
  });
});

import { describe, expect, it } from 'vitest';
import { LoadMonitor } from './LoadMonitor.js';
import type { Load } from './types.js';

const SAMPLE_MS = 250;

function setUp() {
  let nowMs = 0;
  const monitor = new LoadMonitor({ clock: () => nowMs });
  /** Holds the ages for a time. @returns every change, with the time from the start of this call */
  const hold = (ms: number, oldest: { finalMs?: number; interimMs?: number } = {}) => {
    const changes: [number, Load][] = [];
    for (let passed = SAMPLE_MS; passed <= ms; passed += SAMPLE_MS) {
      nowMs += SAMPLE_MS;
      const load = monitor.sample({ finalMs: 0, interimMs: 0, ...oldest });
      if (load !== undefined) changes.push([passed, load]);
    }
    return changes;
  };
  const interims = (ms: number, interim: { waitMs: number; delayMs: number; everyMs: number }) => {
    const changes: [number, Load][] = [];
    for (let passed = 0; passed < ms; passed += interim.everyMs) {
      monitor.noteInterim(interim);
      changes.push(...hold(interim.everyMs));
    }
    return changes.map(([, load]) => load.level);
  };
  return { monitor, hold, interims, jump: (ms: number) => (nowMs += ms) };
}

describe('LoadMonitor', () => {
  it('goes up a level when something has waited longer than 1 s for 3 s, and on for as long as that lasts', () => {
    const { hold } = setUp();
    expect(hold(12_000, { finalMs: 1_001 })).toEqual([
      [3_000, { level: 1, reason: 'finalsWait' }],
      [6_000, { level: 2, reason: 'finalsWait' }],
      [9_000, { level: 3, reason: 'finalsWait' }],
    ]);
  });

  it('tells whether interims or finals wait', () => {
    const { hold } = setUp();
    expect(hold(3_000, { interimMs: 1_500, finalMs: 200 })).toEqual([[3_000, { level: 1, reason: 'interimsWait' }]]);
  });

  it('does not mind a short wait', () => {
    const { hold } = setUp();
    expect(hold(2_750, { finalMs: 5_000 })).toEqual([]);
    expect(hold(250)).toEqual([]);
    expect(hold(2_750, { finalMs: 5_000 })).toEqual([]);
  });

  it('comes down after 10 s of calm, and from there in steps of 3 s', () => {
    const { hold } = setUp();
    hold(9_000, { finalMs: 2_000 });
    expect(hold(30_000).map(([atMs, load]) => [atMs, load.level])).toEqual([
      [10_000, 2],
      [13_000, 1],
      [16_000, 0],
    ]);
  });

  it('takes the whole 10 s again once it was busy on the way down', () => {
    const { hold } = setUp();
    hold(6_000, { finalMs: 2_000 });
    expect(hold(10_000)).toHaveLength(1);
    hold(500, { finalMs: 2_000 });
    expect(hold(20_000).map(([atMs]) => atMs)).toEqual([10_000]);
  });

  it('stays where it is between the two thresholds, however long', () => {
    const { monitor, hold } = setUp();
    hold(3_000, { finalMs: 2_000 });
    expect(hold(600_000, { finalMs: 600 })).toEqual([]);
    expect(monitor.level).toBe(1);
  });

  it('goes up for interims that come late because they waited, although none waits at the moment of looking', () => {
    const { interims } = setUp();
    expect(interims(4_000, { waitMs: 800, delayMs: 1_300, everyMs: 1_000 })).toEqual([1]);
  });

  it('does not go up for an engine that is slow by itself: stretching interims makes it no faster', () => {
    const { interims } = setUp();
    expect(interims(20_000, { waitMs: 10, delayMs: 1_900, everyMs: 1_000 })).toEqual([]);
  });

  it('takes no calm from the pauses between interims that wait', () => {
    const { monitor, hold, interims } = setUp();
    hold(3_000, { interimMs: 2_000 });
    interims(30_000, { waitMs: 500, delayMs: 700, everyMs: 1_000 });
    expect(monitor.level).toBe(1);
  });

  it('concludes nothing from a pause of the whole process', () => {
    const { monitor, hold, jump } = setUp();
    hold(500, { finalMs: 2_000 });
    jump(60_000);
    expect(monitor.sample({ finalMs: 60_000, interimMs: 0 })).toBeUndefined();
    expect(monitor.level).toBe(0);
  });
});

import { describe, expect, it } from 'vitest';
import { LoadMonitor, type LoadSample } from './LoadMonitor.js';

const SAMPLE_MS = 250;
const CALM: LoadSample = { oldestFinalMs: 0, finalMs: 200, interimIntervalMs: 300 };

function setUp() {
  let nowMs = 0;
  const monitor = new LoadMonitor({ clock: () => nowMs });
  /** Holds a sample for a time. @returns every change, with the time from the start of this call */
  const hold = (ms: number, sample: Partial<LoadSample> = {}) => {
    const changes: [number, number, string][] = [];
    for (let passed = SAMPLE_MS; passed <= ms; passed += SAMPLE_MS) {
      nowMs += SAMPLE_MS;
      const load = monitor.sample({ ...CALM, ...sample });
      if (load !== undefined) changes.push([passed, load.level, load.reason]);
    }
    return changes;
  };
  return { monitor, hold, jump: (ms: number) => (nowMs += ms) };
}

describe('LoadMonitor and finals', () => {
  it('ends interims when a final has waited too long for 3 s, and refuses rooms when that goes on', () => {
    const { hold } = setUp();
    expect(hold(12_000, { oldestFinalMs: 1_001 })).toEqual([
      [3_000, 3, 'finalsWait'],
      [6_000, 4, 'finalsWait'],
    ]);
  });

  it('measures waiting by what a final costs: a slow engine makes them wait on an idle machine, too', () => {
    const { hold } = setUp();
    expect(hold(60_000, { oldestFinalMs: 5_900, finalMs: 2_000 })).toEqual([]);
    expect(hold(3_000, { oldestFinalMs: 6_100, finalMs: 2_000 })).toEqual([[3_000, 3, 'finalsWait']]);
  });

  it('does not mind a short wait', () => {
    const { hold } = setUp();
    expect(hold(2_750, { oldestFinalMs: 5_000 })).toEqual([]);
    expect(hold(250)).toEqual([]);
    expect(hold(2_750, { oldestFinalMs: 5_000 })).toEqual([]);
  });

  it('comes down after 10 s of calm, and from there after 3 s', () => {
    const { hold } = setUp();
    hold(6_000, { oldestFinalMs: 2_000 });
    expect(hold(30_000)).toEqual([
      [10_000, 3, 'finalsWait'],
      [13_000, 0, 'recovered'],
    ]);
  });

  it('takes the whole 10 s again once it was busy on the way down', () => {
    const { hold } = setUp();
    hold(6_000, { oldestFinalMs: 2_000 });
    expect(hold(10_000)).toHaveLength(1);
    hold(500, { oldestFinalMs: 2_000 });
    expect(hold(20_000).map(([atMs]) => atMs)).toEqual([10_000]);
  });

  it('stays where it is between the two thresholds, however long', () => {
    const { monitor, hold } = setUp();
    hold(3_000, { oldestFinalMs: 2_000 });
    expect(hold(600_000, { oldestFinalMs: 600 })).toEqual([]);
    expect(monitor.level).toBe(3);
  });

  it('concludes nothing from a pause of the whole process', () => {
    const { monitor, hold, jump } = setUp();
    hold(500, { oldestFinalMs: 2_000 });
    jump(60_000);
    expect(monitor.sample({ ...CALM, oldestFinalMs: 60_000 })).toBeUndefined();
    expect(monitor.level).toBe(0);
  });
});

describe('LoadMonitor and interims', () => {
  it('reports when they are far apart because many speak, and never refuses rooms for that', () => {
    const { hold } = setUp();
    expect(hold(60_000, { interimIntervalMs: 1_500 })).toEqual([[3_000, 1, 'manySpeak']]);
    expect(hold(600_000, { interimIntervalMs: 10_000 })).toEqual([[3_000, 2, 'manySpeak']]);
  });

  it('reports that a model is too slow for any', () => {
    const { hold } = setUp();
    expect(hold(60_000, { interimIntervalMs: null })).toEqual([[3_000, 3, 'slowModel']]);
    expect(hold(60_000)).toEqual([[10_000, 0, 'recovered']]);
  });

  it('does not swing with a pace at the edge', () => {
    const { hold } = setUp();
    hold(3_000, { interimIntervalMs: 1_100 });
    for (let i = 0; i < 20; i++) {
      expect(hold(12_000, { interimIntervalMs: 900 })).toEqual([]);
      expect(hold(12_000, { interimIntervalMs: 1_100 })).toEqual([]);
    }
  });

  it('reports the higher of both', () => {
    const { hold } = setUp();
    hold(3_000, { interimIntervalMs: 1_500 });
    expect(hold(6_000, { interimIntervalMs: 1_500, oldestFinalMs: 2_000 }).map(([, level]) => level)).toEqual([3, 4]);
    expect(hold(20_000, { interimIntervalMs: 1_500 })).toEqual([
      [10_000, 3, 'finalsWait'],
      [13_000, 1, 'manySpeak'],
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { RestartPolicy } from './RestartPolicy.js';

const policy = (random = 0) => new RestartPolicy({ random: () => random });

describe('RestartPolicy', () => {
  it('restarts at once after the first death and waits longer after each one in a row', () => {
    const restarts = policy();
    const delays = [0, 20_000, 40_000, 60_000, 80_000, 100_000, 120_000].map((at) => restarts.died(at).delayMs);
    expect(delays).toEqual([0, 300, 1_200, 2_700, 4_800, 7_000, 7_000]);
  });

  it('adds up to a second of jitter to every wait but the first', () => {
    const restarts = policy(0.5);
    expect(restarts.died(0).delayMs).toBe(0);
    expect(restarts.died(20_000).delayMs).toBe(800);
  });

  it('begins the back-off again after the child was ready for a minute, and not before', () => {
    const restarts = policy();
    restarts.died(0);
    restarts.ready(0);
    expect(restarts.died(59_999).delayMs).toBe(300);
    restarts.ready(60_000);
    expect(restarts.died(120_000).delayMs).toBe(0);
  });

  it('opens the circuit for 30 s at the fifth death within 60 s', () => {
    const restarts = policy();
    const decisions = [0, 5_000, 10_000, 15_000, 20_000].map((at) => restarts.died(at));
    expect(decisions.map((decision) => decision.circuitOpen)).toEqual([false, false, false, false, true]);
    expect(decisions[4]?.delayMs).toBe(30_000);
  });

  it('does not open it when the deaths are spread out', () => {
    const restarts = policy();
    for (let at = 0; at < 600_000; at += 15_001) expect(restarts.died(at).circuitOpen).toBe(false);
  });

  it('opens it again at once when the probe dies', () => {
    const restarts = policy();
    for (let at = 0; at < 5; at++) restarts.died(at);
    expect(restarts.died(30_100)).toEqual({ delayMs: 30_000, circuitOpen: true });
  });

  it('closes it when the probe gets ready, with the earlier deaths forgotten', () => {
    const restarts = policy();
    for (let at = 0; at < 5; at++) restarts.died(at);
    restarts.ready(30_000);
    expect(restarts.died(31_000).circuitOpen).toBe(false);
  });
});

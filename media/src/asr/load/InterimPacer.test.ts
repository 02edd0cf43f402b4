import { describe, expect, it } from 'vitest';
import { CostEstimate } from './CostEstimate.js';
import { InterimPacer } from './InterimPacer.js';

function setUp(cores = 2) {
  let nowMs = 0;
  const pacer = new InterimPacer({ clock: () => nowMs, cores });
  /** Lets this many speakers ask for a time. @returns the pace at its end */
  const hold = (ms: number, { speakers = 0, finalsMs = 0, interimMs = 200 } = {}) => {
    for (let passed = 0; passed < ms; passed += 250) {
      nowMs += 250;
      for (let speaker = 0; speaker < speakers; speaker++) pacer.asked(`speaker ${speaker}`);
      if (finalsMs > 0) pacer.ran({ kind: 'final', engineMs: finalsMs, threads: 1, done: true });
      pacer.sample(interimMs);
    }
    return pacer.pace;
  };
  const interim = (engineMs: number, options: { threads?: number; done?: boolean } = {}) =>
    pacer.ran({ kind: 'interim', engineMs, threads: 1, done: true, ...options });
  return { hold, interim };
}

describe('InterimPacer', () => {
  it('gives what an interim costs, times those who speak, by the cores', () => {
    const { hold, interim } = setUp();
    interim(400);
    expect(hold(1_000, { speakers: 8 })).toBe(1_600);
  });

  it('leaves the cores to finals that finals take, and interims a quarter of them at least', () => {
    const { hold, interim } = setUp();
    interim(400);
    // One of two cores.
    expect(hold(60_000, { speakers: 8, finalsMs: 250 })).toBe(3_200);
    expect(hold(60_000, { speakers: 8, finalsMs: 600 })).toBe(6_400);
  });

  it('gives one speaker 0.6 of a core at most, however many cores there are', () => {
    const { hold, interim } = setUp(16);
    interim(100, { threads: 3 });
    expect(hold(1_000, { speakers: 1 })).toBe(500);
  });

  it('forgets speakers who have not asked for a while', () => {
    const { hold, interim } = setUp();
    interim(300);
    expect(hold(1_000, { speakers: 16 })).toBe(2_400);
    expect(hold(10_000, { speakers: 1 })).toBe(500);
  });

  it('learns from an interim that was ended before it was done that it takes longer', () => {
    const { hold, interim } = setUp();
    interim(300);
    for (let i = 0; i < 20; i++) interim(100, { done: false });
    expect(hold(250, { speakers: 2 })).toBe(500);
    for (let i = 0; i < 40; i++) interim(3_000, { done: false });
    expect(hold(250, { speakers: 2 })).toBe(5_000);
  });

  it('makes none if one takes too long, and starts again with a margin', () => {
    const { hold, interim } = setUp();
    interim(1_600);
    expect(hold(250, { interimMs: 1_600 })).toBeNull();
    expect(hold(250, { interimMs: 1_300 })).toBeNull();
    expect(hold(250, { interimMs: 1_100 })).not.toBeNull();
  });
});

describe('CostEstimate', () => {
  const SECOND = 16_000;
  const setUpEstimate = () => {
    let nowMs = 0;
    const estimate = new CostEstimate({ kind: 'final', profile: { windowPolicy: 'utterance' }, clock: () => nowMs });
    const learn = (threads: number, engineMs: number) => estimate.learn({ samples: 4 * SECOND, engineMs, threads });
    return { estimate, learn, pass: (ms: number) => (nowMs += ms) };
  };

  it('gives all threads where they make a job quicker, and fewer where they do not', () => {
    const { estimate, learn } = setUpEstimate();
    learn(1, 500);
    learn(2, 290);
    expect(estimate.threadsWorthwhile(2)).toBe(2);
    for (let i = 0; i < 20; i++) learn(2, 800);
    expect(estimate.threadsWorthwhile(2)).toBe(1);
  });

  it('tries again what it has not measured for a minute', () => {
    const { estimate, learn, pass } = setUpEstimate();
    learn(1, 500);
    learn(2, 800);
    pass(61_000);
    expect(estimate.threadsWorthwhile(2)).toBe(2);
  });

  it.each([
    ['one after the other, with all threads, where that is quicker for both', 675, 2],
    ['a share each, where it is not', 480, 1],
  ])('lets two jobs have %s', (_, sharedMs, threads) => {
    const { estimate, learn } = setUpEstimate();
    learn(1, sharedMs);
    learn(2, 265);
    expect(estimate.threadsWorthwhile(2, 2)).toBe(threads);
  });

  it('takes from a run that was ended that it takes as long at least', () => {
    const { estimate, learn } = setUpEstimate();
    learn(1, 500);
    const job = { samples: 4 * SECOND, threads: 1 };
    estimate.learnAtLeast({ ...job, engineMs: 300 });
    expect(estimate.msFor(job)).toBeCloseTo(500);
    for (let i = 0; i < 40; i++) estimate.learnAtLeast({ ...job, engineMs: 2_000 });
    expect(estimate.msFor(job)).toBeCloseTo(2_000, -1);
  });
});

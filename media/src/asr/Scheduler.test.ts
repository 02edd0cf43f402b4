import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SheddingLimits } from './contract/serverLimits.js';
import { type RejectionCode, type SchedulableJob, Scheduler } from './Scheduler.js';

interface Job extends SchedulableJob {
  name: string;
  costMs: number;
  /** For a running one. */
  remainingShare?: number;
}

interface SetUp {
  finalsCapacity?: number;
  interimsCapacity?: number;
  fairnessSlackMs?: number;
  shedding?: SheddingLimits;
}

function setUp(options: SetUp = {}) {
  let nowMs = 0;
  const rejected: [string, RejectionCode][] = [];
  const scheduler = new Scheduler<Job>({
    clock: () => nowMs,
    estimateMs: (job) => job.costMs,
    onReject: (job, code) => rejected.push([job.name, code]),
    remainingShare: (job) => job.remainingShare ?? 1,
    ...options,
  });
  const take = (): string | undefined => {
    const job = scheduler.next();
    if (job !== undefined) scheduler.finished(job);
    return job?.name;
  };
  return { scheduler, rejected, take, setTime: (ms: number) => (nowMs = ms) };
}

let counter = 0;
function job(fields: Partial<Job> = {}): Job {
  counter += 1;
  return {
    kind: 'final',
    meetingId: 'room',
    trackId: 'speaker',
    deadlineAtMs: 10_000,
    suspect: false,
    name: `job ${counter}`,
    costMs: 10,
    ...fields,
  };
}

describe('Scheduler', () => {
  it('gives finals before interims, whatever their deadlines', () => {
    const { scheduler, take } = setUp();
    scheduler.add(job({ kind: 'interim', trackId: 'a', deadlineAtMs: 1_000, name: 'interim' }));
    scheduler.add(job({ trackId: 'b', deadlineAtMs: 9_000, name: 'final' }));
    expect([take(), take(), take()]).toEqual(['final', 'interim', undefined]);
  });

  it('gives the earliest deadline first, and the first come of equal ones', () => {
    const { scheduler, take } = setUp();
    scheduler.add(job({ deadlineAtMs: 3_000, name: 'third' }));
    scheduler.add(job({ deadlineAtMs: 1_000, name: 'first' }));
    scheduler.add(job({ deadlineAtMs: 1_000, name: 'second' }));
    expect([take(), take(), take()]).toEqual(['first', 'second', 'third']);
  });

  it('keeps one waiting interim a speaker: the newest', () => {
    const { scheduler, rejected, take } = setUp();
    scheduler.add(job({ kind: 'interim', name: 'old' }));
    scheduler.add(job({ kind: 'interim', name: 'new' }));
    scheduler.add(job({ kind: 'interim', trackId: 'other', name: 'of another' }));
    expect(rejected).toEqual([['old', 'SUPERSEDED']]);
    expect([take(), take(), take()]).toEqual(['new', 'of another', undefined]);
  });

  it('drops the waiting interim of a speaker whose final comes', () => {
    const { scheduler, rejected, take } = setUp();
    scheduler.add(job({ kind: 'interim', name: 'interim' }));
    scheduler.add(job({ name: 'final' }));
    expect(rejected).toEqual([['interim', 'SUPERSEDED']]);
    expect([take(), take()]).toEqual(['final', undefined]);
  });

  it('does not take the same speaker id in another room for the same speaker', () => {
    const { scheduler, rejected } = setUp();
    scheduler.add(job({ kind: 'interim', meetingId: 'a' }));
    scheduler.add(job({ kind: 'interim', meetingId: 'b' }));
    scheduler.add(job({ meetingId: 'c' }));
    expect(rejected).toEqual([]);
  });

  it('does not start what cannot end in time', () => {
    const { scheduler, rejected, take, setTime } = setUp();
    scheduler.add(job({ deadlineAtMs: 1_000, costMs: 300, name: 'late' }));
    scheduler.add(job({ deadlineAtMs: 5_000, costMs: 300, name: 'in time' }));
    setTime(701);
    expect(take()).toBe('in time');
    expect(rejected).toEqual([['late', 'DEADLINE_EXCEEDED']]);
  });

  it('rejects at once what comes after its deadline', () => {
    const { scheduler, rejected, setTime } = setUp();
    setTime(500);
    scheduler.add(job({ deadlineAtMs: 500, name: 'late' }));
    expect(rejected).toEqual([['late', 'DEADLINE_EXCEEDED']]);
    expect(scheduler.waitingFinals).toBe(0);
  });

  it('starts a job that has just come although the estimate is longer than its time: the estimate may be wrong', () => {
    const { scheduler, take } = setUp();
    scheduler.add(job({ deadlineAtMs: 1_000, costMs: 50_000, name: 'slow' }));
    expect(take()).toBe('slow');
  });

  it('takes the newest final of the fullest room when too many wait', () => {
    const { scheduler, rejected } = setUp({ finalsCapacity: 4 });
    for (let i = 1; i <= 3; i++) scheduler.add(job({ meetingId: 'flood', trackId: `s${i}`, name: `flood ${i}` }));
    scheduler.add(job({ meetingId: 'quiet', name: 'quiet 1' }));
    scheduler.add(job({ meetingId: 'quiet', name: 'quiet 2' }));
    expect(rejected).toEqual([['flood 3', 'OVERLOADED']]);
    expect(scheduler.waitingFinals).toBe(4);
  });

  it('refuses an interim when as many speakers wait as may wait, and still takes newer ones of those', () => {
    const { scheduler, rejected } = setUp({ interimsCapacity: 1 });
    scheduler.add(job({ kind: 'interim', trackId: 'a', name: 'a1' }));
    scheduler.add(job({ kind: 'interim', trackId: 'b', name: 'b1' }));
    scheduler.add(job({ kind: 'interim', trackId: 'a', name: 'a2' }));
    expect(rejected).toEqual([
      ['b1', 'OVERLOADED'],
      ['a1', 'SUPERSEDED'],
    ]);
  });

  it('runs suspects of a crash one at a time, beside others', () => {
    const { scheduler } = setUp();
    scheduler.add(job({ suspect: true, trackId: 'a', name: 'suspect 1' }));
    scheduler.add(job({ suspect: true, trackId: 'b', name: 'suspect 2' }));
    scheduler.add(job({ trackId: 'c', name: 'innocent', deadlineAtMs: 20_000 }));
    const first = scheduler.next();
    expect(first?.name).toBe('suspect 1');
    expect(scheduler.next()?.name).toBe('innocent');
    expect(scheduler.next()).toBeUndefined();
    if (first !== undefined) scheduler.finished(first);
    expect(scheduler.next()?.name).toBe('suspect 2');
  });

  it('names the running interim that a waiting final of the same speaker makes useless', () => {
    const { scheduler } = setUp();
    const interim = job({ kind: 'interim', trackId: 'a' });
    scheduler.add(interim);
    scheduler.next();
    scheduler.add(job({ trackId: 'b' }));
    expect(scheduler.preemptable()).toEqual([]);
    scheduler.add(job({ trackId: 'a' }));
    expect(scheduler.preemptable()).toEqual([interim]);
  });

  it('leaves an interim that is nearly done if the final may itself be discarded', () => {
    const { scheduler } = setUp();
    const interim = job({ kind: 'interim', trackId: 'a', remainingShare: 0.3 });
    scheduler.add(interim);
    scheduler.next();
    scheduler.add(job({ trackId: 'a', speculative: true }));
    expect(scheduler.preemptable()).toEqual([]);
    interim.remainingShare = 0.6;
    expect(scheduler.preemptable()).toEqual([interim]);
    interim.remainingShare = 0.3;
    scheduler.add(job({ trackId: 'a' }));
    expect(scheduler.preemptable()).toEqual([interim]);
  });

  it('leaves the first interim of an utterance if the final may itself be discarded', () => {
    const { scheduler } = setUp();
    const interim = job({ kind: 'interim', first: true, remainingShare: 1 });
    scheduler.add(interim);
    scheduler.next();
    scheduler.add(job({ speculative: true }));
    expect(scheduler.preemptable()).toEqual([]);
    scheduler.add(job());
    expect(scheduler.preemptable()).toEqual([interim]);
  });

  describe('with interims of utterances of which nothing is shown yet', () => {
    const interim = (name: string, fields: Partial<Job> = {}) =>
      job({ kind: 'interim', trackId: name, name, deadlineAtMs: 5_000, ...fields });

    it('gives them before others, of whichever room, and finals before them', () => {
      const { scheduler, take } = setUp();
      scheduler.add(interim('later', { deadlineAtMs: 1_000 }));
      scheduler.add(interim('first', { first: true, meetingId: 'other' }));
      scheduler.add(job({ trackId: 'c', name: 'final', deadlineAtMs: 9_000 }));
      expect([take(), take(), take()]).toEqual(['final', 'first', 'later']);
    });

    it('gives every other turn to the one whose fair turn it is', () => {
      const { scheduler, take } = setUp();
      for (let i = 0; i < 6; i++) scheduler.add(interim(`first ${i}`, { first: true, deadlineAtMs: 9_000 }));
      for (let i = 0; i < 3; i++) scheduler.add(interim(`later ${i}`, { meetingId: 'other' }));
      const order = Array.from({ length: 9 }, take).map((name) => name?.split(' ')[0]);
      expect(order.slice(0, 6)).toEqual(['first', 'later', 'first', 'later', 'first', 'later']);
      expect(order.slice(6)).toEqual(['first', 'first', 'first']);
    });

    it('gives those of all rooms their share, however many speak in one', () => {
      const { scheduler } = setUp({ fairnessSlackMs: 200 });
      const ask = (meetingId: string, trackId: string) =>
        scheduler.add(interim(trackId, { meetingId, first: true, costMs: 100, deadlineAtMs: 1e6 }));
      for (let i = 0; i < 20; i++) ask('big', `s${i}`);
      ask('small', 'one');
      scheduler.add(interim('talks', { meetingId: 'third', costMs: 100, deadlineAtMs: 1e6 }));
      const served = new Map<string, number>();
      for (let round = 0; round < 300; round++) {
        const next = scheduler.next();
        if (next === undefined) throw new Error('nothing waits');
        served.set(next.meetingId, (served.get(next.meetingId) ?? 0) + 1);
        scheduler.finished(next);
        scheduler.add(next);
      }
      for (const room of ['big', 'small', 'third']) expect(served.get(room)).toBeGreaterThan(75);
    });
  });

  it('gives only kinds that there is room for', () => {
    const { scheduler } = setUp();
    scheduler.add(job({ kind: 'interim', trackId: 'a' }));
    scheduler.add(job({ trackId: 'b' }));
    expect(scheduler.next({ finals: false, interims: false })).toBeUndefined();
    expect(scheduler.next({ finals: false, interims: true })?.kind).toBe('interim');
    expect(scheduler.next({ finals: true, interims: false })?.kind).toBe('final');
  });

  describe('with finals that wait', () => {
    const shedding = { keptFinals: 3, longestWaitMs: 30_000, waitWhileSheddingMs: 2_000 };
    const late = { deadlineAtMs: 200_000 };

    it('keeps many for as long as none is older than 30 s, as after the restart of a process', () => {
      const { scheduler, rejected, setTime } = setUp({ shedding });
      for (let i = 0; i < 200; i++) scheduler.add(job({ ...late, trackId: `s${i}` }));
      setTime(30_000);
      scheduler.expire();
      expect(rejected).toEqual([]);
    });

    it('keeps few for as long as their deadlines allow', () => {
      const { scheduler, rejected, setTime } = setUp({ shedding });
      for (let i = 0; i < 3; i++) scheduler.add(job({ ...late, trackId: `s${i}` }));
      setTime(199_000);
      scheduler.expire();
      expect(rejected).toEqual([]);
    });

    it('gives up the oldest of many once one is older than 30 s, down to those of the last 2 s', () => {
      const { scheduler, rejected, setTime } = setUp({ shedding });
      scheduler.add(job({ ...late, name: 'oldest' }));
      setTime(28_000);
      scheduler.add(job({ ...late, name: 'older' }));
      setTime(29_000);
      for (let i = 0; i < 4; i++) scheduler.add(job({ ...late, name: `young ${i}` }));
      setTime(30_001);
      scheduler.expire();
      expect(rejected).toEqual([
        ['oldest', 'OVERLOADED'],
        ['older', 'OVERLOADED'],
      ]);
      setTime(31_001);
      scheduler.expire();
      expect(rejected.slice(2)).toEqual([['young 0', 'OVERLOADED']]);
      expect(scheduler.waitingFinals).toBe(3);
    });

    it('is patient again when the queue has been short', () => {
      const { scheduler, rejected, take, setTime } = setUp({ shedding });
      for (let i = 0; i < 5; i++) scheduler.add(job(late));
      setTime(30_001);
      scheduler.expire();
      expect(rejected).toHaveLength(2);
      while (take() !== undefined);
      for (let i = 0; i < 5; i++) scheduler.add(job(late));
      setTime(60_000);
      scheduler.expire();
      expect(rejected).toHaveLength(2);
    });
  });

  it('gives all waiting interims up and no final', () => {
    const { scheduler, rejected } = setUp();
    scheduler.add(job({ kind: 'interim', trackId: 'a', name: 'a' }));
    scheduler.add(job({ kind: 'interim', trackId: 'b', name: 'b' }));
    scheduler.add(job({ trackId: 'c' }));
    scheduler.dropInterims();
    expect(rejected).toEqual([
      ['a', 'OVERLOADED'],
      ['b', 'OVERLOADED'],
    ]);
    expect([scheduler.waitingInterims, scheduler.waitingFinals]).toEqual([0, 1]);
  });

  it('counts what a job took and not what it was thought to take: aborted ones cost their speaker little', () => {
    const { scheduler } = setUp({ fairnessSlackMs: 200 });
    scheduler.add(job({ trackId: 'other', costMs: 100, deadlineAtMs: 9_000 }));
    for (let i = 0; i < 20; i++) {
      scheduler.add(job({ trackId: 'speculates', costMs: 500, deadlineAtMs: 5_000 }));
      const started = scheduler.next();
      expect(started?.trackId).toBe('speculates');
      if (started !== undefined) scheduler.finished(started, { engineMs: 5 });
    }
  });

  it('reports how long the oldest of each kind has waited', () => {
    const { scheduler, setTime } = setUp();
    expect(scheduler.oldestWait).toEqual({ finalMs: 0, interimMs: 0 });
    scheduler.add(job({ kind: 'interim' }));
    setTime(100);
    scheduler.add(job({ trackId: 'other' }));
    setTime(150);
    expect(scheduler.oldestWait).toEqual({ finalMs: 50, interimMs: 150 });
  });

  it('gives a room of 2 speakers its half beside one of 50 when both have more than the device can do', () => {
    const { scheduler } = setUp({ fairnessSlackMs: 200 });
    const ask = (meetingId: string, trackId: string) =>
      scheduler.add(job({ meetingId, trackId, costMs: 100, deadlineAtMs: 1e6 }));
    for (let i = 0; i < 50; i++) ask('big', `s${i}`);
    for (let i = 0; i < 2; i++) ask('small', `s${i}`);
    const served = { big: 0, small: 0 };
    for (let round = 0; round < 500; round++) {
      const next = scheduler.next();
      if (next === undefined) throw new Error('nothing waits');
      served[next.meetingId as keyof typeof served] += 1;
      scheduler.finished(next);
      ask(next.meetingId, next.trackId);
    }
    expect(served.small).toBeGreaterThan(240);
    expect(served.big).toBeGreaterThan(240);
  });

  it('does not let a speaker with a pile of early deadlines keep another of the room waiting for long', () => {
    const { scheduler, take } = setUp({ fairnessSlackMs: 200 });
    for (let i = 0; i < 20; i++)
      scheduler.add(job({ trackId: 'talks', costMs: 100, deadlineAtMs: 5_000, name: 'pile' }));
    scheduler.add(job({ trackId: 'waits', costMs: 100, deadlineAtMs: 9_000, name: 'other' }));
    const order = Array.from({ length: 21 }, take);
    expect(order.indexOf('other')).toBeLessThanOrEqual(4);
  });

  it('gives a room no credit for the time in which it asked nothing', () => {
    const { scheduler, take } = setUp({ fairnessSlackMs: 0 });
    for (let i = 0; i < 20; i++) {
      scheduler.add(job({ meetingId: 'busy', costMs: 1_000 }));
      take();
    }
    for (let i = 0; i < 4; i++) {
      scheduler.add(job({ meetingId: 'busy', costMs: 1_000, name: `busy ${i}` }));
      scheduler.add(job({ meetingId: 'new', costMs: 1_000, name: `new ${i}` }));
    }
    const order = Array.from({ length: 8 }, take);
    expect(order.slice(0, 4).filter((name) => name?.startsWith('busy')).length).toBeGreaterThanOrEqual(1);
  });

  it('holds its promises under any sequence of operations', () => {
    const op = fc.oneof(
      fc.record({
        type: fc.constant('add' as const),
        kind: fc.constantFrom('interim' as const, 'final' as const),
        room: fc.integer({ min: 0, max: 2 }),
        speaker: fc.integer({ min: 0, max: 2 }),
        slackMs: fc.integer({ min: -50, max: 2_000 }),
        costMs: fc.integer({ min: 0, max: 400 }),
        suspect: fc.boolean(),
        first: fc.boolean(),
      }),
      fc.record({ type: fc.constant('next' as const) }),
      fc.record({ type: fc.constant('finish' as const) }),
      fc.record({ type: fc.constant('cancel' as const), index: fc.nat(20) }),
      fc.record({ type: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 500 }) }),
    );
    fc.assert(
      fc.property(fc.array(op, { maxLength: 120 }), (operations) => {
        let nowMs = 0;
        const outcomes = new Map<Job, string[]>();
        const note = (of: Job, outcome: string) => outcomes.get(of)?.push(outcome);
        const scheduler = new Scheduler<Job>({
          clock: () => nowMs,
          estimateMs: (of) => of.costMs,
          onReject: note,
          finalsCapacity: 5,
          interimsCapacity: 6,
          fairnessSlackMs: 100,
        });
        const waiting = () => [...outcomes].filter(([, list]) => list.length === 0).map(([of]) => of);
        const running: Job[] = [];
        for (const operation of operations) {
          if (operation.type === 'add') {
            const added = job({
              kind: operation.kind,
              meetingId: `r${operation.room}`,
              trackId: `s${operation.speaker}`,
              deadlineAtMs: nowMs + operation.slackMs,
              costMs: operation.costMs,
              suspect: operation.suspect,
              first: operation.first,
            });
            outcomes.set(added, []);
            scheduler.add(added);
          } else if (operation.type === 'next') {
            const finalsWaited = waiting().some((of) => of.kind === 'final' && !of.suspect);
            const next = scheduler.next();
            if (next === undefined) {
              expect(waiting().every((of) => of.suspect && running.some((other) => other.suspect))).toBe(true);
            } else {
              expect(next.deadlineAtMs).toBeGreaterThan(nowMs);
              if (next.kind === 'interim' && finalsWaited) {
                expect(waiting().some((of) => of.kind === 'final' && !of.suspect)).toBe(false);
              }
              note(next, 'started');
              running.push(next);
            }
          } else if (operation.type === 'finish') {
            const done = running.shift();
            if (done !== undefined) scheduler.finished(done);
          } else if (operation.type === 'cancel') {
            const victim = waiting()[operation.index];
            if (victim !== undefined) {
              expect(scheduler.cancel(victim)).toBe(true);
              note(victim, 'cancelled');
            }
          } else nowMs += operation.ms;

          // Every job waits, or has had exactly one outcome.
          expect(scheduler.waitingFinals + scheduler.waitingInterims).toBe(waiting().length);
          expect(Math.max(0, ...[...outcomes.values()].map((list) => list.length))).toBeLessThanOrEqual(1);
          expect(scheduler.waitingFinals).toBeLessThanOrEqual(5);
          const interims = waiting().filter((of) => of.kind === 'interim');
          expect(new Set(interims.map((of) => `${of.meetingId} ${of.trackId}`)).size).toBe(interims.length);
          expect(running.filter((of) => of.suspect).length).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 300 },
    );
  });
});

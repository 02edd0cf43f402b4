import type { EngineCapabilities } from '@parley/native';
import { afterEach, describe, expect, it } from 'vitest';
import { BUILT_IN_MODEL } from '../settings/modelCatalogue.js';
import { ManualTime } from '../testing/ManualTime.js';
import { percentile } from '../testing/percentile.js';
import { type Load, NO_INTERIMS } from './contract/load.js';
import { DEFAULT_RECOGNITION_SETTINGS, type RecognitionKind } from './contract/recognition.js';
import type { DispatcherLimits } from './contract/serverLimits.js';
import { type DispatchedJob, Dispatcher } from './Dispatcher.js';
import { FakeEngine } from './testing/FakeEngine.js';

const LANES = 2;
const STEP_MS = 10;
const FINAL_MS = 200;
const INTERIM_MS = 100;
const FINAL_DEADLINE_MS = 60_000;
const INTERIM_DEADLINE_MS = 2_000;
const SECOND = new Int16Array(16_000);

interface Answer {
  kind: RecognitionKind;
  askedAtMs: number;
  atMs: number;
  code?: string;
}

/** A device under a manual clock, with speakers who send requests as the pipeline does. */
class Rig {
  readonly time = new ManualTime();
  readonly engine: FakeEngine;
  readonly loads: [number, Load][] = [];
  readonly answers: Answer[] = [];
  readonly fatal: string[] = [];
  dispatcher!: Dispatcher;

  static async create(
    limits: Partial<DispatcherLimits> = {},
    capabilities: Partial<EngineCapabilities> = {},
  ): Promise<Rig> {
    const rig = new Rig(capabilities);
    const created = Dispatcher.create({
      engines: { final: { engine: rig.engine, profile: BUILT_IN_MODEL.profile } },
      plan: { jobs: LANES, threadsPerJob: 1, cores: LANES },
      onFatal: (reason) => rig.fatal.push(reason),
      onLoadChange: (load) => rig.loads.push([rig.time.now(), load]),
      time: rig.time,
      limits,
    });
    await rig.time.advanceAsync(1_000, STEP_MS);
    rig.dispatcher = await created;
    return rig;
  }

  private constructor(capabilities: Partial<EngineCapabilities>) {
    // The prompt contains the kind, for the engine.
    this.engine = new FakeEngine({
      time: this.time,
      capabilities,
      delayMs: (job) => (job.prompt === 'interim' ? INTERIM_MS : FINAL_MS),
    });
  }

  get level(): number {
    return this.dispatcher.load.level;
  }

  ask(
    kind: RecognitionKind,
    trackId: string,
    { done = () => {}, ...changes }: Partial<DispatchedJob> & { done?: () => void } = {},
  ): DispatchedJob {
    const askedAtMs = this.time.now();
    const note = (code?: string) => {
      this.answers.push({ kind, askedAtMs, atMs: this.time.now(), ...(code === undefined ? {} : { code }) });
      done();
    };
    const job: DispatchedJob = {
      kind,
      meetingId: `room ${trackId.length % 3}`,
      trackId,
      deadlineMs: kind === 'final' ? FINAL_DEADLINE_MS : INTERIM_DEADLINE_MS,
      suspect: false,
      settings: { ...DEFAULT_RECOGNITION_SETTINGS, prompt: kind },
      pcm: SECOND,
      onStarted: () => {},
      onResult: () => note(),
      onError: ({ code }) => note(code),
      ...changes,
    };
    this.dispatcher.submit(job);
    return job;
  }

  /** This many speakers talk for a time: a final every 4 s, and between them interims, one at a time, at most every 500 ms. */
  async talk(options: { speakers: number; forMs: number; interims?: boolean }): Promise<void> {
    const speakers = Array.from({ length: options.speakers }, (_, index) => ({
      id: `s${'x'.repeat(index % 3)}${index}`,
      nextFinalMs: this.time.now() + (index * 4_000) / options.speakers,
      nextInterimMs: this.time.now() + (index * 500) / options.speakers,
      asking: false,
    }));
    const untilMs = this.time.now() + options.forMs;
    while (this.time.now() < untilMs) {
      const now = this.time.now();
      for (const speaker of speakers) {
        if (now >= speaker.nextFinalMs) {
          speaker.nextFinalMs += 4_000;
          this.ask('final', speaker.id);
        }
        const { level, interimIntervalMs } = this.dispatcher.load;
        if (options.interims === false || level >= NO_INTERIMS || interimIntervalMs === null) continue;
        if (speaker.asking || now < speaker.nextInterimMs) continue;
        speaker.nextInterimMs = now + Math.max(500, interimIntervalMs);
        speaker.asking = true;
        const done = () => {
          speaker.asking = false;
        };
        this.ask('interim', speaker.id, { done });
      }
      await this.time.advanceAsync(STEP_MS);
    }
  }

  /** Answers between two times. */
  answered(kind: RecognitionKind, fromMs: number, toMs: number): Answer[] {
    return this.answers.filter(
      (answer) => answer.kind === kind && answer.code === undefined && answer.atMs >= fromMs && answer.atMs < toMs,
    );
  }

  async close(): Promise<void> {
    await this.dispatcher.close();
  }
}

let rig: Rig;

afterEach(async () => {
  await rig.close();
});

const delays = (answers: Answer[]) => answers.map(({ askedAtMs, atMs }) => atMs - askedAtMs).toSorted((a, b) => a - b);

describe('Dispatcher under load', () => {
  it('gives up interims for finals at twice the speakers that it can do, and is itself again 20 s after', async () => {
    // 8 speakers: 8 x (200 ms / 4 s + 100 ms / 500 ms) = 2 lanes.
    rig = await Rig.create();
    const beganMs = rig.time.now();
    await rig.talk({ speakers: 16, forMs: 60_000 });
    const overMs = rig.time.now();
    const finals = rig.answered('final', beganMs + 10_000, overMs);
    // 16 speakers, a final each 4 s.
    expect(finals.length / ((overMs - beganMs - 10_000) / 1_000)).toBeGreaterThanOrEqual(0.9 * 4);
    expect(percentile(delays(finals), 0.99)).toBeLessThanOrEqual(1_000);
    expect(Math.max(...rig.loads.map(([, { level }]) => level))).toBeGreaterThanOrEqual(1);
    // Interims that are shown at all are not stale.
    expect(percentile(delays(rig.answered('interim', beganMs, overMs)), 0.99)).toBeLessThanOrEqual(INTERIM_DEADLINE_MS);

    await rig.talk({ speakers: 4, forMs: 20_000 });
    expect(rig.level).toBe(0);
    const normalMs = rig.time.now();
    await rig.talk({ speakers: 4, forMs: 10_000 });
    expect(percentile(delays(rig.answered('interim', normalMs, rig.time.now())), 0.99)).toBeLessThanOrEqual(300);
    expect(rig.answered('interim', normalMs, rig.time.now()).length).toBeGreaterThanOrEqual(4 * 2 * 9);
    expect(rig.fatal).toEqual([]);
  });

  it('answers as many finals as it can when twice as many come, and bounds their wait', async () => {
    // 10 finals a second are what 2 lanes can do; 80 speakers bring 20.
    rig = await Rig.create();
    const beganMs = rig.time.now();
    await rig.talk({ speakers: 80, forMs: 120_000 });
    const overMs = rig.time.now();
    for (let fromMs = beganMs + 10_000; fromMs < overMs; fromMs += 10_000) {
      expect(rig.answered('final', fromMs, fromMs + 10_000).length).toBeGreaterThanOrEqual(90);
    }
    expect(Math.max(...delays(rig.answered('final', beganMs, overMs)))).toBeLessThanOrEqual(31_000);
    // Once it has found that it cannot do them all, those that it does are fresh.
    const fresh = delays(rig.answered('final', overMs - 30_000, overMs));
    expect(percentile(fresh, 0.99)).toBeLessThanOrEqual(3_000);
    expect(rig.level).toBe(4);
    const { dropped, rejected, oldestWaitMs } = rig.dispatcher.stats;
    expect(dropped.tooOld).toBeGreaterThan(0);
    expect(rejected.OVERLOADED).toBe((dropped.tooOld ?? 0) + (dropped.noInterims ?? 0));
    expect(oldestWaitMs).toBeLessThanOrEqual(3_000);

    await rig.talk({ speakers: 20, forMs: 10_000, interims: false });
    const calmMs = rig.time.now();
    await rig.talk({ speakers: 20, forMs: 5_000, interims: false });
    expect(percentile(delays(rig.answered('final', calmMs, rig.time.now())), 0.99)).toBeLessThanOrEqual(500);
    await rig.talk({ speakers: 2, forMs: 15_000 });
    expect(rig.level).toBe(0);
  }, 30_000);

  it('answers the finals that a restarted process finds waiting, all of them, and late rather than never', async () => {
    rig = await Rig.create();
    for (let i = 0; i < 150; i++) rig.ask('final', `s${i}`);
    await rig.talk({ speakers: 4, forMs: 30_000 });
    const finals = rig.answers.filter(({ kind }) => kind === 'final');
    expect(finals.filter(({ code }) => code !== undefined)).toEqual([]);
    expect(finals.length).toBeGreaterThanOrEqual(150 + 4 * 7 - 2);
  });

  it('refuses interims while it takes none, and answers finals all the same', async () => {
    rig = await Rig.create({ load: { busyForMs: 250 } });
    for (let i = 0; i < 40; i++) rig.ask('final', `s${i}`);
    await rig.time.advanceAsync(2_500, STEP_MS);
    expect(rig.level).toBe(4);
    rig.ask('interim', 'i');
    expect(rig.answers.at(-1)).toMatchObject({ kind: 'interim', code: 'OVERLOADED' });
    await rig.time.advanceAsync(5_000, STEP_MS);
    expect(rig.answers.filter(({ kind, code }) => kind === 'final' && code === undefined)).toHaveLength(40);
  });
});

describe('Dispatcher and requests that are given up', () => {
  it('frees the lane in the same turn, so that others wait no longer than without them', async () => {
    rig = await Rig.create();
    const speculative = [rig.ask('final', 'a'), rig.ask('final', 'b')];
    await rig.time.advanceAsync(50);
    rig.ask('final', 'c');
    for (const job of speculative) rig.dispatcher.cancel(job);
    await rig.time.advanceAsync(FINAL_MS, STEP_MS);
    expect(rig.answers).toEqual([{ kind: 'final', askedAtMs: 2_050, atMs: 2_050 + FINAL_MS }]);
    expect(rig.dispatcher.stats).toMatchObject({ discardedEngineMs: 100, dropped: { cancelled: 2 }, running: 0 });
  });

  it('gives up a waiting one without any engine time', async () => {
    rig = await Rig.create();
    for (const trackId of ['a', 'b']) rig.ask('final', trackId);
    const waiting = rig.ask('final', 'c');
    rig.dispatcher.cancel(waiting);
    rig.dispatcher.cancel(waiting);
    await rig.time.advanceAsync(1_000, STEP_MS);
    expect(rig.answers).toHaveLength(2);
    expect(rig.dispatcher.stats).toMatchObject({ discardedEngineMs: 0, dropped: { cancelled: 1 } });
  });

  it('does nothing for one that was answered', async () => {
    rig = await Rig.create();
    const answered = rig.ask('final', 'a');
    await rig.time.advanceAsync(FINAL_MS, STEP_MS);
    rig.dispatcher.cancel(answered);
    expect(rig.answers).toHaveLength(1);
    expect(rig.dispatcher.stats.dropped).toEqual({});
  });

  it('leaves nothing behind after thousands of them', async () => {
    rig = await Rig.create();
    const timers = rig.time.pendingTimers;
    for (let i = 0; i < 5_000; i++) {
      const job = rig.ask('final', `speaker ${i % 7}`);
      if (i % 3 === 0) await rig.time.advanceAsync(STEP_MS);
      rig.dispatcher.cancel(job);
    }
    await rig.time.advanceAsync(STEP_MS);
    expect(rig.time.pendingTimers).toBe(timers);
    expect(rig.answers).toEqual([]);
    expect(rig.dispatcher.stats).toMatchObject({
      running: 0,
      waitingFinals: 0,
      rejected: {},
      dropped: { cancelled: 5_000 },
    });
    rig.ask('final', 'speaker 1');
    await rig.time.advanceAsync(FINAL_MS, STEP_MS);
    expect(rig.answers).toHaveLength(1);
  });
});

describe('Dispatcher and what an engine can do', () => {
  it('has no more jobs at a time than the engine takes', async () => {
    rig = await Rig.create({}, { maxJobs: 1 });
    rig.engine.peak = 0;
    for (const trackId of ['a', 'b', 'c']) rig.ask('final', trackId);
    await rig.time.advanceAsync(3 * FINAL_MS, STEP_MS);
    expect(rig.answers.map(({ code }) => code)).toEqual([undefined, undefined, undefined]);
    expect(rig.engine.peak).toBe(1);
  });

  it('refuses interims that it does not make, says so from the start, and never tries one', async () => {
    rig = await Rig.create({}, { interims: false });
    expect(rig.dispatcher.capabilities.interims).toBe(false);
    expect(rig.dispatcher.load.interimIntervalMs).toBeNull();
    const { length } = rig.engine.started;
    rig.ask('interim', 'a');
    expect(rig.answers).toMatchObject([{ kind: 'interim', code: 'NOT_SUPPORTED' }]);
    await rig.time.advanceAsync(60_000, 1_000);
    expect(rig.engine.started).toHaveLength(length);
    expect(rig.dispatcher.load.interimIntervalMs).toBeNull();
  });

  it('requests no times of words from an engine without them', async () => {
    rig = await Rig.create({}, { words: false });
    rig.ask('final', 'a', { settings: { ...DEFAULT_RECOGNITION_SETTINGS, words: true } });
    await rig.time.advanceAsync(FINAL_MS, STEP_MS);
    expect(rig.engine.started.at(-1)?.words).toBe(false);
    expect(rig.answers).toMatchObject([{ kind: 'final' }]);
  });

  it('refuses audio that is longer than it takes', async () => {
    rig = await Rig.create({}, { longestWindowMs: 500 });
    rig.ask('final', 'a');
    expect(rig.answers).toMatchObject([{ code: 'RECOGNIZER_FAILED' }]);
    expect(rig.dispatcher.capabilities.longestWindowMs).toEqual({ final: 500, interim: 500 });
  });

  it('knows the languages that model and engine know, and no others', async () => {
    rig = await Rig.create({}, { languages: ['de', 'en', 'sv'] });
    expect(rig.dispatcher.capabilities.languages).toEqual(['de', 'en']);
    rig.ask('final', 'a', { settings: { ...DEFAULT_RECOGNITION_SETTINGS, language: 'fr' } });
    await rig.time.advanceAsync(FINAL_MS, STEP_MS);
    expect(rig.answers).toMatchObject([{ code: 'NOT_SUPPORTED' }]);
  });
});

describe('Dispatcher metrics', () => {
  it('reports how long jobs of each kind were in the queue', async () => {
    rig = await Rig.create();
    for (const trackId of ['a', 'b', 'c']) rig.ask('final', trackId);
    await rig.time.advanceAsync(2 * FINAL_MS, STEP_MS);
    const { queueAgeMs, engineMs } = rig.dispatcher.stats;
    expect(queueAgeMs.final).toEqual({ p50: 0, p99: FINAL_MS, max: FINAL_MS });
    expect(queueAgeMs.interim).toEqual({ p50: 0, p99: 0, max: 0 });
    expect(engineMs).toBe(3 * FINAL_MS);
  });

  it('counts every job that came exactly once: answered, rejected or given up', async () => {
    rig = await Rig.create();
    await rig.talk({ speakers: 30, forMs: 20_000 });
    await rig.time.advanceAsync(10_000, STEP_MS);
    const { answered, rejected, waitingFinals, waitingInterims, running } = rig.dispatcher.stats;
    const asked = answered + Object.values(rejected).reduce((sum, count) => sum + count, 0);
    expect(rig.answers).toHaveLength(asked);
    expect([waitingFinals, waitingInterims, running]).toEqual([0, 0, 0]);
  });
});

import { describe, expect, it } from 'vitest';
import type { ModelProfile } from '../settings/modelProfile.js';
import { ManualTime } from '../testing/ManualTime.js';
import { percentile } from '../testing/percentile.js';
import type { Load } from './contract/load.js';
import { DEFAULT_RECOGNITION_SETTINGS, type RecognitionKind } from './contract/recognition.js';
import { type DispatchedJob, Dispatcher } from './Dispatcher.js';
import { SharedCores } from './testing/SharedCores.js';

/** The real dispatcher, scheduler and load monitor with engines of any speed, in virtual time. */

const CORES = 2;
const PROFILE: ModelProfile = {
  name: 'x',
  demo: false,
  windowPolicy: 'floor',
  longestWindowMs: 28_000,
  multilingual: true,
};
const SETTINGS = DEFAULT_RECOGNITION_SETTINGS;
const USUAL = new Int16Array(16 * 4_000);
const FRAME_MS = 32;
const MODE_INTERVAL_MS = 300;
const FIRST_INTERIM_MS = 250;
const FIRST_WORDS_MS = 3_000;
const SPECULATIVE_SILENCE_MS = 100;
const END_SILENCE_MS = 500;
const BURST_MS = 1_200;
const PAUSE_MS = 256;

interface Options {
  interimMs: number;
  finalMs?: number;
  speakers: number;
  /** Without pauses. */
  monologues?: boolean;
  forMs?: number;
}

/** People who talk, with requests as from the pipeline: three bursts with pauses make an utterance. */
class Meeting {
  readonly time = new ManualTime();
  readonly engine: SharedCores;
  readonly levels: { atMs: number; load: Load }[] = [];
  /** Last word to final. */
  readonly finals: number[] = [];
  /** First word of an utterance to its first text, of whatever kind. */
  readonly firstTexts: number[] = [];
  readonly lost: string[] = [];
  readonly interims: { speaker: number; ageMs: number }[] = [];
  asked = 0;
  /** Nothing else uses the cores any more: jobs take a tenth. */
  quicker = false;
  interimFailures: Record<string, number> = {};
  /** Samples of the time in which something was waiting, and the number of cores working then. */
  waiting = 0;
  workingWhileWaiting = 0;
  readonly options: Required<Options>;
  dispatcher!: Dispatcher;
  #load: Load = { level: 0, reason: 'recovered', interimIntervalMs: 0 };

  private constructor(options: Required<Options>) {
    this.options = options;
    this.engine = new SharedCores({
      time: this.time,
      cores: CORES,
      // Interims have the shorter window.
      workMs: ({ audioContext }) => {
        const usualMs = audioContext > 0 && audioContext < 400 ? options.interimMs : options.finalMs;
        return this.quicker ? usualMs / 10 : usualMs;
      },
    });
  }

  static async of(given: Options): Promise<Meeting> {
    const meeting = new Meeting({
      finalMs: 1.7 * given.interimMs,
      monologues: false,
      forMs: 120_000,
      ...given,
    });
    let dispatcher: Dispatcher | undefined;
    void Dispatcher.create({
      engines: { final: { engine: meeting.engine, profile: PROFILE } },
      plan: { jobs: CORES + 1, threadsPerJob: CORES, cores: CORES },
      time: meeting.time,
      onFatal: (reason) => meeting.lost.push(reason),
      onLoadChange: (load) => {
        if (load.level !== meeting.#load.level) meeting.levels.push({ atMs: meeting.time.now(), load });
        meeting.#load = load;
      },
    }).then((created) => {
      dispatcher = created;
    });
    while (dispatcher === undefined) await meeting.time.play(10);
    meeting.dispatcher = dispatcher;
    for (let speaker = 0; speaker < given.speakers; speaker++) meeting.#seat(speaker);
    await meeting.goOn(meeting.options.forMs);
    return meeting;
  }

  ask(kind: RecognitionKind): void {
    this.dispatcher.submit(this.#job(kind, 0, { result: () => {}, error: (code) => this.lost.push(code) }));
  }

  goOn(forMs: number): Promise<void> {
    return this.time.play(forMs);
  }

  #job(
    kind: RecognitionKind,
    speaker: number,
    on: { result: () => void; error: (code: string) => void },
  ): DispatchedJob {
    return {
      kind,
      meetingId: 'room',
      trackId: `speaker ${speaker}`,
      settings: SETTINGS,
      deadlineMs: kind === 'final' ? 60_000 : 30_000,
      suspect: false,
      pcm: USUAL,
      onStarted: () => {},
      onResult: on.result,
      onError: ({ code }) => on.error(code),
    };
  }

  #seat(speaker: number): void {
    const { time } = this;
    const phases = this.options.monologues
      ? [BURST_MS * 5, 0]
      : [BURST_MS, PAUSE_MS, BURST_MS, PAUSE_MS, BURST_MS, 2_000];
    // People do not speak in step: each phase lasts between 0.5 and 1.5 times its nominal length.
    let random = speaker + 1;
    const lengthOf = (index: number) => {
      random = (random * 48_271) % 2_147_483_647;
      return (phases[index] ?? 0) * (0.5 + random / 2_147_483_647);
    };
    let phaseMs = lengthOf(0);
    let phase = 0;
    let phaseAtMs = time.now() + speaker * 470;
    let spokenMs = 0;
    let nextInterimMs = FIRST_INTERIM_MS;
    let lastInterimAtMs = -Infinity;
    let hurries = true;
    let asking = false;
    let overdue = false;
    let speculation: { job: DispatchedJob; done: boolean; endedAtMs?: number } | undefined;
    let told = false;
    let utterance: { beganAtMs: number; shown: boolean; closed: boolean } | undefined;

    const show = (of: typeof utterance) => {
      if (of === undefined || of.shown) return;
      of.shown = true;
      this.firstTexts.push(time.now() - of.beganAtMs);
    };
    const interim = () => {
      if (asking) {
        overdue = true;
        return;
      }
      asking = true;
      this.asked += 1;
      const heardAtMs = time.now();
      const of = utterance;
      const done = () => {
        asking = false;
        if (overdue && speculation === undefined) interim();
        overdue = false;
      };
      const job = this.#job('interim', speaker, {
        result: () => {
          this.interims.push({ speaker, ageMs: time.now() - heardAtMs });
          if (of?.closed === false) show(of);
          done();
        },
        error: (code) => {
          this.interimFailures[code] = (this.interimFailures[code] ?? 0) + 1;
          done();
        },
      });
      job.first = of?.shown === false && time.now() - of.beganAtMs <= FIRST_WORDS_MS;
      this.dispatcher.submit(job);
    };
    const final = (speculative: boolean, endedAtMs?: number) => {
      const of = utterance;
      const own: NonNullable<typeof speculation> = {
        job: this.#job('final', speaker, {
          result: () => {
            own.done = true;
            show(of);
            if (own.endedAtMs !== undefined) this.finals.push(time.now() - own.endedAtMs);
          },
          error: (code) => this.lost.push(code),
        }),
        done: false,
        ...(endedAtMs === undefined ? {} : { endedAtMs }),
      };
      own.job.speculative = speculative;
      speculation = own;
      this.dispatcher.submit(own.job);
    };
    const end = (wordsEndedAtMs: number) => {
      if (speculation?.done === true) this.finals.push(time.now() - wordsEndedAtMs);
      else if (speculation !== undefined) speculation.endedAtMs = wordsEndedAtMs;
      else final(false, wordsEndedAtMs);
      speculation = undefined;
      overdue = false;
      if (utterance !== undefined) utterance.closed = true;
      utterance = undefined;
      hurries = true;
      spokenMs = 0;
      nextInterimMs = FIRST_INTERIM_MS;
    };
    const tick = () => {
      time.after(FRAME_MS, tick);
      this.#sample();
      const now = time.now();
      if (now < phaseAtMs) return;
      const speaks = phase % 2 === 0;
      const passedMs = now - phaseAtMs;
      if (speaks) {
        utterance ??= { beganAtMs: now, shown: false, closed: false };
        spokenMs += FRAME_MS;
        const { interimIntervalMs: pace } = this.#load;
        const takes = pace !== null && this.#load.level < 3;
        if (takes && spokenMs >= nextInterimMs && (hurries || now >= lastInterimAtMs + (pace ?? 0))) {
          nextInterimMs = spokenMs + MODE_INTERVAL_MS;
          lastInterimAtMs = now;
          hurries = false;
          interim();
        }
      } else if (!told && passedMs >= SPECULATIVE_SILENCE_MS) {
        told = true;
        final(true);
      } else if (told && passedMs >= END_SILENCE_MS && spokenMs > 0) end(phaseAtMs);
      if (passedMs < phaseMs) return;
      if (this.options.monologues && speaks) end(now);
      if (!speaks && speculation !== undefined) {
        this.dispatcher.cancel(speculation.job);
        speculation = undefined;
        if (utterance?.shown === false && now - utterance.beganAtMs <= FIRST_WORDS_MS) {
          nextInterimMs = Math.min(nextInterimMs, spokenMs);
          hurries = true;
        }
      }
      told = false;
      phase = (phase + 1) % phases.length;
      phaseMs = lengthOf(phase);
      phaseAtMs = now;
    };
    tick();
  }

  #sample(): void {
    const { waitingFinals, waitingInterims } = this.dispatcher.stats;
    if (waitingFinals + waitingInterims === 0) return;
    this.waiting += 1;
    this.workingWhileWaiting += this.engine.busyCores / CORES;
  }

  quantile(values: number[], share: number): number {
    return percentile(values, share) ?? 0;
  }

  get summary() {
    const { finals, interims, firstTexts, options } = this;
    const ages = interims.map(({ ageMs }) => ageMs);
    const perSpeaker = Array.from(
      { length: options.speakers },
      (_, speaker) => interims.filter((each) => each.speaker === speaker).length,
    );
    return {
      finals: finals.length,
      finalP50: Math.round(this.quantile(finals, 0.5)),
      finalP95: Math.round(this.quantile(finals, 0.95)),
      firstTextP50: Math.round(this.quantile(firstTexts, 0.5)),
      firstTextP95: Math.round(this.quantile(firstTexts, 0.95)),
      interims: interims.length,
      asked: this.asked,
      failures: this.interimFailures,
      ageP50: Math.round(this.quantile(ages, 0.5)),
      ageP95: Math.round(this.quantile(ages, 0.95)),
      fewest: Math.min(...perSpeaker),
      most: Math.max(...perSpeaker),
      busyWhileWaiting: this.waiting === 0 ? 1 : this.workingWhileWaiting / this.waiting,
      levels: this.levels
        .map(({ atMs, load }) => `${Math.round(atMs / 1_000)}:${load.level}${load.reason[0]}`)
        .join(' '),
      lost: this.lost.length,
    };
  }
}

/** Core milliseconds of finals per second, over all cores: above 1, there is more work than can be done. */
function finalsLoad({ interimMs, speakers }: Options): number {
  return (speakers * 1.7 * interimMs) / 6_112 / CORES;
}

const ENGINES_MS = [50, 200, 600, 1_000, 2_100, 3_000];
const SPEAKERS = [1, 4, 16];
const CELLS = ENGINES_MS.flatMap((interimMs) => SPEAKERS.map((speakers) => ({ interimMs, speakers })));

describe.each([false, true])('a meeting on two cores, monologues: %s', (monologues) => {
  describe.each(CELLS)('with $interimMs ms an interim and $speakers speakers', (cell) => {
    it('neither swings, nor idles while something waits, nor forgets anybody', async () => {
      const meeting = await Meeting.of({ ...cell, monologues, forMs: 60_000 });
      const { summary } = meeting;
      // Up, step by step, and never down while the meeting goes on as it began.
      const levels = meeting.levels.map(({ load }) => load.level);
      expect(levels).toEqual(levels.toSorted((a, b) => a - b));
      expect(levels.length).toBeLessThanOrEqual(4);
      expect(summary.busyWhileWaiting).toBeGreaterThanOrEqual(0.95);
      // Interims are shared: every speaker gets text.
      if (summary.most >= 10) expect(summary.fewest).toBeGreaterThanOrEqual(0.25 * summary.most);
      if (finalsLoad(cell) > 0.6) return;
      expect(meeting.lost).toEqual([]);
      expect(Math.max(0, ...levels)).toBeLessThanOrEqual(3);
      expect(summary.finalP95).toBeLessThanOrEqual(END_SILENCE_MS + 2.5 * 1.7 * cell.interimMs);
    });
  });
});

describe('the first text of an utterance', () => {
  it.each([
    { interimMs: 200, speakers: 16, p95: 1_550 },
    { interimMs: 600, speakers: 4, p95: 1_500 },
    { interimMs: 600, speakers: 6, p95: 2_300 },
    { interimMs: 1_000, speakers: 4, p95: 4_000 },
  ])('is there within $p95 ms of the first word with $interimMs ms an interim and $speakers speakers', async (cell) => {
    const meeting = await Meeting.of(cell);
    expect(meeting.summary.firstTextP95).toBeLessThanOrEqual(cell.p95);
    expect(meeting.lost).toEqual([]);
  });
});

describe('an engine that is too slow for interims', () => {
  it('makes none but a trial now and then, says so, and answers finals', async () => {
    const meeting = await Meeting.of({ interimMs: 3_000, speakers: 1, forMs: 120_000 });
    expect(meeting.levels.map(({ load }) => load)).toEqual([
      { level: 3, reason: 'slowModel', interimIntervalMs: null },
    ]);
    expect(meeting.summary.interims).toBeLessThanOrEqual(1);
    expect(meeting.summary.finals).toBeGreaterThanOrEqual(17);
    expect(meeting.lost).toEqual([]);
    // Nothing is wasted except what was started in pauses: 150 ms of each.
    const { engineMs, discardedEngineMs } = meeting.dispatcher.stats;
    expect(discardedEngineMs).toBeLessThanOrEqual(0.15 * engineMs);
  });

  it('gives its trial up for a final', async () => {
    const meeting = await Meeting.of({ interimMs: 3_000, speakers: 0, forMs: 31_000 });
    expect(meeting.engine.busyCores).toBe(CORES);
    meeting.ask('final');
    await meeting.goOn(100);
    expect(meeting.dispatcher.stats).toMatchObject({ running: 1, waitingFinals: 0, dropped: { cancelled: 1 } });
  });

  it('makes them again once it is quick enough', async () => {
    const meeting = await Meeting.of({ interimMs: 3_000, speakers: 1, forMs: 10_000 });
    expect(meeting.dispatcher.load).toMatchObject({ level: 3, reason: 'slowModel' });
    meeting.quicker = true;
    await meeting.goOn(240_000);
    expect(meeting.dispatcher.load.level).toBe(0);
    expect(meeting.summary.interims).toBeGreaterThanOrEqual(10);
  });
});

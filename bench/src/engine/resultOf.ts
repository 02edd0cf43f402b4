import { type BenchResult, formatNumber } from '../report.js';
import type { Maker } from './contestants.js';
import type { ManyAtOnce, OneAtATime } from './measure.js';
import type { TrialTime } from './trial.js';

/** Goals for Parley's engine: an utterance of about 6 s, and eight streams compared with whisper.cpp. */
const ENGINE_GOALS = { oneThreadMs: 220, twoThreadsMs: 130, timesWhispercpp: 2.5 } as const;

/** All measurements of a contestant. */
export interface EngineFigures {
  name: string;
  maker: Maker;
  /** With one thread; null if it only takes part with many streams. */
  oneThread: OneAtATime | null;
  /** With two, if there are two cores. */
  twoThreads: OneAtATime | null;
  offline: ManyAtOnce[];
}

export interface EngineResultOptions {
  model: string;
  /** Length of the utterance. */
  seconds: number;
  /** Total length of all recordings. */
  allSeconds: number;
  /** Encoder frames of the windows. */
  windows: readonly number[];
  streams: readonly number[];
  /** Parley's own first, its best one at the top. */
  engines: readonly EngineFigures[];
  /** Times of whisper.cpp's settings: the quickest one for a plan is measured with it. */
  whispercppTrial: readonly TrialTime[];
  /** Notes on the figures. */
  notes: readonly string[];
}

/** Shown for what was not measured. */
const NOTHING = '-';

/** Columns are engines; the last one has the goals for the first. */
export function resultOf(options: EngineResultOptions): BenchResult {
  const { model, seconds, allSeconds, windows, streams, engines, notes, whispercppTrial } = options;
  const row = (what: string, cell: (engine: EngineFigures) => string, goal = '') => [what, ...engines.map(cell), goal];
  const ms = (value: number | null | undefined) => (isNumber(value) ? `${formatNumber(value)} ms` : NOTHING);
  const megabytes = (value: number | null | undefined) => (isNumber(value) ? `${Math.round(value)} MB` : NOTHING);
  const of = (engine: EngineFigures, count: number) => engine.offline.find((each) => each.streams === count);
  const most = Math.max(...streams);
  const { oneThreadMs, twoThreadsMs, timesWhispercpp } = ENGINE_GOALS;
  const utterance = `utterance of ${seconds.toFixed(1)} s with words`;
  const comparison = comparisonOf(options);
  return {
    table: {
      columns: ['what', ...engines.map(({ name }) => name), 'goal'],
      rows: [
        row('load', ({ oneThread }) => ms(oneThread?.loadMs)),
        row(`mel of ${seconds.toFixed(1)} s, 1 thread`, ({ oneThread }) =>
          oneThread?.melMs === 0 ? 'in the encoder' : ms(oneThread?.melMs),
        ),
        ...windows.map((frames, index) =>
          row(`encoder, ${frames} frames, 1 thread`, ({ oneThread }) => ms(oneThread?.encodeMs[index])),
        ),
        row('decoding a token, 1 thread', ({ oneThread }) => ms(oneThread?.tokenMs)),
        row(`${utterance}, 1 thread`, ({ oneThread }) => ms(oneThread?.utteranceMs), `<= ${oneThreadMs} ms`),
        row(`${utterance}, 2 threads`, ({ twoThreads }) => ms(twoThreads?.utteranceMs), `<= ${twoThreadsMs} ms`),
        ...streams.map((count) =>
          row(`${allSeconds.toFixed(0)} s, ${streamsOf(count)}, x real time`, (engine) => {
            const found = of(engine, count);
            return found === undefined ? NOTHING : found.realTimeFactor.toFixed(4);
          }),
        ),
        row(
          `${streamsOf(most)}, throughput beside whisper.cpp's`,
          (engine) => timesOf(comparison.whispercppRealTimeFactor, of(engine, most)?.realTimeFactor),
          `>= ${timesWhispercpp} x`,
        ),
        row(
          `${streamsOf(most)}, throughput beside CTranslate2's`,
          (engine) => timesOf(comparison.ctranslate2RealTimeFactor, of(engine, most)?.realTimeFactor),
          '> 1 x',
        ),
        row('most memory, one utterance at a time', ({ oneThread }) => megabytes(oneThread?.peakMegabytes)),
        row(`most memory, ${streamsOf(most)}`, (engine) => megabytes(of(engine, most)?.peakMegabytes)),
        row('words wrong', (engine) => {
          const wer = of(engine, most)?.wer;
          return wer === undefined ? NOTHING : `${formatNumber(wer * 100)} %`;
        }),
      ],
    },
    figures: {
      model,
      utterance: utteranceOf(options),
      offline: { streams: most, ...comparison },
      goals: ENGINE_GOALS,
      windows,
      engines,
      whispercppTrial,
      notes,
    },
  };
}

/** On one thread, with words: Parley's first engine, and the best of each other maker. */
function utteranceOf({ seconds, engines }: EngineResultOptions) {
  const best = (maker: Maker) =>
    leastOf(engines.filter((each) => each.maker === maker).map(({ oneThread }) => oneThread?.utteranceMs));
  return {
    seconds,
    ms: engines.find(({ maker }) => maker === 'parley')?.oneThread?.utteranceMs ?? null,
    whispercppMs: best('whispercpp'),
    ctranslate2Ms: best('ctranslate2'),
  };
}

/** With the most streams. */
function comparisonOf({ engines, streams }: EngineResultOptions) {
  const most = Math.max(...streams);
  const factorOf = ({ offline }: EngineFigures) => offline.find((each) => each.streams === most)?.realTimeFactor;
  const best = (maker: Maker) => leastOf(engines.filter((each) => each.maker === maker).map(factorOf));
  const own = engines.find(({ maker }) => maker === 'parley');
  return {
    realTimeFactor: (own === undefined ? undefined : factorOf(own)) ?? null,
    whispercppRealTimeFactor: best('whispercpp'),
    ctranslate2RealTimeFactor: best('ctranslate2'),
  };
}

function leastOf(values: readonly (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? null : Math.min(...known);
}

function timesOf(other: number | null, own: number | undefined): string {
  return other === null || own === undefined ? NOTHING : `${formatNumber(other / own)} x`;
}

function streamsOf(count: number): string {
  return count === 1 ? '1 stream' : `${count} streams`;
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number';
}

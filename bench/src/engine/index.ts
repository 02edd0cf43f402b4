import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { SYNTH_PREFIX } from '@parley/media';
import type { BenchResult } from '../report.js';
import { resolveModel } from '../resolveModel.js';
import { type Contestant, contestantsFor } from './contestants.js';
import { type ManyAtOnce, measureManyAtOnce, measureOneAtATime, type OneAtATime } from './measure.js';
import { type BenchRecordings, benchRecordings } from './recordings.js';
import { resultOf } from './resultOf.js';

export interface EngineBenchOptions {
  /** A name of the catalogue, a file or an address. Default: `base-q8_0`. */
  model?: string;
  /** Recordings that are there to be heard at once, a row each. Default: 1, 2, 4, 8. */
  streams?: readonly number[];
  /** CTranslate2 takes part. Default: no. */
  cTranslate2?: boolean;
  /** Of each figure, of which the median is told. Default: 5. */
  runs?: number;
}

const MODEL = 'base-q8_0';
const STREAMS = [1, 2, 4, 8];
const RUNS = 5;
/** Of each of whisper.cpp's settings, before the best of them takes part. */
const TRIES = 3;
/** Encoder frames: what Parley's requests have, and the whole of it. */
const WINDOWS = [256, 320, 512, 1_500];

/**
 * The recogniser's engine without everything around it, beside whisper.cpp as it is and, where wanted, CTranslate2: the same weights, the
 * same recordings, the same windows, greedily; each in a process of its own, in turns.
 */
export async function benchEngine(options: EngineBenchOptions = {}): Promise<BenchResult> {
  const { streams = STREAMS, runs = RUNS } = options;
  const cores = availableParallelism();
  const notes: string[] = [];
  const note = (sentence: string) => {
    notes.push(sentence);
    console.error(sentence);
  };
  const { path: modelPath, profile } = await resolveModel(options.model ?? MODEL);
  const synthetic = profile.name.startsWith(SYNTH_PREFIX);
  const { cTranslate2 = false } = options;
  const everybody = await contestantsFor({ modelPath, synthetic, cTranslate2, onNote: note });
  const folder = await mkdtemp(join(tmpdir(), 'parley-bench-'));
  try {
    const recordings = await benchRecordings({ profile, synthetic, windows: WINDOWS, folder });
    console.error("whisper.cpp's settings ...");
    const trial = await tryWhisper({ contestants: everybody, recordings });
    const contestants = everybody.filter((each) => each.maker !== 'whispercpp' || each === trial.quickest);
    const alone = contestants.filter(({ manyStreamsOnly }) => manyStreamsOnly !== true);
    const common = { contestants: alone, recordings, runs };
    console.error('one utterance at a time, 1 thread ...');
    const one = await measureOneAtATime({ ...common, threads: 1, parts: true });
    if (cores > 1) console.error('one utterance at a time, 2 threads ...');
    const two = cores > 1 ? await measureOneAtATime({ ...common, threads: 2, parts: false }) : [];
    const offline = new Map<Contestant, ManyAtOnce[]>(contestants.map((each) => [each, []]));
    for (const count of streams) {
      console.error(`${count} at once ...`);
      const all = await measureManyAtOnce({ contestants, recordings: recordings.all, streams: count, cores, runs });
      for (const [index, each] of contestants.entries()) offline.get(each)?.push(all[index] as ManyAtOnce);
    }
    const ofOne = (each: Contestant, figures: readonly OneAtATime[]) => figures[alone.indexOf(each)] ?? null;
    return resultOf({
      model: profile.name,
      seconds: recordings.utterance.seconds,
      allSeconds: recordings.all.reduce((sum, { seconds }) => sum + seconds, 0),
      windows: WINDOWS,
      streams,
      engines: contestants.map((each) => ({
        name: each.name,
        maker: each.maker,
        oneThread: ofOne(each, one),
        twoThreads: ofOne(each, two),
        offline: offline.get(each) ?? [],
      })),
      whispercppTrial: trial.times,
      notes,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Which of whisper.cpp's settings is the quickest here: it alone takes part. */
async function tryWhisper(options: {
  contestants: readonly Contestant[];
  recordings: BenchRecordings;
}): Promise<{ quickest: Contestant | undefined; times: { name: string; utteranceMs: number }[] }> {
  const settings = options.contestants.filter(({ maker }) => maker === 'whispercpp');
  const { recordings } = options;
  const tried = await measureOneAtATime({ contestants: settings, recordings, threads: 1, parts: false, runs: TRIES });
  const times = settings.map(({ name }, index) => ({ name, utteranceMs: tried[index]?.utteranceMs ?? Number.NaN }));
  const least = Math.min(...times.map(({ utteranceMs }) => utteranceMs));
  return { quickest: settings[times.findIndex(({ utteranceMs }) => utteranceMs === least)], times };
}

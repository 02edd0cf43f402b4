import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { SYNTH_PREFIX } from '@parley/media/node';
import type { BenchResult } from '../report.js';
import { resolveModel } from '../resolveModel.js';
import { type Contestant, contestantsFor, type Plan } from './contestants.js';
import { type ManyAtOnce, measureManyAtOnce, measureOneAtATime, type OneAtATime, planOf } from './measure.js';
import { benchRecordings } from './recordings.js';
import { resultOf } from './resultOf.js';
import { tryWhisper } from './trial.js';

export interface EngineBenchOptions {
  /** A name in the catalogue, a file or an address. Default: `base-q8_0`. */
  model?: string;
  /** Recordings that are available at once, one row each. Default: 1, 2, 4, 8. */
  streams?: readonly number[];
  /** Whether to include CTranslate2. Default: no. */
  cTranslate2?: boolean;
  /** Rounds; for times, the median of all is reported. Default: 5. */
  runs?: number;
}

const MODEL = 'base-q8_0';
const STREAMS = [1, 2, 4, 8];
const RUNS = 5;
/** Encoder frames: the windows of Parley's requests, and the full one. */
const WINDOWS = [256, 320, 512, 1_500];

/**
 * The recogniser's engine alone, compared with stock whisper.cpp and optionally CTranslate2: the same weights, recordings and windows,
 * greedily; each in its own process, in turns.
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
    const planOfOne = (threads: number): Plan => ({ lanes: 1, threads, streams: 1 });
    const threadCounts = cores > 1 ? [1, 2] : [1];
    console.error("whisper.cpp's settings ...");
    const trial = await tryWhisper({
      contestants: everybody,
      recordings,
      cores,
      plans: [...threadCounts.map(planOfOne), ...streams.map((count) => planOf({ streams: count, cores }))],
    });
    const alone = new Map<number, Map<Contestant, OneAtATime>>();
    for (const threads of threadCounts) {
      console.error(`one utterance at a time, ${threads} ${threads === 1 ? 'thread' : 'threads'} ...`);
      const contestants = trial
        .takingPart(planOfOne(threads))
        .filter(({ manyStreamsOnly }) => manyStreamsOnly !== true);
      const figures = await measureOneAtATime({ contestants, recordings, threads, parts: threads === 1, runs });
      alone.set(threads, byContestant(contestants, figures));
    }
    const offline: Map<Contestant, ManyAtOnce>[] = [];
    for (const count of streams) {
      console.error(`${count} at once ...`);
      const contestants = trial.takingPart(planOf({ streams: count, cores }));
      const figures = await measureManyAtOnce({
        ...{ contestants, recordings: recordings.all },
        ...{ streams: count, cores, runs },
      });
      offline.push(byContestant(contestants, figures));
    }
    // A setting of whisper.cpp that is never the quickest has no column.
    const columns = everybody.filter((each) => [...alone.values(), ...offline].some((figures) => figures.has(each)));
    return resultOf({
      model: profile.name,
      seconds: recordings.utterance.seconds,
      allSeconds: recordings.all.reduce((sum, { seconds }) => sum + seconds, 0),
      windows: WINDOWS,
      streams,
      engines: columns.map((each) => ({
        name: each.name,
        maker: each.maker,
        oneThread: alone.get(1)?.get(each) ?? null,
        twoThreads: alone.get(2)?.get(each) ?? null,
        offline: offline.flatMap((figures) => figures.get(each) ?? []),
      })),
      whispercppTrial: trial.times,
      notes,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function byContestant<T>(contestants: readonly Contestant[], figures: readonly T[]): Map<Contestant, T> {
  return new Map(contestants.map((each, index) => [each, figures[index] as T]));
}

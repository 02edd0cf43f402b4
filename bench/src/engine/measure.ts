import { comparableWords } from '@parley/media/testing';
import { countErrors, sumErrors, werOf } from '../wer/countErrors.js';
import type { Contestant, Plan } from './contestants.js';
import { type EngineClip, EngineProcess } from './EngineProcess.js';
import type { BenchRecording, BenchRecordings } from './recordings.js';

/** Decoding a token: the difference between a whole text and one of this many tokens. */
const FEW_TOKENS = 4;

/** One engine with one number of threads. Medians, ms, except for load and memory. */
export interface OneAtATime {
  /** Loading the model, from the disk's cache: once. */
  loadMs: number;
  /** For the utterance. */
  melMs: number;
  /** For each window. */
  encodeMs: number[];
  /** Per token of the utterance; null if its text has too few. */
  tokenMs: number | null;
  /** In total, with the times of words. */
  utteranceMs: number;
  /** Peak memory, 10^6 bytes. */
  peakMegabytes: number | null;
}

/** One engine with this many recordings at once. */
export interface ManyAtOnce {
  streams: number;
  /** Processing time per second of audio, median. */
  realTimeFactor: number;
  peakMegabytes: number | null;
  /** Share of wrong words, in the last run. */
  wer: number;
}

/** How this many streams share the cores: one lane each while there are cores, and all cores are used. */
export function planOf({ streams, cores }: { streams: number; cores: number }): Plan {
  const lanes = Math.min(streams, cores);
  return { streams, lanes, threads: Math.floor(cores / lanes) };
}

/** Time of the utterance with words for each contestant, in every lane at the same time: median, ms, in the order of the contestants. */
export async function measureUtterance(options: {
  contestants: readonly Contestant[];
  utterance: BenchRecording;
  plan: Plan;
  runs: number;
}): Promise<number[]> {
  const { contestants, utterance, plan, runs } = options;
  return await withAll({ contestants, plan }, async (engines) => {
    const lanes = Array<number>(plan.lanes).fill(0);
    const taken = engines.map((engine) => ({ engine, times: [] as number[] }));
    for (const engine of engines) {
      await engine.add(utterance.clip);
      await engine.hearAll(lanes, { words: true });
    }
    for (let run = 0; run < runs; run += 1) {
      for (const { engine, times } of inTurn(taken, run)) {
        times.push((await engine.hearAll(lanes, { words: true })).totalMs);
      }
    }
    return taken.map(({ times }) => rounded(medianOf(times), 1));
  });
}

/** The figures of all contestants, in their order; measured in turns, so that other load on the machine affects all alike. */
export async function measureOneAtATime(options: {
  contestants: readonly Contestant[];
  recordings: BenchRecordings;
  threads: number;
  /** With the encoder's windows and single tokens, for which one thread is enough. */
  parts: boolean;
  runs: number;
}): Promise<OneAtATime[]> {
  const { contestants, recordings, threads, parts, runs } = options;
  const windows = parts ? recordings.windows : [];
  const plan = { lanes: 1, threads, streams: 1 };
  return await withAll({ contestants, plan }, async (engines) => {
    const taken = engines.map((engine) => ({ engine, ...emptySamples(windows.length) }));
    const clipsOf = [recordings.utterance.clip, ...windows.map(({ clip }) => clip)];
    for (const engine of engines) await addAll(engine, clipsOf);
    // The first run of each allocates what later ones reuse.
    for (const engine of engines) await engine.hear(0, { words: true });
    for (let run = 0; run < runs; run += 1) {
      for (const each of inTurn(taken, run)) {
        const { engine } = each;
        each.utterance.push((await engine.hear(0, { words: true })).totalMs);
        const whole = await engine.hear(0, { words: false });
        each.mel.push(whole.melMs);
        if (parts) {
          const few = await engine.hear(0, { words: false, maxTokens: FEW_TOKENS });
          const tokens = whole.tokens - few.tokens;
          if (tokens > 0) each.token.push((whole.decodeMs - few.decodeMs) / tokens);
        }
        for (const [index] of windows.entries()) {
          each.encode[index]?.push((await engine.hear(1 + index, { words: false })).encodeMs);
        }
      }
    }
    return await Promise.all(
      taken.map(async ({ engine, mel, encode, token, utterance }) => ({
        loadMs: rounded(engine.loadMs, 1),
        melMs: rounded(medianOf(mel), 2),
        encodeMs: encode.map((values) => rounded(medianOf(values), 1)),
        tokenMs: token.length === 0 ? null : rounded(medianOf(token), 2),
        utteranceMs: rounded(medianOf(utterance), 1),
        peakMegabytes: await peakOfEngine(engine),
      })),
    );
  });
}

/** The same with all recordings and this many streams. */
export async function measureManyAtOnce(options: {
  contestants: readonly Contestant[];
  recordings: readonly BenchRecording[];
  streams: number;
  cores: number;
  runs: number;
}): Promise<ManyAtOnce[]> {
  const { contestants, recordings, streams, cores, runs } = options;
  const seconds = recordings.reduce((sum, each) => sum + each.seconds, 0);
  return await withAll({ contestants, plan: planOf({ streams, cores }) }, async (engines) => {
    const order = recordings.map((_, index) => index);
    const taken = engines.map((engine) => ({ engine, factors: [] as number[], texts: [] as string[] }));
    for (const { engine } of taken) {
      await addAll(
        engine,
        recordings.map(({ clip }) => clip),
      );
      await engine.hearAll(order, { words: true });
    }
    for (let run = 0; run < runs; run += 1) {
      for (const each of inTurn(taken, run)) {
        const { totalMs, texts } = await each.engine.hearAll(order, { words: true });
        each.factors.push(totalMs / 1_000 / seconds);
        each.texts = texts;
      }
    }
    return await Promise.all(
      taken.map(async ({ engine, factors, texts }) => ({
        streams,
        realTimeFactor: rounded(medianOf(factors), 4),
        peakMegabytes: await peakOfEngine(engine),
        wer: wordErrorsOf(recordings, texts),
      })),
    );
  });
}

/** Runs the engines of all contestants at once, of which one works at a time. They end with the work. */
async function withAll<T>(
  options: { contestants: readonly Contestant[]; plan: Plan },
  work: (engines: EngineProcess[]) => Promise<T>,
): Promise<T> {
  const engines: EngineProcess[] = [];
  try {
    // One after the other: the load time is measured.
    for (const { commandOf } of options.contestants) engines.push(await EngineProcess.start(commandOf(options.plan)));
    return await work(engines);
  } finally {
    await Promise.all(engines.map((engine) => engine.close()));
  }
}

async function addAll(engine: EngineProcess, clips: readonly EngineClip[]): Promise<void> {
  for (const clip of clips) await engine.add(clip);
}

function emptySamples(windows: number) {
  return {
    mel: [] as number[],
    encode: Array.from({ length: windows }, (): number[] => []),
    token: [] as number[],
    utterance: [] as number[],
  };
}

/** Each is first once, so that none always follows the same one. */
export function inTurn<T>(all: readonly T[], run: number): T[] {
  const first = run % Math.max(1, all.length);
  return [...all.slice(first), ...all.slice(0, first)];
}

/** The mean of the middle two if their number is even. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) return Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

async function peakOfEngine(engine: EngineProcess): Promise<number | null> {
  const megabytes = await engine.peakMegabytes();
  return megabytes === undefined ? null : Math.round(megabytes);
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function wordErrorsOf(recordings: readonly BenchRecording[], texts: readonly string[]): number {
  return werOf(
    sumErrors(
      recordings.map(({ text }, index) => countErrors(comparableWords(text), comparableWords(texts[index] ?? ''))),
    ),
  );
}

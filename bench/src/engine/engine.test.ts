import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPublishedModel } from '@parley/media/settings';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { formatTable } from '../report.js';
import { resolveModel } from '../resolveModel.js';
import { syntheticTracks } from '../speech/syntheticSpeech.js';
import type { Contestant, Maker } from './contestants.js';
import { CLOSE_LIMIT_MS, EngineProcess, peakOf } from './EngineProcess.js';
import { inTurn, medianOf, planOf } from './measure.js';
import { PARLEY_ENCODERS } from './parleyEncoders.js';
import { benchRecordings, usualOf } from './recordings.js';
import { type EngineFigures, type EngineResultOptions, resultOf } from './resultOf.js';
import { versionIn } from './stockWhisper.js';
import { tryWhisper } from './trial.js';

const OWN_ENGINE = fileURLToPath(new URL('../../dist/engine/parleyEngine.js', import.meta.url));

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-engine-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A process that answers as its script says. */
const start = (script: string) => EngineProcess.start({ program: process.execPath, args: ['-e', script] });

const ECHO = `
  console.log('{"loadMs":12.5}');
  const heard = { melMs: 1, encodeMs: 2, decodeMs: 3, totalMs: 6, tokens: 4 };
  require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
    if (line.startsWith('hear 3')) { console.error('no such recording'); process.exit(3); }
    if (line.startsWith('all')) console.log(JSON.stringify({ totalMs: 9, texts: [line] }));
    else console.log(JSON.stringify(line.startsWith('hear') ? { ...heard, text: line } : {}));
  });`;

describe('the process of an engine', () => {
  it('says how long it loaded, takes recordings by number, and answers what it is asked', async () => {
    const engine = await start(ECHO);
    expect(engine.loadMs).toBe(12.5);
    const clip = { path: '/a b.f32', frames: 384, language: 'en', maxTokens: 120 };
    expect([await engine.add(clip), await engine.add(clip)]).toEqual([0, 1]);
    expect(await engine.hear(1, { words: true })).toMatchObject({ totalMs: 6, tokens: 4, text: 'hear 1 0 1' });
    expect((await engine.hear(0, { words: false, maxTokens: 4 })).text).toBe('hear 0 4 0');
    expect(await engine.hearAll([1, 0], { words: true })).toEqual({ totalMs: 9, texts: ['all 1 1 0'] });
    await engine.close();
  });

  it('that ends is reported with its output, to waiting and to later requests', async () => {
    const engine = await start(ECHO);
    await expect(engine.hear(3, { words: true })).rejects.toThrow(/ended with code 3: no such recording/);
    await expect(engine.hear(0, { words: true })).rejects.toThrow(/ended with code 3/);
    await engine.close();
  });

  it('that does not start is reported in a sentence', async () => {
    await expect(start('console.error("cannot load the model"); process.exit(1)')).rejects.toThrow(
      /ended with code 1: cannot load the model/,
    );
    await expect(EngineProcess.start({ program: '/nonexistent/engine', args: [] })).rejects.toThrow(
      /\/nonexistent\/engine cannot be started/,
    );
  });

  it('is ended where it does not end with its input', async () => {
    // Ends by itself, so that a failing test leaves nothing behind.
    const engine = await start(`console.log('{"loadMs":1}'); setTimeout(() => {}, 60_000);`);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const closed = engine.close();
      await vi.advanceTimersByTimeAsync(CLOSE_LIMIT_MS - 1);
      expect(await engine.peakMegabytes()).toBeGreaterThan(1);
      await vi.advanceTimersByTimeAsync(1);
      await closed;
      await expect(engine.hear(0, { words: false })).rejects.toThrow(/ended with SIGKILL/);
    } finally {
      vi.useRealTimers();
    }
  });

  it('reports its peak memory if the system knows it', () => {
    expect(peakOf('Name:\tnode\nVmHWM:\t  100000 kB\nVmRSS:\t 5 kB\n')).toBe(102.4);
    expect(peakOf('')).toBeUndefined();
  });

  it.each(PARLEY_ENCODERS)("is Parley's own as well, with each encoder: %s", async (encoder) => {
    const { path: modelPath } = await resolveModel('parley-nano');
    const engine = await EngineProcess.start({
      program: process.execPath,
      args: [OWN_ENGINE, modelPath, '2', '1', encoder],
    });
    try {
      const [track] = syntheticTracks();
      const [first] = track?.utterances ?? [];
      const pcm = track?.pcm.subarray((first?.startMs ?? 0) * 16 - 1_600, (first?.endMs ?? 0) * 16 + 1_600) ?? [];
      const path = join(folder, 'first.f32');
      await writeFile(path, new Uint8Array(Float32Array.from(pcm, (value) => value / 32_768).buffer));
      const clip = await engine.add({ path, frames: 384, language: 'en', maxTokens: 100 });
      const heard = await engine.hear(clip, { words: true });
      expect(heard.text.split(' ').length).toBeGreaterThan(3);
      expect(heard.totalMs).toBeGreaterThan(heard.encodeMs);
      expect((await engine.hear(clip, { words: false, maxTokens: 4 })).tokens).toBe(4);
      expect((await engine.hearAll([clip, clip, clip], { words: true })).texts).toEqual(Array(3).fill(heard.text));
    } finally {
      await engine.close();
    }
  });
});

describe('the recordings', () => {
  const profile = findPublishedModel('base-q8_0')?.profile;
  const common = { synthetic: false, windows: [] as number[], folder: '' };
  beforeEach(() => {
    common.folder = folder;
  });

  it('are whole, of people, the longest first, each with the window and the tokens that a server would give it', async () => {
    if (profile === undefined) throw new Error('there is no base-q8_0');
    const { all, utterance, windows } = await benchRecordings({ ...common, profile, windows: [256, 1_500] });
    expect(all).toHaveLength(11);
    expect(all.map(({ seconds }) => seconds)).toEqual(all.map(({ seconds }) => seconds).toSorted((a, b) => b - a));
    expect(all[0]).toMatchObject({ seconds: 11, clip: { frames: 640, language: 'en' } });
    expect(all.find(({ clip }) => clip.language === 'pt')?.clip).toMatchObject({ frames: 576 });
    expect(Math.abs(utterance.seconds - 6)).toBeLessThan(0.2);
    expect(utterance.clip).toMatchObject({ frames: 384, language: 'en' });
    const sizes = await Promise.all(windows.map(async ({ clip }) => (await readFile(clip.path)).length));
    expect(sizes).toEqual([256 * 320 * 4, 1_500 * 320 * 4]);
  });

  it('are those alone that the model understands', async () => {
    if (profile === undefined) throw new Error('there is no base-q8_0');
    const { all } = await benchRecordings({ ...common, profile: { ...profile, multilingual: false } });
    expect(new Set(all.map(({ clip }) => clip.language))).toEqual(new Set(['en']));
  });

  it('let random weights, which never end a text, make as many tokens as people speak', async () => {
    if (profile === undefined) throw new Error('there is no base-q8_0');
    const { utterance } = await benchRecordings({ ...common, profile, synthetic: true });
    expect(utterance.clip.maxTokens).toBe(25);
    expect((await benchRecordings({ ...common, profile })).utterance.clip.maxTokens).toBeGreaterThan(100);
  });

  it('have to have one in English', () => {
    expect(() => usualOf([])).toThrow('There is no recording in English.');
  });
});

describe('the measurement', () => {
  it('uses all cores: a lane for each stream while there are cores', () => {
    expect(planOf({ streams: 1, cores: 2 })).toEqual({ streams: 1, lanes: 1, threads: 2 });
    expect(planOf({ streams: 8, cores: 2 })).toEqual({ streams: 8, lanes: 2, threads: 1 });
    expect(planOf({ streams: 4, cores: 16 })).toEqual({ streams: 4, lanes: 4, threads: 4 });
    expect(planOf({ streams: 8, cores: 1 })).toEqual({ streams: 8, lanes: 1, threads: 1 });
  });

  it('lets none always follow the same one', () => {
    expect([0, 1, 2, 3].map((run) => inTurn(['a', 'b', 'c'], run).join(''))).toEqual(['abc', 'bca', 'cab', 'abc']);
    expect(inTurn([], 4)).toEqual([]);
  });

  it('reports medians', () => {
    expect(medianOf([9, 1, 5])).toBe(5);
    expect(medianOf([4, 1, 9, 2])).toBe(3);
    expect(medianOf([])).toBeNaN();
  });

  it('names the version of whisper.cpp that it compares with', () => {
    expect(versionIn('cmake_minimum_required(VERSION 3.5)\nproject("whisper.cpp" VERSION 1.9.1)\n')).toBe('1.9.1');
    expect(versionIn('')).toBe('unknown');
  });
});

describe("the trial of whisper.cpp's settings", () => {
  /** A contestant that takes this long, depending on lanes and threads. */
  const contestant = (name: string, maker: Maker, ms: string): Contestant => ({
    name,
    maker,
    commandOf: ({ lanes, threads }) => ({
      program: process.execPath,
      args: [
        '-e',
        `const [lanes, threads] = [${lanes}, ${threads}];
        console.log('{"loadMs":1}');
        require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
          if (line.startsWith('clip')) return console.log('{}');
          const texts = line.split(' ').slice(2);
          if (texts.length !== lanes) throw new Error(line);
          console.log(JSON.stringify({ totalMs: ${ms}, texts }));
        });`,
      ],
    }),
  });
  const one = contestant('one', 'whispercpp', '10 * lanes');
  const two = contestant('two', 'whispercpp', 'threads > 1 ? 5 : 25');
  const never = contestant('never', 'whispercpp', '100');
  const other = contestant('other', 'parley', 'undefined');
  const utterance = {
    ...{ seconds: 6, text: 'a' },
    clip: { path: '/a.f32', frames: 384, language: 'en', maxTokens: 120 },
  };

  it('measures the quickest setting of each plan with that plan, and all other engines always', async () => {
    const plans = [
      ...[1, 2].map((threads) => ({ lanes: 1, threads, streams: 1 })),
      ...[1, 2, 4, 8].map((streams) => planOf({ streams, cores: 2 })),
    ];
    const recordings = { utterance, all: [utterance, { ...utterance, seconds: 14 }] };
    const trial = await tryWhisper({ contestants: [other, one, two, never], recordings, cores: 2, plans });
    const names = plans.map((plan) => trial.takingPart(plan).map(({ name }) => name));
    expect(names).toEqual(['one', 'two', 'two', 'one', 'one', 'one'].map((name) => ['other', name]));
    // Each way to share the cores once.
    expect(trial.times).toEqual(
      [
        { lanes: 1, threads: 1, took: [10, 25, 100] },
        { lanes: 1, threads: 2, took: [10, 5, 100] },
        { lanes: 2, threads: 1, took: [20, 25, 100] },
      ].flatMap(({ took, ...plan }) =>
        ['one', 'two', 'never'].map((name, index) => ({
          ...{ ...plan, name },
          // Two recordings, 20 s.
          ...(plan.lanes === 1
            ? { utteranceMs: took[index] }
            : { realTimeFactor: Number(((took[index] ?? 0) / 20_000).toFixed(4)) }),
        })),
      ),
    );
  });
});

describe('the result', () => {
  const alone = (utteranceMs: number) => ({
    loadMs: 150,
    melMs: 9.5,
    encodeMs: [50, 900],
    tokenMs: 3.25,
    utteranceMs,
    peakMegabytes: 210,
  });
  const many = (streams: number, realTimeFactor: number) => ({
    streams,
    realTimeFactor,
    peakMegabytes: 300,
    wer: 0.02,
  });
  const engine = (parts: Partial<EngineFigures> & Pick<EngineFigures, 'name' | 'maker'>): EngineFigures => ({
    oneThread: null,
    twoThreads: null,
    offline: [],
    ...parts,
  });
  const common = {
    model: 'base-q8_0',
    seconds: 6.05,
    allSeconds: 66.3,
    windows: [256, 1_500],
    streams: [1, 8],
    whispercppTrial: [{ lanes: 1, threads: 1, name: 'whisper.cpp 1', utteranceMs: 500 }],
    notes: [],
  };
  const own = engine({
    ...{ name: 'Parley', maker: 'parley', oneThread: alone(200), twoThreads: alone(120) },
    offline: [many(1, 0.02), many(8, 0.02)],
  });
  const stock = engine({
    ...{ name: 'whisper.cpp 1', maker: 'whispercpp', oneThread: alone(500), twoThreads: alone(300) },
    offline: [many(1, 0.06), many(8, 0.05)],
  });
  const other = engine({ name: 'CTranslate2', maker: 'ctranslate2', oneThread: alone(260), offline: [many(8, 0.03)] });
  const batches = engine({ name: 'in batches', maker: 'ctranslate2', offline: [many(8, 0.025)] });
  const cells = (options: EngineResultOptions, beginning: string) =>
    resultOf(options).table.rows.find(([what]) => what?.startsWith(beginning));

  it('sets the first of Parley beside the best of each other, in figures', () => {
    const { figures } = resultOf({ ...common, engines: [own, stock, other, batches] });
    expect(figures).toMatchObject({
      model: 'base-q8_0',
      utterance: { seconds: 6.05, ms: 200, whispercppMs: 500, ctranslate2Ms: 260 },
      offline: {
        streams: 8,
        realTimeFactor: 0.02,
        whispercppRealTimeFactor: 0.05,
        ctranslate2RealTimeFactor: 0.025,
      },
      goals: { oneThreadMs: 220, twoThreadsMs: 130, timesWhispercpp: 2.5 },
      whispercppTrial: [{ lanes: 1, threads: 1, name: 'whisper.cpp 1', utteranceMs: 500 }],
    });
  });

  it('says of what was not run that it is not known', () => {
    const options = { ...common, engines: [own, stock] };
    expect(resultOf(options).figures).toMatchObject({
      utterance: { ctranslate2Ms: null },
      offline: { ctranslate2RealTimeFactor: null },
    });
    expect(cells(options, "8 streams, throughput beside CTranslate2's")?.slice(1, 3)).toEqual(['-', '-']);
    const slow = { ...common, engines: [engine({ ...own, twoThreads: null }), stock] };
    expect(cells(slow, 'utterance of 6.0 s with words, 2 threads')?.[1]).toBe('-');
  });

  it('is a table: a column an engine, a row a figure, and what is wanted at the end', () => {
    const options = { ...common, engines: [own, stock, other, batches] };
    const { table } = resultOf(options);
    expect(table.columns).toEqual(['what', 'Parley', 'whisper.cpp 1', 'CTranslate2', 'in batches', 'goal']);
    expect(table.rows.every(({ length }) => length === table.columns.length)).toBe(true);
    expect(cells(options, 'utterance of 6.0 s with words, 1 thread')?.slice(1)).toEqual([
      ...['200 ms', '500 ms', '260 ms', '-'],
      '<= 220 ms',
    ]);
    expect(cells(options, 'encoder, 1500 frames')?.slice(1, 3)).toEqual(['900 ms', '900 ms']);
    expect(cells(options, '66 s, 8 streams, x real time')?.[1]).toBe('0.0200');
    expect(cells(options, "8 streams, throughput beside whisper.cpp's")).toEqual([
      "8 streams, throughput beside whisper.cpp's",
      ...['2.50 x', '1.00 x', '1.67 x', '2.00 x', '>= 2.5 x'],
    ]);
    expect(cells(options, "8 streams, throughput beside CTranslate2's")?.[1]).toBe('1.25 x');
    expect(formatTable(table)).toContain('| most memory, 8 streams ');
  });
});

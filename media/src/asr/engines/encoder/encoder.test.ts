import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createSpeechEngine,
  type SpeechEngine,
  type SpeechEngineOptions,
  type TranscribeJob,
  type TranscribeResult,
} from '@parley/native';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { builtInModel, job } from '../../../../../native/test/support/builtInModel.js';
import { decodeAll, type Utterance, utterance } from '../../../../../native/test/support/fixtures.js';
import { writeFloat32Model } from '../../../../../native/test/support/float32Model.js';
import { align } from '../../../testing/align.js';
import { comparableWords } from '../../../testing/comparableWords.js';
import { leaveOut, MODELS_DIRECTORY, TEST_MODEL } from '../../../testing/publishedModels.js';
import { readSound } from '../../../worker/recordings/sound/readSound.js';
import type { EncoderPrecision } from './encoderGraph.js';
import { encoderOf } from './encoderOf.js';
import { onnxLibraryPath } from './onnxLibrary.js';
import { precisionFor, prepareEncoder } from './prepareEncoder.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const SPOKEN = ['en-01', 'en-04', 'de-12'].map(utterance);
const PCM = new Map(SPOKEN.map((spoken) => [spoken.name, decodeAll(spoken)]));
const pcmOf = ({ name }: Utterance) => PCM.get(name) as Int16Array;

let directory: string;
const engines: SpeechEngine[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-encoder-'));
});

afterAll(async () => {
  for (const engine of engines) await engine.close();
  await rm(directory, { recursive: true, force: true });
});

async function engineOf(options: Partial<SpeechEngineOptions> & { modelPath: string }): Promise<SpeechEngine> {
  const engine = await createSpeechEngine({
    device: 'cpu',
    lanes: 1,
    threadsPerLane: 1,
    flashAttention: false,
    ...options,
  });
  engines.push(engine);
  return engine;
}

async function encoderFor(modelPath: string, precision?: EncoderPrecision) {
  return {
    libraryPath: onnxLibraryPath(),
    graphPath: await prepareEncoder({ modelPath, directory, ...(precision === undefined ? {} : { precision }) }),
  };
}

/** A graph that can be loaded but lacks an output that every run needs. */
async function graphWithoutValues(): Promise<string> {
  const own = join(directory, 'other');
  await mkdir(own);
  const graphPath = await prepareEncoder({ modelPath: builtInModel(), directory: own });
  const graph = (await readFile(graphPath)).toString('latin1').replaceAll('values', 'valueX');
  await writeFile(graphPath, Buffer.from(graph, 'latin1'));
  return graphPath;
}

/** Without the remembered hashes of models. */
async function graphsIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => !name.endsWith('.sha256')).sort();
}

describe('the encoder by ONNX Runtime', () => {
  it('in 32 bits gives the tokens of whisper.cpp in 32 bits', async () => {
    const modelPath = join(directory, 'float32.bin');
    await writeFloat32Model(builtInModel(), modelPath);
    const own = await engineOf({ modelPath });
    const onnx = await engineOf({ modelPath, encoder: await encoderFor(modelPath, 'float32') });
    expect(own.info).toMatchObject({ encoder: 'whispercpp' });
    expect(onnx.info).toMatchObject({ encoder: 'onnx', encoderVersion: expect.stringMatching(/^\d+\.\d+/) });
    for (const spoken of SPOKEN) {
      for (const audioContext of [0, 512]) {
        const wanted = job(pcmOf(spoken), { language: spoken.language, audioContext, words: true });
        const [one, other] = [await own.transcribe(wanted), await onnx.transcribe(wanted)];
        expect(other.tokenIds).toEqual(one.tokenIds);
        expect(other.noSpeechProbability).toBeCloseTo(one.noSpeechProbability, 2);
        const far = one.words?.filter(
          ({ startMs }, at) => Math.abs(startMs - (other.words?.[at]?.startMs ?? -1_000)) > 60,
        );
        expect(far).toEqual([]);
      }
    }
  });

  describe('in 8 bits', () => {
    let engine: SpeechEngine;
    beforeAll(async () => {
      const modelPath = builtInModel();
      engine = await engineOf({ modelPath, lanes: 2, threadsPerLane: 2, encoder: await encoderFor(modelPath) });
    });

    it('gives every word', async () => {
      for (const spoken of SPOKEN) {
        const { text, encoderFailure } = await engine.transcribe(job(pcmOf(spoken), { language: spoken.language }));
        expect(encoderFailure).toBeUndefined();
        expect(text).toBe(spoken.text);
      }
    });

    it('finds the language', async () => {
      for (const spoken of SPOKEN) {
        expect(await engine.transcribe(job(pcmOf(spoken), { language: 'auto' }))).toMatchObject({
          language: spoken.language,
          text: spoken.text,
        });
      }
    });

    it('goes with beams and with temperatures', async () => {
      const [spoken] = SPOKEN as [Utterance];
      expect((await engine.transcribe(job(pcmOf(spoken), { beamSize: 3 }))).text).toBe(spoken.text);
      expect((await engine.transcribe(job(pcmOf(spoken), { temperature: 0.2, words: true }))).text).not.toBe('');
    });

    it('shows nothing of an earlier request in a later one, whatever the order', async () => {
      const jobs = SPOKEN.flatMap((spoken) =>
        [0, 512].map((audioContext) => job(pcmOf(spoken), { language: spoken.language, audioContext, words: true })),
      );
      const alone: TranscribeResult[] = [];
      for (const wanted of jobs) alone.push(await engine.transcribe(wanted));
      const meaning = ({ timings: _timings, ...rest }: TranscribeResult) => rest;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(jobs.length - 1), fc.nat(jobs.length - 1)), { minLength: 1, maxLength: 4 }),
          async (pairs) => {
            for (const pair of pairs) {
              const answers = await Promise.all(pair.map((at) => engine.transcribe(jobs[at] as TranscribeJob)));
              expect(answers.map(meaning)).toEqual(pair.map((at) => meaning(alone[at] as TranscribeResult)));
            }
          },
        ),
        { numRuns: 6, seed: 7 },
      );
    });

    it('stops within a moment when it is asked to, and at the end of its time', async () => {
      const samples = new Int16Array(30 * 16_000).map((_, at) => Math.round(3_000 * Math.sin(at * at * 0.0001)));
      const whole = job(samples, { audioContext: 0, maxTokens: 1, threads: 1 });
      // CPU time, not wall time: other programs may use the cores.
      const coresUsedMs = async (work: () => Promise<unknown>) => {
        const before = process.cpuUsage();
        await work();
        const { user, system } = process.cpuUsage(before);
        return (user + system) / 1_000;
      };
      const wholeMs = await coresUsedMs(() => engine.transcribe(whole));
      const runs = { abort: { ...whole, timeoutMs: 0 }, timeout: { ...whole, timeoutMs: 5 } };
      for (const [how, wanted] of Object.entries(runs)) {
        const stoppedMs = await coresUsedMs(async () => {
          const giveUp = new AbortController();
          const running = engine.transcribe(wanted, { signal: giveUp.signal });
          if (how === 'abort') giveUp.abort();
          await expect(running).rejects.toMatchObject({ code: 'NATIVE_ABORTED' });
        });
        expect(stoppedMs).toBeLessThan(wholeMs / 2 + 25);
      }
      const [spoken] = SPOKEN as [Utterance];
      expect(await engine.transcribe(job(pcmOf(spoken)))).toMatchObject({ text: spoken.text });
    });

    it.each([
      'greedily',
      'with a prompt',
    ])('takes a draft for what it is worth, and for nothing more, %s', async (how) => {
      const prompt = how === 'greedily' ? '' : 'Good morning. The weather is fine.';
      const plain: TranscribeResult[] = [];
      for (const spoken of SPOKEN) {
        plain.push(await engine.transcribe(job(pcmOf(spoken), { language: spoken.language, prompt, words: true })));
      }
      const edit = fc.record({
        at: fc.nat(30),
        drop: fc.nat(3),
        put: fc.array(fc.integer({ min: 0, max: 50_256 }), { maxLength: 3 }),
      });
      await fc.assert(
        fc.asyncProperty(fc.nat(SPOKEN.length - 1), fc.array(edit, { maxLength: 3 }), async (at, edits) => {
          const spoken = SPOKEN[at] as Utterance;
          const expected = plain[at] as TranscribeResult;
          const draft = [...expected.tokenIds];
          for (const { at: from, drop, put } of edits) draft.splice(from, drop, ...put);
          const wanted = job(pcmOf(spoken), { language: spoken.language, prompt, words: true, draft });
          const result = await engine.transcribe(wanted);
          expect(result.tokenIds).toEqual(expected.tokenIds);
          expect(result.meanLogProbability).toBeCloseTo(expected.meanLogProbability, 1);
          expect(result.words?.map(({ text }) => text)).toEqual(expected.words?.map(({ text }) => text));
        }),
        { numRuns: 25, seed: 11 },
      );
    });
  });
});

describe('an encoder that cannot do its work', () => {
  const [spoken] = SPOKEN as [Utterance];

  it.each([
    ['there is none', () => join(directory, 'none.so')],
    ['it is no library', () => builtInModel()],
  ])('is known from the start where the library cannot be used: %s', async (_why, libraryPath) => {
    const { graphPath } = await encoderFor(builtInModel());
    const engine = await engineOf({ modelPath: builtInModel(), encoder: { libraryPath: libraryPath(), graphPath } });
    expect(engine.info).toMatchObject({ encoder: 'whispercpp', encoderFailure: expect.stringMatching(/\S/) });
    expect((await engine.transcribe(job(pcmOf(spoken)))).text).toBe(spoken.text);
  });

  it('is known from the start where its graph is damaged', async () => {
    const graphPath = join(directory, 'damaged.onnx');
    await writeFile(graphPath, 'This is no graph.');
    const engine = await engineOf({
      modelPath: builtInModel(),
      encoder: { libraryPath: onnxLibraryPath(), graphPath },
    });
    expect(engine.info).toMatchObject({ encoder: 'whispercpp', encoderFailure: expect.stringMatching(/\S/) });
    expect((await engine.transcribe(job(pcmOf(spoken)))).text).toBe(spoken.text);
  });

  it('is known from the start where its weights are cut off', async () => {
    const modelPath = builtInModel();
    const own = join(directory, 'cut');
    await mkdir(own);
    const graphPath = await prepareEncoder({ modelPath, directory: own });
    await truncate(join(graphPath, '..', 'encoder.weights'), 1_000);
    const engine = await engineOf({ modelPath, encoder: { libraryPath: onnxLibraryPath(), graphPath } });
    expect(engine.info).toMatchObject({ encoder: 'whispercpp', encoderFailure: expect.stringMatching(/\S/) });
    expect((await engine.transcribe(job(pcmOf(spoken)))).text).toBe(spoken.text);
  });
});

describe('an encoder that fails at run time', () => {
  it('is reported once, loses no request, and whisper.cpp encodes from then on', async () => {
    const [spoken] = SPOKEN as [Utterance];
    const graphPath = await graphWithoutValues();
    const engine = await engineOf({
      modelPath: builtInModel(),
      encoder: { libraryPath: onnxLibraryPath(), graphPath },
    });
    expect(engine.info.encoder).toBe('onnx');
    // The sender cancels the first request that it fails for: the first answered sender gets the report.
    const samples = new Int16Array(30 * 16_000).map((_, at) => Math.round(3_000 * Math.sin(at * at * 0.0001)));
    const given = engine.transcribe(job(samples, { audioContext: 0, beamSize: 8, timeoutMs: 100 }));
    await expect(given).rejects.toMatchObject({ code: 'NATIVE_ABORTED' });
    const first = await engine.transcribe(job(pcmOf(spoken)));
    expect(first).toMatchObject({ text: spoken.text, encoderFailure: expect.stringMatching(/\S/) });
    const second = await engine.transcribe(job(pcmOf(spoken)));
    expect(second.text).toBe(spoken.text);
    expect(second.encoderFailure).toBeUndefined();
  });
});

describe('the graph of an encoder', () => {
  it('has weights of seven bits where eight would overflow', async () => {
    expect(precisionFor('x64', 'processor: 0\nflags\t\t: fpu avx2 avx512_vnni\n')).toBe('int8');
    expect(precisionFor('x64', 'flags : fpu avx2\n')).toBe('int7');
    expect(precisionFor('x64', '')).toBe('int7');
    expect(precisionFor('arm64', '')).toBe('int8');
    const [spoken] = SPOKEN as [Utterance];
    const engine = await engineOf({ modelPath: builtInModel(), encoder: await encoderFor(builtInModel(), 'int7') });
    expect((await engine.transcribe(job(pcmOf(spoken)))).text).toBe(spoken.text);
  });

  it('is one where several write it at a time, and is not written again', async () => {
    const own = join(directory, 'once');
    const found = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const path = await prepareEncoder({ modelPath: builtInModel(), directory: own });
        // A later request does not report again.
        return { path, inode: (await stat(path)).ino };
      }),
    );
    expect(new Set(found.map(({ path, inode }) => `${path} ${inode}`)).size).toBe(1);
    expect(await graphsIn(own)).toHaveLength(1);
    const path = found[0]?.path ?? '';
    const before = await stat(path);
    expect(await prepareEncoder({ modelPath: builtInModel(), directory: own })).toBe(path);
    expect((await stat(path)).mtimeMs).toBe(before.mtimeMs);
  });

  it('is written again into the folder of one that a killed process has half deleted', async () => {
    const own = join(directory, 'half');
    const path = await prepareEncoder({ modelPath: builtInModel(), directory: own });
    await rm(path);
    expect(await prepareEncoder({ modelPath: builtInModel(), directory: own })).toBe(path);
    expect((await stat(path)).size).toBeGreaterThan(1_000);
  });

  it('goes with what is in the file, wherever and whenever that changes', async () => {
    const own = join(directory, 'changing');
    const modelPath = join(directory, 'changing.bin');
    await copyFile(builtInModel(), modelPath);
    const first = await prepareEncoder({ modelPath, directory: own });
    expect(await prepareEncoder({ modelPath: builtInModel(), directory: own })).toBe(first);
    await writeFloat32Model(builtInModel(), modelPath);
    expect(await prepareEncoder({ modelPath, directory: own })).not.toBe(first);
  });

  it('is written again by another version, which takes the old one away', async () => {
    const own = join(directory, 'versions');
    const path = await prepareEncoder({ modelPath: builtInModel(), directory: own });
    const [name] = await graphsIn(own);
    const old = String(name).replace(/^v\d+/, 'v0');
    const newer = String(name).replace(/^v\d+/, 'v999');
    const [left, written] = [`${old}.part-killed`, `${old}.part-at-work`];
    for (const each of [old, newer, left, written]) await mkdir(join(own, each));
    await utimes(join(own, left), 0, 0);
    await rm(join(own, String(name)), { recursive: true });
    expect(await prepareEncoder({ modelPath: builtInModel(), directory: own })).toBe(path);
    expect(await graphsIn(own)).toEqual([written, name, newer].sort());
  });

  it.each([
    ['a file that is no model', async (path: string) => writeFile(path, 'no model')],
    ['a missing file', async () => {}],
  ])('is not written from %s: whisper.cpp encodes, and the reason is told', async (_what, make) => {
    const modelPath = join(directory, 'other.bin');
    await rm(modelPath, { force: true });
    await make(modelPath);
    const prepared = await encoderOf({ engine: 'auto', device: 'cpu', modelPath, directory });
    expect(prepared).toEqual({ failure: expect.stringMatching(/\S/) });
  });

  it('is not written where the folder cannot be', async () => {
    const blocked = join(directory, 'blocked');
    await writeFile(blocked, '');
    const prepared = await encoderOf({ engine: 'onnx', device: 'cpu', modelPath: builtInModel(), directory: blocked });
    expect(prepared).toEqual({ failure: expect.stringMatching(/EEXIST|ENOTDIR/) });
  });

  it('is not needed on a GPU, by choice, or without a place for it', async () => {
    const modelPath = builtInModel();
    expect(await encoderOf({ engine: 'auto', device: 'cuda', modelPath, directory })).toEqual({});
    expect(await encoderOf({ engine: 'whispercpp', device: 'cpu', modelPath, directory })).toEqual({});
    expect(await encoderOf({ engine: 'auto', device: 'cpu', modelPath })).toEqual({});
  });
});

const published = join(MODELS_DIRECTORY, `ggml-${TEST_MODEL}.bin`);
describe.skipIf(
  leaveOut({
    what: 'the encoder of a published model is not tested on people',
    missing: existsSync(published) ? undefined : `there is no ${published}`,
  }),
)('people, heard by a published model', () => {
  const CLIPS = new URL('../../../../../test/fixtures/people/clips/', import.meta.url);

  it('say the same words through ONNX Runtime as through whisper.cpp', async () => {
    const own = await engineOf({ modelPath: published });
    const onnx = await engineOf({ modelPath: published, encoder: await encoderFor(published) });
    let words = 0;
    let others = 0;
    let [ownMs, onnxMs] = [0, 0];
    for (const name of (await readdir(CLIPS)).filter((file) => file.startsWith('en-'))) {
      const pcm = await readSound(new URL(name, CLIPS));
      const wanted = job(pcm, { audioContext: 704 });
      const [one, other] = [await own.transcribe(wanted), await onnx.transcribe(wanted)];
      const [expected, heard] = [comparableWords(one.text), comparableWords(other.text)];
      words += expected.length;
      others += align(expected, heard).edits;
      ownMs += one.timings.melMs + one.timings.encodeMs;
      onnxMs += other.timings.melMs + other.timings.encodeMs;
    }
    expect(words).toBeGreaterThan(100);
    expect(others / words).toBeLessThan(0.03);
    expect(onnxMs).toBeLessThan(ownMs);
  });
});

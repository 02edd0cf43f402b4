import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSpeechEngine, ModelFile, readModelHeader } from '@parley/native';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_RECOGNITION_SETTINGS } from '../../../asr/contract/recognition.js';
import { transcribeJob } from '../../../asr/jobOptions.js';
import { ordinaryProfile } from '../../../settings/modelCatalogue.js';
import { noise } from '../../../testing/noises.js';
import { ModelStore } from '../ModelStore.js';
import { halfToFloat } from '../packages/half.js';
import { randomWeights } from './randomWeights.js';
import { SYNTH_SHAPES } from './shapes.js';
import { isSynthShape, type SynthOptions, synthFileName, synthParts, writeSynthModel } from './synthModel.js';

const TIMEOUT_MS = 120_000;
/** A token of a list like the real one: whisper.cpp looks for a single space. */
const TOKENS = ['!', ' ', ' the'].map((text) => new TextEncoder().encode(text));
const WORDS_MEGABYTES = 0.51;

let folder = '';
let store: ModelStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-synth-'));
  store = new ModelStore({
    directory: join(folder, 'models'),
    builtInDirectory: fileURLToPath(new URL('../../../../../native/models', import.meta.url)),
  });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Heads at their places and holes for weights: a file of gigabytes takes a few kilobytes of the disk. */
async function writeHeads(options: SynthOptions): Promise<string> {
  const path = join(folder, 'heads.bin');
  const file = await open(path, 'w');
  let at = 0;
  for (const { head, weights } of synthParts(options, TOKENS)) {
    await file.write(head, 0, head.length, at);
    at += head.length + (weights?.bytes ?? 0);
  }
  await file.truncate(at);
  await file.close();
  return path;
}

async function writeTiny(changes: Partial<SynthOptions> = {}): Promise<string> {
  const what = { shape: 'tiny', type: 'q8_0', seed: 1, ...changes } as const;
  const path = join(folder, synthFileName(what));
  await writeSynthModel({ ...what, path, vocabularyFrom: (await store.pull('parley-nano')).path });
  return path;
}

async function wordsOf(path: string): Promise<Uint8Array[]> {
  const file = await ModelFile.open(path);
  try {
    return await file.words();
  } finally {
    await file.close();
  }
}

const sumOf = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

describe('a model of random weights', () => {
  it.each([
    ['tiny', 'q8_0', 'tiny', 51_865, 384, 6, 4, 4, 80, 43.5],
    ['base', 'q8_0', 'base', 51_865, 512, 8, 6, 6, 80, 81.8],
    ['base', 'f16', 'base', 51_865, 512, 8, 6, 6, 80, 148],
    ['small', 'q8_0', 'small', 51_865, 768, 12, 12, 12, 80, 264],
    ['medium', 'q8_0', 'medium', 51_865, 1_024, 16, 24, 24, 80, 823],
    ['large-v3', 'f16', 'large', 51_866, 1_280, 20, 32, 32, 128, 3_095],
    ['turbo', 'q8_0', 'large', 51_866, 1_280, 20, 32, 4, 128, 874],
  ] as const)('has the head and the size of its shape: %s %s', async (shape, type, family, vocabulary, width, heads, audioLayers, textLayers, mels, megabytes) => {
    const path = await writeHeads({ shape, type, seed: 1 });
    const header = await readModelHeader(path);
    expect(header).toMatchObject({
      ...{ type: family, vocabulary, mels, multilingual: true, quantisation: type },
      ...{ audioState: width, audioHeads: heads, audioLayers },
      ...{ textState: width, textHeads: heads, textLayers },
      ...{ audioContext: 1_500, textContext: 448, tensors: 11 + 15 * audioLayers + 24 * textLayers },
    });
    // The publisher's own file has its words in it, too.
    expect(Math.abs(header.bytes / 1e6 + WORDS_MEGABYTES - megabytes)).toBeLessThan(0.005 * megabytes);
  });

  it('names its shapes', () => {
    expect(Object.keys(SYNTH_SHAPES)).toEqual(['tiny', 'base', 'small', 'medium', 'large-v3', 'turbo']);
    expect(isSynthShape('turbo')).toBe(true);
    expect(isSynthShape('toString')).toBe(false);
  });

  it(
    'is the same for the same seed and another for another, and has the words of the model that it took them from',
    async () => {
      const [first, again, other] = [await writeTiny(), await sumOf(await writeTiny()), await writeTiny({ seed: 2 })];
      expect(await sumOf(first)).toBe(again);
      expect(await sumOf(other)).not.toBe(again);
      expect(await wordsOf(first)).toEqual(await wordsOf((await store.pull('parley-nano')).path));
      expect(await readModelHeader(first)).toMatchObject({ type: 'tiny', bytes: (await stat(first)).size });
    },
    TIMEOUT_MS,
  );

  it.each(['q8_0', 'f16'] as const)(
    'runs in the engine and makes tokens until they are used up, whatever it hears: %s',
    async (type) => {
      const modelPath = await writeTiny({ type });
      const options = { modelPath, device: 'cpu', lanes: 1, threadsPerLane: 1, flashAttention: false } as const;
      const engine = await createSpeechEngine(options);
      try {
        const job = transcribeJob({
          kind: 'interim',
          pcm: noise({ kind: 'pink', seconds: 2, levelDb: -30 }),
          settings: { ...DEFAULT_RECOGNITION_SETTINGS, language: 'en' },
          profile: ordinaryProfile({ name: 'tiny', multilingual: true }),
          timeoutMs: TIMEOUT_MS,
        });
        const result = await engine.transcribe({ ...job, maxTokens: 12 });
        expect(result).toMatchObject({ tokens: 12, truncated: true });
        expect(Number.isFinite(result.meanLogProbability)).toBe(true);
        expect(result.meanLogProbability).toBeLessThan(0);
      } finally {
        await engine.close();
      }
    },
    TIMEOUT_MS,
  );

  it('is said to know no words wherever it is loaded', async () => {
    const { reason, profile } = await store.resolve(await writeTiny(), { device: 'cpu' });
    expect(profile).toMatchObject({ name: 'parley-synth-tiny-q8_0-1', demo: false, multilingual: true });
    expect(reason).toBe('The model parley-synth-tiny-q8_0-1 has random weights: it measures speed and knows no words.');
  });

  it('reports its progress, and leaves nothing when aborted', async () => {
    const vocabularyFrom = (await store.pull('parley-nano')).path;
    const giveUp = new AbortController();
    const fractions: number[] = [];
    const path = join(folder, 'out', 'a.bin');
    const written = writeSynthModel({
      ...{ shape: 'tiny', type: 'f16', seed: 1, path, vocabularyFrom, signal: giveUp.signal },
      onProgress: (fraction) => {
        fractions.push(fraction);
        if (fraction > 0.5) giveUp.abort();
      },
    });
    await expect(written).rejects.toMatchObject({ code: 'MODEL_INTERRUPTED' });
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(fractions.length).toBeGreaterThan(10);
    expect(await readdir(join(folder, 'out'))).toEqual([]);
  });

  it(
    'is written by two at once, one after the other, and what a killed one left goes',
    async () => {
      const vocabularyFrom = (await store.pull('parley-nano')).path;
      const path = join(folder, 'out', 'a.bin');
      await mkdir(join(folder, 'out'));
      await writeFile(`${path}.new-killed`, '');
      const options = { shape: 'tiny', type: 'q8_0', seed: 1, path, vocabularyFrom } as const;
      await Promise.all([writeSynthModel(options), writeSynthModel(options)]);
      expect(await readdir(join(folder, 'out'))).toEqual(['a.bin']);
      expect(await sumOf(path)).toBe(await sumOf(await writeTiny()));
    },
    TIMEOUT_MS,
  );

  it('says where it cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    const vocabularyFrom = (await store.pull('parley-nano')).path;
    const path = join(folder, 'file', 'a.bin');
    await expect(writeSynthModel({ shape: 'tiny', type: 'f16', seed: 1, path, vocabularyFrom })).rejects.toMatchObject({
      code: 'MODEL_DISK_FAILED',
    });
  });
});

describe('random weights', () => {
  const tensor = { name: 'encoder.blocks.0.mlp.0.weight', shape: [64, 1_024] };
  const deviation = 1 / Math.sqrt(1_024);
  const momentsOf = (values: readonly number[]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return { mean, deviation: Math.sqrt(variance) };
  };
  const bytesOf = (tensorType: number, of = tensor) =>
    Buffer.concat(
      [...randomWeights({ tensor: of, tensorType, layers: 4, seed: 7 })].map((chunk) => Buffer.from(chunk)),
    );

  it('have the deviation that their inputs call for, in each way to keep them', () => {
    const [floats, halves, blocks] = [bytesOf(0), bytesOf(1), bytesOf(8)];
    const count = 64 * 1_024;
    const ways = [
      Array.from({ length: count }, (_, index) => floats.readFloatLE(4 * index)),
      Array.from({ length: count }, (_, index) => halfToFloat(halves.readUInt16LE(2 * index))),
      Array.from({ length: count }, (_, index) => {
        const block = 34 * Math.floor(index / 32);
        return halfToFloat(blocks.readUInt16LE(block)) * blocks.readInt8(block + 2 + (index % 32));
      }),
    ];
    for (const values of ways) {
      const moments = momentsOf(values);
      expect(Math.abs(moments.mean)).toBeLessThan(0.02 * deviation);
      expect(Math.abs(moments.deviation / deviation - 1)).toBeLessThan(0.02);
    }
  });

  it('leave a norm as it is', () => {
    const bytes = bytesOf(0, { name: 'decoder.blocks.3.cross_attn_ln.weight', shape: [64] });
    expect(new Set(new Float32Array(Uint8Array.from(bytes).buffer))).toEqual(new Set([1]));
  });
});

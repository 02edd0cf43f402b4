import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noise } from '../../../testing/noises.js';
import { OpenWakeWordDetector } from './OpenWakeWordDetector.js';

const model = (name: string) => fileURLToPath(new URL(`../../../../test/fixtures/wake/${name}.onnx`, import.meta.url));
const MODELS = { melModel: model('mel'), embeddingModel: model('embedding'), classifierModels: [model('tone')] };

/** The sound that the generated classifier detects: a tone near 1 kHz (at exactly 1 kHz every frame would start at the same phase). */
function tone(ms: number): Int16Array {
  return Int16Array.from({ length: ms * 16 }, (_, index) => 8_000 * Math.sin((2 * Math.PI * 1_013 * index) / 16_000));
}

describe('OpenWakeWordDetector', () => {
  let detector: OpenWakeWordDetector;
  beforeAll(async () => {
    detector = await OpenWakeWordDetector.create(MODELS);
  });
  afterAll(() => detector.close());

  async function heard(
    parts: Int16Array[],
    options: { chunk?: number; sensitivity?: number; by?: OpenWakeWordDetector } = {},
  ) {
    const detections: { phrase: string; score: number }[] = [];
    const stream = (options.by ?? detector).open({
      sensitivity: options.sensitivity ?? 0.6,
      onDetection: (detection) => detections.push(detection),
    });
    const chunk = options.chunk ?? 320;
    for (const part of parts) {
      for (let at = 0; at < part.length; at += chunk) {
        stream.push(part.subarray(at, at + chunk));
        if (at % (chunk * 50) === 0) await stream.drain();
      }
    }
    await stream.drain();
    stream.close();
    return detections;
  }

  it('hears its word, once, and names it by its file', async () => {
    const detections = await heard([new Int16Array(32_000), tone(1_500), new Int16Array(16_000)]);
    expect(detections).toHaveLength(1);
    expect(detections[0]?.phrase).toBe('tone');
    expect(detections[0]?.score).toBeGreaterThan(0.5);
  });

  it('hears the same however the samples come', async () => {
    const parts = [new Int16Array(32_000), tone(1_500), new Int16Array(8_000)];
    expect(await heard(parts, { chunk: 333 })).toEqual(await heard(parts, { chunk: 1_280 }));
  });

  it('hears nothing in silence and noise', async () => {
    const parts = (['silence', 'white', 'pink', 'clicks', 'hum'] as const).map((kind) =>
      noise({ kind, seconds: 4, levelDb: -20 }),
    );
    expect(await heard(parts)).toEqual([]);
  });

  it('hears the word again after a while', async () => {
    const pause = new Int16Array(16_000 * 4);
    expect(await heard([pause, tone(1_500), pause, tone(1_500), pause])).toHaveLength(2);
  });

  it('takes two models of the same phrase for one word', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-wake-'));
    const versions = ['tone_v0.1', 'tone-v2'].map((name) => join(folder, `${name}.onnx`));
    for (const file of versions) await copyFile(model('tone'), file);
    const both = await OpenWakeWordDetector.create({ ...MODELS, classifierModels: versions });
    try {
      expect(both.phrases).toEqual(['tone']);
      const parts = [new Int16Array(32_000), tone(1_500), new Int16Array(16_000)];
      expect(await heard(parts, { by: both })).toEqual(await heard(parts));
    } finally {
      await both.close();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('hears each of two words, whichever of them was heard just before', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-wake-'));
    const other = join(folder, 'other.onnx');
    await copyFile(model('tone'), other);
    const both = await OpenWakeWordDetector.create({ ...MODELS, classifierModels: [other, model('tone')] });
    try {
      const detections = await heard([new Int16Array(32_000), tone(1_500), new Int16Array(16_000)], { by: both });
      expect(detections.map(({ phrase }) => phrase)).toEqual(['other', 'tone']);
    } finally {
      await both.close();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('skips the oldest when it cannot keep up, and says so', async () => {
    const before = detector.stats.skippedHops;
    const stream = detector.open({ sensitivity: 0.6, onDetection: () => {} });
    stream.push(new Int16Array(16_000 * 10));
    await stream.drain();
    stream.close();
    expect(detector.stats.skippedHops - before).toBe(125 - 32);
  });

  it('forgets at a reset what it was about to hear', async () => {
    const detections: unknown[] = [];
    const stream = detector.open({ sensitivity: 0.6, onDetection: (detection) => detections.push(detection) });
    stream.push(tone(1_000));
    await stream.drain();
    stream.reset();
    stream.push(tone(1_000));
    await stream.drain();
    stream.close();
    expect(detections).toEqual([]);
  });

  it('refuses files that are no models, and models of another kind, at the start', async () => {
    const wrong = { ...MODELS, classifierModels: [fileURLToPath(import.meta.url)] };
    await expect(OpenWakeWordDetector.create(wrong)).rejects.toMatchObject({ code: 'WAKE_MODEL_UNREADABLE' });
    const swapped = { ...MODELS, embeddingModel: model('tone') };
    await expect(OpenWakeWordDetector.create(swapped)).rejects.toMatchObject({ code: 'WAKE_MODEL_UNSUITABLE' });
  });
});

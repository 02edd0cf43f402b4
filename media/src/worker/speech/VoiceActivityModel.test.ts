import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { speech16k } from '../../../test/loadFixtures.js';
import { resolveSpeechSettings } from '../../settings/modes.js';
import { readSound } from '../../testing/index.js';
import { rms } from '../audio/levels.js';
import { Segmenter } from './Segmenter.js';
import { VoiceActivityModel } from './VoiceActivityModel.js';
import { VAD_FRAME_SAMPLES, VAD_QUEUE_FRAMES } from './VoiceActivityStream.js';

const speech = speech16k();
const frameCount = Math.floor(speech.length / VAD_FRAME_SAMPLES);
const frameOf = (index: number) => speech.subarray(index * VAD_FRAME_SAMPLES, (index + 1) * VAD_FRAME_SAMPLES);

let model: VoiceActivityModel;
beforeAll(async () => {
  model = await VoiceActivityModel.create();
});
afterAll(() => model.close());

/** Answers to the whole fixture, one frame at a time. */
function probabilitiesAlone(): Promise<number[]> {
  return probabilitiesOf(speech);
}

async function probabilitiesOf(pcm: Int16Array): Promise<number[]> {
  const seen: number[] = [];
  const stream = model.open({ onProbability: (probability) => seen.push(probability) });
  for (let at = 0; at + VAD_FRAME_SAMPLES <= pcm.length; at += VAD_FRAME_SAMPLES) {
    stream.push(pcm.subarray(at, at + VAD_FRAME_SAMPLES));
    await stream.drain();
  }
  stream.close();
  return seen;
}

describe('VoiceActivityModel', () => {
  it('hears speech where there is speech, and nowhere else', async () => {
    const probabilities = await probabilitiesAlone();
    expect(probabilities).toHaveLength(frameCount);
    const mean = (from: number, to: number) => {
      const part = probabilities.slice(Math.ceil((from * 16_000) / 512), Math.floor((to * 16_000) / 512));
      return part.reduce((sum, probability) => sum + probability, 0) / part.length;
    };
    expect(mean(0, 0.35)).toBeLessThan(0.2);
    expect(mean(0.5, 3.4)).toBeGreaterThan(0.8);
    expect(mean(3.75, 4.08)).toBeLessThan(0.2);
  });

  it.each([
    -48, -36, -24, 12, 24,
  ])('hears a person nearly as well with a microphone that is %i dB off', async (decibels) => {
    const pcm = await readSound(new URL('../../../../test/fixtures/people/clips/en-sense1.flac', import.meta.url));
    const gain = 10 ** (decibels / 20);
    const wrong = pcm.map((sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample * gain))));
    const heard = async (of: Int16Array) =>
      (await probabilitiesOf(of)).filter((probability) => probability >= 0.5).length;
    expect(await heard(wrong)).toBeGreaterThan(0.9 * (await heard(pcm)));
  });

  it('is the file that its README names', () => {
    const folder = new URL('../../../models/', import.meta.url);
    const sum = createHash('sha256')
      .update(readFileSync(new URL('silero_vad_v6_16k.onnx', folder)))
      .digest('hex');
    expect(readFileSync(new URL('README.md', folder), 'utf8')).toContain(sum);
  });

  it('gives the segmenter one utterance that holds all of the speech', async () => {
    const segmenter = new Segmenter(
      resolveSpeechSettings('balanced', { endpointing: 'fixed', endSilenceMs: 500, interimIntervalMs: 500 }),
    );
    const probabilities = await probabilitiesAlone();
    const events = probabilities.flatMap((probability, index) =>
      segmenter.push({ startSample: index * 512, samples: 512, probability, rms: rms(frameOf(index)) }),
    );
    events.push(...segmenter.flush());
    const closed = events.filter((event) => event.type === 'segmentClosed');
    expect(closed).toHaveLength(1);
    expect(closed[0]?.startSample).toBeLessThan(0.38 * 16_000);
    expect(closed[0]?.endSample).toBeGreaterThan(3.51 * 16_000);
    const interims = events.filter((event) => event.type === 'interimDue');
    expect(interims.length).toBeGreaterThanOrEqual(4);
    expect(interims[0]?.endSample).toBeLessThan((0.38 + 0.6) * 16_000);
  });

  it('answers streams of one batch as it answers each alone', async () => {
    const alone = await probabilitiesAlone();
    const streamCount = 8;
    const seen = Array.from({ length: streamCount }, (): number[] => []);
    const streams = seen.map((list) => model.open({ onProbability: (probability) => list.push(probability) }));
    const before = model.stats;
    // Each stream is one frame further into the speech than the one before it.
    for (let index = 0; index < frameCount + streamCount; index += 1) {
      for (const [number, stream] of streams.entries()) {
        if (index >= number && index - number < frameCount) stream.push(frameOf(index - number));
      }
      await Promise.all(streams.map((stream) => stream.drain()));
    }
    for (const list of seen) {
      expect(list).toHaveLength(frameCount);
      for (const [index, probability] of list.entries()) expect(probability).toBeCloseTo(alone[index] ?? -1, 4);
    }
    const runs = model.stats.runs - before.runs;
    expect(model.stats.frames - before.frames).toBe(streamCount * frameCount);
    expect(runs).toBeLessThanOrEqual(frameCount + streamCount);
    for (const stream of streams) stream.close();
  });

  it('takes no more than 64 streams into a run, and forgets none', async () => {
    const answers = new Array<number>(150).fill(0);
    const streams = answers.map((_, number) =>
      model.open({
        onProbability: () => {
          answers[number] = (answers[number] ?? 0) + 1;
        },
      }),
    );
    const before = model.stats.runs;
    for (const stream of streams) stream.push(frameOf(20));
    await Promise.all(streams.map((stream) => stream.drain()));
    expect(answers.every((count) => count === 1)).toBe(true);
    expect(model.stats.runs - before).toBe(3);
    for (const stream of streams) stream.close();
  });

  it('copies the frame, so that the caller may use its array again', async () => {
    const alone = await probabilitiesAlone();
    const seen: number[] = [];
    const stream = model.open({ onProbability: (probability) => seen.push(probability) });
    const reused = new Int16Array(VAD_FRAME_SAMPLES);
    for (let index = 0; index < 40; index += 1) {
      reused.set(frameOf(index));
      stream.push(reused);
    }
    reused.fill(0);
    await stream.drain();
    for (const [index, probability] of seen.entries()) expect(probability).toBeCloseTo(alone[index] ?? -1, 4);
    stream.close();
  });

  it('starts over after a reset, for the frames that are pushed after it', async () => {
    const seen: number[] = [];
    const stream = model.open({ onProbability: (probability) => seen.push(probability) });
    // Loud, so that it is not amplified; once before, because the level of a speaker is remembered.
    const loud = (index: number) => frameOf(index).map((sample) => Math.max(-32_768, Math.min(32_767, sample * 8)));
    for (let round = 0; round < 3; round += 1) {
      for (let index = 0; index < 40; index += 1) stream.push(loud(index));
      stream.reset();
    }
    await stream.drain();
    expect(seen).toHaveLength(120);
    for (let index = 40; index < 80; index += 1) expect(seen[index + 40]).toBeCloseTo(seen[index] ?? -1, 6);
    stream.close();
  });

  it('answers every frame in order when its queue overflows: the oldest with what was heard before them', async () => {
    const seen: number[] = [];
    const stream = model.open({ onProbability: (probability) => seen.push(probability) });
    for (let index = 0; index < 40; index += 1) stream.push(frameOf(index));
    await stream.drain();
    const before = seen.at(-1);
    const pushed = VAD_QUEUE_FRAMES + 10;
    for (let index = 0; index < pushed; index += 1) stream.push(frameOf(40 + (index % 20)));
    await stream.drain();
    expect(stream.droppedFrames).toBe(10);
    expect(seen).toHaveLength(40 + pushed);
    expect(seen.slice(40, 50)).toEqual(new Array(10).fill(before));
    stream.close();
  });

  it('answers nothing more after a stream was closed, and lets its drain end', async () => {
    let answers = 0;
    const stream = model.open({
      onProbability: () => {
        answers += 1;
      },
    });
    stream.push(frameOf(0));
    const drained = stream.drain();
    stream.close();
    stream.close();
    await drained;
    stream.push(frameOf(1));
    await stream.drain();
    expect(answers).toBe(0);
  });

  it('refuses a frame of another length', () => {
    const stream = model.open({ onProbability: () => undefined });
    expect(() => stream.push(new Int16Array(511))).toThrow(RangeError);
    stream.close();
  });

  it('reports a failing listener to itself and spares the others', async () => {
    const errors: string[] = [];
    let answers = 0;
    const failing = model.open({
      onProbability: () => {
        throw new Error('listener');
      },
      onError: (error) => errors.push(error.message),
    });
    const other = model.open({
      onProbability: () => {
        answers += 1;
      },
    });
    failing.push(frameOf(0));
    other.push(frameOf(0));
    await Promise.all([failing.drain(), other.drain()]);
    expect(errors).toEqual(['listener']);
    expect(answers).toBe(1);
    failing.close();
    other.close();
  });

  it('says so when the model file is not there or no model', async () => {
    await expect(VoiceActivityModel.create({ modelPath: '/nowhere.onnx' })).rejects.toMatchObject({
      code: 'VAD_MODEL_UNREADABLE',
    });
    const noModel = new URL('../../../test/fixtures/README.md', import.meta.url).pathname;
    await expect(VoiceActivityModel.create({ modelPath: noModel })).rejects.toMatchObject({
      code: 'VAD_MODEL_UNREADABLE',
    });
  });

  it('closes with frames waiting, lets every drain end and opens nothing more', async () => {
    const own = await VoiceActivityModel.create();
    const streams = [0, 1, 2].map(() => own.open({ onProbability: () => undefined }));
    for (const stream of streams) {
      for (let index = 0; index < 10; index += 1) stream.push(frameOf(index));
    }
    const drained = Promise.all(streams.map((stream) => stream.drain()));
    await own.close();
    await own.close();
    await drained;
    expect(() => own.open({ onProbability: () => undefined })).toThrowError(
      expect.objectContaining({ code: 'VAD_CLOSED' }),
    );
  });
});

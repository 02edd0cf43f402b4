import { describe, expect, it } from 'vitest';
import { VAD_FRAME_SAMPLES, VAD_QUEUE_FRAMES, VoiceActivityStream } from './VoiceActivityStream.js';

const frame = (value = 0) => new Int16Array(VAD_FRAME_SAMPLES).fill(value);

function setUp() {
  const answers: number[] = [];
  const errors: string[] = [];
  const calls: string[] = [];
  const stream = new VoiceActivityStream(
    { ready: () => calls.push('ready'), closed: () => calls.push('closed') },
    { onProbability: (probability) => answers.push(probability), onError: (error) => errors.push(error.message) },
  );
  return { stream, answers, errors, calls };
}

describe('VoiceActivityStream', () => {
  it('answers the frames of a failed run with the answer before, reports the error and goes on', async () => {
    const { stream, answers, errors } = setUp();
    for (let index = 0; index < 3; index += 1) stream.push(frame());
    stream.takeFrame();
    stream.finish(0.8);
    stream.takeFrame();
    stream.fail(new Error('run failed'));
    stream.takeFrame();
    const drained = stream.drain();
    stream.finish(0.1);
    await drained;
    expect(answers).toEqual([0.8, 0.8, 0.1]);
    expect(errors).toEqual(['run failed']);
  });

  it('gives out one frame at a time', () => {
    const { stream, calls } = setUp();
    stream.push(frame(1));
    stream.push(frame(2));
    expect(stream.takeFrame()?.[0]).toBe(1);
    expect(stream.takeFrame()).toBeUndefined();
    calls.length = 0;
    stream.push(frame(3));
    expect(calls).toEqual([]);
    stream.finish(0.5);
    expect(calls).toEqual(['ready']);
    expect(stream.takeFrame()?.[0]).toBe(2);
  });

  it('keeps the order when the queue overflows with a frame in flight', () => {
    const { stream, answers } = setUp();
    stream.push(frame(1));
    stream.takeFrame();
    for (let index = 0; index < VAD_QUEUE_FRAMES + 2; index += 1) stream.push(frame(2 + index));
    expect(stream.droppedFrames).toBe(2);
    expect(answers).toEqual([]);
    stream.finish(0.7);
    expect(answers).toEqual([0.7, 0.7, 0.7]);
    expect(stream.takeFrame()?.[0]).toBe(4);
  });

  it('forgets its state at a reset only when the frames before it are answered', () => {
    const { stream } = setUp();
    stream.push(frame());
    stream.takeFrame();
    stream.reset();
    stream.push(frame());
    stream.state.fill(1);
    stream.context.fill(1);
    stream.finish(0.5);
    expect(stream.state.every((value) => value === 0)).toBe(true);
    expect(stream.context.every((value) => value === 0)).toBe(true);
  });

  it('says nothing of a run that ends after it was closed', async () => {
    const { stream, answers, errors, calls } = setUp();
    stream.push(frame());
    stream.takeFrame();
    const drained = stream.drain();
    stream.close();
    await drained;
    stream.finish(0.5);
    stream.fail(new Error('late'));
    expect(answers).toEqual([]);
    expect(errors).toEqual([]);
    expect(calls).toEqual(['ready', 'closed']);
  });
});

import { describe, expect, test } from 'vitest';
import type { Recognizer } from '../../asr/contract/Recognizer.js';
import type { RecognitionRequest } from '../../asr/contract/recognition.js';
import { monotonicNowMs } from '../../process/clock.js';
import { FakeRecognizer, hypothesisOf } from '../../testing/FakeRecognizer.js';
import { ManualTime } from '../../testing/ManualTime.js';
import { Rig, SENTENCE, useVoiceActivity } from './testing/Rig.js';

useVoiceActivity();

describe('the final that is begun in a pause', () => {
  /** Pauses of less than a second end no utterance. */
  const PATIENT = {
    interimIntervalMs: 0,
    endpointing: 'fixed',
    endSilenceMs: 1_000,
    speculativeSilenceMs: 100,
  } as const;

  test('is the final when the silence lasts: asked for before the end, once, and nothing is thrown away', async () => {
    const askedBefore: boolean[] = [];
    const recognizer = new FakeRecognizer({
      script: () => {
        askedBefore.push(rig.of('speechEnded').length === 0);
        return { text: 'said once' };
      },
    });
    const rig = new Rig(recognizer, PATIENT);
    await rig.say(SENTENCE.subarray(0, 16_000 * 2));
    await rig.silence(2_000);
    await rig.pipeline.drain();
    expect(recognizer.requests.map(({ kind }) => kind)).toEqual(['final']);
    expect(askedBefore).toEqual([true]);
    expect(rig.of('final')).toMatchObject([{ hypothesis: { text: 'Said once.' } }]);
    expect(rig.pipeline.stats.discardedEngineMs).toBe(0);
    await rig.pipeline.close();
  });

  test('is thrown away when speech resumes, and its engine time is counted as such', async () => {
    const finals: RecognitionRequest[] = [];
    const recognizer: Recognizer = {
      recognize: (request) => {
        finals.push(request);
        return Promise.resolve(hypothesisOf(`final ${finals.length}`, 100 * 10 ** finals.length));
      },
    };
    const rig = new Rig(recognizer, PATIENT);
    await rig.say(SENTENCE.subarray(0, 16_000 * 2));
    await rig.silence(500);
    await expect.poll(() => finals.length).toBe(1);
    await rig.say(SENTENCE.subarray(0, 16_000 * 2));
    await rig.silence(2_000);
    await rig.pipeline.close();
    expect(finals).toHaveLength(2);
    // The second one has all of the audio: the earlier one is no part of it.
    expect(finals[1]?.pcm.length).toBeGreaterThan((finals[0]?.pcm.length ?? 0) + 16_000);
    expect(rig.of('final')).toMatchObject([{ hypothesis: { text: 'Final 2.' } }]);
    expect(rig.pipeline.stats).toEqual({ engineMs: 11_000, discardedEngineMs: 1_000 });
  });

  test('is called off when speech resumes before it is answered', async () => {
    const time = new ManualTime(monotonicNowMs());
    const recognizer = new FakeRecognizer({ time, script: { delayMs: 400, text: 'words' } });
    const rig = new Rig(recognizer, PATIENT);
    await rig.say(SENTENCE.subarray(0, 16_000 * 2));
    await rig.silence(500);
    await expect.poll(() => recognizer.requests.length).toBe(1);
    expect(time.pendingTimers).toBe(1);
    await rig.say(SENTENCE.subarray(0, 16_000));
    await expect.poll(() => time.pendingTimers).toBe(0);
    await rig.silence(2_000);
    const closed = rig.pipeline.close();
    await expect.poll(() => time.pendingTimers).toBe(1);
    time.advance(400);
    await closed;
    expect(recognizer.requests).toHaveLength(2);
    expect(rig.of('final')).toHaveLength(1);
    expect(rig.of('gap')).toEqual([]);
    expect(rig.pipeline.stats.discardedEngineMs).toBe(0);
  });

  test('is asked for again at the end when nobody answered it', async () => {
    let asked = 0;
    const recognizer = new FakeRecognizer({
      script: () => {
        asked += 1;
        return asked === 1 ? { crash: 'RECOGNIZER_UNAVAILABLE' } : { text: 'at last' };
      },
    });
    const rig = new Rig(recognizer, PATIENT);
    await rig.say(SENTENCE.subarray(0, 16_000 * 2));
    await rig.silence(2_000);
    await rig.pipeline.close();
    expect(asked).toBe(2);
    expect(rig.of('final')).toMatchObject([{ hypothesis: { text: 'At last.' } }]);
    expect(rig.of('gap')).toEqual([]);
  });

  test('is not begun where the settings say so: the one final comes after the end', async () => {
    const askedBefore: boolean[] = [];
    const recognizer = new FakeRecognizer({
      script: () => {
        askedBefore.push(rig.activities.every(({ type }) => type !== 'utteranceEnded'));
        return {};
      },
    });
    const rig = new Rig(recognizer, { ...PATIENT, speculativeSilenceMs: 0 });
    await rig.say(SENTENCE.subarray(0, 16_000 * 2));
    await rig.silence(500);
    await rig.say(SENTENCE.subarray(0, 16_000 * 2));
    await rig.silence(2_000);
    await rig.pipeline.close();
    expect(askedBefore).toEqual([false]);
    expect(rig.of('final')).toHaveLength(1);
  });
});

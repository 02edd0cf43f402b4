import type { SpeechEngine, TranscribeJob } from '@parley/native';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

export interface SpeechEngineUnderTest {
  /** It takes two jobs at a time. */
  engine: SpeechEngine;
  /** A short one, and its text. */
  job: TranscribeJob;
  text: string;
  /** One that takes far longer than any test waits. */
  endless: TranscribeJob;
  /** Lets this much time pass, with everything that falls due in it. */
  pass(ms: number): Promise<void>;
}

/**
 * What every engine does with jobs, whatever hardware it runs on. How it transcribes audio is for its own tests.
 * @param options.name title of the implementation
 * @param options.open a new one for each test
 */
export function describeSpeechEngine(options: { name: string; open: () => Promise<SpeechEngineUnderTest> }): void {
  describe(`an engine: ${options.name}`, () => {
    let rig: SpeechEngineUnderTest;

    beforeEach(async () => {
      rig = await options.open();
    });

    afterEach(() => rig.engine.close());

    const failsWith = (answer: Promise<unknown>, code: string) => expect(answer).rejects.toMatchObject({ code });
    const begin = (changes: Partial<TranscribeJob> = {}) => {
      const giveUp = new AbortController();
      const answer = rig.engine.transcribe({ ...rig.endless, ...changes }, { signal: giveUp.signal });
      answer.catch(() => {});
      return { answer, giveUp: () => giveUp.abort() };
    };
    const isAnswered = async () => {
      const answer = rig.engine.transcribe(rig.job);
      await rig.pass(0);
      expect((await answer).text).toBe(rig.text);
    };

    it('declares what it can do', () => {
      const { languages, ...rest } = rig.engine.capabilities;
      expect(rest).toMatchObject({ maxJobs: 2, words: expect.any(Boolean), interims: expect.any(Boolean) });
      expect(rest.maxBatch).toBeGreaterThanOrEqual(1);
      expect(rest.longestWindowMs).toBeGreaterThan(0);
      expect(languages).toContain('en');
      expect(languages).toEqual(languages.toSorted());
    });

    it('takes as many jobs as it says, and refuses one more without harm to the others', async () => {
      const running = [begin(), begin()];
      await failsWith(rig.engine.transcribe(rig.job), 'NATIVE_ENGINE_BUSY');
      running[0]?.giveUp();
      await rig.pass(0);
      await failsWith(running[0]?.answer ?? Promise.resolve(), 'NATIVE_ABORTED');
      await isAnswered();
      running[1]?.giveUp();
      await failsWith(running[1]?.answer ?? Promise.resolve(), 'NATIVE_ABORTED');
    });

    it('does not begin what was given up before, and stops nothing for what is over', async () => {
      await failsWith(rig.engine.transcribe(rig.job, { signal: AbortSignal.abort() }), 'NATIVE_ABORTED');
      const over = new AbortController();
      const first = rig.engine.transcribe(rig.job, { signal: over.signal });
      await rig.pass(0);
      await first;
      const next = rig.engine.transcribe(rig.job);
      over.abort();
      await rig.pass(0);
      expect((await next).text).toBe(rig.text);
    });

    it('stops at the end of the time of a job, and takes the next', async () => {
      const { answer } = begin({ timeoutMs: 20 });
      await rig.pass(20);
      await failsWith(answer, 'NATIVE_ABORTED');
      await isAnswered();
    });

    it('ends what runs when it is closed, more than once, and refuses what comes later', async () => {
      const { answer } = begin();
      await Promise.all([rig.engine.close(), rig.engine.close()]);
      await failsWith(answer, 'NATIVE_ENGINE_CLOSED');
      await failsWith(rig.engine.transcribe(rig.job), 'NATIVE_ENGINE_CLOSED');
    });
  });
}

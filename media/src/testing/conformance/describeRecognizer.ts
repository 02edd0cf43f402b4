import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Recognizer } from '../../asr/contract/Recognizer.js';
import {
  DEFAULT_RECOGNITION_SETTINGS,
  type Hypothesis,
  type RecognitionRequest,
  type RecognitionSettings,
} from '../../asr/contract/recognition.js';

/** The content of a request: its audio, and the settings that it needs. */
export interface Spoken {
  pcm: Int16Array;
  settings?: Partial<RecognitionSettings>;
}

export interface RecognizerUnderTest {
  /** It runs one request at a time. */
  recognizer: Recognizer & { close(): Promise<void> };
  /** At least three, each with a different text, and with times of words if requested. */
  speech: (Spoken & { text: string })[];
  /** Audio without speech. */
  silence: Spoken;
  /** Takes far longer than any test waits; `pass` may make it so. */
  endless: Spoken;
  /** Lets this much time pass, with everything that falls due in it. */
  pass(ms: number): Promise<void>;
  /** Closes what is behind the recogniser, which is closed by then. */
  close(): Promise<void>;
}

const SAMPLES_PER_MS = 16;
/** Never reached, except in tests about time. */
const PATIENCE_MS = 60_000;

/**
 * What every recogniser does, wherever its engine runs: order, deadlines, cancelling, what it refuses and with which code.
 * @param options.name title of the implementation
 * @param options.open a new one for each test
 */
export function describeRecognizer(options: { name: string; open: () => Promise<RecognizerUnderTest> }): void {
  describe(`a recogniser: ${options.name}`, () => {
    let rig: RecognizerUnderTest;

    beforeEach(async () => {
      rig = await options.open();
    });

    afterEach(async () => {
      await rig.recognizer.close();
      await rig.close();
    });

    const requestOf = ({ pcm, settings }: Spoken, changes: Partial<RecognitionRequest> = {}): RecognitionRequest => ({
      kind: 'final',
      meetingId: 'meeting',
      trackId: 'track',
      pcm,
      settings: { ...DEFAULT_RECOGNITION_SETTINGS, ...settings },
      deadlineMs: PATIENCE_MS,
      ...changes,
    });
    const ask = (spoken: Spoken, changes?: Partial<RecognitionRequest>, signal?: AbortSignal) =>
      rig.recognizer.recognize(requestOf(spoken, changes), signal === undefined ? {} : { signal });
    const failsWith = (answer: Promise<Hypothesis>, code: string) =>
      expect(answer).rejects.toMatchObject({ name: 'RecognitionError', code });
    const speech = (index: number) => rig.speech[index % rig.speech.length] as Spoken & { text: string };
    /** Occupies the engine with an endless request. */
    const occupy = async (changes?: Partial<RecognitionRequest>) => {
      const controller = new AbortController();
      const answer = ask(rig.endless, { trackId: 'busy', ...changes }, controller.signal);
      answer.catch(() => {});
      await rig.pass(0);
      return { answer, giveUp: () => controller.abort() };
    };
    const isAnswered = async () => expect((await ask(speech(0))).text).toBe(speech(0).text);

    it('declares what it can do', () => {
      const { capabilities } = rig.recognizer;
      expect(capabilities?.maxBatch).toBeGreaterThanOrEqual(1);
      expect(capabilities?.languages).toContain('en');
      expect(capabilities?.longestWindowMs.final).toBeGreaterThanOrEqual(5_000);
      expect(capabilities?.longestWindowMs.interim).toBeLessThanOrEqual(capabilities?.longestWindowMs.final ?? 0);
    });

    it('answers with the text of the audio', async () => {
      for (const spoken of rig.speech) {
        const { text, confidence } = await ask(spoken);
        expect(text).toBe(spoken.text);
        expect(confidence).toBeGreaterThan(0);
        expect(confidence).toBeLessThanOrEqual(1);
      }
    });

    it('gives the times of words where they are asked for, in order and inside the audio, and only there', async () => {
      const spoken = speech(0);
      expect((await ask(spoken)).words).toBeUndefined();
      const { words = [] } = await ask({ ...spoken, settings: { ...spoken.settings, words: true } });
      expect(words.length).toBeGreaterThan(0);
      const times = words.flatMap(({ startMs, endMs }) => [startMs, endMs]);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(times[0]).toBeGreaterThanOrEqual(0);
      expect(times.at(-1)).toBeLessThanOrEqual(spoken.pcm.length / SAMPLES_PER_MS);
    });

    it('finds no text in silence, and none in no audio', async () => {
      expect(await ask(rig.silence)).toMatchObject({ text: '', confidence: 0 });
      expect(await ask({ ...speech(0), pcm: new Int16Array(0) })).toMatchObject({ text: '', confidence: 0 });
    });

    it('answers each of many at once with its own text', async () => {
      const many = Array.from({ length: 12 }, (_, index) => speech(index));
      const answers = await Promise.all(many.map((spoken, index) => ask(spoken, { trackId: `track ${index}` })));
      expect(answers.map(({ text }) => text)).toEqual(many.map(({ text }) => text));
    });

    it('shows nothing of an earlier request in a later one, a draft that says something else included', async () => {
      const heard = ({ queuedMs: _, engineMs: __, ...rest }: Hypothesis) => rest;
      const alone = [];
      for (const spoken of rig.speech) alone.push(heard(await ask(spoken)));
      for (const [index, other] of alone.entries()) {
        const next = (index + 1) % alone.length;
        const { draft } = other;
        const answer = await ask(speech(next), draft === undefined ? {} : { draft });
        expect(heard(answer)).toEqual(alone[next]);
      }
    });

    it('answers finals before interims, whichever came first', async () => {
      const { giveUp } = await occupy();
      const order: string[] = [];
      const note = (what: string) => () => void order.push(what);
      const interim = ask(speech(0), { kind: 'interim', trackId: 'a' }).then(note('interim'));
      const final = ask(speech(1), { trackId: 'b' }).then(note('final'));
      await rig.pass(0);
      giveUp();
      await Promise.all([interim, final]);
      expect(order).toEqual(['final', 'interim']);
    });

    it('answers what is due first before what is due later', async () => {
      const { giveUp } = await occupy();
      const order: string[] = [];
      const note = (what: string) => () => void order.push(what);
      const later = ask(speech(0), { trackId: 'a', deadlineMs: PATIENCE_MS }).then(note('later'));
      const sooner = ask(speech(1), { trackId: 'b', deadlineMs: PATIENCE_MS / 2 }).then(note('sooner'));
      await rig.pass(0);
      giveUp();
      await Promise.all([later, sooner]);
      expect(order).toEqual(['sooner', 'later']);
    });

    it('is given up at the end of its time, in the engine and before it, and goes on with the next', async () => {
      const running = ask(rig.endless, { trackId: 'runs', deadlineMs: 60 });
      running.catch(() => {});
      await rig.pass(0);
      const waiting = ask(speech(0), { trackId: 'waits', deadlineMs: 30 });
      waiting.catch(() => {});
      await rig.pass(100);
      await failsWith(running, 'DEADLINE_EXCEEDED');
      await failsWith(waiting, 'DEADLINE_EXCEEDED');
      await isAnswered();
    });

    it('refuses what has no time left, or no end', async () => {
      for (const deadlineMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
        await failsWith(ask(speech(0), { deadlineMs }), 'DEADLINE_EXCEEDED');
      }
    });

    it('gives up what its signal gives up: before it begins, while it waits and while it runs', async () => {
      await failsWith(ask(speech(0), {}, AbortSignal.abort()), 'SUPERSEDED');
      const running = await occupy();
      const waits = new AbortController();
      const waiting = ask(speech(0), { trackId: 'waits' }, waits.signal);
      waiting.catch(() => {});
      await rig.pass(0);
      waits.abort();
      await failsWith(waiting, 'SUPERSEDED');
      running.giveUp();
      await failsWith(running.answer, 'SUPERSEDED');
      await isAnswered();
    });

    it('keeps one interim a track: a newer one takes the place of one that waits or runs, and of no other', async () => {
      const running = await occupy({ kind: 'interim' });
      const other = ask(speech(1), { kind: 'interim', trackId: 'other' });
      const second = ask(speech(0), { kind: 'interim', trackId: 'busy' });
      second.catch(() => {});
      const third = ask(speech(2), { kind: 'interim', trackId: 'busy' });
      await failsWith(running.answer, 'SUPERSEDED');
      await failsWith(second, 'SUPERSEDED');
      expect((await other).text).toBe(speech(1).text);
      expect((await third).text).toBe(speech(2).text);
    });

    it('stops the interim of a track whose final waits', async () => {
      const interim = await occupy({ kind: 'interim' });
      const final = ask(speech(0), { trackId: 'busy' });
      await failsWith(interim.answer, 'SUPERSEDED');
      expect((await final).text).toBe(speech(0).text);
    });

    it('refuses what it cannot do or take, by code, and is none the worse', async () => {
      const spoken = speech(0);
      const asking = (settings: Partial<RecognitionSettings>) => ({ ...spoken, settings });
      const { languages = [] } = rig.recognizer.capabilities ?? {};
      // Greek, or else a code that no vocabulary has.
      const unknown = languages.includes('el') ? 'xx' : 'el';
      await failsWith(ask(asking({ language: unknown })), 'NOT_SUPPORTED');
      await failsWith(ask(asking({ languages: [unknown] })), 'NOT_SUPPORTED');
      await failsWith(ask({ pcm: new Int16Array(480_001) }), 'RECOGNIZER_FAILED');
      await failsWith(ask(asking({ beamSize: 9 })), 'RECOGNIZER_FAILED');
      await failsWith(ask(asking({ prompt: 'x'.repeat(8_001) })), 'RECOGNIZER_FAILED');
      await failsWith(ask(spoken, { meetingId: '' }), 'RECOGNIZER_FAILED');
      await isAnswered();
    });

    it('settles everything with CLOSED when it is closed, more than once, and refuses what comes later', async () => {
      const { answer } = await occupy();
      const waiting = [ask(speech(0)), ask(speech(1), { kind: 'interim' })];
      const all = [answer, ...waiting].map((each) => failsWith(each, 'CLOSED'));
      await Promise.all([rig.recognizer.close(), rig.recognizer.close()]);
      await Promise.all(all);
      await failsWith(ask(speech(0)), 'CLOSED');
    });
  });
}

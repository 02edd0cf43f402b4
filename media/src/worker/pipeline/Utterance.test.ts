import { describe, expect, it } from 'vitest';
import {
  type Hypothesis,
  type HypothesisWord,
  RecognitionError,
  type RecognitionRequest,
} from '../../asr/contract/recognition.js';
import { splitWords } from '../../asr/contract/text/words.js';
import { resolveSpeechSettings } from '../../settings/modes.js';
import type { SpeechOverrides } from '../../settings/speechSettings.js';
import { hypothesisOf } from '../../testing/FakeRecognizer.js';
import {
  silentFrames,
  soundActivity,
  type WrittenSpeech,
  WrittenSpeechReader,
  writeSpeech,
} from '../../testing/WrittenSpeech.js';
import type { TrackEvent } from '../contract/messages.js';
import { TrackPipeline } from './TrackPipeline.js';
import { bareUtterance } from './testing/bareUtterance.js';
import { ONE_TRACK } from './testing/oneTrack.js';

const MS = 16;
const CHUNK = 320;

const loud = (ms: number) => Int16Array.from({ length: ms * MS }, (_, at) => 4_000 * Math.sin(at * at));

/** A sentence of this many words, all different. */
function sentence(name: string, words: number): string {
  const all = Array.from({ length: words }, (_, index) => `${name}${String.fromCharCode(97 + index)}`);
  return `${all.join(' ')}.`;
}

/** Plays written speech through a pipeline whose recogniser answers at once. */
async function play(
  { pcm, words }: WrittenSpeech,
  options: {
    settings?: SpeechOverrides;
    longestWindowMs?: number;
    alter?: (heard: HypothesisWord[], request: RecognitionRequest) => HypothesisWord[];
    answer?: (hypothesis: Hypothesis, request: RecognitionRequest) => Hypothesis;
  } = {},
) {
  const { alter, answer = (hypothesis) => hypothesis } = options;
  const reader = new WrittenSpeechReader({ words, ...(alter === undefined ? {} : { alter }) });
  const events: TrackEvent[] = [];
  let nowMs = 0;
  const pipeline = new TrackPipeline({
    meetingId: 'room',
    track: ONE_TRACK,
    meetingStartedAtMs: 0,
    settings: resolveSpeechSettings('balanced', { language: 'en', ...options.settings }),
    longestWindowMs: options.longestWindowMs ?? 28_000,
    voiceActivity: soundActivity,
    recognizer: { recognize: async (request) => answer(await reader.recognize(request), request) },
    onEvent: (event) => events.push(event),
    now: () => nowMs,
  });
  const whole = Int16Array.from([...silentFrames(500), ...pcm, ...silentFrames(2_000)]);
  for (let at = 0; at < whole.length; at += CHUNK) {
    pipeline.pushPcm(whole.slice(at, at + CHUNK));
    nowMs += CHUNK / MS;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await pipeline.close();
  const finals = events.flatMap((event) => (event.type === 'final' ? [event] : []));
  const causes = events.flatMap((event) =>
    event.type === 'trackActivity' && event.activity.type === 'utteranceEnded' ? [event.activity.cause] : [],
  );
  const audioMs = (kind: string) =>
    reader.requests.filter((request) => request.kind === kind).map((request) => request.pcm.length / MS);
  return { events, finals, causes, pipeline, texts: finals.map(({ hypothesis }) => hypothesis.text), audioMs };
}

describe('an utterance that goes on and on', () => {
  const WINDOW = { interimWindowMs: 10_000 };
  /** 25 s: the first sentence ends when its start has left the window of the interims. */
  const LONG = [sentence('one', 26), sentence('two', 12), sentence('three', 12)];

  it('is cut after a sentence that is longer than what an interim looks at', async () => {
    const { texts, causes, audioMs } = await play(writeSpeech(LONG.join(' ')), { settings: WINDOW });
    expect(texts.join(' ').toLowerCase()).toBe(LONG.join(' ').toLowerCase());
    expect(causes.slice(0, 2)).toEqual(['sentence', 'sentence']);
    expect(texts).toHaveLength(3);
    expect(Math.max(...audioMs('interim'))).toBeLessThanOrEqual(10_000);
  });

  it('is heard by finals once, whatever its length, and by no final for nothing', async () => {
    const { audioMs, pipeline } = await play(writeSpeech(LONG.join(' ')), { settings: WINDOW });
    const heardMs = audioMs('final').reduce((sum, ms) => sum + ms, 0);
    expect(heardMs).toBeLessThan(1.2 * 25_000);
    expect(pipeline.stats.discardedEngineMs).toBe(0);
  });

  it('costs no more than a few times its length where no final ever fits', async () => {
    const { audioMs, texts } = await play(
      writeSpeech(Array.from({ length: 9 }, (_, index) => sentence(`s${index}`, 6)).join(' ')),
      {
        settings: WINDOW,
        // A final has something else at the end, every time.
        alter: (heard, { kind }) => (kind === 'interim' ? heard : heard.map((word) => ({ ...word, text: 'else.' }))),
      },
    );
    expect(texts.join(' ').split(' ')).toHaveLength(54);
    const heardMs = audioMs('final').reduce((sum, ms) => sum + ms, 0);
    // What is cut in the end, and twice as much in vain.
    expect(heardMs).toBeGreaterThan(27_000 * 2);
    expect(heardMs).toBeLessThan(27_000 * 4);
  });

  it('is cut although a final hears one word more far back: its own text wins there', async () => {
    const { texts, causes } = await play(writeSpeech(LONG.join(' ')), {
      settings: WINDOW,
      alter: (heard, { kind }) => {
        const [first, ...rest] = heard;
        if (kind === 'interim' || first?.text !== 'onea') return heard;
        const middleMs = (first.startMs + first.endMs) / 2;
        return [{ ...first, endMs: middleMs }, { ...first, text: 'more', startMs: middleMs }, ...rest];
      },
    });
    expect(causes[0]).toBe('sentence');
    expect(texts[0]).toMatch(/^Onea more oneb /);
  });

  it('is not cut where a final does not end as the interims did', async () => {
    const { causes } = await play(writeSpeech(`${sentence('one', 8)} ${sentence('two', 8)}`), {
      alter: (heard, { kind }) => (kind === 'final' && heard.length === 8 ? heard.slice(0, -1) : heard),
    });
    expect(causes).toEqual(['silence']);
  });

  it('keeps the full stop and the capital of a sentence that was split off', async () => {
    const { texts, causes } = await play(writeSpeech('we are done with that here. the next one goes on and on.'));
    expect(causes).toEqual(['sentence', 'silence']);
    expect(texts).toEqual(['We are done with that here.', 'The next one goes on and on.']);
  });

  it('goes on in lower case where the final finds that the sentence was none', async () => {
    const { texts, causes } = await play(writeSpeech('we are done with that here. the next one goes on and on.'), {
      alter: (heard, { kind }) => {
        if (kind === 'interim' || heard.length !== 6) return heard;
        return heard.map((word) => ({ ...word, text: word.text.replace('.', '') }));
      },
    });
    expect(causes).toEqual(['forced', 'silence']);
    expect(texts).toEqual(['We are done with that here', 'the next one goes on and on.']);
  });
});

describe('a cut', () => {
  const text = splitWords('one two three. four five six seven eight nine ten eleven twelve');
  const words = text.map((word, at) => ({ text: word, startMs: at * 400, endMs: at * 400 + 300, probability: 0.95 }));
  /** A long utterance in which a cut at 1,150 ms is wanted; `finalMs`: how long a final takes. */
  const monologue = (options: { finalMs?: number; canSplitAt?: () => boolean }) => {
    const { finalMs = 0, canSplitAt = () => true } = options;
    const { time, ring, utterance, requests, cuts, discarded } = bareUtterance({
      script: ({ kind, pcm }) => ({
        words: words.filter(({ endMs }) => endMs <= pcm.length / MS),
        delayMs: kind === 'final' ? finalMs : 0,
      }),
      settings: { sentenceSplitMs: 1_000 },
      segmenter: {
        quietest: ({ fromSample, toSample }) => ({ sample: (fromSample + toSample) / 2, relativeLevel: 0 }),
        canSplitAt,
      },
    });
    return {
      time,
      utterance,
      cuts,
      discarded,
      speakUntil: async (untilMs: number) => {
        while (ring.endSample < untilMs * MS) {
          ring.write(ring.endSample, loud(400));
          utterance.requestInterim(ring.endSample);
          await time.play(100);
        }
      },
      finals: () => requests.filter(({ kind }) => kind === 'final').length,
    };
  };

  it('that cannot be made is paid for by no final, and made once it can be', async () => {
    let possible = false;
    const { speakUntil, finals, cuts } = monologue({ canSplitAt: () => possible });
    await speakUntil(4_000);
    expect(finals()).toBe(0);
    possible = true;
    await speakUntil(4_400);
    expect(finals()).toBe(1);
    expect(cuts()).toEqual([1_150 * MS]);
  });

  it('that is being tried is given up where the utterance ends by a final that is there already', async () => {
    const { speakUntil, finals, time, utterance, cuts, discarded } = monologue({ finalMs: 50_000 });
    await speakUntil(4_000);
    expect(finals()).toBe(1);
    const endSample = 4_000 * MS;
    const hypothesis = hypothesisOf('one two three.');
    const prepared = { endSample, hypothesis, cause: 'sentence' } as const;
    const final = utterance.close({ endSample, speechEndSample: endSample, cause: 'sentence', prepared });
    expect(await final).toBe(hypothesis);
    expect(time.pendingTimers).toBe(0);
    await time.play(60_000);
    expect(cuts()).toEqual([]);
    expect(discarded()).toEqual([]);
  });
});

describe('a text that is cut off at the most tokens it may have', () => {
  const MOST_WORDS = 5;

  it('has all of its words in the end, in order and where they were said', async () => {
    const text = sentence('one', 9);
    const speech = writeSpeech(text);
    const cutOff: number[] = [];
    const { finals } = await play(speech, {
      settings: { interimIntervalMs: 0 },
      answer: (hypothesis, { pcm }) => {
        const words = hypothesis.words ?? [];
        if (words.length <= MOST_WORDS) return hypothesis;
        cutOff.push(pcm.length);
        const kept = words.slice(0, MOST_WORDS);
        return { ...hypothesis, text: kept.map((word) => word.text).join(' '), words: kept, truncated: true };
      },
    });
    // All of it, and one of its halves.
    expect(cutOff).toHaveLength(2);
    expect(finals.map(({ hypothesis }) => hypothesis.text.toLowerCase())).toEqual([text]);
    const words = finals[0]?.hypothesis.words ?? [];
    expect(words.map((word) => word.text).join(' ')).toBe(text);
    const firstMs = words[0]?.startMs ?? 0;
    for (const [index, word] of words.entries()) expect(word.startMs - firstMs).toBeCloseTo(500 * index, 1);
  });
});

describe('a loop of the decoder', () => {
  const TEXT = sentence('one', 12);
  /** Stops after five words if there are that many; `rest`: the answer to the request for the audio after them. */
  const looping = (rest?: () => never) =>
    play(writeSpeech(TEXT), {
      settings: { interimIntervalMs: 0 },
      answer: (hypothesis) => {
        const words = hypothesis.words ?? [];
        if (words.length < 12) return rest === undefined ? hypothesis : rest();
        const kept = words.slice(0, 5);
        return {
          ...hypothesis,
          text: kept.map((word) => word.text).join(' '),
          words: kept,
          loopAtMs: kept.at(-1)?.endMs ?? 0,
        };
      },
    });

  it('costs no word that was said behind it, and doubles none', async () => {
    const { finals, events } = await looping();
    expect(finals.map(({ hypothesis }) => hypothesis.text.toLowerCase())).toEqual([TEXT]);
    const words = finals[0]?.hypothesis.words ?? [];
    const firstMs = words[0]?.startMs ?? 0;
    for (const [index, word] of words.entries()) expect(word.startMs - firstMs).toBeCloseTo(500 * index, 1);
    expect(events.filter(({ type }) => type === 'gap')).toEqual([]);
  });

  it('leaves a gap for what is said behind it where that fails, in the transcript and in the books', async () => {
    const { finals, events, pipeline } = await looping(() => {
      throw new RecognitionError('OVERLOADED', 'told to');
    });
    expect(finals.map(({ hypothesis }) => hypothesis.text.toLowerCase())).toEqual(['onea oneb onec oned onee.']);
    const gaps = events.flatMap((event) => (event.type === 'gap' ? [event] : []));
    expect(gaps).toMatchObject([{ reason: 'overloaded' }]);
    const [gap] = gaps;
    const missingMs = (gap?.segment.endMs ?? 0) - (gap?.segment.startMs ?? 0);
    // Seven words of half a second.
    expect(missingMs).toBeGreaterThan(3_400);
    const { shedMs, transcribedMs, pendingMs } = pipeline.ledger;
    expect(shedMs).toEqual({ overloaded: missingMs });
    const [final] = finals;
    expect(transcribedMs).toBe((final?.segment.endMs ?? 0) - (final?.segment.startMs ?? 0) - missingMs);
    expect(pendingMs).toBe(0);
  });
});

describe('a cut within a sentence', () => {
  /** At most 10 s per request; the model writes a full stop at the end of any audio, and a capital at its start. */
  const cutUp = (text: string, alter: (word: string) => string = (word) => word) =>
    play(writeSpeech(text, { wordMs: 560 }), {
      longestWindowMs: 10_000,
      alter: (heard, { kind }) =>
        heard.map((word, index) => {
          if (kind === 'interim') return word;
          const first = index === 0 ? word.text.charAt(0).toUpperCase() + word.text.slice(1) : word.text;
          return { ...word, text: index === heard.length - 1 ? alter(`${first.replace(/[,.]$/, '')}.`) : first };
        }),
    });
  const LONG =
    'one two three four five six seven eight nine, ten eleven twelve thirteen fourteen fifteen sixteen seventeen.';

  it('has the mark that the interims saw there, and goes on as they wrote it', async () => {
    const { texts, causes, finals } = await cutUp(LONG);
    expect(causes).toEqual(['forced', 'silence']);
    expect(texts).toEqual([
      'One two three four five six seven eight nine,',
      'ten eleven twelve thirteen fourteen fifteen sixteen seventeen.',
    ]);
    expect(finals[0]?.hypothesis.words?.at(-1)?.text).toBe('nine,');
  });

  it('is the end of a sentence where interims and final say so', async () => {
    const { texts, causes } = await cutUp(LONG.replace('nine, ten', 'nine. Ten'));
    expect(causes).toEqual(['sentence', 'silence']);
    expect(texts[0]).toMatch(/ nine\.$/);
    expect(texts[1]).toMatch(/^Ten /);
  });

  it('is the end of a question where the final hears one', async () => {
    const { texts, causes } = await cutUp(LONG, (word) => word.replace('nine.', 'nine?'));
    expect(causes).toEqual(['sentence', 'silence']);
    expect(texts[0]).toMatch(/ nine\?$/);
    expect(texts[1]).toMatch(/^Ten /);
  });
});

describe('interims', () => {
  it('carry the words of their text, in order and inside the segment', async () => {
    const { events } = await play(writeSpeech(`${sentence('one', 8)} ${sentence('two', 30)}`));
    const interims = events.flatMap((event) => (event.type === 'interimUpdated' ? [event] : []));
    // 19 s of speech, at least one for each 400 ms.
    expect(interims.length).toBeGreaterThan(47);
    for (const { hypothesis, segment } of interims) {
      const words = hypothesis.words ?? [];
      expect(words.map(({ text }) => text).join(' ')).toBe(hypothesis.text);
      let floorMs = 0;
      for (const { startMs, endMs, probability } of words) {
        expect(startMs).toBeGreaterThanOrEqual(floorMs);
        expect(endMs).toBeGreaterThanOrEqual(startMs);
        expect(probability).toBe(0.95);
        floorMs = endMs;
      }
      expect(floorMs).toBeLessThanOrEqual(segment.endMs - segment.startMs);
    }
  });

  /** How long after its end each word of a text was first shown, in milliseconds of audio. */
  const shownAfterMs = (text: string, events: readonly TrackEvent[]) =>
    text.split(' ').map((word, index) => {
      const first = events.find(
        (event) =>
          (event.type === 'interimUpdated' || event.type === 'final') &&
          event.hypothesis.text.toLowerCase().includes(word.replace('.', '')),
      );
      const endMs = first?.type === 'interimUpdated' || first?.type === 'final' ? first.segment.endMs : Number.NaN;
      return endMs - (500 + (index + 1) * 500);
    });

  it('keep their words, and do not fall behind, where one is written in another way each time', async () => {
    const text = sentence('one', 24);
    let times = 0;
    const { events } = await play(writeSpeech(text), {
      settings: { interimWindowMs: 6_000 },
      alter: (heard, { kind }) => {
        times += 1;
        return heard.map((word, index) => {
          if (kind === 'interim' && word.text === 'onec') return { ...word, text: `onec${times}`, probability: 0.7 };
          // In a window that starts within a word, the word is a guess.
          const cut = index === 0 && word.startMs === 0;
          return cut ? { ...word, text: `cut${times}`, probability: 0.3 } : word;
        });
      },
    });
    const shown = events.flatMap((event) => (event.type === 'interimUpdated' ? [event.hypothesis.text] : []));
    expect(shown.at(-1)).toMatch(/^onea oneb onec\d+ oned onee onef .* onev/);
    for (const lateMs of shownAfterMs(text, events)) expect(lateMs).toBeLessThan(1_500);
  });

  it('listen by themselves to what follows a sentence where the model writes nothing of it', async () => {
    const [first, second] = [sentence('one', 6), sentence('two', 10)];
    const { events } = await play(writeSpeech(`${first} ${second}`), {
      settings: { sentenceSplitMs: 20_000 },
      alter: (heard) => {
        const end = heard.findIndex(({ text }) => text.endsWith('.'));
        return end < 0 ? heard : heard.slice(0, end + 1);
      },
    });
    const shown = events.flatMap((event) => (event.type === 'interimUpdated' ? [event.hypothesis.text] : []));
    expect(shown.at(-1)).toContain('twoh');
    for (const lateMs of shownAfterMs(`${first} ${second}`, events).slice(0, -2)) expect(lateMs).toBeLessThan(2_500);
  });

  it('carry none where nobody wants words', async () => {
    const { events } = await play(writeSpeech(sentence('one', 8)), { settings: { words: false } });
    const interims = events.flatMap((event) => (event.type === 'interimUpdated' ? [event] : []));
    // 4 s of speech, at least one for each 400 ms.
    expect(interims.length).toBeGreaterThanOrEqual(10);
    expect(interims.filter(({ hypothesis }) => 'words' in hypothesis)).toEqual([]);
  });
});

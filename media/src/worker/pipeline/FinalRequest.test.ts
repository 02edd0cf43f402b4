import { describe, expect, it } from 'vitest';
import type { RecognitionErrorCode, RecognitionRequest } from '../../asr/contract/recognition.js';
import { fakeTokens } from '../../asr/testing/fakeTokens.js';
import { CLOSE_TIMES } from '../../process/index.js';
import type { FakeScript } from '../../testing/FakeRecognizer.js';
import type { ManualTime } from '../../testing/ManualTime.js';
import { bareUtterance } from './testing/bareUtterance.js';

const SECOND = 16_000;

function noise(seconds: number): Int16Array {
  return Int16Array.from({ length: seconds * SECOND }, (_, index) => 4_000 * Math.sin(index * index));
}

/** An utterance of this many seconds in a ring of a minute, and a recogniser that follows the script for each request. */
function utteranceOf(options: {
  seconds: number;
  pcm?: Int16Array;
  script: (request: RecognitionRequest, number: number) => FakeScript;
}) {
  let number = 0;
  /** When each request is due. */
  const deadlines: number[] = [];
  const { time, ring, utterance, requests, discarded } = bareUtterance({
    script: (request) => {
      deadlines.push(time.now() + request.deadlineMs);
      return options.script(request, ++number);
    },
    settings: { beamSize: 5, temperatureFallback: true },
  });
  const end = options.seconds * SECOND;
  ring.write(0, options.pcm ?? noise(options.seconds));
  const silence = { speechEndSample: end - 1_600, endSample: end };
  return {
    time,
    requests,
    deadlines,
    discarded,
    speculate: () => utterance.speculate(silence),
    close: () => utterance.close({ ...silence, cause: 'silence' }),
    /** The speaker goes on. */
    sayMore: (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) ring.write(ring.endSample, noise(1));
    },
  };
}

/** Fires every timer that is set, and those that are set as a result. */
async function settle<T>(time: ManualTime, answer: Promise<T>): Promise<T> {
  answer.catch(() => {});
  for (let turn = 0; turn < 40; turn += 1) await time.advanceAsync(1);
  return answer;
}

describe('a final that failed', () => {
  it.each([
    'RECOGNIZER_UNAVAILABLE',
    'SUPERSEDED',
  ] as const)('for want of an answer (%s) is asked for again: same samples, same deadline, wherever the ring is', async (crash) => {
    const { time, requests, speculate, close, sayMore } = utteranceOf({
      seconds: 20,
      script: (_, number) => (number === 1 ? { crash, delayMs: 40_000 } : { text: 'all of it' }),
    });
    speculate();
    const answer = close();
    sayMore(60);
    await time.advanceAsync(40_000);
    expect((await settle(time, answer)).text).toBe('all of it');
    expect(requests).toHaveLength(2);
    // Not speculative: the second one cannot be discarded.
    expect(requests[1]).toEqual({
      ...requests[0],
      deadlineMs: CLOSE_TIMES.finalMs - 40_000,
      speculative: false,
    });
    expect(requests[1]?.pcm).toHaveLength(20 * SECOND);
  });

  it('for want of an answer, twice, has failed', async () => {
    const { time, requests, close } = utteranceOf({ seconds: 3, script: () => ({ crash: 'RECOGNIZER_UNAVAILABLE' }) });
    await expect(settle(time, close())).rejects.toMatchObject({ code: 'RECOGNIZER_UNAVAILABLE' });
    expect(requests).toHaveLength(2);
  });

  const FINAL: RecognitionErrorCode[] = [
    'RECOGNIZER_FAILED',
    'OVERLOADED',
    'DEADLINE_EXCEEDED',
    'NOT_SUPPORTED',
    'CLOSED',
  ];
  it.each(FINAL)('with %s is not asked for again: it would fail again, and cost as much', async (crash) => {
    const { time, requests, speculate, close } = utteranceOf({ seconds: 3, script: () => ({ crash }) });
    speculate();
    await expect(settle(time, close())).rejects.toMatchObject({ code: crash });
    expect(requests).toHaveLength(1);
  });

  it.each([
    45, 70,
  ])('to find all of its samples is none: with %i s more in the ring nothing shorter is asked', async (more) => {
    const { time, requests, close, sayMore } = utteranceOf({ seconds: 20, script: () => ({}) });
    sayMore(more);
    await expect(settle(time, close())).rejects.toMatchObject({ code: 'AUDIO_LOST' });
    expect(requests).toEqual([]);
  });
});

describe('a final that the engine is too slow for', () => {
  it('is asked for once more, decoded greedily, until the same deadline', async () => {
    const { time, requests, close } = utteranceOf({
      seconds: 5,
      script: (_, number) => (number === 1 ? { crash: 'ENGINE_TOO_SLOW', delayMs: 10_000 } : { text: 'in time' }),
    });
    const answer = close();
    await time.advanceAsync(10_000);
    expect((await settle(time, answer)).text).toBe('in time');
    const [first, second] = requests;
    expect(first?.settings).toMatchObject({ beamSize: 5, temperatureFallback: true });
    expect(second).toEqual({
      ...first,
      deadlineMs: CLOSE_TIMES.finalMs - 10_000,
      settings: { ...first?.settings, beamSize: 1, temperatureFallback: false },
    });
  });

  it('is given up when that is too slow as well', async () => {
    const { time, requests, close } = utteranceOf({ seconds: 5, script: () => ({ crash: 'ENGINE_TOO_SLOW' }) });
    await expect(settle(time, close())).rejects.toMatchObject({ code: 'ENGINE_TOO_SLOW' });
    expect(requests).toHaveLength(2);
  });
});

describe('a text that is too long for one answer', () => {
  it('is asked for in halves, one after the other, which are joined', async () => {
    const { time, requests, deadlines, discarded, close } = utteranceOf({
      seconds: 20,
      script: (_, number) =>
        number === 1 ? { text: 'one two', truncated: true } : { text: number === 2 ? 'one two' : 'three four' },
    });
    const { text, truncated } = await settle(time, close());
    expect(text).toBe('one two three four');
    expect(truncated).toBeUndefined();
    expect(requests).toHaveLength(3);
    const [whole, first, second] = requests.map(({ pcm }) => [...pcm]);
    expect([...(first ?? []), ...(second ?? [])]).toEqual(whole);
    expect(new Set(deadlines).size).toBe(1);
    expect(requests[2]?.settings.prompt).toBe('one two');
    // The second half starts at another sample.
    expect(requests.map(({ draft }) => draft?.tokens)).toEqual([undefined, fakeTokens('one two'), undefined]);
    expect(discarded()).toEqual([0]);
  });

  it('is cut at the quietest place near the middle', async () => {
    const pcm = noise(20);
    // A pause at 8 s, and a longer one too near the start.
    pcm.fill(0, 1 * SECOND, 3 * SECOND);
    pcm.fill(0, 8 * SECOND, 8.2 * SECOND);
    const { time, requests, close } = utteranceOf({
      seconds: 20,
      pcm,
      script: (_, number) => ({ text: 'words', truncated: number === 1 }),
    });
    await settle(time, close());
    expect(requests[1]?.pcm.length).toBeGreaterThan(8 * SECOND);
    expect(requests[1]?.pcm.length).toBeLessThan(8.2 * SECOND);
  });

  it('is cut into quarters at most', async () => {
    const { time, requests, close } = utteranceOf({ seconds: 20, script: () => ({ text: 'on', truncated: true }) });
    expect(await settle(time, close())).toMatchObject({ text: 'on on on on', truncated: true });
    expect(requests).toHaveLength(7);
  });

  it('stands as far as it goes where a half fails, or has no words at all; what failed is missing', async () => {
    // A word takes at most a second.
    const missing = [{ fromMs: 2_000, toMs: 20_000, reason: 'recognizerFailed' }];
    for (const [script, parts] of [
      [{ crash: true }, missing],
      [{ rejected: 'noSpeech' }, undefined],
    ] as const) {
      const { time, close } = utteranceOf({
        seconds: 20,
        script: (_, number) => (number === 1 ? { text: 'the beginning', truncated: true } : script),
      });
      const final = await settle(time, close());
      expect(final.text).toBe('the beginning');
      expect(final.missing).toEqual(parts);
    }
  });
});

describe('a half whose text is nothing but repetition', () => {
  /** 18 s, cut at 9 s. */
  const middle = noise(18);
  middle.fill(0, 8.9 * SECOND, 9.1 * SECOND);
  const halves = async (first: FakeScript, second: FakeScript, whole: FakeScript = {}) => {
    const scripts = [{ text: 'the beginning', truncated: true, ...whole }, first, second];
    const { time, close } = utteranceOf({
      seconds: 18,
      pcm: middle,
      script: (_, number) => scripts[number - 1] ?? {},
    });
    const { text, missing } = await settle(time, close());
    return { text, missing };
  };
  const lost = { rejected: 'repetition' } as const;
  const reason = 'recognizerFailed';

  it('is missing, whichever half it is', async () => {
    expect(await halves(lost, { text: 'the end' })).toEqual({
      text: 'the end',
      missing: [{ fromMs: 0, toMs: 9_000, reason }],
    });
    expect(await halves({ text: 'the start' }, lost)).toEqual({
      text: 'the start',
      missing: [{ fromMs: 9_000, toMs: 18_000, reason }],
    });
  });

  it('is missing from where the text of the whole stops, if it is both', async () => {
    // Two words without times take at most two seconds.
    expect(await halves(lost, lost)).toEqual({
      text: 'the beginning',
      missing: [
        { fromMs: 2_000, toMs: 9_000, reason },
        { fromMs: 9_000, toMs: 18_000, reason },
      ],
    });
    const said = { text: Array.from({ length: 12 }, () => 'word').join(' ') };
    expect((await halves(lost, lost, said)).missing).toEqual([{ fromMs: 12_000, toMs: 18_000, reason }]);
    expect((await halves({ rejected: 'noSpeech' }, lost)).missing).toEqual([{ fromMs: 9_000, toMs: 18_000, reason }]);
  });

  it.each([
    'noSpeech',
    'lowProbability',
    'promptEcho',
  ] as const)('is not the half that a gate took for no speech (%s): that is a pause', async (rejected) => {
    expect(await halves({ rejected }, { text: 'the end' })).toEqual({ text: 'the end' });
    expect(await halves({ text: 'the start' }, { rejected })).toEqual({ text: 'the start' });
  });
});

describe('a loop that was cut from the end of a text', () => {
  const spoken = (text: string, fromMs = 0) =>
    text.split(' ').map((word, at) => ({
      text: word,
      startMs: fromMs + at * 1_000,
      endMs: fromMs + at * 1_000 + 900,
      probability: 0.9,
    }));
  const LOOPED = { words: spoken('we will see you again'), loopAtMs: 4_900 };

  it('has what is said behind it asked for by itself, until the same deadline, and no word stands there twice', async () => {
    const { time, requests, deadlines, discarded, close } = utteranceOf({
      seconds: 20,
      script: (_, number) => (number === 1 ? LOOPED : { words: spoken('Again, tomorrow then', 100) }),
    });
    const final = await settle(time, close());
    expect(final.text).toBe('we will see you again tomorrow then');
    expect(final.words?.map(({ text }) => text)).toEqual(final.text.split(' '));
    expect(final).not.toHaveProperty('missing');
    expect(final).not.toHaveProperty('loopAtMs');
    expect(requests).toHaveLength(2);
    const [whole, rest] = requests;
    const cut = 20 * SECOND - (rest?.pcm.length ?? 0);
    expect([...(rest?.pcm ?? [])]).toEqual([...(whole?.pcm.slice(cut) ?? [])]);
    expect(Math.abs(cut / 16 - 4_900)).toBeLessThanOrEqual(120);
    expect(final.words?.at(-2)?.startMs).toBeCloseTo(cut / 16 + 1_100);
    // What went in circles is no prompt.
    expect(rest).toEqual({ ...whole, deadlineMs: rest?.deadlineMs, pcm: rest?.pcm });
    expect(new Set(deadlines).size).toBe(1);
    expect(discarded()).toEqual([]);
  });

  it.each([
    ['a digit', 'the code is zero', spoken('zero seven', 1_200), 'the code is zero zero seven'],
    [
      'a phrase',
      'we will see you again',
      spoken('see you again then', 300),
      'we will see you again see you again then',
    ],
  ])('takes no word for heard twice that was said twice: %s', async (_, before, behind, whole) => {
    const words = spoken(before);
    const looped = { words, loopAtMs: words.at(-1)?.endMs ?? 0 };
    const { time, close } = utteranceOf({
      seconds: 20,
      script: (_, number) => (number === 1 ? looped : { words: behind }),
    });
    const final = await settle(time, close());
    expect(final.text).toBe(whole);
    expect(final.words?.map(({ text }) => text)).toEqual(whole.split(' '));
  });

  it('takes one word for heard twice at most where nobody knows when the words were said', async () => {
    const { time, close } = utteranceOf({
      seconds: 20,
      script: (_, number) => (number === 1 ? LOOPED : { text: 'see you again then' }),
    });
    expect((await settle(time, close())).text).toBe('we will see you again see you again then');
    const once = utteranceOf({
      seconds: 20,
      script: (_, number) => (number === 1 ? LOOPED : { text: 'again then' }),
    });
    expect((await settle(once.time, once.close())).text).toBe('we will see you again then');
  });

  it('has words in order, although attention draws the last one before it out', async () => {
    const words = LOOPED.words.map((word, at) => (at < 4 ? word : { ...word, endMs: 19_000 }));
    const { time, requests, close } = utteranceOf({
      seconds: 20,
      script: (_, number) => (number === 1 ? { words, loopAtMs: 5_000 } : { words: spoken('tomorrow then', 300) }),
    });
    const final = await settle(time, close());
    expect(final.text).toBe('we will see you again tomorrow then');
    const cutMs = 20_000 - (requests[1]?.pcm.length ?? 0) / 16;
    expect(final.words?.slice(3, 6)).toMatchObject([
      { startMs: 3_000, endMs: 3_900 },
      { startMs: 4_000, endMs: cutMs },
      { startMs: cutMs + 300, endMs: cutMs + 1_200 },
    ]);
  });

  it.each([
    'noSpeech',
    'nearSilent',
    'annotation',
  ] as const)('stands as it is where nothing is said behind it: %s', async (rejected) => {
    const { time, close } = utteranceOf({
      seconds: 20,
      script: (_, number) => (number === 1 ? LOOPED : { rejected }),
    });
    const final = await settle(time, close());
    expect(final.text).toBe('we will see you again');
    expect(final).not.toHaveProperty('missing');
  });

  it.each([
    [{ crash: 'OVERLOADED' }, 'overloaded'],
    [{ hang: true }, 'deadlineExceeded'],
    [{ rejected: 'repetition' }, 'recognizerFailed'],
  ] as const)('leaves what is said behind it missing where %j', async (script, reason) => {
    const { time, close } = utteranceOf({ seconds: 20, script: (_, number) => (number === 1 ? LOOPED : script) });
    const answer = close();
    await time.advanceAsync(60_000);
    const { text, missing } = await settle(time, answer);
    expect(text).toBe('we will see you again');
    expect(missing).toMatchObject([{ toMs: 20_000, reason }]);
    expect(Math.abs((missing?.[0]?.fromMs ?? 0) - 4_900)).toBeLessThanOrEqual(120);
  });

  it('is not followed again where there is another one behind it: that is missing', async () => {
    const { time, requests, close } = utteranceOf({
      seconds: 20,
      script: (_, number) => (number === 1 ? LOOPED : { words: spoken('so so and on'), loopAtMs: 3_900 }),
    });
    const { text, missing } = await settle(time, close());
    expect(requests).toHaveLength(2);
    expect(text).toBe('we will see you again so so and on');
    expect(missing).toMatchObject([{ toMs: 20_000, reason: 'recognizerFailed' }]);
    expect(Math.abs((missing?.[0]?.fromMs ?? 0) - 8_800)).toBeLessThanOrEqual(240);
  });

  it('within a half of a text is followed there', async () => {
    const { time, requests, close } = utteranceOf({
      seconds: 20,
      script: (_, number) =>
        [
          { text: 'one two', truncated: true },
          { words: spoken('one two'), loopAtMs: 1_900 },
          { words: spoken('three') },
          { words: spoken('four') },
        ][number - 1] ?? {},
    });
    expect((await settle(time, close())).text).toBe('one two three four');
    expect(requests).toHaveLength(4);
    expect(requests[3]?.settings.prompt).toBe('one two three');
  });
});

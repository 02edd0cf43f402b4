import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinWords, splitWords } from '../contract/text/words.js';
import { type JudgedResult, judgeText } from './judgeText.js';

const THRESHOLDS = { noSpeechThreshold: 0.6, logProbabilityThreshold: -1 };
const judge = (text: string, overrides: Partial<JudgedResult> = {}) =>
  judgeText({ text, noSpeechProbability: 0.1, meanLogProbability: -0.2, audioMs: 5_000, ...overrides }, THRESHOLDS);

/** Words one after the other, each of this length. */
const timed = (text: string, wordMs: number, startMs = 0) =>
  splitWords(text).map((word, index) => ({
    text: word,
    startMs: startMs + index * wordMs,
    endMs: startMs + (index + 1) * wordMs,
    probability: 0.9,
  }));

describe('judgeText', () => {
  it.each([
    'We finished the database migration on Thursday.',
    'No, no, no!',
    'Ha ha ha ha.',
    'One hundred, two hundred, three hundred.',
    'Yes.',
    '今天我们讨论预算。',
    'Das ist gut, das ist sehr gut.',
    'He said (and I quote) nothing.',
    'We have two tables (the old ones)',
    'Two * three is six.',
    '2 * 3 * 4 is 24.',
    'Then he said (that',
    '(I will send you the contract tomorrow and then we',
    '* I agree with all of that, let us go on.',
    '(I will send you the contract tomorrow, then.)',
  ])('keeps honest speech as it is: %s', (text) => {
    expect(judge(text)).toEqual({ text });
  });

  it('drops what holds no letter and no digit', () => {
    expect(judge('...').rejected).toBe('noLetters');
    expect(judge('♪♪').rejected).toBe('noLetters');
    expect(judge('')).toEqual({ text: '', words: [] });
  });

  it.each([
    '(Whistles)',
    '[whistling] [whistling]',
    '(Stuttering) (Chanting)',
    '(wind blowing) ...',
    '*coughs*',
    '*sighs*',
    '♪ la la la ♪',
    '♪ ♪',
    '【音楽】',
    '[BLANK_AUDIO',
    '(wind blowing',
    '[speaking in a foreign language]',
  ])('drops what only tells of sounds: %s', (text) => {
    expect(judge(text)).toMatchObject({ text: '', words: [] });
    expect(judge(text).rejected).toBe(text === '♪ ♪' ? 'noLetters' : 'annotation');
  });

  it.each([
    ['[laughs] I know.', 'I know.'],
    ['I know. (laughs) But still.', 'I know. But still.'],
    ['I know [laughs]. But still.', 'I know. But still.'],
    ['Okay. *sighs* Let us go on.', 'Okay. Let us go on.'],
    ['We are done. (wind blowing)', 'We are done.'],
    ['We are done. [BLANK_AUDIO', 'We are done.'],
    ['(coughs) and then he went', 'and then he went'],
    ['♪ Happy birthday to you, happy birthday to you ♪', 'Happy birthday to you, happy birthday to you'],
    ['今天【音楽】我们讨论', '今天我们讨论'],
  ])('takes notes out of a text and out of its words, and keeps the rest: %s', (text, rest) => {
    const words = timed(text, 200);
    const kept = judge(text, { words });
    expect(kept.text).toBe(rest);
    expect(joinWords(kept.words ?? [])).toBe(rest);
    for (const word of kept.words ?? []) expect(words.map(({ startMs }) => startMs)).toContain(word.startMs);
  });

  it('drops an unsure text on what is no speech, by both thresholds', () => {
    expect(judge('you', { noSpeechProbability: 0.9, meanLogProbability: -1.2 }).rejected).toBe('noSpeech');
    expect(judge('you', { noSpeechProbability: 0.9, meanLogProbability: -0.5 }).text).toBe('you');
    expect(judge('you', { noSpeechProbability: 0.3, meanLogProbability: -1.2 }).text).toBe('you');
  });

  it('drops a text that the engine does not believe itself', () => {
    expect(judge('garble', { meanLogProbability: -2.5 }).rejected).toBe('lowProbability');
  });

  it('drops an echo of the prompt, and keeps its names where they are heard without it', () => {
    const heard = timed('Siobhan, Matteo.', 500);
    const unsure = heard.map((word, index) => ({ ...word, probability: index === 0 ? 0.2 : 0.9 }));
    const echo = { unpromptedLogProbability: -1.8 };
    expect(judge('Siobhan, Matteo.', { ...echo, words: unsure }).rejected).toBe('promptEcho');
    expect(judge('Siobhan, Matteo.', { ...echo, words: heard, noSpeechProbability: 0.9 }).rejected).toBe('promptEcho');
    expect(judge('Siobhan, Matteo.', { ...echo, words: heard, audioMs: 250 }).rejected).toBe('promptEcho');
    // A rare name is unlikely without the prompt, but certain with it.
    expect(judge('Siobhan, Matteo.', { ...echo, words: heard }).text).toBe('Siobhan, Matteo.');
    expect(judge('Siobhan, Matteo.', { unpromptedLogProbability: -0.8, words: unsure }).text).toBe('Siobhan, Matteo.');
  });

  it('keeps 220 tokens that were not enough, and says that there is more', () => {
    const text = splitWords('we moved every old table on thursday while support stayed quiet').join(' ');
    expect(judge(text, { truncated: true })).toEqual({ text, truncated: true });
  });
});

describe('repetition', () => {
  it.each([
    ['zero zero zero zero zero zero seven', 2_400],
    ['My number is 0 3 3 3 3 3 3 3 3 7 1', 4_100],
    ['No no no no no no, that is not what I said.', 3_000],
    ['Thank you, thank you, thank you, thank you, thank you, thank you, thank you very much.', 6_800],
    ['1 2 3 4 1 2 3 4 1 2 3 4 1 2 3 4 1 2 3 4 1 2 3 4', 5_400],
    ['ありがとう。ありがとう。ありがとう。ありがとう。ありがとう。ありがとう。', 6_000],
    [`${'0 '.repeat(60)}7`, 17_700],
  ])('that people can have said stays, whole: %s', (text, audioMs) => {
    const words = timed(text, audioMs / splitWords(text).length);
    expect(judge(text, { audioMs, words })).toEqual({ text, words });
    expect(judge(text, { audioMs })).toEqual({ text });
  });

  it('stays where attention cannot tell equal words apart and gives the first one all the time', () => {
    const text = 'No, no, no, no, no, no, no, that is not what I said.';
    const words = timed(text, 20, 1_700);
    words[0] = { text: 'No,', startMs: 230, endMs: 1_700, probability: 0.7 };
    expect(judge(text, { words }).text).toBe(text);
  });

  it.each([
    ['And so my fellow Americans asked, "ask,', ' ask,', 50, 'And so my fellow Americans asked, "ask'],
    ['and so my fellow Americans', ' and so my fellow Americans', 39, 'and so my fellow Americans'],
    ['Mr. Quilter is the apostle', ' of the middle', 30, 'Mr. Quilter is the apostle of the middle'],
    ['あの、', 'ありがとう。', 30, 'あの、ありがとう。'],
  ])('that goes on until the tokens are used up is cut to one time: %s', (start, again, times, rest) => {
    const text = start + again.repeat(times);
    const audioMs = 28_000;
    for (const words of [undefined, timed(text, audioMs / splitWords(text).length)]) {
      const kept = judge(text, { audioMs, truncated: true, words });
      expect(kept.text).toBe(rest);
      if (words !== undefined) expect(joinWords(kept.words ?? [])).toBe(rest);
    }
  });

  it('that goes on until the tokens are used up has a place: what is said behind it is in no text', () => {
    const text = `we will see you${' again'.repeat(40)}`;
    const words = timed(text, 250);
    expect(judge(text, { audioMs: 20_000, truncated: true, words })).toMatchObject({ loopAtMs: 5 * 250 });
    // Attention cannot tell equal words apart and gives the first one all the time.
    const drawn = words.map((word, at) => ({
      ...word,
      startMs: at > 4 ? 19_000 + at * 20 : word.startMs,
      endMs: at > 3 ? 19_020 + at * 20 : word.endMs,
    }));
    expect(judge(text, { audioMs: 20_000, truncated: true, words: drawn })).toMatchObject({
      loopAtMs: 4 * 250 + 1_000,
    });
    // There is no room for any word after it.
    expect(judge(text, { audioMs: 2_500, truncated: true, words })).not.toHaveProperty('loopAtMs');
  });

  it('that the engine has ended itself has a place as well, where speech may lie behind it', () => {
    const text = 'we will see you again';
    const words = timed(text, 250);
    expect(judge(text, { audioMs: 20_000, looped: true, words })).toMatchObject({ text, loopAtMs: 5 * 250 });
    expect(judge(text, { audioMs: 2_500, looped: true, words })).not.toHaveProperty('loopAtMs');
    expect(judge(text, { audioMs: 20_000, words })).not.toHaveProperty('loopAtMs');
  });

  it('that goes on until the tokens are used up is a text that stops where it has no times and few words for its audio', () => {
    const text = `we will see you${' again'.repeat(40)}`;
    expect(judge(text, { audioMs: 20_000, truncated: true })).toEqual({
      text: 'we will see you again',
      truncated: true,
    });
    expect(judge(text, { audioMs: 6_000, truncated: true })).toEqual({ text: 'we will see you again' });
  });

  it('that is cut off within its last word is cut all the same', () => {
    const text = `${'Mr. Quilter, '.repeat(20)}Mr. Quil`;
    expect(judge(text, { audioMs: 6_000, truncated: true }).text).toBe('Mr. Quilter');
  });

  it('in no time is cut to one time at most, and what stands before and after it stays', () => {
    const before = timed('we will see', 300);
    const loop = timed('so so so so so so so so so so', 20, 900);
    const after = timed('you tomorrow then', 300, 1_100);
    const words = [...before, ...loop, ...after];
    const text = words.map((word) => word.text).join(' ');
    const kept = judge(text, { words });
    expect(kept.text).toBe('we will see so you tomorrow then');
    expect(kept.words).toEqual([...before, loop[0], ...after]);
    const without = judge(text, {
      words: words.map((word) => (word.text === 'so' ? { ...word, startMs: 900, endMs: 900 } : word)),
    });
    expect(without.text).toBe('we will see you tomorrow then');
  });

  it('that leaves nothing is named', () => {
    const text = Array.from({ length: 30 }, () => 'so').join(' ');
    expect(judge(text, { words: timed(text, 1), audioMs: 5_000 })).toEqual({
      text: '',
      words: [],
      rejected: 'repetition',
    });
  });

  it('drops more words than anybody can say', () => {
    const words =
      'we finished moving every old table on thursday while support stayed quiet and nobody noticed any outage so next month ' +
      'brings training for colleagues plus cleaning up reports';
    expect(judge(words, { audioMs: 1_500 }).rejected).toBe('repetition');
    expect(judge(words, { audioMs: 15_000 }).text).toBe(words);
  });
});

describe('any text', () => {
  const unspaced = (text: string) => text.replace(/\s/gu, '');
  const piece = fc.oneof(
    fc.constantFrom(
      'no',
      'no,',
      'zero',
      'the',
      'Budget.',
      '今天',
      '7',
      "don't",
      '(quietly)',
      '[laughs]',
      '♪',
      '*sighs*',
      '(',
    ),
    fc.string({ unit: 'grapheme', maxLength: 6 }),
  );
  const texts = fc
    .array(
      fc.oneof(
        piece,
        fc.tuple(piece, fc.nat(40)).map(([text, times]) => `${text} `.repeat(times)),
      ),
      { maxLength: 20 },
    )
    .map((parts) => parts.join(' ').replace(/\s+/gu, ' ').trim());
  const results = fc.record({
    text: texts,
    noSpeechProbability: fc.double({ min: 0, max: 1, noNaN: true }),
    meanLogProbability: fc.double({ min: -4, max: 0, noNaN: true }),
    audioMs: fc.nat(30_000),
    truncated: fc.boolean(),
    unpromptedLogProbability: fc.option(fc.double({ min: -9, max: 0, noNaN: true }), { nil: undefined }),
    wordMs: fc.option(fc.nat(400), { nil: undefined }),
  });

  it('with words in it either stays or is named as rejected, and loses nothing but notes and loops', () => {
    fc.assert(
      fc.property(results, ({ wordMs, ...result }) => {
        const words = wordMs === undefined ? undefined : timed(result.text, wordMs);
        const kept = judgeText({ ...result, words }, THRESHOLDS);
        const named = kept.rejected !== undefined;
        expect(kept.text === '').toBe(named || result.text === '');
        expect(named && kept.truncated).toBeFalsy();
        // Nothing is invented: kept text was there before, in the same order.
        const plainKept = unspaced(kept.text);
        let at = 0;
        for (const unit of result.text.split('')) if (unit === plainKept[at]) at += 1;
        expect(at).toBe(plainKept.length);
        if (kept.words !== undefined && !named) expect(unspaced(joinWords(kept.words))).toBe(unspaced(kept.text));
      }),
      { numRuns: 500 },
    );
  });

  it('without a note, of words that can be said in the time, stays to the letter', () => {
    const word = fc.constantFrom('no', 'no,', 'zero', 'the', 'budget', 'forty', 'two', 'thank', 'you', '7');
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 60 }), fc.boolean(), (parts, withWords) => {
        const text = parts.join(' ');
        const audioMs = parts.length * 250;
        const words = withWords ? timed(text, 250) : undefined;
        expect(judge(text, { audioMs, words }).text).toBe(text);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinWords, splitWords, spreadWords } from './words.js';

describe('words', () => {
  it('spreads words without times over the audio by their lengths', () => {
    const words = spreadWords('a longer one', { startMs: 1_000, endMs: 2_300 });
    expect(words.map(({ text }) => text)).toEqual(['a', 'longer', 'one']);
    expect(words[0]).toMatchObject({ startMs: 1_000, endMs: 1_200 });
    expect(words.at(-1)?.endMs).toBeCloseTo(2_300);
  });

  it('splits scripts without spaces into words and joins them without spaces again', () => {
    const words = splitWords('今天我们讨论预算。好的');
    expect(words.length).toBeGreaterThan(2);
    expect(joinWords(words.map((text) => ({ text })))).toBe('今天我们讨论预算。好的');
    expect(joinWords([{ text: 'hello' }, { text: '今天' }])).toBe('hello 今天');
  });

  it.each([
    'The translation is iPhone',
    '今天 we use iPhone 今天',
    'これはiPhoneです。いいね',
    'コーヒー・メーカー',
    'コーヒーを「ください」と言った',
    'สวัสดีครับ ok',
    'ខ្ញុំ ok ខ្ញុំ',
    'བཀྲ་ཤིས hello',
    '오늘 회의를 시작합니다',
    '好。Hello 好',
  ])('gives a text of mixed scripts back as it was: %s', (text) => {
    expect(joinWords(splitWords(text).map((word) => ({ text: word })))).toBe(text);
  });

  it('splits and joins any text that has one space at most, and none within scripts that write without', () => {
    const pieces = fc.constantFrom('the', 'iPhone', '7', '今天', 'コーヒー', 'です。', 'ครับ', "don't", '(so', 'end.');
    const texts = fc.array(pieces, { maxLength: 8 }).map((words) => joinWords(words.map((text) => ({ text }))));
    fc.assert(
      fc.property(texts, (text) => {
        expect(joinWords(splitWords(text).map((word) => ({ text: word })))).toBe(text);
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { monotonicWords } from './monotonicWords.js';

describe('monotonicWords', () => {
  it('puts times in order and inside the audio, and leaves empty words out', () => {
    const words = [
      { text: 'a', startMs: -5, endMs: 120 },
      { text: ' ', startMs: 120, endMs: 130 },
      { text: 'b', startMs: 100, endMs: 90 },
      { text: 'c', startMs: Number.NaN, endMs: Number.POSITIVE_INFINITY },
    ];
    expect(monotonicWords(words, 500)).toEqual([
      { text: 'a', startMs: 0, endMs: 120 },
      { text: 'b', startMs: 120, endMs: 120 },
      { text: 'c', startMs: 120, endMs: 120 },
    ]);
  });
});

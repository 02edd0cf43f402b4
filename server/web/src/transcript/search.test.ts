import type { Segment } from '@parley/client-sdk';
import { describe, expect, test } from 'vitest';
import { findPlaces, highlightsOf, speakersOf, wordsOf } from './search.js';

const said = (participantId: string, displayName: string, text: string): Segment => ({
  id: text,
  meetingId: 'm',
  participantId,
  displayName,
  track: 'microphone',
  startMs: 0,
  endMs: 0,
  text,
  language: 'en',
  confidence: 1,
  revision: 1,
  status: 'final',
});

const segments = [
  said('p1', 'Zoë', 'Good morning, Łódź.'),
  said('p2', 'Ben', 'The café opens in the MORNING.'),
  said('p1', 'Zoé', 'Until tomorrow.'),
];

describe('the search in the transcript', () => {
  test('finds all words, in text or name, whatever their case and accents', () => {
    const find = (question: string) => findPlaces(segments, wordsOf(question));
    expect(find('morning')).toEqual([0, 1]);
    expect(find('  CAFE morning ')).toEqual([1]);
    expect(find('zoe')).toEqual([0, 2]);
    expect(find('ben until')).toEqual([]);
  });

  test('finds nothing for no question', () => {
    expect(findPlaces(segments, wordsOf('  '))).toEqual([]);
    expect(highlightsOf('text', [])).toEqual([]);
  });

  test('marks what was found, in the text as it stands', () => {
    const marked = (text: string, question: string) =>
      highlightsOf(text, wordsOf(question)).map(({ start, end }) => text.slice(start, end));
    expect(marked('The café and the cafe\u0301s', 'cafe')).toEqual(['café', 'cafe\u0301']);
    expect(marked('🎉 Ünder the umbrella', 'under')).toEqual(['Ünder']);
    expect(marked('banana', 'ana')).toEqual(['ana']);
    expect(marked('one two', 'two one')).toEqual(['one', 'two']);
    expect(marked('abcd', 'abc bcd')).toEqual(['abcd']);
    expect(marked('nothing here', 'absent')).toEqual([]);
  });

  test('knows everybody who spoke, once and by the newest name', () => {
    expect([...speakersOf(segments)]).toEqual([
      ['p1', 'Zoé'],
      ['p2', 'Ben'],
    ]);
  });

  test('prepares each entry once, however often it is asked', () => {
    let reads = 0;
    const many = Array.from({ length: 100 }, (_, index) =>
      Object.defineProperty(said('p', 'Ada', ''), 'text', {
        get: () => {
          reads += 1;
          return `Entry number ${index} of the méeting`;
        },
      }),
    );
    expect(findPlaces(many, wordsOf('meeting'))).toHaveLength(100);
    expect(findPlaces(many, wordsOf('meeting 99'))).toEqual([99]);
    expect(reads).toBe(100);
  });
});

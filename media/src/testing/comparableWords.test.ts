import { describe, expect, it } from 'vitest';
import { comparableWords } from './comparableWords.js';

describe('words as they are compared', () => {
  it('are lower case, without punctuation and apostrophes', () => {
    expect(comparableWords(" 'Okay', Parley: let's re-open the client’s file... \n")).toEqual(
      'okay parley lets re open the clients file'.split(' '),
    );
    expect(comparableWords('Präsentation, año 2026!')).toEqual(['präsentation', 'año', '2026']);
    expect(comparableWords(' ... - ')).toEqual([]);
  });

  it.each([
    [
      'Unless to be rather cold-hearted is to be ill-disposed.',
      'unless to be rather cold hearted is to be ill disposed',
    ],
    ['a well‑known and/or new one — really', 'A well known, and or new one. Really?'],
    ['Mr. Quilter and Mrs. Dashwood met Dr. Bell.', 'MISTER QUILTER AND MISSUS DASHWOOD MET DOCTOR BELL'],
  ])('are the same in two ways of writing: %s', (one, other) => {
    expect(comparableWords(one)).toEqual(comparableWords(other));
  });

  it('are still different where something else was said', () => {
    expect(comparableWords('He was ill-sposed.')).not.toEqual(comparableWords('He was ill disposed.'));
    expect(comparableWords('Mr. Quilter')).not.toEqual(comparableWords('Mrs. Quilter'));
  });
});

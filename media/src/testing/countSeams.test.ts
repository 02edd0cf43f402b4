import { describe, expect, it } from 'vitest';
import { countSeams } from './countSeams.js';

describe('countSeams', () => {
  const spoken = 'one two three four five six seven eight nine ten eleven twelve'.split(' ');
  const count = (...texts: string[]) => countSeams({ texts, spoken });

  it('finds nothing wrong where each word stands on one side of each seam', () => {
    expect(count('One two three four.', 'Five six seven.', 'Eight nine ten eleven twelve.')).toEqual({
      seams: 2,
      broken: 0,
    });
  });

  it('does not mind a word that was heard as another one', () => {
    expect(count('one two three for', 'hive six seven eight nine ten eleven twelve').broken).toBe(0);
  });

  it.each([
    ['missing before it', 'one two three', 'five six seven eight nine ten eleven twelve'],
    ['missing after it', 'one two three four', 'six seven eight nine ten eleven twelve'],
    ['twice', 'one two three four', 'four five six seven eight nine ten eleven twelve'],
    ['too much', 'one two three four um', 'five six seven eight nine ten eleven twelve'],
  ])('finds a word that is %s', (_, first, second) => {
    expect(count(first, second)).toEqual({ seams: 1, broken: 1 });
  });

  it('takes a seam without a certain word within reach for a broken one', () => {
    expect(count('one two a b c d', 'e f g h seven eight').broken).toBe(1);
    expect(count('one a b c', 'five six seven eight nine').broken).toBe(0);
  });

  it('has nothing to say of one text, or of none', () => {
    expect(count('one two')).toEqual({ seams: 0, broken: 0 });
    expect(count()).toEqual({ seams: 0, broken: 0 });
  });
});

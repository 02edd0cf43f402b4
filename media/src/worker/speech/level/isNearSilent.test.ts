import { describe, expect, it } from 'vitest';
import { speech16k } from '../../../../test/loadFixtures.js';
import { isNearSilent } from './isNearSilent.js';

describe('isNearSilent', () => {
  it('knows silence, also with a constant offset, and hears a short word in it', () => {
    const silence = new Int16Array(16_000);
    expect(isNearSilent(silence, -60)).toBe(true);
    expect(isNearSilent(new Int16Array(16_000).fill(900), -60)).toBe(true);
    expect(isNearSilent(new Int16Array(0), -60)).toBe(true);
    const word = silence.slice();
    for (let index = 0; index < 800; index += 1) word[8_000 + index] = 400 * Math.sin(index / 8);
    expect(isNearSilent(word, -60)).toBe(false);
  });

  it('lets real speech pass at a fiftieth of its loudness', () => {
    const quiet = speech16k().map((sample) => sample / 50);
    expect(isNearSilent(quiet, -60)).toBe(false);
  });
});

import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { PICTURES } from './scenes.js';

const MOST_BYTES = 300 * 1_024;
const PNG_SIGNATURE = '89504e470d0a1a0a';

describe('the pictures of the README', () => {
  it.each(PICTURES)('%s is there, has its size and is small', async (picture) => {
    const png = await readFile(new URL(`../../../docs/images/${picture}.png`, import.meta.url));
    expect(png.subarray(0, 8).toString('hex')).toBe(PNG_SIGNATURE);
    const size = { width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
    expect(size).toEqual(picture === 'phone' ? { width: 780, height: 1_688 } : { width: 1_280, height: 800 });
    expect(png.length).toBeLessThanOrEqual(MOST_BYTES);
  });
});

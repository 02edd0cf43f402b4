import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtInModel } from '../test/support/builtInModel.js';
import { decodeTensor, ModelFile } from './ModelFile.js';

/** Half-precision numbers. */
const HALF = { one: 0x3c00, minusTwo: 0xc000, quarter: 0x3400, smallest: 0x0001 };

function block(...parts: (number[] | Uint8Array)[]): Buffer {
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}

function half(bits: number): number[] {
  return [bits & 0xff, bits >> 8];
}

/** Bytes whose low halves count up and whose high halves count down. */
const NIBBLES = Uint8Array.from({ length: 16 }, (_, i) => i | ((15 - i) << 4));
const UP_AND_DOWN = [...Array.from({ length: 16 }, (_, i) => i), ...Array.from({ length: 16 }, (_, i) => 15 - i)];

describe('the quantisations of ggml', () => {
  it.each([
    ['f32', 0, block([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]), 2, [1, -2]],
    ['f16', 1, block(half(HALF.one), half(HALF.minusTwo), half(HALF.smallest)), 3, [1, -2, 2 ** -24]],
    ['q8_0', 8, block(half(HALF.quarter), [4, 0xff, ...Array(30).fill(0)]), 32, [1, -0.25, ...Array(30).fill(0)]],
    ['q4_0', 2, block(half(HALF.quarter), NIBBLES), 32, UP_AND_DOWN.map((value) => (value - 8) / 4)],
    ['q4_1', 3, block(half(HALF.quarter), half(HALF.one), NIBBLES), 32, UP_AND_DOWN.map((value) => value / 4 + 1)],
    // The fifth bit of the first and of the last value.
    [
      'q5_0',
      6,
      block(half(HALF.quarter), [1, 0, 0, 0x80], NIBBLES),
      32,
      UP_AND_DOWN.map((value, i) => (value + (i === 0 || i === 31 ? 16 : 0) - 16) / 4),
    ],
    [
      'q5_1',
      7,
      block(half(HALF.quarter), half(HALF.minusTwo), [1, 0, 0, 0x80], NIBBLES),
      32,
      UP_AND_DOWN.map((value, i) => (value + (i === 0 || i === 31 ? 16 : 0)) / 4 - 2),
    ],
  ])('are read: %s', (_name, type, bytes, elements, expected) => {
    expect([...(decodeTensor(type, bytes, elements) ?? [])]).toEqual(expected);
  });

  it('of the K kinds are not', () => {
    expect(decodeTensor(12, Buffer.alloc(144), 256)).toBeUndefined();
  });
});

describe('a model’s file', () => {
  let file: ModelFile;
  beforeAll(async () => {
    file = await ModelFile.open(builtInModel());
  });
  afterAll(() => file.close());

  it('gives its text tokens as bytes, in order', async () => {
    const words = (await file.words()).map((word) => Buffer.from(word).toString('latin1'));
    expect(words).toHaveLength(50_257);
    // The multilingual order: single bytes, then the pairs that are most common.
    expect(words.slice(0, 3)).toEqual(['!', '"', '#']);
    expect(words[264]).toBe(' the');
  });

  it('gives its tensors as PyTorch has them', async () => {
    const { dimensions, values } = await file.tensor('encoder.conv1.weight', [192, 80, 3]);
    expect(dimensions).toEqual([192, 80, 3]);
    expect(values).toHaveLength(192 * 80 * 3);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  it('gives its mel filters, each over a few neighbouring bins', async () => {
    const { dimensions, values } = await file.melFilters();
    expect(dimensions).toEqual([80, 201]);
    const used = [...values.subarray(40 * 201, 41 * 201)].flatMap((value, bin) => (value > 0 ? [bin] : []));
    expect(used.length).toBeGreaterThan(0);
    expect((used.at(-1) as number) - (used[0] as number)).toBe(used.length - 1);
  });

  it.each([
    ['a tensor that is not there', 'encoder.conv3.weight', [1]],
    ['other dimensions', 'encoder.conv1.weight', [192, 80, 5]],
  ])('is refused with %s', async (_what, name, dimensions) => {
    await expect(file.tensor(name, dimensions)).rejects.toMatchObject({ code: 'NATIVE_MODEL_UNREADABLE' });
  });

  it('is refused where there is none', async () => {
    await expect(ModelFile.open('/nowhere/model.bin')).rejects.toMatchObject({ code: 'NATIVE_MODEL_UNREADABLE' });
  });
});

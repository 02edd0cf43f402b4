import { describe, expect, it } from 'vitest';
import { floatToHalf, halfToFloat } from './half.js';
import { BLOCK, QUANTISATIONS } from './quantisation.js';

const ramp = Array.from({ length: BLOCK }, (_, index) => (index - 12) / 7);

function pack(name: keyof typeof QUANTISATIONS, values: readonly number[]): DataView {
  const { blockBytes, pack: packBlock } = QUANTISATIONS[name];
  const view = new DataView(new ArrayBuffer(blockBytes));
  packBlock(Uint16Array.from(values, floatToHalf), 0, view, 0);
  return view;
}

describe('q8_0', () => {
  it('keeps every weight within half a step of the scale', () => {
    const view = pack('q8_0', ramp);
    const scale = halfToFloat(view.getUint16(0, true));
    for (const [index, value] of ramp.entries()) {
      expect(Math.abs(view.getInt8(2 + index) * scale - value)).toBeLessThan(scale * 0.6);
    }
    expect(view.getInt8(2 + BLOCK - 1)).toBe(127);
  });

  it('rounds half away from zero', () => {
    const view = pack('q8_0', [127, 0.5, -0.5, 1.5, -1.5, ...new Array<number>(BLOCK - 5).fill(0)]);
    expect([1, 2, 3, 4].map((index) => view.getInt8(2 + index))).toEqual([1, -1, 2, -2]);
  });

  it('packs a block of nothing', () => {
    const view = pack('q8_0', new Array<number>(BLOCK).fill(0));
    expect(new Uint8Array(view.buffer).every((byte) => byte === 0)).toBe(true);
  });
});

describe('q5_1', () => {
  it('keeps every weight within half a step of the scale', () => {
    const view = pack('q5_1', ramp);
    const scale = halfToFloat(view.getUint16(0, true));
    const least = halfToFloat(view.getUint16(2, true));
    const fifth = view.getUint32(4, true);
    for (const [index, value] of ramp.entries()) {
      const byte = view.getUint8(8 + (index % (BLOCK / 2)));
      const level = ((index < BLOCK / 2 ? byte : byte >>> 4) & 0x0f) | (((fifth >>> index) & 1) << 4);
      expect(Math.abs(level * scale + least - value)).toBeLessThan(scale * 0.6);
    }
  });

  it('packs weights that are all the same', () => {
    const view = pack('q5_1', new Array<number>(BLOCK).fill(0.5));
    expect(halfToFloat(view.getUint16(0, true))).toBe(0);
    expect(halfToFloat(view.getUint16(2, true))).toBe(0.5);
  });
});

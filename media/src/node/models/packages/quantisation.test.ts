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

describe('of a published model', () => {
  /** The first 32 weights of `encoder.blocks.0.mlp.0.weight` in `base`, and what its publisher's own files have of them. */
  const published = {
    halves:
      '021aef9db225dca4a02a8f243799e328a3ac0ba45a93ed86a01e599ba60d29209295c921c621e724bd28489dfe1cfd254624439e0c9b0c23411198231b9e1926',
    q8_0: 'ac1005f627df5b1ffc4381e4fe000bfa010efe14142241f709291df5fa18011af62a',
    q5_1: '1a1ca3acf7fcffff2351587dbf17318c601e126224611284',
  };

  it.each(['q8_0', 'q5_1'] as const)('a block is packed as its publisher has it: %s', (name) => {
    const { buffer, byteOffset } = Uint8Array.from(Buffer.from(published.halves, 'hex'));
    const view = new DataView(new ArrayBuffer(QUANTISATIONS[name].blockBytes));
    QUANTISATIONS[name].pack(new Uint16Array(buffer, byteOffset, BLOCK), 0, view, 0);
    expect(Buffer.from(view.buffer).toString('hex')).toBe(published[name]);
  });
});

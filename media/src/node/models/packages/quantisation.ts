import type { QuantisationName } from '../../../settings/modelCatalogue.js';
import { floatToHalf, halfToFloat } from './half.js';

/** How ggml packs the weights of a matrix. */
export interface Quantisation {
  /** ggml's number of the tensor type. */
  tensorType: number;
  /** ggml's number of the file type, plus a thousand times its quantisation version when the files were published. */
  fileType: number;
  /** Bytes of a block of 32 weights. */
  blockBytes: number;
  /** Packs a block: 32 halves (as bits) from `at` on become `blockBytes` bytes from `to` on. */
  pack(halves: Uint16Array, at: number, into: DataView, to: number): void;
}

/** Weights that share a scale. */
export const BLOCK = 32;
/** Files without packing: 16-bit floats in the matrices. */
export const HALF_FILE_TYPE = 1;

const round32 = Math.fround;
const weights = new Float32Array(BLOCK);

function load(halves: Uint16Array, at: number): void {
  for (let index = 0; index < BLOCK; index += 1) weights[index] = halfToFloat(halves[at + index] ?? 0);
}

/** ggml's reference arithmetic: in 32 bits, one rounding after each step, so that every bit equals the publisher's. */
export const QUANTISATIONS = {
  q8_0: {
    tensorType: 8,
    fileType: 2_007,
    blockBytes: 34,
    pack(halves, at, into, to) {
      load(halves, at);
      let most = 0;
      for (const weight of weights) most = Math.max(most, Math.abs(weight));
      const scale = round32(most / 127);
      const inverse = scale === 0 ? 0 : round32(1 / scale);
      into.setUint16(to, floatToHalf(scale), true);
      for (const [index, weight] of weights.entries()) {
        const scaled = round32(weight * inverse);
        // Half away from zero.
        into.setInt8(to + 2 + index, Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5));
      }
    },
  },
  q5_1: {
    tensorType: 7,
    fileType: 1_009,
    blockBytes: 24,
    pack(halves, at, into, to) {
      load(halves, at);
      let least = Number.POSITIVE_INFINITY;
      let most = Number.NEGATIVE_INFINITY;
      for (const weight of weights) {
        least = Math.min(least, weight);
        most = Math.max(most, weight);
      }
      const scale = round32(round32(most - least) / 31);
      const inverse = scale === 0 ? 0 : round32(1 / scale);
      into.setUint16(to, floatToHalf(scale), true);
      into.setUint16(to + 2, floatToHalf(least), true);
      let fifthBits = 0;
      for (let index = 0; index < BLOCK / 2; index += 1) {
        const low = level(weights[index] ?? 0, least, inverse);
        const high = level(weights[index + BLOCK / 2] ?? 0, least, inverse);
        into.setUint8(to + 8 + index, (low & 0x0f) | ((high & 0x0f) << 4));
        fifthBits |= ((low & 0x10) >>> 4) << index;
        fifthBits |= ((high & 0x10) >>> 4) << (index + BLOCK / 2);
      }
      into.setUint32(to + 4, fifthBits >>> 0, true);
    },
  },
} as const satisfies Record<QuantisationName, Quantisation>;

function level(weight: number, least: number, inverse: number): number {
  return Math.trunc(round32(round32(round32(weight - least) * inverse) + 0.5));
}

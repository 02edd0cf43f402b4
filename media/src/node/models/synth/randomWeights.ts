import { FLOAT_TENSOR, HALF_TENSOR, littleEndian, type TensorShape, weightsOf } from '../packages/ggmlFile.js';
import { floatToHalf } from '../packages/half.js';
import { BLOCK, QUANTISATIONS } from '../packages/quantisation.js';

/** Made at once: a multiple of two blocks. */
const CHUNK_WEIGHTS = 2 ** 18;
/** Standard deviation of the odd numbers from -127 to 127, each as likely. */
const BYTE_DEVIATION = Math.sqrt((128 ** 2 - 1) / 3);
const BIAS_DEVIATION = 0.02;
/** Different halves that a tensor has. */
const HALVES = 4_096;
const { blockBytes: BLOCK_BYTES, tensorType: BYTE_TENSOR } = QUANTISATIONS.q8_0;

/** How a tensor is filled: numbers of this deviation around this mean, each as likely. */
interface Spread {
  mean: number;
  deviation: number;
}

/**
 * Weights of a tensor as ggml keeps them, some at a time; what it gave before is overwritten. The same for the same seed.
 * @param options.tensorType 32 or 16-bit floats, or `q8_0`
 * @param options.layers of the tensor's side of the model: what adds to the stream of a deep model adds less
 */
export function* randomWeights(options: {
  tensor: TensorShape;
  tensorType: number;
  layers: number;
  seed: number;
}): Generator<Uint8Array> {
  const { tensor, tensorType } = options;
  const spread = spreadOf(tensor, options.layers);
  const fill = fillerOf(options.seed);
  const count = weightsOf(tensor);
  const make = chunkMaker(tensorType, spread, fill);
  for (let at = 0; at < count; at += CHUNK_WEIGHTS) yield make(Math.min(CHUNK_WEIGHTS, count - at));
}

/** Bytes of a tensor's weights in the file. */
export function bytesOf(tensor: TensorShape, tensorType: number): number {
  const count = weightsOf(tensor);
  if (tensorType === FLOAT_TENSOR) return 4 * count;
  return tensorType === HALF_TENSOR ? 2 * count : (count / BLOCK) * BLOCK_BYTES;
}

/** Each layer's output is about as large as its input, so that nothing overflows 16 bits, however many layers there are. */
function spreadOf({ name, shape }: TensorShape, layers: number): Spread {
  if (/ln(_post)?\.weight$/.test(name)) return { mean: 1, deviation: 0 };
  if (shape.length < 2) return { mean: 0, deviation: BIAS_DEVIATION };
  const inputs = shape.slice(1).reduce((product, size) => product * size, 1);
  const addsToStream = /(\.out|\.mlp\.2)\.weight$/.test(name);
  return { mean: 0, deviation: 1 / Math.sqrt(addsToStream ? 2 * layers * inputs : inputs) };
}

function chunkMaker(
  tensorType: number,
  { mean, deviation }: Spread,
  fill: (words: Uint32Array) => void,
): (count: number) => Uint8Array {
  const reach = deviation * Math.sqrt(3);
  if (tensorType === FLOAT_TENSOR) {
    const words = new Uint32Array(CHUNK_WEIGHTS);
    return (count) => {
      const part = words.subarray(0, count);
      fill(part);
      return littleEndian(Float32Array.from(part, (word) => mean + reach * (word / 2 ** 31 - 1)));
    };
  }
  if (tensorType === HALF_TENSOR) {
    const values = Uint16Array.from({ length: HALVES }, (_, index) =>
      floatToHalf(mean + reach * ((2 * index + 1) / HALVES - 1)),
    );
    const halves = new Uint16Array(CHUNK_WEIGHTS);
    const words = new Uint32Array(halves.buffer);
    return (count) => {
      fill(words.subarray(0, Math.ceil(count / 2)));
      for (let index = 0; index < count; index += 1) halves[index] = values[(halves[index] ?? 0) % HALVES] ?? 0;
      return new Uint8Array(halves.buffer, 0, 2 * count);
    };
  }
  if (tensorType !== BYTE_TENSOR) throw new Error(`no random weights are made for ggml's type ${tensorType}`);
  const bytes = new Uint8Array((CHUNK_WEIGHTS / BLOCK) * BLOCK_BYTES);
  const words = new Uint32Array(bytes.buffer);
  const scale = floatToHalf(deviation / BYTE_DEVIATION);
  return (count) => {
    const length = (count / BLOCK) * BLOCK_BYTES;
    const part = words.subarray(0, Math.ceil(length / 4));
    fill(part);
    // Odd numbers alone: their mean is 0, and none is -128, which ggml never writes.
    for (let index = 0; index < part.length; index += 1) part[index] = (part[index] ?? 0) | 0x01010101;
    for (let at = 0; at < length; at += BLOCK_BYTES) {
      bytes[at] = scale & 0xff;
      bytes[at + 1] = scale >>> 8;
    }
    return bytes.subarray(0, length);
  };
}

/** Marsaglia's xorshift, 32 bits ("Xorshift RNGs", 2003). */
function fillerOf(seed: number): (words: Uint32Array) => void {
  let state = seed >>> 0 || 1;
  return (words) => {
    for (let index = 0; index < words.length; index += 1) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[index] = state;
    }
  };
}

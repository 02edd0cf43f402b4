import { melFilters } from './melFilters.js';
import { HALF_FILE_TYPE, type Quantisation } from './quantisation.js';

/** A Whisper model's dimensions, as in the head of its file. Heads are 64 wide. */
export interface WhisperDimensions {
  vocabulary: number;
  /** The same for encoder and decoder. */
  width: number;
  audioLayers: number;
  textLayers: number;
  /** Mel bands. */
  mels: number;
}

/** A tensor by its name in the original checkpoint, rows first. */
export interface TensorShape {
  name: string;
  shape: readonly number[];
}

/** "ggml", as whisper.cpp writes it. */
const MAGIC = 0x67676d6c;
export const AUDIO_CONTEXT = 1_500;
export const TEXT_CONTEXT = 448;
const HEAD_WIDTH = 64;
/** ggml's numbers of tensor types. */
export const FLOAT_TENSOR = 0;
export const HALF_TENSOR = 1;
/** These stay in 32 bits although they have two dimensions. */
const FINE = new Set([
  'encoder.conv1.bias',
  'encoder.conv2.bias',
  'encoder.positional_embedding',
  'decoder.positional_embedding',
]);

/**
 * The part of a ggml Whisper file before the tensors: magic, dimensions, mel filters, vocabulary.
 * @param options.tokens the text tokens as bytes; whisper.cpp knows the others
 * @param options.quantisation absent: the matrices are in 16-bit floats
 */
export function ggmlHead(options: {
  dimensions: WhisperDimensions;
  tokens: readonly Uint8Array[];
  quantisation: Quantisation | undefined;
}): Uint8Array {
  const { vocabulary, width, audioLayers, textLayers, mels } = options.dimensions;
  const heads = width / HEAD_WIDTH;
  const mel = melFilters(mels);
  const numbers = [
    ...[MAGIC, vocabulary],
    ...[AUDIO_CONTEXT, width, heads, audioLayers],
    ...[TEXT_CONTEXT, width, heads, textLayers],
    ...[mels, options.quantisation?.fileType ?? HALF_FILE_TYPE],
  ];
  return Buffer.concat([
    uint32s(...numbers, mel.bands, mel.bins),
    littleEndian(mel.weights),
    uint32s(options.tokens.length),
    ...options.tokens.flatMap((token) => [uint32s(token.length), token]),
  ]);
}

/** The part of a tensor before its weights. Sizes are in ggml's order, the last one first. */
export function ggmlTensorHead(tensor: TensorShape, tensorType: number): Uint8Array {
  const sizes = ggmlShape(tensor).toReversed();
  return Buffer.concat([uint32s(sizes.length, tensor.name.length, tensorType, ...sizes), Buffer.from(tensor.name)]);
}

/** ggml's number for a tensor's type in a file with this quantisation. */
export function ggmlTensorType(tensor: TensorShape, quantisation: Quantisation | undefined): number {
  const rank = ggmlShape(tensor).length;
  if (rank < 2 || FINE.has(tensor.name)) return FLOAT_TENSOR;
  return quantisation !== undefined && rank === 2 ? quantisation.tensorType : HALF_TENSOR;
}

export function weightsOf({ shape }: Pick<TensorShape, 'shape'>): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function littleEndian(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The biases of the convolutions are columns there. */
function ggmlShape({ name, shape }: TensorShape): readonly number[] {
  return /conv[12]\.bias$/.test(name) ? [...shape, 1] : shape;
}

function uint32s(...values: number[]): Uint8Array {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, 4 * index);
  return bytes;
}

import { open } from 'node:fs/promises';
import { writeFully } from '../files.js';
import type { CTranslate2File } from './CTranslate2File.js';
import { halfToFloat } from './half.js';
import { melFilters } from './melFilters.js';
import { BLOCK, HALF_FILE_TYPE, QUANTISATIONS, type Quantisation, type QuantisationName } from './quantisation.js';
import { type NamedTensor, whisperShape, whisperTensors } from './whisperTensors.js';

export interface WriteGgmlModelOptions {
  source: CTranslate2File;
  /** The text tokens as bytes. */
  tokens: readonly Uint8Array[];
  /** Without: the matrices in 16-bit floats. */
  quantisation?: QuantisationName;
  path: string;
  /** 0 to 1. */
  onProgress?: (fraction: number) => void;
}

/** "ggml", as whisper.cpp writes it. */
const MAGIC = 0x67676d6c;
const AUDIO_CONTEXT = 1_500;
const TEXT_CONTEXT = 448;
const HEAD_WIDTH = 64;
const FLOAT_TENSOR = 0;
const HALF_TENSOR = 1;
/** Read, packed and written at once. */
const CHUNK_WEIGHTS = 2 ** 18;
/** These stay in 32 bits although they have two dimensions. */
const FINE = new Set([
  'encoder.conv1.bias',
  'encoder.conv2.bias',
  'encoder.positional_embedding',
  'decoder.positional_embedding',
]);

/**
 * Writes a Whisper model as whisper.cpp's converter and its quantising tool do, bit for bit; a stretch at a time, so that it takes a few
 * megabytes of memory.
 */
export async function writeGgmlModel(options: WriteGgmlModelOptions): Promise<void> {
  const { source, tokens, path, onProgress } = options;
  const quantisation = options.quantisation === undefined ? undefined : QUANTISATIONS[options.quantisation];
  const tensors = whisperTensors(source);
  const total = tensors.reduce((sum, tensor) => sum + weightsOf(tensor), 0);
  const file = await open(path, 'w');
  const write = (bytes: Uint8Array) => writeFully(file, bytes);
  try {
    await write(headOf({ source, tokens, fileType: quantisation?.fileType ?? HALF_FILE_TYPE }));
    let done = 0;
    for (const tensor of tensors) {
      const way = wayOf(tensor, quantisation);
      await write(tensorHead(tensor, way.tensorType));
      for await (const halves of halvesOf(source, tensor)) {
        await write(way.encode(halves));
        done += halves.length;
        onProgress?.(done / total);
      }
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

function headOf(options: { source: CTranslate2File; tokens: readonly Uint8Array[]; fileType: number }): Uint8Array {
  const { vocabulary, width, layers } = whisperShape(options.source);
  const heads = width / HEAD_WIDTH;
  const mel = melFilters();
  const dimensions = [
    ...[MAGIC, vocabulary],
    ...[AUDIO_CONTEXT, width, heads, layers],
    ...[TEXT_CONTEXT, width, heads, layers],
    ...[mel.bands, options.fileType],
  ];
  return Buffer.concat([
    uint32s(...dimensions, mel.bands, mel.bins),
    littleEndian(mel.weights),
    uint32s(options.tokens.length),
    ...options.tokens.flatMap((token) => [uint32s(token.length), token]),
  ]);
}

/** Sizes stand in ggml's order, the last one first. */
function tensorHead(tensor: NamedTensor, tensorType: number): Uint8Array {
  const sizes = shapeOf(tensor).toReversed();
  return Buffer.concat([uint32s(sizes.length, tensor.name.length, tensorType, ...sizes), Buffer.from(tensor.name)]);
}

/** The biases of the convolutions are columns there. */
function shapeOf({ name, shape }: NamedTensor): readonly number[] {
  return /conv[12]\.bias$/.test(name) ? [...shape, 1] : shape;
}

function wayOf(
  tensor: NamedTensor,
  quantisation: Quantisation | undefined,
): { tensorType: number; encode: (halves: Uint16Array) => Uint8Array } {
  const rank = shapeOf(tensor).length;
  if (rank < 2 || FINE.has(tensor.name)) {
    return { tensorType: FLOAT_TENSOR, encode: (halves) => littleEndian(Float32Array.from(halves, halfToFloat)) };
  }
  if (quantisation !== undefined && rank === 2) {
    return { tensorType: quantisation.tensorType, encode: (halves) => packed(halves, quantisation) };
  }
  return {
    tensorType: HALF_TENSOR,
    encode: (halves) => new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength),
  };
}

function packed(halves: Uint16Array, { blockBytes, pack }: Quantisation): Uint8Array {
  const blocks = halves.length / BLOCK;
  const bytes = new Uint8Array(blocks * blockBytes);
  const view = new DataView(bytes.buffer);
  for (let block = 0; block < blocks; block += 1) pack(halves, block * BLOCK, view, block * blockBytes);
  return bytes;
}

/** A tensor's weights in order, some at a time; what it gave before is overwritten. */
async function* halvesOf(source: CTranslate2File, tensor: NamedTensor): AsyncGenerator<Uint16Array> {
  const count = weightsOf(tensor);
  const chunk = new Uint16Array(Math.min(CHUNK_WEIGHTS, count));
  for (let at = 0; at < count; at += chunk.length) {
    const halves = chunk.subarray(0, Math.min(chunk.length, count - at));
    await source.read(new Uint8Array(halves.buffer, 0, halves.byteLength), tensor.offset + 2 * at);
    yield halves;
  }
}

function weightsOf({ shape }: NamedTensor): number {
  return shape.reduce((product, size) => product * size, 1);
}

function uint32s(...values: number[]): Uint8Array {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, 4 * index);
  return bytes;
}

function littleEndian(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

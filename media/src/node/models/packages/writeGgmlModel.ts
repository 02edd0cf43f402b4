import { open } from 'node:fs/promises';
import type { QuantisationName } from '../../../settings/modelCatalogue.js';
import { writeFully } from '../files.js';
import type { CTranslate2File } from './CTranslate2File.js';
import { FLOAT_TENSOR, ggmlHead, ggmlTensorHead, ggmlTensorType, littleEndian, weightsOf } from './ggmlFile.js';
import { halfToFloat } from './half.js';
import { BLOCK, QUANTISATIONS, type Quantisation } from './quantisation.js';
import { type NamedTensor, whisperShape, whisperTensors } from './whisperTensors.js';

export interface WriteGgmlModelOptions {
  source: CTranslate2File;
  /** The text tokens as bytes. */
  tokens: readonly Uint8Array[];
  /** Absent: the matrices in 16-bit floats. */
  quantisation?: QuantisationName;
  path: string;
  /** 0 to 1. */
  onProgress?: (fraction: number) => void;
}

/** The same in all models in packages. */
const MELS = 80;
/** Weights read, packed and written at once. */
const CHUNK_WEIGHTS = 2 ** 18;

/**
 * Writes a Whisper model like whisper.cpp's converter and its quantising tool, bit for bit; in pieces, so that it takes a few megabytes of
 * memory.
 */
export async function writeGgmlModel(options: WriteGgmlModelOptions): Promise<void> {
  const { source, tokens, path, onProgress } = options;
  const quantisation = options.quantisation === undefined ? undefined : QUANTISATIONS[options.quantisation];
  const tensors = whisperTensors(source);
  const total = tensors.reduce((sum, tensor) => sum + weightsOf(tensor), 0);
  const { vocabulary, width, layers } = whisperShape(source);
  const dimensions = { vocabulary, width, audioLayers: layers, textLayers: layers, mels: MELS };
  const file = await open(path, 'w');
  const write = (bytes: Uint8Array) => writeFully(file, bytes);
  try {
    await write(ggmlHead({ dimensions, tokens, quantisation }));
    let done = 0;
    for (const tensor of tensors) {
      const tensorType = ggmlTensorType(tensor, quantisation);
      const encode = encoderOf(tensorType, quantisation);
      await write(ggmlTensorHead(tensor, tensorType));
      for await (const halves of halvesOf(source, tensor)) {
        await write(encode(halves));
        done += halves.length;
        onProgress?.(done / total);
      }
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

function encoderOf(tensorType: number, quantisation: Quantisation | undefined): (halves: Uint16Array) => Uint8Array {
  if (tensorType === FLOAT_TENSOR) return (halves) => littleEndian(Float32Array.from(halves, halfToFloat));
  if (tensorType === quantisation?.tensorType) return (halves) => packed(halves, quantisation);
  return (halves) => new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength);
}

function packed(halves: Uint16Array, { blockBytes, pack }: Quantisation): Uint8Array {
  const blocks = halves.length / BLOCK;
  const bytes = new Uint8Array(blocks * blockBytes);
  const view = new DataView(bytes.buffer);
  for (let block = 0; block < blocks; block += 1) pack(halves, block * BLOCK, view, block * blockBytes);
  return bytes;
}

/** A tensor's weights in order, some at a time; each piece overwrites the one before. */
async function* halvesOf(source: CTranslate2File, tensor: NamedTensor): AsyncGenerator<Uint16Array> {
  const count = weightsOf(tensor);
  const chunk = new Uint16Array(Math.min(CHUNK_WEIGHTS, count));
  for (let at = 0; at < count; at += chunk.length) {
    const halves = chunk.subarray(0, Math.min(chunk.length, count - at));
    await source.read(new Uint8Array(halves.buffer, 0, halves.byteLength), tensor.offset + 2 * at);
    yield halves;
  }
}

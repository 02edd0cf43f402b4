import { type FileHandle, open } from 'node:fs/promises';
import { MEL_BINS, type ModelHeader, type ModelLayout, readModelLayout, type TensorEntry } from './modelHeader.js';
import { NativeError } from './types.js';

/** A tensor's values. */
export interface TensorValues {
  /** As in PyTorch: the last one varies fastest. */
  dimensions: readonly number[];
  values: Float32Array;
}

/** A ggml Whisper file whose tensors are read one at a time, as 32-bit floats. */
export class ModelFile {
  readonly header: ModelHeader;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #layout: ModelLayout;

  /** @throws NativeError (as a rejection) `NATIVE_MODEL_UNREADABLE` with the path and the reason */
  static async open(path: string): Promise<ModelFile> {
    const layout = await readModelLayout(path);
    return new ModelFile({ path, layout, file: await open(path, 'r') });
  }

  private constructor(parts: { path: string; layout: ModelLayout; file: FileHandle }) {
    this.header = parts.layout.header;
    this.#path = parts.path;
    this.#layout = parts.layout;
    this.#file = parts.file;
  }

  /** Mel filters, [mels, 201]. */
  async melFilters(): Promise<TensorValues> {
    const { mels } = this.header;
    const bytes = await this.#read(this.#layout.melFiltersOffset, mels * MEL_BINS * 4);
    return { dimensions: [mels, MEL_BINS], values: floats(bytes) };
  }

  /** Text tokens as bytes, in order, without special tokens. */
  async words(): Promise<Uint8Array[]> {
    const { offset, words, bytes } = this.#layout.vocabulary;
    const all = await this.#read(offset, bytes);
    let at = 0;
    return Array.from({ length: words }, () => {
      const start = at + 4;
      at = start + all.readUInt32LE(at);
      return all.subarray(start, at);
    });
  }

  /**
   * @param dimensions those that it must have; a size of 1 counts as none
   * @throws NativeError (as a rejection) `NATIVE_MODEL_UNREADABLE` if it is missing, has other dimensions or an unsupported quantisation
   * (ggml's K types)
   */
  async tensor(name: string, dimensions: readonly number[]): Promise<TensorValues> {
    const entry = this.#layout.tensors.get(name);
    if (entry === undefined) throw this.#fail(`it holds no tensor ${name}`);
    const given = entry.dimensions.filter((size) => size > 1);
    if (given.join() !== dimensions.filter((size) => size > 1).join()) {
      throw this.#fail(`its tensor ${name} is ${entry.dimensions.join(' x ')} and not ${dimensions.join(' x ')}`);
    }
    const values = decodeTensor(entry.type, await this.#read(entry.offset, entry.bytes), elementsOf(entry));
    if (values === undefined) throw this.#fail(`the quantisation of its tensor ${name} is not read here`);
    return { dimensions, values };
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #read(offset: number, bytes: number): Promise<Buffer> {
    const buffer = Buffer.alloc(bytes);
    const { bytesRead } = await this.#file.read(buffer, 0, bytes, offset);
    if (bytesRead < bytes) throw this.#fail('it became shorter while it was read');
    return buffer;
  }

  #fail(reason: string): NativeError {
    return new NativeError('NATIVE_MODEL_UNREADABLE', `The model ${this.#path} cannot be used: ${reason}.`);
  }
}

/** @param type ggml's number. @returns undefined for an unsupported type */
export function decodeTensor(type: number, bytes: Buffer, elements: number): Float32Array | undefined {
  return DECODERS[type]?.(bytes, elements);
}

function elementsOf({ dimensions }: TensorEntry): number {
  return dimensions.reduce((product, size) => product * size, 1);
}

/** Elements of a block of ggml's simple quantisations. */
const BLOCK = 32;

type Decoder = (bytes: Buffer, elements: number) => Float32Array;

/** By ggml's number of the type; see `dequantize_row_*` in ggml-quants.c. */
const DECODERS: Record<number, Decoder> = {
  0: (bytes) => floats(bytes),
  1: halves,
  2: blocks({ bytes: 18, minimum: false, high: false, bits: 4 }),
  3: blocks({ bytes: 20, minimum: true, high: false, bits: 4 }),
  6: blocks({ bytes: 22, minimum: false, high: true, bits: 5 }),
  7: blocks({ bytes: 24, minimum: true, high: true, bits: 5 }),
  8: bytesOfBlocks,
};

function floats(bytes: Buffer): Float32Array {
  const values = new Float32Array(bytes.length / 4);
  for (let i = 0; i < values.length; i++) values[i] = bytes.readFloatLE(4 * i);
  return values;
}

let halfValues: Float32Array | undefined;

/** IEEE 754 half precision, by a table of all 65,536. */
function half(bits: number): number {
  halfValues ??= Float32Array.from({ length: 65_536 }, (_, at) => halfOf(at));
  return halfValues[bits] as number;
}

function halves(bytes: Buffer, elements: number): Float32Array {
  const values = new Float32Array(elements);
  for (let i = 0; i < elements; i++) values[i] = half(bytes.readUInt16LE(2 * i));
  return values;
}

/** q8_0: a half-precision scale and 32 signed bytes. */
function bytesOfBlocks(bytes: Buffer, elements: number): Float32Array {
  const values = new Float32Array(elements);
  for (let from = 0, at = 0; from < elements; from += BLOCK, at += 2 + BLOCK) {
    const scale = half(bytes.readUInt16LE(at));
    for (let i = 0; i < BLOCK; i++) values[from + i] = scale * bytes.readInt8(at + 2 + i);
  }
  return values;
}

/**
 * q4_0, q4_1, q5_0, q5_1: a scale, possibly a minimum (otherwise values are around zero), possibly the fifth bits, then four bits each: the
 * first half of the block in the low ones.
 */
function blocks(layout: { bytes: number; minimum: boolean; high: boolean; bits: 4 | 5 }): Decoder {
  const middle = layout.minimum ? 0 : 2 ** (layout.bits - 1);
  const highAt = layout.minimum ? 4 : 2;
  const lowAt = highAt + (layout.high ? 4 : 0);
  return (bytes, elements) => {
    const values = new Float32Array(elements);
    for (let from = 0, at = 0; from < elements; from += BLOCK, at += layout.bytes) {
      const scale = half(bytes.readUInt16LE(at));
      const minimum = layout.minimum ? half(bytes.readUInt16LE(at + 2)) : 0;
      const high = layout.high ? bytes.readUInt32LE(at + highAt) : 0;
      for (let i = 0; i < BLOCK; i++) {
        const pair = bytes.readUInt8(at + lowAt + (i % (BLOCK / 2)));
        const low = i < BLOCK / 2 ? pair & 0x0f : pair >> 4;
        const whole = low | (((high >>> i) & 1) << 4);
        values[from + i] = scale * (whole - middle) + minimum;
      }
    }
    return values;
  };
}

function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

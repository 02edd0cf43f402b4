import { type FileHandle, open } from 'node:fs/promises';
import type { OnnxTensor } from './onnx.js';

/** So that the file can be mapped and read by vector instructions. */
const ALIGNMENT = 64;

export type WeightValues = Float32Array | Int8Array;

/** The bytes of a graph's constants, written one after the other. */
export class WeightFile {
  readonly tensors: OnnxTensor[] = [];
  readonly #file: FileHandle;
  #end = 0;

  static async create(path: string): Promise<WeightFile> {
    return new WeightFile(await open(path, 'wx'));
  }

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** @returns the name */
  async add(name: string, dimensions: readonly number[], values: WeightValues): Promise<string> {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const offset = Math.ceil(this.#end / ALIGNMENT) * ALIGNMENT;
    // Unlike `write`, this ends with an error where not all of it could be written.
    await this.#file.writeFile(new Uint8Array(offset - this.#end));
    await this.#file.writeFile(bytes);
    this.#end = offset + bytes.length;
    const type = values instanceof Float32Array ? 'float32' : 'int8';
    this.tensors.push({ name, type, dimensions, content: { offset, bytes: bytes.length } });
    return name;
  }

  async close(): Promise<void> {
    await this.#file.sync();
    await this.#file.close();
  }
}

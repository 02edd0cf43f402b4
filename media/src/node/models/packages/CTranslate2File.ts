import { type FileHandle, open } from 'node:fs/promises';
import { ModelError } from '../ModelError.js';

/** A tensor of 16-bit floats (IEEE 754), row by row. */
export interface HalfTensor {
  shape: readonly number[];
  /** Offset of its first byte in the file. */
  offset: number;
}

/** CTranslate2's number for 16-bit floats. */
const HALF = 4;
const HALF_BYTES = 2;
const MOST_VARIABLES = 10_000;
const MOST_RANK = 4;
const MOST_NAME_BYTES = 256;
/** More than the header of any variable takes. */
const HEAD_BYTES = 2 + MOST_NAME_BYTES + 1 + 4 * MOST_RANK + 1 + 4;

/**
 * A Whisper model as CTranslate2 keeps it (`model.bin`, version 6): the names and shapes of its tensors, and their bytes on demand.
 * Layout: u32 version, spec, u32 revision, u32 count; then of each variable: name, u8 rank, u32 sizes, u8 type, u32 bytes, data. Texts
 * are u16 length and bytes, the last one 0; numbers are little-endian.
 */
export class CTranslate2File {
  readonly #file: FileHandle;
  readonly #tensors: ReadonlyMap<string, HalfTensor>;

  private constructor(parts: { file: FileHandle; tensors: ReadonlyMap<string, HalfTensor> }) {
    this.#file = parts.file;
    this.#tensors = parts.tensors;
  }

  /** @throws ModelError `MODEL_PACKAGE_FAILED` for a different file */
  static async open(path: string): Promise<CTranslate2File> {
    const file = await open(path, 'r');
    try {
      return new CTranslate2File({ file, tensors: await readHeads(file) });
    } catch (error) {
      await file.close();
      if (error instanceof ModelError) throw error;
      throw unfit(error instanceof Error ? error.message : String(error), error);
    }
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** @throws ModelError if there is none of this name in 16 bits */
  tensor(name: string): HalfTensor {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) throw unfit(`it has no ${name} in 16-bit floats`);
    return tensor;
  }

  /** Fills a buffer from an offset in the file. */
  async read(into: Uint8Array, offset: number): Promise<void> {
    await readFully(this.#file, { into, offset });
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

async function readHeads(file: FileHandle): Promise<Map<string, HalfTensor>> {
  const { size } = await file.stat();
  const tensors = new Map<string, HalfTensor>();
  let at = 0;
  const block = Buffer.alloc(HEAD_BYTES);
  const view = async () => {
    const bytes = Math.min(HEAD_BYTES, size - at);
    await readFully(file, { into: block.subarray(0, bytes), offset: at });
    return new HeadReader(block.subarray(0, bytes));
  };
  let head = await view();
  head.uint32();
  if (head.text() !== 'WhisperSpec') throw unfit('it is no Whisper model of CTranslate2');
  head.uint32();
  const count = head.uint32();
  if (count > MOST_VARIABLES) throw unfit(`it says that it has ${count} variables`);
  at += head.position;
  for (let index = 0; index < count; index += 1) {
    head = await view();
    const name = head.text();
    const rank = head.uint8();
    if (rank > MOST_RANK) throw unfit(`${name} has ${rank} dimensions`);
    const shape = Array.from({ length: rank }, () => head.uint32());
    const type = head.uint8();
    const bytes = head.uint32();
    const offset = at + head.position;
    at = offset + bytes;
    if (at > size) throw unfit('it is cut off');
    if (type !== HALF) continue;
    if (shape.reduce((product, each) => product * each, HALF_BYTES) !== bytes) throw unfit(`${name} has another size`);
    tensors.set(name, { shape, offset });
  }
  return tensors;
}

class HeadReader {
  readonly #bytes: Buffer;
  position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  uint8(): number {
    return this.#bytes.readUInt8(this.#advance(1));
  }

  uint32(): number {
    return this.#bytes.readUInt32LE(this.#advance(4));
  }

  /** Without the 0 at its end. */
  text(): string {
    const length = this.#bytes.readUInt16LE(this.#advance(2));
    if (length > MOST_NAME_BYTES) throw unfit('a name in it is too long');
    const start = this.#advance(length);
    return this.#bytes.toString('latin1', start, Math.max(start, this.position - 1));
  }

  #advance(bytes: number): number {
    const start = this.position;
    this.position += bytes;
    return start;
  }
}

async function readFully(file: FileHandle, { into, offset }: { into: Uint8Array; offset: number }): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await file.read(into, done, into.length - done, offset + done);
    if (bytesRead === 0) throw unfit('it is cut off');
    done += bytesRead;
  }
}

function unfit(why: string, cause?: unknown): ModelError {
  return new ModelError('MODEL_PACKAGE_FAILED', `The model in the package cannot be used: ${why}.`, { cause });
}

import { type FileHandle, open } from 'node:fs/promises';
import { NativeError } from './types.js';

/** What a ggml Whisper file says of itself. */
export interface ModelHeader {
  vocabulary: number;
  audioContext: number;
  audioState: number;
  audioHeads: number;
  audioLayers: number;
  textContext: number;
  textState: number;
  textHeads: number;
  textLayers: number;
  mels: number;
  multilingual: boolean;
  /** e.g. `f16`, `q8_0`, `q5_1`. */
  quantisation: string;
  tensors: number;
  bytes: number;
}

/** "ggml", as whisper.cpp writes it. */
const MAGIC = 0x67676d6c;
const DIMENSIONS = 11;
/** ggml's `ftype` divides the quantisation version out by thousands. */
const QUANTISATION_VERSION_FACTOR = 1_000;
const FILE_TYPES: Record<number, string> = { 0: 'f32', 1: 'f16', 2: 'q4_0', 3: 'q4_1', 7: 'q8_0', 8: 'q5_0', 9: 'q5_1' };
/** Bytes of a block and elements in it, by ggml's tensor type. */
const TENSOR_TYPES: Record<number, { bytes: number; elements: number }> = {
  0: { bytes: 4, elements: 1 },
  1: { bytes: 2, elements: 1 },
  2: { bytes: 18, elements: 32 },
  3: { bytes: 20, elements: 32 },
  6: { bytes: 22, elements: 32 },
  7: { bytes: 24, elements: 32 },
  8: { bytes: 34, elements: 32 },
};
const MAX_TENSORS = 4_096;
const MAX_NAME_BYTES = 256;
const MAX_ELEMENTS = 2 ** 31;

/**
 * Reads a ggml Whisper file's structure from end to end without loading it: magic, dimensions, mel filters, vocabulary and the
 * head of each tensor. whisper.cpp 1.9.1 trusts all of these.
 * @throws NativeError (as a rejection) `NATIVE_MODEL_UNREADABLE` with the path and the reason
 */
export async function readModelHeader(path: string): Promise<ModelHeader> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    throw unreadable(path, (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(error));
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw unreadable(path, 'it is not a file');
    return await readStructure(new Reader({ file, path, size: stat.size }));
  } finally {
    await file.close();
  }
}

async function readStructure(reader: Reader): Promise<ModelHeader> {
  if ((await reader.uint32('the magic number')) !== MAGIC) {
    throw reader.fail('it is not a ggml Whisper file (whisper.cpp reads files named ggml-*.bin)');
  }
  const dimensions: number[] = [];
  for (let i = 0; i < DIMENSIONS; i++) dimensions.push(await reader.uint32('the dimensions'));
  const [vocabulary, audioContext, audioState, audioHeads, audioLayers, textContext, textState, textHeads, textLayers, mels, ftype] =
    dimensions as [number, number, number, number, number, number, number, number, number, number, number];
  const sane =
    between(vocabulary, 50_000, 60_000) &&
    between(audioContext, 1, 1_500) &&
    between(audioState, 32, 2_048) &&
    between(audioHeads, 1, 32) &&
    between(audioLayers, 1, 64) &&
    between(textContext, 1, 448) &&
    between(textState, 32, 2_048) &&
    between(textHeads, 1, 32) &&
    between(textLayers, 1, 64) &&
    (mels === 80 || mels === 128) &&
    audioState % audioHeads === 0 &&
    textState % textHeads === 0;
  const quantisation = FILE_TYPES[ftype % QUANTISATION_VERSION_FACTOR];
  if (!sane) throw reader.fail('its dimensions are not those of a Whisper model');
  if (quantisation === undefined) throw reader.fail(`its quantisation (${ftype}) is not known`);

  const filterMels = await reader.uint32('the mel filters');
  const filterBins = await reader.uint32('the mel filters');
  if (filterMels !== mels || filterBins !== 201) throw reader.fail('its mel filters have another size than its dimensions say');
  reader.skip(filterMels * filterBins * 4, 'the mel filters');

  const words = await reader.uint32('the vocabulary');
  if (words > vocabulary) throw reader.fail('its vocabulary is larger than its dimensions say');
  for (let i = 0; i < words; i++) {
    const length = await reader.uint32('the vocabulary');
    if (length > MAX_NAME_BYTES) throw reader.fail('its vocabulary holds an impossible word');
    reader.skip(length, 'the vocabulary');
  }

  let tensors = 0;
  for (; !reader.atEnd; tensors++) {
    if (tensors >= MAX_TENSORS) throw reader.fail('it holds more tensors than any Whisper model');
    await readTensor(reader);
  }
  if (tensors === 0) throw reader.fail('it ends before the first tensor');
  return {
    vocabulary,
    audioContext,
    audioState,
    audioHeads,
    audioLayers,
    textContext,
    textState,
    textHeads,
    textLayers,
    mels,
    // As whisper.cpp decides: 51,864 are the English-only models.
    multilingual: vocabulary >= 51_865,
    quantisation,
    tensors,
    bytes: reader.size,
  };
}

async function readTensor(reader: Reader): Promise<void> {
  const what = 'a tensor';
  const dimensions = await reader.uint32(what);
  const nameBytes = await reader.uint32(what);
  const type = TENSOR_TYPES[await reader.uint32(what)];
  if (!between(dimensions, 1, 4) || !between(nameBytes, 1, MAX_NAME_BYTES) || type === undefined) {
    throw reader.fail('the head of a tensor makes no sense');
  }
  let elements = 1;
  for (let i = 0; i < dimensions; i++) {
    const size = await reader.uint32(what);
    elements *= size;
    if (size === 0 || elements > MAX_ELEMENTS) throw reader.fail('a tensor has impossible dimensions');
  }
  if (elements % type.elements !== 0) throw reader.fail('a tensor has impossible dimensions');
  reader.skip(nameBytes + (elements / type.elements) * type.bytes, what);
}

/** Reads forward through a file in blocks; what is skipped is never read. */
class Reader {
  readonly size: number;
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #block = Buffer.alloc(65_536);
  #blockStart = 0;
  #blockLength = 0;
  #position = 0;

  constructor(options: { file: FileHandle; path: string; size: number }) {
    this.#file = options.file;
    this.#path = options.path;
    this.size = options.size;
  }

  get atEnd(): boolean {
    return this.#position === this.size;
  }

  async uint32(what: string): Promise<number> {
    if (this.#position + 4 > this.size) throw this.fail(`it ends within ${what}`);
    if (this.#position < this.#blockStart || this.#position + 4 > this.#blockStart + this.#blockLength) {
      const { bytesRead } = await this.#file.read(this.#block, 0, this.#block.length, this.#position);
      this.#blockStart = this.#position;
      this.#blockLength = bytesRead;
      if (bytesRead < 4) throw this.fail(`it ends within ${what}`);
    }
    const value = this.#block.readUInt32LE(this.#position - this.#blockStart);
    this.#position += 4;
    return value;
  }

  skip(bytes: number, what: string): void {
    if (this.#position + bytes > this.size) throw this.fail(`it ends within ${what}: the file is cut off`);
    this.#position += bytes;
  }

  fail(reason: string): NativeError {
    return unreadable(this.#path, reason);
  }
}

function unreadable(path: string, reason: string): NativeError {
  return new NativeError('NATIVE_MODEL_UNREADABLE', `The model ${path} cannot be used: ${reason}.`);
}

function between(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

import { type FileHandle, open } from 'node:fs/promises';
import { NativeError } from './types.js';

/** Information from the head of a ggml Whisper file. */
export interface ModelHeader {
  /** `tiny`, `base`, `small`, `medium`, `large` or `unknown`: whisper.cpp's name, from the number of encoder layers. */
  type: string;
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
const FILE_TYPES: Record<number, string> = {
  0: 'f32',
  1: 'f16',
  2: 'q4_0',
  3: 'q4_1',
  7: 'q8_0',
  8: 'q5_0',
  9: 'q5_1',
  10: 'q2_k',
  11: 'q3_k',
  12: 'q4_k',
  13: 'q5_k',
  14: 'q6_k',
};
/** Bytes of a block and elements in it, by ggml's tensor type. */
const TENSOR_TYPES: Record<number, { bytes: number; elements: number }> = {
  0: { bytes: 4, elements: 1 },
  1: { bytes: 2, elements: 1 },
  2: { bytes: 18, elements: 32 },
  3: { bytes: 20, elements: 32 },
  6: { bytes: 22, elements: 32 },
  7: { bytes: 24, elements: 32 },
  8: { bytes: 34, elements: 32 },
  10: { bytes: 84, elements: 256 },
  11: { bytes: 110, elements: 256 },
  12: { bytes: 144, elements: 256 },
  13: { bytes: 176, elements: 256 },
  14: { bytes: 210, elements: 256 },
};
/** English-only, multilingual, multilingual with Cantonese (large-v3). whisper.cpp derives its special tokens from this. */
const VOCABULARIES = [51_864, 51_865, 51_866];
const TYPES: Record<number, string> = { 4: 'tiny', 6: 'base', 12: 'small', 24: 'medium', 32: 'large' };
/** Frequency bins of Whisper's 400-point FFT. */
export const MEL_BINS = 201;
const SPACE = 0x20;
const MAX_NAME_BYTES = 256;
const MAX_ELEMENTS = 2 ** 31;

/**
 * Reads a ggml Whisper file's structure from end to end without loading it: magic, dimensions, mel filters, vocabulary and the
 * head of each tensor. whisper.cpp 1.9.1 trusts all of these.
 * @throws NativeError (as a rejection) `NATIVE_MODEL_UNREADABLE` with the path and the reason
 */
export async function readModelHeader(path: string): Promise<ModelHeader> {
  return (await readModelLayout(path)).header;
}

/** One tensor of a file, unread. */
export interface TensorEntry {
  /** ggml's number of its type. */
  type: number;
  /** As in PyTorch: the last one varies fastest. ggml writes them in reverse order. */
  dimensions: readonly number[];
  offset: number;
  bytes: number;
}

/** The positions of the parts of a file. */
export interface ModelLayout {
  header: ModelHeader;
  /** Byte offset of the mel filters: `mels` rows of 201 little-endian 32-bit floats. */
  melFiltersOffset: number;
  /** Start of its text tokens, their number and total bytes: each is its length as 32 bits, little-endian, and its bytes. */
  vocabulary: { offset: number; words: number; bytes: number };
  tensors: ReadonlyMap<string, TensorEntry>;
}

/** Like `readModelHeader`, with the positions of its tensors. @throws like that */
export async function readModelLayout(path: string): Promise<ModelLayout> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    throw unreadable(path, openFailure(error));
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw unreadable(path, 'it is not a file');
    return await readStructure(new Reader({ file, path, size: stat.size }));
  } catch (error) {
    throw error instanceof NativeError ? error : unreadable(path, String(error));
  } finally {
    await file.close();
  }
}

async function readStructure(reader: Reader): Promise<ModelLayout> {
  if ((await reader.uint32('the magic number')) !== MAGIC) {
    throw reader.fail('it is not a ggml Whisper file (whisper.cpp reads files named ggml-*.bin)');
  }
  const dimensions: number[] = [];
  for (let i = 0; i < DIMENSIONS; i++) dimensions.push(await reader.uint32('the dimensions'));
  const [
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
    ftype,
  ] = dimensions as [number, number, number, number, number, number, number, number, number, number, number];
  const sane =
    VOCABULARIES.includes(vocabulary) &&
    between(audioContext, 1, 1_500) &&
    between(audioState, 32, 2_048) &&
    between(audioHeads, 1, 32) &&
    between(audioLayers, 1, 64) &&
    between(textContext, 1, 448) &&
    between(textState, 32, 2_048) &&
    between(textHeads, 1, 32) &&
    between(textLayers, 1, 64) &&
    (mels === 80 || mels === 128) &&
    audioState === textState &&
    audioState % audioHeads === 0 &&
    textState % textHeads === 0;
  const quantisation = FILE_TYPES[ftype % QUANTISATION_VERSION_FACTOR];
  if (!sane) throw reader.fail('its dimensions are not those of a Whisper model');
  if (quantisation === undefined) throw reader.fail(`its quantisation (${ftype}) is not known`);

  const filterMels = await reader.uint32('the mel filters');
  const filterBins = await reader.uint32('the mel filters');
  if (filterMels !== mels || filterBins !== MEL_BINS)
    throw reader.fail('its mel filters have another size than its dimensions say');
  const melFiltersOffset = reader.position;
  reader.skip(filterMels * filterBins * 4, 'the mel filters');

  const words = await reader.uint32('the vocabulary');
  if (words > vocabulary) throw reader.fail('its vocabulary is larger than its dimensions say');
  const offset = reader.position;
  await readVocabulary(reader, words);
  const vocabularyEntry = { offset, words, bytes: reader.position - offset };

  const expected = tensorCount({ audioLayers, textLayers });
  const tensors = new Map<string, TensorEntry>();
  while (!reader.atEnd) {
    const { name, ...entry } = await readTensor(reader);
    if (tensors.has(name)) throw reader.fail('it holds a tensor twice');
    tensors.set(name, entry);
    if (tensors.size > expected) throw reader.fail('it holds more tensors than its dimensions say');
  }
  if (tensors.size < expected) {
    throw reader.fail(`it ends after ${tensors.size} of ${expected} tensors: the file is cut off`);
  }
  const header: ModelHeader = {
    type: TYPES[audioLayers] ?? 'unknown',
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
    // As in whisper.cpp: 51,864 means English-only.
    multilingual: vocabulary >= 51_865,
    quantisation,
    tensors: tensors.size,
    bytes: reader.size,
  };
  return { header, melFiltersOffset, vocabulary: vocabularyEntry, tensors };
}

/** whisper.cpp looks up the single space without checking that it is there. */
async function readVocabulary(reader: Reader, words: number): Promise<void> {
  const what = 'the vocabulary';
  let hasSpace = false;
  for (let i = 0; i < words; i++) {
    const length = await reader.uint32(what);
    if (length > MAX_NAME_BYTES) throw reader.fail('its vocabulary holds an impossible word');
    if (length === 1) hasSpace = (await reader.byte(what)) === SPACE || hasSpace;
    else reader.skip(length, what);
  }
  if (!hasSpace) throw reader.fail('its vocabulary is not that of a Whisper model');
}

/** Position tables, convolutions, embedding and norms: 11; 15 an encoder layer; 24 a decoder layer. */
function tensorCount({ audioLayers, textLayers }: { audioLayers: number; textLayers: number }): number {
  return 11 + 15 * audioLayers + 24 * textLayers;
}

async function readTensor(reader: Reader): Promise<TensorEntry & { name: string }> {
  const what = 'a tensor';
  const rank = await reader.uint32(what);
  const nameBytes = await reader.uint32(what);
  const type = await reader.uint32(what);
  const block = TENSOR_TYPES[type];
  if (!between(rank, 1, 4) || !between(nameBytes, 1, MAX_NAME_BYTES) || block === undefined) {
    throw reader.fail('the head of a tensor makes no sense');
  }
  const dimensions: number[] = [];
  let elements = 1;
  for (let i = 0; i < rank; i++) {
    const size = await reader.uint32(what);
    elements *= size;
    if (size === 0 || elements > MAX_ELEMENTS) throw reader.fail('a tensor has impossible dimensions');
    dimensions.unshift(size);
  }
  if (elements % block.elements !== 0) throw reader.fail('a tensor has impossible dimensions');
  const name = await reader.text(nameBytes, what);
  const offset = reader.position;
  const bytes = (elements / block.elements) * block.bytes;
  reader.skip(bytes, what);
  return { name, type, dimensions, offset, bytes };
}

/** Reads forward through a file in blocks; skipped parts are never read. */
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

  get position(): number {
    return this.#position;
  }

  get atEnd(): boolean {
    return this.#position === this.size;
  }

  async uint32(what: string): Promise<number> {
    return (await this.#take(4, what)).readUInt32LE();
  }

  async byte(what: string): Promise<number> {
    return (await this.#take(1, what)).readUInt8();
  }

  async text(bytes: number, what: string): Promise<string> {
    return (await this.#take(bytes, what)).toString('utf8');
  }

  /** The next `bytes` (at most a block), as a view that the next call may overwrite. */
  async #take(bytes: number, what: string): Promise<Buffer> {
    if (this.#position + bytes > this.size) throw this.fail(`it ends within ${what}: the file is cut off`);
    if (this.#position < this.#blockStart || this.#position + bytes > this.#blockStart + this.#blockLength) {
      const { bytesRead } = await this.#file.read(this.#block, 0, this.#block.length, this.#position);
      this.#blockStart = this.#position;
      this.#blockLength = bytesRead;
      if (bytesRead < bytes) throw this.fail(`it ends within ${what}: the file is cut off`);
    }
    const from = this.#position - this.#blockStart;
    this.#position += bytes;
    return this.#block.subarray(from, from + bytes);
  }

  skip(bytes: number, what: string): void {
    if (this.#position + bytes > this.size) throw this.fail(`it ends within ${what}: the file is cut off`);
    this.#position += bytes;
  }

  fail(reason: string): NativeError {
    return unreadable(this.#path, reason);
  }
}

function openFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'it may not be read by this user';
  return error instanceof Error ? error.message : String(error);
}

function unreadable(path: string, reason: string): NativeError {
  return new NativeError('NATIVE_MODEL_UNREADABLE', `The model ${path} cannot be used: ${reason}.`);
}

function between(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

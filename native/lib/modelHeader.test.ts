import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtInModel } from '../test/support/builtInModel.js';
import { readModelHeader } from './modelHeader.js';

/** Byte offsets of the file's head: magic, eleven dimensions, mel filters, vocabulary. */
const OFFSET = {
  magic: 0,
  vocabulary: 4,
  audioContext: 8,
  audioState: 12,
  audioLayers: 20,
  mels: 40,
  ftype: 44,
  filterBins: 52,
};
const VOCABULARY_AT = 56 + 80 * 201 * 4;

let folder: string;
let model: Buffer;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-header-'));
  model = readFileSync(builtInModel());
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(content: Buffer | string): string {
  const path = join(folder, 'model.bin');
  writeFileSync(path, content);
  return path;
}

/** The model's file with one number of its head changed. */
function changed(offset: number, value: number): string {
  const copy = Buffer.from(model);
  copy.writeUInt32LE(value, offset);
  return write(copy);
}

async function reason(path: string): Promise<string> {
  const error: unknown = await readModelHeader(path).then(
    () => undefined,
    (failure: unknown) => failure,
  );
  expect(error).toMatchObject({ name: 'NativeError', code: 'NATIVE_MODEL_UNREADABLE' });
  const { message } = error as Error;
  expect(message).toContain(path);
  return message;
}

describe('the header of a Whisper file', () => {
  it('tells dimensions, kind and quantisation of the built-in model', async () => {
    expect(await readModelHeader(builtInModel())).toEqual({
      type: 'tiny',
      vocabulary: 51_865,
      audioContext: 1_500,
      audioState: 192,
      audioHeads: 3,
      audioLayers: 4,
      textContext: 448,
      textState: 192,
      textHeads: 3,
      textLayers: 3,
      mels: 80,
      multilingual: true,
      quantisation: 'q8_0',
      tensors: 143,
      bytes: model.length,
    });
  });

  it('is not found in a file that is not there', async () => {
    expect(await reason(join(folder, 'missing.bin'))).toContain('no such file');
  });

  it('is not found in a folder', async () => {
    expect(await reason(folder)).toMatch(/not a file/);
  });

  it.each([
    ['an empty file', ''],
    ['three bytes', 'lmg'],
    ['a text file', 'This is not a model, but somebody downloaded it as one.\n'.repeat(100)],
    ['a page of HTML', '<!doctype html><title>Not found</title>'],
  ])('is not found in %s', async (_what, content) => {
    expect(await reason(write(content))).toMatch(/not a ggml Whisper file|ends within/);
  });

  it.each([
    ['the magic number', OFFSET.magic, 0x46554747],
    ['a huge vocabulary', OFFSET.vocabulary, 0x7fffffff],
    ['an unknown vocabulary', OFFSET.vocabulary, 51_900],
    ['a negative audio context', OFFSET.audioContext, 0xffffffff],
    ['a huge state', OFFSET.audioState, 1_000_000],
    ['more layers than tensors', OFFSET.audioLayers, 12],
    ['fewer layers than tensors', OFFSET.audioLayers, 3],
    ['an odd number of mels', OFFSET.mels, 81],
    ['other mels than its filters', OFFSET.mels, 128],
    ['an unknown quantisation', OFFSET.ftype, 2_099],
    ['a huge mel filter', OFFSET.filterBins, 0x40000000],
    ['more words than its vocabulary', VOCABULARY_AT, 0x7fffffff],
    ['an impossible word', VOCABULARY_AT + 4, 0xfffffff0],
  ])('is refused with %s', async (_what, offset, value) => {
    await reason(changed(offset, value));
  });

  it.each([
    3,
    40,
    60,
    VOCABULARY_AT + 2,
    VOCABULARY_AT + 5_000,
    800_000,
    5_000_000,
  ])('is refused when the file is cut off after %i bytes', async (length) => {
    expect(await reason(write(model.subarray(0, length)))).toMatch(/ends (within|after)/);
  });

  it('is refused when the last byte is missing', async () => {
    expect(await reason(write(model.subarray(0, -1)))).toContain('cut off');
  });

  it('is refused when there is more than the last tensor', async () => {
    expect(await reason(write(Buffer.concat([model, Buffer.alloc(16)])))).toContain('tensor');
  });

  it('is refused when a tensor is there twice', async () => {
    const at = model.indexOf('encoder.conv1.weight');
    const other = model.indexOf('encoder.conv2.weight');
    expect(Math.min(at, other)).toBeGreaterThan(0);
    const copy = Buffer.from(model);
    copy.write('encoder.conv1.weight', other, 'latin1');
    expect(await reason(write(copy))).toContain('twice');
  });

  it('is refused when a tensor has impossible dimensions', async () => {
    const copy = Buffer.from(model);
    // The dimensions stand before the name.
    copy.writeUInt32LE(0xffffffff, model.indexOf('encoder.conv1.weight') - 4);
    expect(await reason(write(copy))).toContain('impossible dimensions');
  });
});

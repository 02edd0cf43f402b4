import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { ModelFile } from '@parley/native';
import { asDiskError } from '../asDiskError.js';
import { withFileLock } from '../fileLock.js';
import { removeBeginning, writeFully } from '../files.js';
import { ModelError } from '../ModelError.js';
import { ggmlHead, ggmlTensorHead, ggmlTensorType, type TensorShape } from '../packages/ggmlFile.js';
import { QUANTISATIONS } from '../packages/quantisation.js';
import { bytesOf, randomWeights } from './randomWeights.js';
import { SYNTH_SHAPES, type SynthShape, tensorsOf } from './shapes.js';

/** Formats of the matrices. */
export const SYNTH_TYPES = ['q8_0', 'f16'] as const;
export type SynthType = (typeof SYNTH_TYPES)[number];

export interface SynthOptions {
  shape: SynthShape;
  type: SynthType;
  /** 0 to 2^32 - 1: the same seed gives the same bytes. */
  seed: number;
}

export interface WriteSynthModelOptions extends SynthOptions {
  /** Where the file appears, complete or not at all. */
  path: string;
  /** A multilingual ggml Whisper file, for its vocabulary. */
  vocabularyFrom: string;
  /** 0 to 1. */
  onProgress?: (fraction: number) => void;
  /** Called once if another process writes the same file. */
  onWait?: () => void;
  /** Aborts; rejects with `MODEL_INTERRUPTED`, and no file is left. */
  signal?: AbortSignal;
}

/** A part of the file: bytes, then weights that are generated on demand. */
export interface SynthPart {
  head: Uint8Array;
  weights?: { bytes: number; chunks: () => Iterable<Uint8Array> };
}

/** Names of such files start with it, so that they can be recognised when loaded. */
export const SYNTH_PREFIX = 'parley-synth';
const SYNTH_NAME = new RegExp(`^${SYNTH_PREFIX}-[A-Za-z0-9._-]+$`);

/** Whether a name, without `.bin`, is that of such a file. */
export function isSynthName(name: string): boolean {
  return SYNTH_NAME.test(name);
}

export function isSynthShape(name: string): name is SynthShape {
  return Object.hasOwn(SYNTH_SHAPES, name);
}

/** The usual name of such a file, e.g. `parley-synth-tiny-q8_0-1.bin`. */
export function synthFileName({ shape, type, seed }: SynthOptions): string {
  return `${SYNTH_PREFIX}-${shape}-${type}-${seed}.bin`;
}

/**
 * Writes a ggml Whisper file in the shape of a published model with random weights: as quick or slow as that model, with its tokens and its
 * audio input, but it knows no words. From any audio it makes tokens until they run out. Takes a few megabytes of memory.
 * @throws ModelError `MODEL_DISK_FAILED`, `MODEL_INTERRUPTED`
 */
export async function writeSynthModel(options: WriteSynthModelOptions): Promise<void> {
  const { path, onWait, signal } = options;
  const parts = synthParts(options, await wordsOf(options.vocabularyFrom));
  const lock = {
    path: `${path}.lock`,
    ...(onWait === undefined ? {} : { onWait }),
    ...(signal === undefined ? {} : { signal }),
  };
  try {
    await mkdir(dirname(path), { recursive: true });
    await withFileLock(lock, async () => {
      // Left by a killed process.
      await removeBeginning(dirname(path), [`${basename(path)}.new-`]);
      await writeParts(parts, options);
    });
  } catch (error) {
    if (signal?.aborted === true) throw interrupted(path);
    throw asDiskError(error, path);
  }
}

async function writeParts(parts: readonly SynthPart[], options: WriteSynthModelOptions): Promise<void> {
  const { path, onProgress, signal } = options;
  const total = parts.reduce((sum, part) => sum + part.head.length + (part.weights?.bytes ?? 0), 0);
  // No other process writes to it, even if this one sleeps so long that it loses its lock.
  const unfinished = `${path}.new-${randomUUID()}`;
  let done = 0;
  try {
    const file = await open(unfinished, 'w');
    const write = async (bytes: Uint8Array) => {
      signal?.throwIfAborted();
      await writeFully(file, bytes);
      done += bytes.length;
      onProgress?.(done / total);
    };
    try {
      for (const { head, weights } of parts) {
        await write(head);
        for (const chunk of weights?.chunks() ?? []) await write(chunk);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } catch (error) {
    // If even that fails, the first reason is the one to report.
    await rm(unfinished, { force: true }).catch(() => {});
    throw error;
  }
}

/** @throws NativeError `NATIVE_MODEL_UNREADABLE` for a file that is not a model */
async function wordsOf(path: string): Promise<Uint8Array[]> {
  const file = await ModelFile.open(path);
  try {
    return await file.words();
  } finally {
    await file.close();
  }
}

/** The file in order. @param tokens the text tokens as bytes */
export function synthParts({ shape, type, seed }: SynthOptions, tokens: readonly Uint8Array[]): SynthPart[] {
  const dimensions = SYNTH_SHAPES[shape];
  const quantisation = type === 'f16' ? undefined : QUANTISATIONS[type];
  const partOf = (tensor: TensorShape): SynthPart => {
    const tensorType = ggmlTensorType(tensor, quantisation);
    const layers = tensor.name.startsWith('encoder') ? dimensions.audioLayers : dimensions.textLayers;
    const weights = { tensor, tensorType, layers, seed: seedOf(tensor, seed) };
    return {
      head: ggmlTensorHead(tensor, tensorType),
      weights: { bytes: bytesOf(tensor, tensorType), chunks: () => randomWeights(weights) },
    };
  };
  return [{ head: ggmlHead({ dimensions, tokens, quantisation }) }, ...tensorsOf(dimensions).map(partOf)];
}

/** Each tensor has its own. */
function seedOf({ name }: TensorShape, seed: number): number {
  return createHash('sha256').update(`${seed} ${name}`).digest().readUInt32LE();
}

function interrupted(path: string): ModelError {
  return new ModelError('MODEL_INTERRUPTED', `${path} was not written: interrupted.`);
}

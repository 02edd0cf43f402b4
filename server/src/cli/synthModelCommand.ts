import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  isSynthShape,
  type ModelProgress,
  type ModelStore,
  SYNTH_SHAPES,
  SYNTH_TYPES,
  type SynthOptions,
  synthFileName,
  writeSynthModel,
} from '@parley/media/node';
import { BUILT_IN_MODEL } from '@parley/media/settings';
import pc from 'picocolors';

const SHAPES = Object.keys(SYNTH_SHAPES).join('|');
export const SYNTH_USAGE = `synth --shape ${SHAPES} [--type ${SYNTH_TYPES.join('|')}] [--seed N] [--out FILE]`;
const LARGEST_SEED = 2 ** 32 - 1;

/** Its message describes what is wrong with the arguments. */
export class SynthUsageError extends Error {
  override readonly name = 'SynthUsageError';
}

/**
 * `parley models synth`: writes a model file with random weights, by default next to the published ones. @returns the message to print
 * @throws SynthUsageError, ModelError
 */
export async function synthesize(options: {
  args: readonly string[];
  store: ModelStore;
  settings: { cacheDir: string };
  signal: AbortSignal;
  onProgress: (progress: ModelProgress) => void;
  onDone: () => void;
}): Promise<string> {
  const { store, settings, signal, onProgress, onDone } = options;
  const { out, ...what } = synthOptionsOf(options.args);
  const fileName = synthFileName(what);
  const path = resolve(out ?? join(settings.cacheDir, 'models', fileName));
  const { path: vocabularyFrom } = await store.pull(BUILT_IN_MODEL.profile.name);
  const name = fileName.replace(/\.bin$/, '');
  await writeSynthModel({
    ...what,
    ...{ path, vocabularyFrom, signal },
    onProgress: (fraction) => onProgress({ name, phase: 'synth', fraction }),
    onWait: () => onProgress({ name, phase: 'waiting', fraction: undefined }),
  });
  onDone();
  const megabytes = Math.round((await stat(path)).size / 1e6);
  return (
    `${pc.green('✓')} ${name}, ${megabytes} MB, is at ${path}\n` +
    `  ${pc.yellow('Its weights are random: it runs as fast as a real model of this shape, but knows no words.')}\n`
  );
}

/** @throws SynthUsageError */
function synthOptionsOf(args: readonly string[]): SynthOptions & { out?: string } {
  const { shape, type = 'q8_0', seed = '1', out } = flagsOf(args);
  if (shape === undefined) throw new SynthUsageError('A shape is required.');
  if (!isSynthShape(shape)) throw new SynthUsageError(`Unknown shape "${shape}".`);
  const known = SYNTH_TYPES.find((each) => each === type);
  if (known === undefined) throw new SynthUsageError(`Unknown type "${type}".`);
  if (!/^\d+$/.test(seed) || Number(seed) > LARGEST_SEED) {
    throw new SynthUsageError(`"${seed}" is not a whole number from 0 to ${LARGEST_SEED}.`);
  }
  return { shape, type: known, seed: Number(seed), ...(out === undefined ? {} : { out }) };
}

function flagsOf(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const;
    return parseArgs({ args: [...args], options: { shape: text, type: text, seed: text, out: text } }).values;
  } catch (error) {
    throw new SynthUsageError(`${(error as Error).message}.`, { cause: error });
  }
}

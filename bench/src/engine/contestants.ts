import { fileURLToPath } from 'node:url';
import { type CTranslate2, prepareCTranslate2 } from './cTranslate2.js';
import type { EngineCommand } from './EngineProcess.js';
import { PARLEY_ENCODERS, type ParleyEncoder, preparedEncoder } from './parleyEncoders.js';
import { buildStockWhisper, type StockWhisper } from './stockWhisper.js';

const PARLEY_ENGINE = fileURLToPath(new URL('parleyEngine.js', import.meta.url));

/** Who makes the engine. */
export type Maker = 'parley' | 'whispercpp' | 'ctranslate2';

/** How an engine's process shares the cores. */
export interface Plan {
  /** Recordings at a time. */
  lanes: number;
  /** Threads of each lane. */
  threads: number;
  /** Recordings that are available at the same time. */
  streams: number;
}

/** An engine with one of its settings: a column of the table. */
export interface Contestant {
  name: string;
  maker: Maker;
  /** It makes a difference only if many recordings are there at once. */
  manyStreamsOnly?: boolean;
  commandOf(plan: Plan): EngineCommand;
}

/**
 * All contestants: Parley's engine with each available encoder, the best first; stock whisper.cpp with each of its settings that are worth
 * a try; and CTranslate2 if requested and available.
 * @param options.onNote gets a sentence about each missing one, and why
 */
export async function contestantsFor(options: {
  modelPath: string;
  /** The model's weights are random. */
  synthetic: boolean;
  cTranslate2: boolean;
  onNote: (sentence: string) => void;
}): Promise<Contestant[]> {
  const { modelPath, onNote } = options;
  const builds = [await buildStockWhisper({ llamafile: false }), await buildStockWhisper({ llamafile: true })];
  const contestants = [
    ...(await encodersThere({ modelPath, onNote })).map((encoder) => parley(modelPath, encoder)),
    ...builds.flatMap((build) =>
      [true, false].map((flashAttention) => stock({ ...build, ...options, flashAttention })),
    ),
  ];
  if (!options.cTranslate2) return contestants;
  try {
    const prepared = await prepareCTranslate2(modelPath);
    return [...contestants, cTranslate2(prepared, { batches: false }), cTranslate2(prepared, { batches: true })];
  } catch (error) {
    onNote(`CTranslate2 is left out: ${error instanceof Error ? error.message : String(error)}`);
    return contestants;
  }
}

/** Their graphs are written by then, so that no load time includes it. */
async function encodersThere(options: {
  modelPath: string;
  onNote: (sentence: string) => void;
}): Promise<ParleyEncoder[]> {
  const there: ParleyEncoder[] = [];
  for (const encoder of PARLEY_ENCODERS) {
    const { failure } = await preparedEncoder({ encoder, modelPath: options.modelPath });
    if (failure === undefined) there.push(encoder);
    else options.onNote(`The encoder ${encoder} is left out: ${failure}`);
  }
  return there;
}

function parley(modelPath: string, encoder: ParleyEncoder): Contestant {
  return {
    name: encoder === 'onnx' ? 'Parley' : 'Parley, encoder of whisper.cpp',
    maker: 'parley',
    commandOf: ({ lanes, threads }) => ({
      program: process.execPath,
      args: [PARLEY_ENGINE, modelPath, String(lanes), String(threads), encoder],
    }),
  };
}

function stock(options: StockWhisper & { modelPath: string; synthetic: boolean; flashAttention: boolean }): Contestant {
  const { program, version, modelPath, synthetic, flashAttention, llamafile } = options;
  return {
    name: `whisper.cpp ${version}${flashAttention ? ', flash attention' : ''}${llamafile ? ', llamafile kernels' : ''}`,
    maker: 'whispercpp',
    commandOf: ({ lanes, threads }) => ({
      program,
      args: [modelPath, String(lanes), String(threads), flashAttention ? '1' : '0', synthetic ? '0' : '1'],
    }),
  };
}

/** With batches, one recording takes all cores, and the available recordings go through the model together. */
function cTranslate2(
  { python, script, modelFolder, version }: CTranslate2,
  { batches }: { batches: boolean },
): Contestant {
  return {
    name: `CTranslate2 ${version}, int8${batches ? ', in batches' : ''}`,
    maker: 'ctranslate2',
    manyStreamsOnly: batches,
    commandOf: ({ lanes, threads, streams }) => {
      const [workers, each, batch] = batches ? [1, lanes * threads, streams] : [lanes, threads, 1];
      return { program: python, args: [script, 'run', modelFolder, String(workers), String(each), String(batch)] };
    },
  };
}

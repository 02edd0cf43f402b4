import { onnxRuntimeProblem, type SpeechEngineOptions } from '@parley/native';
import type { EngineChoice } from '../../../settings/modelProfile.js';
import { onnxLibraryPath } from './onnxLibrary.js';
import { prepareEncoder } from './prepareEncoder.js';

export interface EncoderOptions {
  engine: EngineChoice;
  device: 'cpu' | 'cuda';
  modelPath: string;
  /** Where graphs are kept; absent: nowhere. */
  directory?: string;
}

/**
 * What ONNX Runtime needs to encode for a model. Empty if whisper.cpp should encode; a reason if ONNX Runtime should but cannot: the engine
 * works without it.
 */
export async function encoderOf(
  options: EncoderOptions,
): Promise<{ encoder?: NonNullable<SpeechEngineOptions['encoder']>; failure?: string }> {
  const { engine, device, modelPath, directory } = options;
  if (engine === 'whispercpp' || device === 'cuda' || directory === undefined) return {};
  try {
    const libraryPath = onnxLibraryPath();
    const failure = onnxRuntimeProblem(libraryPath);
    // Checked first: no graph is written that cannot be run.
    if (failure !== undefined) return { failure };
    return { encoder: { libraryPath, graphPath: await prepareEncoder({ modelPath, directory }) } };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

import { onnxRuntimeProblem, type SpeechEngineOptions } from '@parley/native';
import type { EngineChoice } from '../../../settings/modelProfile.js';
import { onnxLibraryPath } from './onnxLibrary.js';
import { prepareEncoder } from './prepareEncoder.js';

export interface EncoderOptions {
  engine: EngineChoice;
  device: 'cpu' | 'cuda';
  modelPath: string;
  /** Where graphs are kept; absent: there is none. */
  directory?: string;
}

/**
 * What ONNX Runtime needs to encode for a model. Nothing where whisper.cpp is to do it; where ONNX Runtime was to and cannot, the reason:
 * the engine works without.
 */
export async function encoderOf(
  options: EncoderOptions,
): Promise<{ encoder?: NonNullable<SpeechEngineOptions['encoder']>; failure?: string }> {
  const { engine, device, modelPath, directory } = options;
  if (engine === 'whispercpp' || device === 'cuda' || directory === undefined) return {};
  try {
    const libraryPath = onnxLibraryPath();
    const failure = onnxRuntimeProblem(libraryPath);
    // Nor is a graph written that nobody can run.
    if (failure !== undefined) return { failure };
    return { encoder: { libraryPath, graphPath: await prepareEncoder({ modelPath, directory }) } };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

import type { ModelHeader } from '@parley/native';

/** Reads and checks the header of a ggml Whisper file. @throws with a sentence on what is wrong with it */
export async function inspectModelFile(path: string): Promise<ModelHeader> {
  // Loaded late, so that a missing addon is an answer and not a crash.
  const native = await import('@parley/native');
  return await native.readModelHeader(path);
}

import { join } from 'node:path';
import { encoderOf } from '@parley/media/asr';
import { cacheDirectory } from '@parley/media/node';

/** Encoders of Parley's engine. A server uses the first one that is available. */
export const PARLEY_ENCODERS = ['onnx', 'whispercpp'] as const;
export type ParleyEncoder = (typeof PARLEY_ENCODERS)[number];

export function isParleyEncoder(name: string): name is ParleyEncoder {
  return (PARLEY_ENCODERS as readonly string[]).includes(name);
}

/** What ONNX Runtime needs, prepared as by a server and in the same cache; nothing for whisper.cpp; or why it is not available. */
export async function preparedEncoder(options: { encoder: ParleyEncoder; modelPath: string }) {
  const { encoder: engine, modelPath } = options;
  return await encoderOf({ engine, modelPath, device: 'cpu', directory: join(cacheDirectory(), 'encoders') });
}

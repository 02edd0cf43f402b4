import { join } from 'node:path';
import { encoderOf } from '@parley/media/asr';
import { cacheDirectory } from '@parley/media/node';

/** What may compute the encoder in Parley's engine. The first that is there is the one that a server uses. */
export const PARLEY_ENCODERS = ['onnx', 'whispercpp'] as const;
export type ParleyEncoder = (typeof PARLEY_ENCODERS)[number];

export function isParleyEncoder(name: string): name is ParleyEncoder {
  return (PARLEY_ENCODERS as readonly string[]).includes(name);
}

/** What ONNX Runtime needs, as a server prepares it and in the same cache; nothing for whisper.cpp; or why it cannot be had. */
export async function preparedEncoder(options: { encoder: ParleyEncoder; modelPath: string }) {
  const { encoder: engine, modelPath } = options;
  return await encoderOf({ engine, modelPath, device: 'cpu', directory: join(cacheDirectory(), 'encoders') });
}

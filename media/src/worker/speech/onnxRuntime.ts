import { createRequire } from 'node:module';
import { forbidTelemetry } from '../../process/noTelemetry.js';

forbidTelemetry();
// Not a static import, which would load the library before the line above.
const onnxRuntime: typeof import('onnxruntime-node') = createRequire(import.meta.url)('onnxruntime-node');

/** ONNX Runtime without telemetry. */
export const { InferenceSession, Tensor } = onnxRuntime;
export type InferenceSession = import('onnxruntime-node').InferenceSession;

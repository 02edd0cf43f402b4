/**
 * ONNX Runtime's official builds for Linux report each session to their maker, with names and hashes of models, unless this is set before
 * the library is loaded.
 */
export const NO_TELEMETRY = { ORT_DISABLE_TELEMETRY: '1' } as const;

/** For this process. Call it before ONNX Runtime is loaded. */
export function forbidTelemetry(): void {
  Object.assign(process.env, NO_TELEMETRY);
}

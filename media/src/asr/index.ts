export { type AsrServerLimits, type AsrServerStats, DEFAULT_ASR_SERVER_LIMITS } from './AsrServer.js';
export { AsrService, type AsrServiceOptions } from './AsrService.js';
export type { AsrModel, AsrProcessStats } from './asrContract.js';
export type { DispatcherLimits, DispatcherStats, DropCause } from './Dispatcher.js';
export { detectDevice } from './detectDevice.js';
export { type EncoderOptions, encoderOf } from './encoder/encoderOf.js';
export { onnxLibraryPath } from './encoder/onnxLibrary.js';
export { type PrepareEncoderOptions, prepareEncoder } from './encoder/prepareEncoder.js';
export { transcribeJob } from './jobOptions.js';
export { DEFAULT_LOAD_LIMITS, type LoadLimits } from './LoadMonitor.js';
export { type Inability, inabilitiesOf, languagesOf, standsInFor } from './languages.js';
export type { Quantiles } from './RecentValues.js';
export {
  DEFAULT_RECOGNITION_CLIENT_LIMITS,
  RecognitionClient,
  type RecognitionClientLimits,
  type RecognitionClientOptions,
  type RecognitionClientState,
  type RecognitionClientStats,
} from './RecognitionClient.js';
export type { Recognizer } from './Recognizer.js';
export * from './types.js';

/** Parts of the media worker, for those who measure or test them by themselves. Products talk to a worker through `node`. */
export * from './audio/index.js';
export type { SpeakerEvent } from './contract/messages.js';
export { SpeakerPipeline, type SpeakerPipelineOptions, type SpeakerPipelineStats } from './pipeline/SpeakerPipeline.js';
export {
  DEFAULT_RECOGNITION_CLIENT_LIMITS,
  RecognitionClient,
  type RecognitionClientLimits,
  type RecognitionClientOptions,
  type RecognitionClientState,
  type RecognitionClientStats,
} from './recognition/RecognitionClient.js';
export * from './rtp/index.js';
export * from './speech/index.js';

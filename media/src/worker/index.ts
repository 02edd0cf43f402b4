/** Parts of the media worker, for those who measure or test them by themselves. Products talk to a worker through `node`. */
export * from './audio/index.js';
export type { TrackEvent } from './contract/messages.js';
export { TrackPipeline, type TrackPipelineOptions, type TrackPipelineStats } from './pipeline/TrackPipeline.js';
export {
  DEFAULT_RECOGNITION_CLIENT_LIMITS,
  RecognitionClient,
  type RecognitionClientLimits,
  type RecognitionClientOptions,
  type RecognitionClientState,
  type RecognitionClientStats,
} from './recognition/RecognitionClient.js';
export { OfflineTrack, type OfflineTrackOptions } from './recordings/OfflineTrack.js';
export { openRecording, type Recording, RecordingError, type RecordingErrorCode } from './recordings/openRecording.js';
export { StandingClock } from './recordings/StandingClock.js';
export * from './rtp/index.js';
export * from './speech/index.js';

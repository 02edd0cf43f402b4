/** What a server process drives: the SFU, the media workers, the ASR process and the models. Of the other processes it shows messages. */
export { addonFolder, detectDevice } from '@parley/native';
export type { AsrModel } from '../asr/contract/asrContract.js';
export {
  DEFAULT_LOAD_LIMITS,
  type Load,
  type LoadLevel,
  type LoadReason,
  NO_INTERIMS,
} from '../asr/contract/load.js';
export type { AsrProcessStats } from '../asr/contract/serverStats.js';
export type {
  AudioLedgerTotals,
  BudgetLimit,
  NotTranscribed,
  PipelineEvent,
  PipelineGapReason,
  PipelineSegment,
  RejectionReason,
  ShedReason,
  TrackActivity,
  TrackDescription,
  TrackState,
  WakeWordModels,
} from '../worker/contract/messages.js';
export { AsrService, type AsrServiceOptions } from './AsrService.js';
export { LocalMediaNode, type LocalMediaNodeOptions } from './LocalMediaNode.js';
export type { MediaNode, PipelineOptions, RoomPipeline, TrackOptions } from './MediaNode.js';
export * from './models/index.js';
export type { RecognizerStatus } from './RecognizerStatus.js';
export { RecordingTranscriber, type RecordingTranscriberOptions } from './RecordingTranscriber.js';
export * from './sfu/index.js';

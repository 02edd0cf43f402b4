export * from './MediaNode.js';
export type {
  AudioLedgerTotals,
  PipelineEvent,
  PipelineGapReason,
  PipelineSegment,
  RejectionReason,
  ShedReason,
  SpeakerActivity,
  SpeakerDescription,
  SpeakerEvent,
  SpeakerState,
} from './messages.js';
export type { RoomPipeline } from './RoomPipeline.js';
export { SpeakerPipeline, type SpeakerPipelineOptions, type SpeakerPipelineStats } from './SpeakerPipeline.js';

export * from './MediaNode.js';
export type {
  AudioLedgerTotals,
  PipelineEvent,
  PipelineGapReason,
  PipelineSegment,
  ShedReason,
  SpeakerActivity,
  SpeakerDescription,
  SpeakerState,
} from './messages.js';
export type { RoomPipeline } from './RoomPipeline.js';
export {
  type SpeakerEvent,
  SpeakerPipeline,
  type SpeakerPipelineOptions,
  type SpeakerPipelineStats,
} from './SpeakerPipeline.js';

export * from './MediaNode.js';
export type { PipelineEvent, PipelineGapReason, PipelineSegment } from './messages.js';
export type { RoomPipeline } from './RoomPipeline.js';

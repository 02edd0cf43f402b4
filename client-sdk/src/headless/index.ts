/** A client without a browser that only reads: for bots, minutes and tests, in Node 20 and newer. */
export type { ClientState, DisconnectReason, ParleyClientEvents } from '../clientEvents.js';
export type { Logger } from '../Logger.js';
export * from '../protocol/index.js';
export type { RoomClient } from '../RoomClient.js';
export {
  findSegments,
  type TranscriptFormatOptions,
  type TranscriptJson,
  toJson,
  toPlainText,
  toSrt,
  toVtt,
} from '../transcript/formats.js';
export type { TranscriptView } from '../transcript/TranscriptView.js';
export { type HeadlessOptions, joinHeadless } from './joinHeadless.js';

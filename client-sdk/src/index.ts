/** Everything that a page needs to join a Parley room. Message schemas are in `@parley/client-sdk/protocol/schema`. */
export type { ClientState, DisconnectReason, ParleyClientEvents } from './clientEvents.js';
export type { JoinOptions, JoinRoomOptions, ParleyClientOptions, RoomClientOptions } from './clientOptions.js';
export { defaults } from './defaults.js';
export { guestCredentials } from './guestCredentials.js';
export type { Logger } from './Logger.js';
export { createLevelMeter, type LevelMeter } from './media/createLevelMeter.js';
export { LocalMicrophone, type LocalMicrophoneEvents, type LocalMicrophoneOptions } from './media/LocalMicrophone.js';
export {
  type AudioProcessing,
  captureMicrophone,
  listMicrophones,
  type Microphone,
  type MicrophoneOptions,
} from './media/microphone.js';
export type { Publication } from './media/Publication.js';
export type { ConnectionLevel, ConnectionMeasurement, ConnectionQuality } from './media/qualityOf.js';
export type { OutputDevice, RemoteAudio, RemoteAudioEvents } from './media/RemoteAudio.js';
export { ParleyClient } from './ParleyClient.js';
export * from './protocol/index.js';
export type { RoomClient } from './RoomClient.js';
export type { EventMap, TypedEmitter } from './TypedEmitter.js';
export { bindTextTrack, type TextTrackOptions } from './transcript/bindTextTrack.js';
export {
  type Caption,
  type CaptionClock,
  CaptionQueue,
  type CaptionQueueEvents,
  type CaptionQueueOptions,
} from './transcript/CaptionQueue.js';
export {
  findSegments,
  type TranscriptFormatOptions,
  type TranscriptJson,
  toJson,
  toPlainText,
  toSrt,
  toVtt,
} from './transcript/formats.js';
export { TranscriptView, type TranscriptViewEvents } from './transcript/TranscriptView.js';

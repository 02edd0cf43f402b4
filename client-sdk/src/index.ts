/** What a page needs to join a Parley room. Checks of messages are on `@parley/client-sdk/protocol/schema`. */
export { guestCredentials } from './guestCredentials.js';
export type { Logger } from './Logger.js';
export { createLevelMeter, type LevelMeter } from './media/createLevelMeter.js';
export { captureMicrophone, listMicrophones, type Microphone, type MicrophoneOptions } from './media/microphone.js';
export type { Publication } from './media/Publication.js';
export type { RemoteAudio, RemoteAudioEvents } from './media/RemoteAudio.js';
export {
  type ClientState,
  type JoinOptions,
  ParleyClient,
  type ParleyClientEvents,
  type ParleyClientOptions,
} from './ParleyClient.js';
export * from './protocol/index.js';
export type { TypedEmitter } from './TypedEmitter.js';
export { findSegments, type TranscriptFormatOptions, toPlainText, toSrt, toVtt } from './transcript/formats.js';
export { TranscriptView, type TranscriptViewEvents } from './transcript/TranscriptView.js';

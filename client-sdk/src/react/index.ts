/** React hooks for the client: each is a thin view of its state and events. Needs `react` 18 or newer. */
export type { ParleyClient } from '../ParleyClient.js';
export type { RoomClient } from '../RoomClient.js';
export type { Caption } from '../transcript/CaptionQueue.js';
export { useLedgers, useSettings } from './fetched.js';
export {
  type Access,
  type RecordState,
  useAccess,
  useActiveSpeakers,
  useClientState,
  useConnectionQuality,
  useParticipants,
  useRecord,
  useTrackStates,
  useTranscription,
  useWaiting,
} from './room.js';
export { type CaptionOptions, useCaptions, useTranscript } from './transcript.js';
export { type MicrophoneState, useMicrophone } from './useMicrophone.js';
export { type Parley, useParley } from './useParley.js';

/** What the server process and a media worker process say to each other. Ids are opaque to the worker. */
import type { Hypothesis } from '../asr/types.js';
import type { SpeechSettings } from '../speech/settings.js';

/** Why an utterance has no text; see the wire contract's gap reasons. */
export type PipelineGapReason =
  | 'recognizerFailed'
  | 'recognizerUnavailable'
  | 'deadlineExceeded'
  | 'overloaded'
  | 'mediaWorkerLost';

export interface MediaWorkerInit {
  /** Where the ASR process listens. */
  asrSocketPath: string;
}

/** One producer to listen to. */
export interface SpeakerDescription {
  /** Unique in the room; the producer's id. */
  speakerId: string;
  participantId: string;
  track: string;
  /** Which producer of this participant and track in this meeting it is; part of segment ids. */
  epoch: number;
  ssrc: number;
  payloadType: number;
  muted: boolean;
}

/** Questions, answered under the same name. */
export interface MediaWorkerRequests {
  openRoom: {
    request: {
      roomId: string;
      /** On the machine's monotonic clock. */
      meetingStartedAtMs: number;
      settings: SpeechSettings;
      /** Longest audio of one recognition request. */
      longestWindowMs: number;
    };
    /** UDP port on 127.0.0.1 where the room's RTP is awaited. */
    response: { port: number };
  };
  /** A new socket for a room whose RTP comes from elsewhere from now on. */
  reopenRoom: { request: { roomId: string }; response: { port: number } };
  /** From now on only packets from this port of 127.0.0.1 are taken. */
  connectRoom: { request: { roomId: string; remotePort: number }; response: Record<string, never> };
  addSpeaker: { request: { roomId: string; speaker: SpeakerDescription }; response: Record<string, never> };
  /** Closes the open utterance, so that the last word before the mute is not late. */
  setMuted: { request: { roomId: string; speakerId: string; muted: boolean }; response: Record<string, never> };
  /** Answered when everything that was said has become text or a gap. */
  removeSpeaker: { request: { roomId: string; speakerId: string }; response: Record<string, never> };
  closeRoom: { request: { roomId: string }; response: Record<string, never> };
  resources: { request: Record<string, never>; response: MediaWorkerResources };
}

export interface MediaWorkerResources {
  rooms: number;
  pipelines: number;
  timers: number;
  descriptors: number;
}

/** Changes that a running room takes over, from the next utterance on. */
export interface MediaWorkerCommands {
  settingsChanged: { roomId: string; settings: SpeechSettings; longestWindowMs: number };
}

export interface PipelineSegment {
  id: string;
  /** Milliseconds from the start of the meeting. */
  startMs: number;
  endMs: number;
  revision: number;
}

export type PipelineEvent = { roomId: string; speakerId: string } & (
  | { type: 'speechStarted'; atMs: number }
  | { type: 'speechEnded'; atMs: number }
  /** Speech that will become a final or a gap, or be retracted. */
  | { type: 'opened'; segment: PipelineSegment }
  | { type: 'interim'; segment: PipelineSegment; hypothesis: Hypothesis }
  | { type: 'final'; segment: PipelineSegment; hypothesis: Hypothesis }
  | { type: 'gap'; segment: PipelineSegment; reason: PipelineGapReason }
  /** What had been shown as interim is not speech. */
  | { type: 'retracted'; segmentId: string }
);

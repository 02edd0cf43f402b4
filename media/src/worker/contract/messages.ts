/** Messages between the server process and a media worker process. Ids are opaque to the worker. */
import type { Hypothesis, Rejection } from '../../asr/contract/recognition.js';
import type { ReadingProfile } from '../../settings/reading.js';
import type { SpeechSettings } from '../../settings/speechSettings.js';

/**
 * The level of a microphone. `quiet`: the speech is so faint that words are lost; `clipping`: it is so loud that it is cut off and sounds
 * distorted.
 */
export type MicrophoneLevel = 'good' | 'quiet' | 'clipping';

/** What a speaker's track is doing, in RealtimeSTT's terms. */
export type TrackState =
  /** Muted, or nothing has arrived yet. */
  | 'inactive'
  /** Awake and waiting for speech. */
  | 'listening'
  /** Asleep until a wake phrase is detected. */
  | 'wakeword'
  /** Speech that will become text. */
  | 'speaking'
  /** The speech is over, its final is on the way. */
  | 'transcribing';

/**
 * Steps of a track on its way to text, to show or to log. Times are milliseconds from the start of the meeting. `stabilized` and
 * `audioRecorded` are diagnostics: frequent, and sent only on request.
 */
export type TrackActivity =
  | { type: 'listeningStarted'; atMs: number }
  | { type: 'listeningStopped'; atMs: number }
  | { type: 'utteranceStarted'; segmentId: string; atMs: number }
  | { type: 'utteranceEnded'; segmentId: string; atMs: number; cause: 'silence' | 'forced' | 'sentence' | 'flush' }
  /** A final has been requested. */
  | { type: 'transcriptionStarted'; segmentId: string; atMs: number }
  /** Silence within an utterance: is it over? */
  | { type: 'turnDetectionStarted'; segmentId: string; atMs: number }
  | { type: 'turnDetectionStopped'; segmentId: string; atMs: number; outcome: 'resumed' | 'ended' }
  | { type: 'wakeListeningStarted'; atMs: number }
  | { type: 'wakeListeningStopped'; atMs: number }
  /** `score`: similarity to the phrase, 0 to 1. */
  | { type: 'wakePhraseDetected'; phrase: string; score: number; atMs: number }
  | { type: 'wakePhraseTimedOut'; atMs: number }
  /** The utterance was another track's voice, and is captioned there. */
  | { type: 'crosstalkDetected'; segmentId: string; atMs: number }
  /** The language of this track is settled, or has changed. */
  | { type: 'languageDetected'; language: string; probability: number; atMs: number }
  /**
   * The level of the microphone: sent after the first 3 s of speech, then whenever it changes. `speechLevelDb`: mean level of the speech in
   * dBFS.
   */
  | { type: 'microphoneChecked'; level: MicrophoneLevel; speechLevelDb: number; clippedShare: number; atMs: number }
  | {
      type: 'stabilized';
      segmentId: string;
      revision: number;
      /** Words that were settled by this interim. */
      committedWords: number;
      stableLength: number;
      textLength: number;
      /** From the end of the newest of them to the end of the interim's audio. */
      commitLatencyMs: number | null;
    }
  /** A part of the track that belongs to an utterance; its level in dBFS. The audio itself never leaves the server here. */
  | { type: 'audioRecorded'; segmentId: string; startMs: number; endMs: number; levelDb: number };

/** Why speech has no text. */
export type ShedReason = PipelineGapReason | 'asleep';

/** Why what sounded like speech is none: it was too quiet, its text did not pass a gate, or the engine found no words in it. */
export type RejectionReason = Rejection | 'noWords';

/**
 * Every millisecond of a producer's media time line, each in exactly one class: the sum of all classes is `totalMs`. Multiples of 1/16 ms
 * (a sample), so that sums are exact. The line starts with the first packet: a track that has been muted from the start has none yet.
 */
export interface AudioLedgerTotals {
  totalMs: number;
  mutedMs: number;
  /** The sender had nothing to send. */
  dtxMs: number;
  /** Lost and filled, or lost for good. */
  concealedMs: number;
  nonSpeechMs: number;
  /** Another speaker's voice; captioned there. */
  crosstalkMs: number;
  /** Not decided yet. */
  pendingMs: number;
  transcribedMs: number;
  shedMs: { [reason in ShedReason]?: number };
  /** Sounded like speech but was none, by reason; no word of it was shown. Absent while there is none. */
  rejectedMs?: { [reason in RejectionReason]?: number };
}

/** Why an utterance has no text; see the wire contract's gap reasons. */
export type PipelineGapReason =
  | 'recognizerFailed'
  | 'recognizerUnavailable'
  | 'deadlineExceeded'
  | 'overloaded'
  | 'rejected'
  | 'mediaWorkerLost'
  | NotTranscribed;

/** Why a speaker is not transcribed by their own wish, or the room's: nothing of it is decoded or kept. */
export type NotTranscribed = 'offTheRecord' | 'noConsent';

/**
 * What a track sends too much of. `mediaTime`: its audio is longer than the time in which it arrived; `timelines`: it starts over and over.
 */
export type BudgetLimit = 'packets' | 'bytes' | 'mediaTime' | 'timelines';

/** Files of a detector that finds wake words by their sound, in the format of openWakeWord. */
export interface WakeWordModels {
  /** Samples to spectrogram: float32 [1, samples] of 16-bit values -> [1, 1, frames, 32]. */
  melModel: string;
  /** Spectrogram to features: [1, 76, 32, 1] -> [1, 1, 1, 96]. */
  embeddingModel: string;
  /**
   * Features to a probability, one file per word: [1, 16, 96] -> [1, 1]. The file's name without a version is the word; of several files
   * for the same word, the higher probability counts.
   */
  classifierModels: readonly string[];
}

export interface MediaWorkerInit {
  /** Where the ASR process listens. */
  asrSocketPath: string;
  wakeWord?: WakeWordModels;
}

/** One producer to transcribe. */
export interface TrackDescription {
  /** The producer's id. */
  trackId: string;
  participantId: string;
  /** Name of the track for its participant, e.g. `microphone`. */
  name: string;
  /** Counts the producers of this participant and name in this meeting; part of segment ids. */
  epoch: number;
  ssrc: number;
  payloadType: number;
  muted: boolean;
  /** Present: its audio is neither decoded nor kept, and this is why. */
  notTranscribed?: NotTranscribed;
  /** Where it differs from the room's. */
  settings?: SpeechSettings;
  /** The tracks that its participant is sent, whose loudspeaker may play them into this one. Default: none. */
  sentTrackIds?: readonly string[];
}

/** Requests, each with its response. */
export interface MediaWorkerRequests {
  openRoom: {
    request: {
      meetingId: string;
      /** On the machine's monotonic clock. */
      meetingStartedAtMs: number;
      settings: SpeechSettings;
      /** Longest audio of one recognition request. */
      longestWindowMs: number;
      /** What differs from `DEFAULT_READING`, for the model for finals. */
      reading?: Partial<ReadingProfile> | undefined;
    };
    /** UDP port on 127.0.0.1 that receives the room's RTP. */
    response: { port: number };
  };
  /** A new socket for a room whose RTP will come from elsewhere. */
  reopenRoom: { request: { meetingId: string }; response: { port: number } };
  /** From now on, only packets from this port of 127.0.0.1 are accepted. */
  connectRoom: { request: { meetingId: string; remotePort: number }; response: Record<string, never> };
  addTrack: { request: { meetingId: string; track: TrackDescription }; response: Record<string, never> };
  /** Closes the open utterance, so that the last word before the mute is not late. */
  setMuted: { request: { meetingId: string; trackId: string; muted: boolean }; response: Record<string, never> };
  /**
   * With a reason, ends the open utterance and drops all audio from now on; without one, the track is transcribed again. Answered when the
   * change has been made.
   */
  setNotTranscribed: {
    request: { meetingId: string; trackId: string; reason?: NotTranscribed | undefined };
    response: Record<string, never>;
  };
  ledgers: { request: { meetingId: string }; response: { ledgers: { trackId: string; ledger: AudioLedgerTotals }[] } };
  /** Answered when all speech has become text or a gap. */
  removeTrack: { request: { meetingId: string; trackId: string }; response: Record<string, never> };
  closeRoom: { request: { meetingId: string }; response: Record<string, never> };
  /**
   * Transcribes a file on this machine as fast as possible; its events are those of a live track, with times from the start of the file.
   * Answered when all of it is text, a gap, or no speech. Fails with a `RecordingErrorCode`.
   */
  transcribeRecording: {
    request: {
      meetingId: string;
      file: string;
      track: Pick<TrackDescription, 'trackId' | 'participantId' | 'name'>;
      settings: SpeechSettings;
      longestWindowMs: number;
      reading?: Partial<ReadingProfile> | undefined;
    };
    /** Of the audio in the file. */
    response: { durationMs: number };
  };
  resources: { request: Record<string, never>; response: MediaWorkerResources };
}

export interface MediaWorkerResources {
  rooms: number;
  pipelines: number;
  timers: number;
  descriptors: number;
}

/** Changes that a running room applies from the next utterance on. */
export interface MediaWorkerCommands {
  settingsChanged: { meetingId: string; settings: SpeechSettings; longestWindowMs: number };
  /** One speaker's own settings; undefined: those of the room again. */
  trackSettingsChanged: { meetingId: string; trackId: string; settings?: SpeechSettings };
  /** A track's participant is sent other tracks than before: all that they are sent now. */
  sentChanged: { meetingId: string; trackId: string; sentTrackIds: readonly string[] };
  /** Whether somebody listens to the activities `stabilized` and `audioRecorded`. */
  diagnosticsChanged: { meetingId: string; on: boolean };
}

export type MediaWorkerCommand = {
  [Type in keyof MediaWorkerCommands]: { type: Type } & MediaWorkerCommands[Type];
}[keyof MediaWorkerCommands];

export interface PipelineSegment {
  id: string;
  /** Milliseconds from the start of the meeting. */
  startMs: number;
  endMs: number;
  revision: number;
}

export type PipelineEvent = { meetingId: string; trackId: string } & (
  | { type: 'speechStarted'; atMs: number }
  | { type: 'speechEnded'; atMs: number }
  /** Speech that will become a final or a gap, or be retracted. */
  | { type: 'utteranceOpened'; segment: PipelineSegment }
  /** `stableLength`: UTF-16 units of the text that will not change before the final. */
  | { type: 'interimUpdated'; segment: PipelineSegment; hypothesis: Hypothesis; stableLength: number }
  /**
   * `committedCorrections`: words of the settled prefix that the final changed. `alsoOnTrackId`: a track that carries the same voice
   * louder; which of the two it belongs to cannot be decided.
   */
  | {
      type: 'final';
      segment: PipelineSegment;
      hypothesis: Hypothesis;
      committedCorrections: number;
      alsoOnTrackId?: string;
    }
  /** `language`: the speaker's language; empty if unknown. `unheard`: nothing was received meanwhile, so it is in no ledger. */
  | { type: 'gap'; segment: PipelineSegment; reason: PipelineGapReason; language: string; unheard?: true }
  /** Speech that will become a final or a gap, or be retracted. */
  | { type: 'interimRetracted'; segmentId: string }
  | { type: 'trackStateChanged'; state: TrackState }
  | { type: 'trackActivity'; activity: TrackActivity }
  /** The track sends far more than a microphone does; what exceeds this limit is dropped. Sent once a second while that goes on. */
  | { type: 'budgetExceeded'; limit: BudgetLimit }
  /** The first event of a recording. `durationMs` is undefined if the file does not say. */
  | { type: 'recordingOpened'; durationMs: number | undefined }
  /** Every few seconds while something changes, and once at the end, then with `pendingMs` 0. */
  | { type: 'ledgerUpdated'; ledger: AudioLedgerTotals }
);

type WithoutIds<T> = T extends unknown ? Omit<T, 'meetingId' | 'trackId'> : never;

/** The same for one speaker's pipeline. */
export type TrackEvent = WithoutIds<PipelineEvent>;

/** Types of a media worker process, for its supervisor and for itself. */
export interface MediaWorkerContract {
  init: MediaWorkerInit;
  ready: Record<string, never>;
  toChild: MediaWorkerCommand;
  toParent: PipelineEvent;
  requests: MediaWorkerRequests;
}

import type { Load } from '../asr/contract/load.js';
import type { AsrProcessStats } from '../asr/contract/serverStats.js';
import type { SpeechSettings } from '../settings/speechSettings.js';
import type {
  AudioLedgerTotals,
  MediaWorkerResources,
  NotTranscribed,
  PipelineEvent,
  TrackDescription,
} from '../worker/contract/messages.js';
import type { RecognizerStatus } from './RecognizerStatus.js';
import type { SfuRoom, SfuRoomEvent } from './sfu/index.js';

/**
 * What rooms and the server need of media, wherever it runs. Times are durations and meeting times, so that no clock has to be shared.
 * Requests return promises; everything else is the last known state.
 */
export interface MediaNode {
  readonly recognizerStatus: RecognizerStatus;
  /** @returns a function that removes the listener */
  onRecognizerStatus(listener: (status: RecognizerStatus) => void): () => void;
  /** How busy the recogniser is. */
  readonly recognizerLoad: Load;
  /** @returns a function that removes the listener */
  onRecognizerLoad(listener: (load: Load) => void): () => void;
  /** Counts of the ASR process; undefined before the first. */
  readonly recognizerStats: AsrProcessStats | undefined;
  /** Whether rooms can be opened now. */
  readonly ready: boolean;
  /** All child processes, on the node's machine: for operators and tests. */
  readonly pids: { sfu: number[]; media: number[]; asr: number | undefined };
  /** @throws SfuError `WORKER_UNAVAILABLE` */
  createSfuRoom(options: { onEvent: (event: SfuRoomEvent) => void }): Promise<SfuRoom>;
  createPipeline(options: PipelineOptions): RoomPipeline;
  /** Current resources of the media workers: for tests and diagnosis. */
  mediaWorkerResources(): Promise<MediaWorkerResources>;
  /** Ends all child processes. Close rooms before. */
  close(): Promise<void>;
}

export interface PipelineOptions {
  /** Of the same node. */
  sfu: SfuRoom;
  /** Default: the node's own. */
  settings?: SpeechSettings;
  onEvent: (event: PipelineEvent) => void;
  /**
   * A speaker, or the whole room if `trackId` is absent, cannot be received. Called once, however often it is retried after that; the
   * missing speech is a gap.
   */
  onNotHeard?: (failure: { trackId?: string; error: unknown }) => void;
}

/** A producer to listen to; the SFU adds how it arrives, and what is sent to its participant. */
export type TrackOptions = Omit<TrackDescription, 'ssrc' | 'payloadType' | 'sentTrackIds'>;

/** One room's path from the SFU to text. */
export interface RoomPipeline {
  /**
   * @param options.meetingMs how long the meeting has run
   * @throws ProcessError if there is no media worker, SfuError if the tap cannot be opened
   */
  open(options: { meetingId: string; meetingMs: number }): Promise<void>;
  /** The room's media is on another router now. Remove the speakers of the old one before. */
  attach(sfu: SfuRoom): Promise<void>;
  /** Resolves after the first try; if that fails, it is retried until it succeeds or the speaker is removed. */
  addTrack(track: TrackOptions): Promise<void>;
  /** Closes the open utterance on mute, so that the last word before it is not late. */
  setMuted(options: { trackId: string; muted: boolean }): Promise<void>;
  /**
   * With a reason, nothing of a speaker is decoded or kept from now on; what was being said is finished up to this moment, and the time is a
   * gap with that reason. Without one, the speaker is transcribed again. Resolves when it holds: what is said from then on leaves no
   * trace. Others are still sent the audio.
   */
  setNotTranscribed(options: { trackId: string; reason: NotTranscribed | undefined }): Promise<void>;
  /** Resolves when everything that this speaker said is text or a gap. */
  removeTrack(trackId: string): Promise<void>;
  /** New settings of the room, for all speakers without their own. They take effect at once. */
  settingsChanged(settings: SpeechSettings): void;
  /** One speaker's own settings; undefined: those of the room again. They take effect at once. */
  setTrackSettings(options: { trackId: string; settings: SpeechSettings | undefined }): void;
  /** Whether the activities `stabilized` and `audioRecorded` are sent. */
  setDiagnostics(on: boolean): void;
  /** The audio ledgers of all current tracks. */
  ledgers(): Promise<{ trackId: string; ledger: AudioLedgerTotals }[]>;
  /** Drains all speakers, then forgets the room. Idempotent. */
  close(): Promise<void>;
}

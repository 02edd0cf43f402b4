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
 * What rooms and the server need of media, wherever it runs. Times are durations and moments of the meeting, so that no clock has to be
 * shared; what has to be asked for is a promise, and everything else is how the node said last that it is.
 */
export interface MediaNode {
  readonly recognizerStatus: RecognizerStatus;
  /** @returns a function that takes the listener off */
  onRecognizerStatus(listener: (status: RecognizerStatus) => void): () => void;
  /** How busy the recogniser is. */
  readonly recognizerLoad: Load;
  /** @returns a function that takes the listener off */
  onRecognizerLoad(listener: (load: Load) => void): () => void;
  /** Counts of the ASR process; undefined before the first. */
  readonly recognizerStats: AsrProcessStats | undefined;
  /** Whether rooms can be opened now. */
  readonly ready: boolean;
  /** Of all child processes, on the node's machine: for operators and tests. */
  readonly pids: { sfu: number[]; media: number[]; asr: number | undefined };
  /** @throws SfuError `WORKER_UNAVAILABLE` */
  createSfuRoom(options: { onEvent: (event: SfuRoomEvent) => void }): Promise<SfuRoom>;
  createPipeline(options: PipelineOptions): RoomPipeline;
  /** What the media workers hold at the moment: for tests and diagnoses. */
  mediaWorkerResources(): Promise<MediaWorkerResources>;
  /** Ends all child processes. Rooms should have been closed before. */
  close(): Promise<void>;
}

export interface PipelineOptions {
  /** Of the same node. */
  sfu: SfuRoom;
  /** Default: the node's own. */
  settings?: SpeechSettings;
  onEvent: (event: PipelineEvent) => void;
  /**
   * Somebody, or without a speaker the whole room, cannot be listened to. Told once, however often it is tried from then on; what
   * nobody heard is a gap.
   */
  onNotHeard?: (failure: { trackId?: string; error: unknown }) => void;
}

/** A producer to listen to; the SFU adds how it arrives. */
export type TrackOptions = Omit<TrackDescription, 'ssrc' | 'payloadType'>;

/** One room's way from the SFU to text. */
export interface RoomPipeline {
  /**
   * @param options.meetingMs how long the meeting has run
   * @throws ProcessError when no media worker is there, SfuError when the tap cannot be opened
   */
  open(options: { meetingId: string; meetingMs: number }): Promise<void>;
  /** The room's media is on another router now. Speakers of the old one must have been removed. */
  attach(sfu: SfuRoom): Promise<void>;
  /** Resolves after the first try; where that fails, it is tried again until it succeeds or the speaker is removed. */
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
  /** New settings of the room, for all speakers without settings of their own. They work at once. */
  settingsChanged(settings: SpeechSettings): void;
  /** One speaker's own settings; undefined: those of the room again. They work at once. */
  setTrackSettings(options: { trackId: string; settings: SpeechSettings | undefined }): void;
  /** Whether somebody listens to the activities `stabilized` and `audioRecorded`. */
  setDiagnostics(on: boolean): void;
  /** The books of everybody who is listened to now. */
  ledgers(): Promise<{ trackId: string; ledger: AudioLedgerTotals }[]>;
  /** Drains all speakers, then forgets the room. Idempotent. */
  close(): Promise<void>;
}

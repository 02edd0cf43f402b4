import type { PlaybackLag, TranscriptEvent } from '../player/api.js';
import type { Span } from './Meeting.js';

export interface RecordedSpeaker {
  name: string;
  participantId: string;
  /** Unix time at which the first sample of this speaker's track entered the browser's encoder. */
  startedAtMs: number;
  /**
   * Where the sound of each utterance begins and ends in the track, in the script's order. Narrower than the script, whose times
   * include the quiet moment that a synthetic voice begins and ends with.
   */
  spoken: Span[];
  /** How late the browser played, from points of the track on; a machine that keeps up has none worth a word. */
  lag: PlaybackLag[];
}

/** A meeting as it was played. All `...AtMs` are Unix times; server and browsers share a clock or keep theirs in step. */
export interface MeetingRecording {
  /** When the server began to count `startMs` and `endMs` of the segments. */
  meetingStartedAtMs: number;
  speakers: RecordedSpeaker[];
  /** What a listener in the room saw of the transcript, in the order of arrival. */
  events: TranscriptEvent[];
  /** Audio that the listener received from the others. */
  received: { tracks: number; packets: number };
}

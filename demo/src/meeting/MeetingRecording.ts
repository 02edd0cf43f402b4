import type { PlaybackLag, TranscriptEvent } from '../player/api.js';
import type { Span } from './Meeting.js';

export interface RecordedSpeaker {
  name: string;
  participantId: string;
  /** Unix time at which the first sample of this speaker's track entered the browser's encoder. */
  startedAtMs: number;
  /**
   * Start and end of the sound of each utterance in the track, in the script's order. Narrower than the script, whose times include the
   * quiet moment at the start and end of a synthetic voice.
   */
  spoken: Span[];
  /** How late the browser played, from given points of the track on; negligible on a machine that keeps up. */
  lag: PlaybackLag[];
}

/** A played meeting. All `...AtMs` are Unix times; server and browsers share a clock or keep theirs in step. */
export interface MeetingRecording {
  /** The zero of `startMs` and `endMs` of the segments, on the server. */
  meetingStartedAtMs: number;
  speakers: RecordedSpeaker[];
  /** The transcript as a listener in the room saw it, in the order of arrival. */
  events: TranscriptEvent[];
  /** Audio that the listener received from the others. */
  received: { tracks: number; packets: number };
}

export type SegmentStatus = 'interim' | 'final' | 'gap';

/** Why speech has no text. */
export type GapReason =
  /** The recogniser failed on this audio. */
  | 'recognizerFailed'
  /** No recogniser is running, or none that supports the request. */
  | 'recognizerUnavailable'
  /** The recogniser did not answer before the deadline. */
  | 'deadlineExceeded'
  /** The queue was full. */
  | 'overloaded'
  /** Interims were shown, but the recogniser was not confident enough for a final. */
  | 'rejected'
  /** There was a text, but the transcript store did not accept it. */
  | 'notStored'
  /** The media worker lost the audio, or the server could not listen for a while. */
  | 'mediaWorkerLost'
  /** The participant, or a moderator for the whole room, had paused the transcription. */
  | 'offTheRecord'
  /** The participant had not consented to being transcribed. */
  | 'noConsent';

export interface Word {
  text: string;
  /** Milliseconds from the start of the meeting. */
  startMs: number;
  endMs: number;
  /** 0 to 1. */
  probability: number;
}

/**
 * How the server knows a name: `guest`: chosen by the guest; `signedIn`: from the identity provider; `vouched`: from the application
 * that issued the room token.
 */
export type NameSource = 'guest' | 'signedIn' | 'vouched';

/**
 * One utterance of one participant, or a part of a long one.
 *
 * `id` stays the same from the first interim to the final. Of two versions of a segment the one with the higher `revision`
 * is the newer; a `final` or `gap` is the last.
 */
export interface Segment {
  id: string;
  meetingId: string;
  participantId: string;
  /** Name at the time of speaking, from the identity that sent the audio. */
  displayName: string;
  /** Absent if the server does not say. */
  nameSource?: NameSource;
  track: string;
  /** Milliseconds from the start of the meeting. */
  startMs: number;
  endMs: number;
  /** Empty for a gap. */
  text: string;
  /** In the order of speech, within the segment; for an interim, the words of its text. Absent if not requested. */
  words?: Word[];
  /** ISO 639-1. For a gap: the speaker's last detected or configured language; empty if unknown. */
  language: string;
  /** 0 to 1: probability of the language; 1 if it was set. */
  languageProbability?: number;
  /** 0 to 1: mean probability of the tokens. */
  confidence: number;
  revision: number;
  status: SegmentStatus;
  /** Length, in UTF-16 units, of the settled part of an interim's text: it does not change before the final. */
  stableLength?: number;
  /** On finals: settled words of interims that the final changed. */
  committedCorrections?: number;
  /** Place in the meeting's log, from 1, without holes. Finals and gaps have one, interims have none. */
  seq?: number;
  /**
   * On finals: another participant, whose microphone picked up the same voice, louder but later. It cannot be decided which of the two spoke,
   * so both have a line.
   */
  alsoHeardFrom?: { participantId: string; displayName: string };
  /** Present on a gap. */
  reason?: GapReason;
}

/** A segment in the log. */
export type CommittedSegment = Segment & { status: 'final' | 'gap'; seq: number };

export type SegmentStatus = 'interim' | 'final' | 'gap';

/** Why speech has no text. */
export type GapReason =
  /** The recogniser failed at this audio. */
  | 'recognizerFailed'
  /** No recogniser is running, or none that can do what is asked. */
  | 'recognizerUnavailable'
  /** The recogniser was too slow: no answer came in its time. */
  | 'deadlineExceeded'
  /** More speech was waiting than may wait. */
  | 'overloaded'
  /** Words had been shown, and of the whole the recogniser was not sure enough to write any. */
  | 'rejected'
  /** There was a text, and the transcript's store did not take it. */
  | 'notStored'
  /** The media worker that held the audio died or had it no more, or nobody listened for a while. */
  | 'mediaWorkerLost';

export interface Word {
  text: string;
  /** Milliseconds from the start of the meeting. */
  startMs: number;
  endMs: number;
  /** 0 to 1. */
  probability: number;
}

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
  track: string;
  /** Milliseconds from the start of the meeting. */
  startMs: number;
  endMs: number;
  /** Empty for a gap. */
  text: string;
  /** In the order of speech, inside the segment; those of an interim are the words of its text. Absent where nobody asked for them. */
  words?: Word[];
  /** ISO 639-1. Of a gap: what the speaker was heard to speak before, or is set to; empty where that is not known. */
  language: string;
  /** 0 to 1: how sure the recogniser is of the language; 1 where it was given. */
  languageProbability?: number;
  /** 0 to 1: mean probability of the tokens. */
  confidence: number;
  revision: number;
  status: SegmentStatus;
  /** Length in UTF-16 units of the part of an interim's text that will not change any more. */
  stableLength?: number;
  /** On finals: words of the settled part of the interims that the final has otherwise. */
  committedCorrections?: number;
  /** Place in the meeting's log, from 1, without holes. Finals and gaps have one, interims have none. */
  seq?: number;
  /** Present on a gap. */
  reason?: GapReason;
}

/** A segment that stands in the log. */
export type CommittedSegment = Segment & { status: 'final' | 'gap'; seq: number };

import type { GapReason } from './transcript.js';

/** Why speech that was heard has no text: a gap's reason, or nobody had said the wake phrase. */
export type ShedReason = Exclude<GapReason, 'notStored'> | 'asleep';

/** Why what sounded like speech is none. */
export type RejectionReason =
  /** It is nowhere loud enough. */
  | 'nearSilent'
  /** The recogniser found no words in it. */
  | 'noWords'
  /** The recogniser's text was dropped: by its own account no speech, ... */
  | 'noSpeech'
  /** ... without a letter or digit, ... */
  | 'noLetters'
  /** ... a note on a sound, such as "[Music]", ... */
  | 'annotation'
  /** ... words that it does not believe itself, ... */
  | 'lowProbability'
  /** ... a loop of which nothing could be kept, ... */
  | 'repetition'
  /** ... or an echo of the prompt and the hot words. */
  | 'promptEcho';

/**
 * Every millisecond of a track's time line, each in exactly one class: the sum of all classes is `totalMs`. Multiples of 1/16 ms
 * (one sample at 16 kHz), so that sums are exact.
 */
export interface AudioLedger {
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
  /** Speech without text, by reason. */
  shedMs: { [reason in ShedReason]?: number };
  /** Sounded like speech and was none, by reason; no word of it was shown. Absent while there is none. */
  rejectedMs?: { [reason in RejectionReason]?: number };
}

/** The books of one participant's track, over all producers that carried it in this meeting. */
export interface ParticipantLedger {
  participantId: string;
  track: string;
  ledger: AudioLedger;
}

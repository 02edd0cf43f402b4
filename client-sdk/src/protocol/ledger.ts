import type { GapReason } from './transcript.js';

/** Why speech has no text: a gap's reason, or the speaker was asleep (no wake phrase yet). */
export type ShedReason = Exclude<GapReason, 'notStored'> | 'asleep';

/** Why audio that sounded like speech does not count as speech. */
export type RejectionReason =
  /** It is never loud enough. */
  | 'nearSilent'
  /** The recogniser found no words in it. */
  | 'noWords'
  /** The recogniser's text was dropped: probably no speech, ... */
  | 'noSpeech'
  /** ... without a letter or digit, ... */
  | 'noLetters'
  /** ... an annotation of a sound, such as "[Music]", ... */
  | 'annotation'
  /** ... words of low probability, ... */
  | 'lowProbability'
  /** ... a loop of which nothing could be kept, ... */
  | 'repetition'
  /** ... or an echo of the prompt and the hot words. */
  | 'promptEcho';

/**
 * Accounts for every millisecond of a track's time line in exactly one class: the sum of all classes is `totalMs`. Multiples of 1/16 ms
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
  /** Sounded like speech but was not, by reason; no word of it was shown. Absent while there is none. */
  rejectedMs?: { [reason in RejectionReason]?: number };
}

/** The ledger of one participant's track, over all its producers in this meeting. */
export interface ParticipantLedger {
  participantId: string;
  track: string;
  ledger: AudioLedger;
}

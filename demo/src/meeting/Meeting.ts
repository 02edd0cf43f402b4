import type { Span } from '../player/api.js';

export type { Span };

/** A script: who says what and when, and its audio. Times are milliseconds from the start of the tracks. */
export interface Meeting {
  /** Name of its folder. */
  name: string;
  durationMs: number;
  speakers: MeetingSpeaker[];
  /** In the order of their starts. */
  utterances: Utterance[];
}

export interface MeetingSpeaker {
  name: string;
  /** Absolute path of the track: as long as the meeting, silent while others speak. */
  file: string;
}

export interface Utterance extends Span {
  speaker: string;
  text: string;
  /** When each word of the text was said, in its order; not every script has them. */
  words?: Span[];
}

import type { Segment } from '@parley/client-sdk/protocol';

/** The API of the player page, `window.parleyPlayer`, for the program that controls it: plain data in, plain data out. */
export interface PlayerApi {
  /** Joins the room and sends the decoded track of `audioUrl`: silence until `startAt`. */
  joinAsSpeaker(options: JoinOptions & { audioUrl: string }): Promise<Joined>;
  /** Joins without a microphone. */
  joinAsListener(options: JoinOptions): Promise<Joined>;
  /** Narrows spans of the track to the sound in them, above -50 dBFS. A silent one stays as it is. */
  soundOf(options: { spans: Span[] }): Promise<Span[]>;
  /** Plays the track so that its first sample leaves at that Unix time. Resolves when it plays. */
  startAt(options: { epochMs: number }): Promise<PlaybackStart>;
  /** Resolves when the track has ended. */
  ended(): Promise<PlaybackEnd>;
  /** Inbound audio over the page's open connections. */
  received(): Promise<ReceivedAudio>;
  /** Runs an action of the SDK at that Unix time, accurate to about a millisecond. Resolves when the server has answered. */
  actAt(options: { action: PlayerAction; epochMs: number }): Promise<void>;
  leave(): Promise<void>;
}

export type PlayerAction = 'mute' | 'unmute' | 'leave' | 'endMeeting';

export interface JoinOptions {
  displayName: string;
  room: string;
  joinSecret?: string;
  /** From an identity provider; without it, the participant is a guest. */
  token?: string;
}

export interface Joined {
  participantId: string;
  /** Unix time of the server. */
  meetingStartedAtMs: number;
}

/** Start and end, in milliseconds from the start of the track. */
export interface Span {
  startMs: number;
  endMs: number;
}

export interface PlaybackStart {
  /** Unix time at which the first sample was rendered into the sent track. */
  startedAtMs: number;
}

/** From this point of the track on, sound was later than planned by this much. */
export interface PlaybackLag {
  trackMs: number;
  lagMs: number;
}

export interface PlaybackEnd {
  /** In the order of the track; more than a few milliseconds mean a busy machine. */
  lag: PlaybackLag[];
}

export interface ReceivedAudio {
  tracks: number;
  packets: number;
}

/** The transcript as it reaches a page; `arrivedAtMs` is the page's Unix time. */
export type TranscriptEvent =
  | { kind: 'updated'; segment: Segment; arrivedAtMs: number }
  | { kind: 'retracted'; segmentId: string; arrivedAtMs: number };

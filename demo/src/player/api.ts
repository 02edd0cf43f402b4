import type { Segment } from '@parley/client-sdk/protocol';

/** What the player page offers, as `window.parleyPlayer`, to the program that steers it: plain data in, plain data out. */
export interface PlayerApi {
  /** Joins the room and sends the track that `audioUrl` decodes to: silence until `startAt`. */
  joinAsSpeaker(options: JoinOptions & { audioUrl: string }): Promise<Joined>;
  /** Joins without a microphone. */
  joinAsListener(options: JoinOptions): Promise<Joined>;
  /** Narrows stretches of the track to the sound in them: what is above -50 dBFS. A silent one stays as it is. */
  soundOf(options: { spans: Span[] }): Promise<Span[]>;
  /** Plays the track so that its first sample leaves at that Unix time. Resolves when it plays. */
  startAt(options: { epochMs: number }): Promise<PlaybackStart>;
  /** Resolves when the track is at its end. */
  ended(): Promise<PlaybackEnd>;
  /** Inbound audio over the page's open connections. */
  received(): Promise<ReceivedAudio>;
  /** Does something of the SDK at that Unix time, to the millisecond or so. Resolves when the server has answered. */
  actAt(options: { action: PlayerAction; epochMs: number }): Promise<void>;
  leave(): Promise<void>;
}

export type PlayerAction = 'mute' | 'unmute' | 'leave' | 'endMeeting';

export interface JoinOptions {
  displayName: string;
  room: string;
  joinSecret?: string;
  /** Of an identity provider; without it one comes as a guest. */
  token?: string;
}

export interface Joined {
  participantId: string;
  /** Unix time of the server. */
  meetingStartedAtMs: number;
}

/** From and to, in milliseconds from the start of the track. */
export interface Span {
  startMs: number;
  endMs: number;
}

export interface PlaybackStart {
  /** Unix time at which the first sample was rendered into the track that is sent. */
  startedAtMs: number;
}

/** From this point of the track on, sound left that much later than the start promised. */
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

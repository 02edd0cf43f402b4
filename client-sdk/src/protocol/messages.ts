import type { SpeakerActivity, SpeakerState } from './activity.js';
import type { ErrorCode, WireError } from './errors.js';
import type { Grant } from './grants.js';
import type { AudioLedger, ParticipantLedger } from './ledger.js';
import type {
  DtlsParameters,
  IceParameters,
  IceServer,
  RtpCapabilities,
  RtpParameters,
  TransportParameters,
} from './media.js';
import type { SettingsScope, SettingsView, SpeechOverrides, SpeechSettings, SpeechSettingsPatch } from './settings.js';
import type { CommittedSegment, Segment } from './transcript.js';

/** What a client shows when it connects, in socket.io's `auth`. Never in the address: addresses end in logs. */
export interface Handshake {
  protocolVersion: number;
  credentials: Credentials;
}

export type Credentials =
  /** No identity provider: a name, and a random subject that the browser's profile keeps (16 to 128 characters, treated as a secret). */
  | { kind: 'guest'; subject: string; displayName: string; joinSecret?: string | undefined }
  | { kind: 'token'; token: string };

/** What a track carries. One value today; the name is on every transcript row. */
export type TrackName = 'microphone';

/** Somebody in the room. One participant has one connection at a time. */
export interface Participant {
  participantId: string;
  displayName: string;
  /** Milliseconds from the start of the meeting. */
  joinedAtMs: number;
  /** Sends audio now. */
  publishing: boolean;
  /** Sends audio that is paused. */
  muted: boolean;
  /** The server hears speech now. */
  speaking: boolean;
  /** What the track is doing; absent while there is none. */
  state?: SpeakerState | undefined;
}

/** The recogniser cannot give all that is asked: interims come less often, or not at all. Finals are not touched. */
export interface TranscriptionDegradation {
  /** 1 and 2: interims come less often; 3: no interims. */
  level: 1 | 2 | 3;
  /** A sentence for people. */
  reason: string;
  /** Interims come about so many times less often when this is told; null: none at all. */
  interimIntervalFactor: number | null;
}

/** `starting`: a model is being loaded. `unavailable`: meetings go on without captions, `reason` says why. */
export type TranscriptionState = 'starting' | 'ready' | 'unavailable';

/**
 * Where a model's file came from, whenever that was: `builtIn`, with Parley; `download`, from its publisher or a mirror; `packages`, rebuilt from
 * packages of a registry and found identical to its publisher's file; `file` and `address`, named so by the operator.
 */
export type ModelSource = 'builtIn' | 'download' | 'packages' | 'file' | 'address';

export interface TranscriptionStatus {
  state: TranscriptionState;
  /** Name of the settings profile, e.g. `balanced`. */
  mode: string;
  model: {
    name: string;
    /** The built-in model: it understands a few synthetic voices only, and every view must say so. */
    demo: boolean;
    /** Absent where a server does not say. */
    source?: ModelSource | undefined;
    /** Codes that the setting `language` may be, in alphabetical order, 100 at most; absent: the server does not say. */
    languages?: string[] | undefined;
  };
  /** Name of the model that interims come from, where it is another than that of finals. */
  interimModel?: string | undefined;
  engine: {
    name: string;
    /** Who makes of the audio what the decoder reads: ONNX Runtime, whisper.cpp, or nobody. Absent where a server does not say. */
    encoder?: 'onnx' | 'whispercpp' | 'none' | undefined;
    device: 'cpu' | 'cuda' | 'none';
    deviceName: string;
  };
  /** A sentence for people when something is not as asked: a fallback to the CPU, a model that cannot be loaded. */
  reason?: string | undefined;
  /** Present while the recogniser is behind. */
  degradation?: TranscriptionDegradation | undefined;
}

/** What this server does besides transcribing. */
export interface ServerFeatures {
  /** Whether meetings can be recorded; without, nobody needs to be asked. */
  recording: boolean;
}

/** What `GET /api/identity` answers: all that a page has to know before anybody joins. */
export interface ServerIdentity {
  /** A name is enough. */
  guests: boolean;
  /** Where to sign in, if at all. */
  keycloak?: { url: string; realm: string; clientId: string } | undefined;
  /** Name of the settings profile of rooms that say nothing else, e.g. `balanced`. */
  mode: string;
  model: TranscriptionStatus['model'];
  /** As in `ServerFeatures`. */
  recording: boolean;
}

export interface JoinResult {
  /** Of this run of the server: another one after a restart. */
  serverId: string;
  room: string;
  meetingId: string;
  /** Unix time on the server when the meeting began; `startMs` and `endMs` of segments count from here. */
  meetingStartedAtMs: number;
  participantId: string;
  participants: Participant[];
  routerRtpCapabilities: RtpCapabilities;
  iceServers: IceServer[];
  /** `seq` of the newest committed segment, 0 when there is none. */
  lastSeq: number;
  /** What one may do here; `grantsChanged` tells when that changes. */
  grants: Grant[];
  /** Nobody else may come in. */
  locked: boolean;
  transcription: TranscriptionStatus;
  features: ServerFeatures;
}

/**
 * Requests: a client asks, the server answers exactly once. name -> what is sent and what comes back.
 * `schema.ts` holds the check of each `request` part under the same name.
 */
export interface Requests {
  /** `settings` take the place of all that this participant had set for themself in this meeting. Refused: `INVALID_SETTINGS`. */
  join: { request: { room: string; settings?: SpeechOverrides | undefined }; response: JoinResult };
  leave: { request: Record<string, never>; response: Record<string, never> };
  /**
   * A newer token of the same person and the same sign-in (`TOKEN_MISMATCH` else); media goes on untouched. What it grants holds at once.
   * @returns Unix time until which it holds
   */
  refreshToken: { request: { token: string }; response: { expiresAtMs: number } };
  /** For `recv`, what the browser can receive; consumers of everybody's tracks are announced from then on. */
  createTransport: {
    request:
      | { direction: 'send'; rtpCapabilities?: undefined }
      | { direction: 'recv'; rtpCapabilities: RtpCapabilities };
    response: TransportParameters;
  };
  connectTransport: {
    request: { transportId: string; dtlsParameters: DtlsParameters };
    response: Record<string, never>;
  };
  /** With the relays as of now: their credentials may have run out since the transport was made. */
  restartIce: {
    request: { transportId: string };
    response: { iceParameters: IceParameters; iceServers: IceServer[] };
  };
  produce: {
    request: { transportId: string; track: TrackName; rtpParameters: RtpParameters; paused: boolean };
    response: { producerId: string };
  };
  pauseProducer: { request: { producerId: string }; response: Record<string, never> };
  resumeProducer: { request: { producerId: string }; response: Record<string, never> };
  closeProducer: { request: { producerId: string }; response: Record<string, never> };
  /** Consumers are born paused; this starts the flow once the browser's side stands. */
  resumeConsumer: { request: { consumerId: string }; response: Record<string, never> };
  /**
   * Pages of committed segments with `seq` above `afterSeq`, oldest first. `firstSeq` is the oldest that the server still
   * holds: what lies before it cannot be had any more.
   */
  resumeTranscript: {
    request: { afterSeq: number };
    response: { segments: CommittedSegment[]; firstSeq: number; lastSeq: number };
  };
  getSettings: { request: Record<string, never>; response: SettingsView };
  /**
   * Changes `live` settings: one's own, or the room's, where members may (`SETTINGS_FORBIDDEN` else). `mode` goes with the room
   * alone. All of a change is taken or, with `INVALID_SETTINGS`, none of it; `RATE_LIMITED` when changes come too fast.
   * @returns the resolved settings of that scope
   */
  updateSettings: {
    request: { scope: SettingsScope; settings: SpeechSettingsPatch; mode?: string | undefined };
    response: { mode: string; settings: SpeechSettings };
  };
  /** The books of everybody who sent audio in this meeting, as they stand now. */
  getLedger: { request: Record<string, never>; response: { ledgers: ParticipantLedger[] } };
  /** Pauses all that somebody sends; they may go on by themselves. Of moderators, as are the three after it. */
  muteParticipant: { request: { participantId: string }; response: Record<string, never> };
  /** Out of the room, with `REMOVED`; not let in again until the meeting is over. */
  removeParticipant: { request: { participantId: string }; response: Record<string, never> };
  /** Lets nobody else in; those who lost their connection may come back. */
  setRoomLocked: { request: { locked: boolean }; response: Record<string, never> };
  /** For everybody, with `MEETING_ENDED`; what was said becomes text first. */
  endMeeting: { request: Record<string, never>; response: Record<string, never> };
  /** Whether this connection is told the activities `stabilized` and `audioRecorded`. Off at first. */
  subscribeDiagnostics: { request: { on: boolean }; response: Record<string, never> };
}

export type RequestName = keyof Requests;
export type RequestOf<N extends RequestName> = Requests[N]['request'];
export type ResponseOf<N extends RequestName> = Requests[N]['response'];

/** The one ack of a request. */
export type Ack<T> = { ok: true; data: T } | { ok: false; error: WireError };

/** Why somebody is not in the room any more. */
export type LeaveReason = 'left' | 'connectionLost' | 'replaced' | 'removed' | 'meetingEnded';

/** Notifications: the server tells, nobody answers. */
export interface Notifications {
  participantJoined: { participant: Participant };
  participantUpdated: { participant: Participant };
  participantLeft: { participantId: string; reason: LeaveReason };
  speechStarted: { participantId: string; track: TrackName; atMs: number };
  speechEnded: { participantId: string; track: TrackName; atMs: number };
  consumerCreated: {
    consumerId: string;
    producerId: string;
    participantId: string;
    track: TrackName;
    rtpParameters: RtpParameters;
    producerPaused: boolean;
  };
  consumerClosed: { consumerId: string };
  transportClosed: { transportId: string; reason: 'iceFailed' | 'dtlsFailed' | 'serverClosed' };
  /** The room's media moved to another router: all transports, producers and consumers are gone; build them anew. */
  mediaRestarted: { routerRtpCapabilities: RtpCapabilities };
  /** Droppable; the newest revision wins. */
  interimUpdated: { segment: Segment };
  /** An interim whose words were another speaker's. */
  interimRetracted: { segmentId: string };
  /** In `seq` order; a hole means that `resumeTranscript` is due. */
  segmentCommitted: { segment: CommittedSegment };
  transcriptionChanged: { transcription: TranscriptionStatus };
  /**
   * Settings hold from now on. The room's are told to everybody; a participant's own to that participant alone. `settings` are
   * the resolved ones of the scope. Hot words that come and go with those who are in the room are not told.
   */
  settingsChanged: {
    scope: SettingsScope;
    /** With scope `participant`. */
    participantId?: string | undefined;
    mode: string;
    settings: SpeechSettings;
  };
  speakerStateChanged: { participantId: string; track: TrackName; state: SpeakerState };
  /** Diagnostics among them are droppable and for subscribers alone. */
  speakerActivity: { participantId: string; track: TrackName; activity: SpeakerActivity };
  /** Droppable; every few seconds while something changes. `getLedger` has the books of all. */
  ledgerUpdated: { participantId: string; track: TrackName; ledger: AudioLedger };
  /** The recogniser is behind; told anew with each change of the level. */
  transcriptionDegraded: TranscriptionDegradation;
  /** Everything is as asked again. */
  transcriptionRecovered: Record<string, never>;
  /** One's token runs out soon: `refreshToken`, or the connection ends `graceMs` after `expiresAtMs` with `TOKEN_EXPIRED`. */
  tokenExpiring: { expiresAtMs: number; graceMs: number };
  /** What one may do here from now on. */
  grantsChanged: { grants: Grant[] };
  /** One's own producers were paused by a moderator. */
  mutedByModerator: { producerIds: string[] };
  roomLockChanged: { locked: boolean };
  /** The last word of the server before it disconnects. */
  dismissed: { error: WireError };
}

export type NotificationName = keyof Notifications;

/** socket.io's typed maps, from a client's point of view: what it may emit... */
export type ClientToServerEvents = {
  [N in RequestName]: (request: RequestOf<N>, ack: (answer: Ack<ResponseOf<N>>) => void) => void;
};
/** ...and what it hears. */
export type ServerToClientEvents = { [N in NotificationName]: (notification: Notifications[N]) => void };

/** socket.io's `connect_error` carries this in `data`. */
export interface ConnectErrorData {
  code: ErrorCode;
  error: WireError;
}

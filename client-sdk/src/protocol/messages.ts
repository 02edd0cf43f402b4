import type { TrackActivity, TrackState } from './activity.js';
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
import type { CommittedSegment, NameSource, Segment } from './transcript.js';

/** What a client sends when it connects, in socket.io's `auth`. Never in the address: addresses end up in logs. */
export interface Handshake {
  protocolVersion: number;
  credentials: Credentials;
}

export type Credentials =
  /** A guest: a name, and a random subject kept in the browser profile (16 to 128 characters, treated as a secret). */
  | { kind: 'guest'; subject: string; displayName: string; joinSecret?: string | undefined }
  | { kind: 'token'; token: string };

/** The kind of a track. Only one value today; it is on every segment. */
export type TrackName = 'microphone';

/**
 * Why a participant is not transcribed: `offTheRecord`: they paused it for themself; `roomOffTheRecord`: a moderator paused it for the room;
 * `noConsent`: the room requires their consent, which they have not given.
 */
export type NotTranscribedReason = 'offTheRecord' | 'roomOffTheRecord' | 'noConsent';

/** A person in the room. A participant has one connection at a time. */
export interface Participant {
  participantId: string;
  /** Unique in the meeting: a number is added to a name that is taken (`Ada`, `Ada 2`). */
  displayName: string;
  /** Absent if the server does not say. */
  nameSource?: NameSource | undefined;
  /** Unique name at the identity provider, e.g. Keycloak's user name. Present if signed in. Unlike `displayName`, it cannot be another person's. */
  accountName?: string | undefined;
  /** Milliseconds from the start of the meeting. */
  joinedAtMs: number;
  /** Whether the participant sends audio. */
  publishing: boolean;
  /** Whether that audio is paused. */
  muted: boolean;
  /** Whether the server currently detects speech. */
  speaking: boolean;
  /** State of the track; absent if there is none. */
  state?: TrackState | undefined;
  /** Present: a moderator muted this participant, who cannot unmute until `liftMute`. */
  mutedByModerator?: true | undefined;
  /** Present: muted by a moderator, and asks to speak. */
  asksToSpeak?: true | undefined;
  /**
   * Present: the participant's audio reaches the others but is neither decoded nor kept by the server, for all these reasons. That time is
   * in the transcript as a gap.
   */
  notTranscribed?: NotTranscribedReason[] | undefined;
}

/** A person who waits to be admitted. Only moderators see them. */
export interface WaitingParticipant {
  participantId: string;
  displayName: string;
  /** Milliseconds from the start of the meeting. */
  waitingSinceMs: number;
  /** Present: a guest at the address of a removed participant: perhaps the same person under another name. */
  fromAddressOfRemoved?: true | undefined;
}

/** The recogniser is overloaded: interims come less often, or not at all. Finals are not affected. */
export interface TranscriptionDegradation {
  /** 1 and 2: interims come less often; 3: no interims. */
  level: 1 | 2 | 3;
  /** A sentence for people. */
  reason: string;
  /** Factor by which interims are currently less frequent; null: no interims. */
  interimIntervalFactor: number | null;
}

/** `starting`: a model is being loaded. `unavailable`: meetings continue without captions, for the given `reason`. */
export type TranscriptionState = 'starting' | 'ready' | 'unavailable';

/**
 * Where a model's file originally came from: `builtIn`: bundled with Parley; `download`: from its publisher or a mirror; `packages`: rebuilt
 * from registry packages and identical to its publisher's file; `file` and `address`: given by the operator.
 */
export type ModelSource = 'builtIn' | 'download' | 'packages' | 'file' | 'address';

export interface TranscriptionStatus {
  state: TranscriptionState;
  /** Name of the settings profile, e.g. `balanced`. */
  mode: string;
  model: {
    name: string;
    /** Whether this is the built-in model: it understands only a few synthetic voices, and every view must say so. */
    demo: boolean;
    /** Absent if the server does not know. */
    source?: ModelSource | undefined;
    /** Allowed codes for the setting `language`, in alphabetical order, at most 100; absent if the server does not know. */
    languages?: string[] | undefined;
  };
  /** Name of the model for interims, if different from that for finals. */
  interimModel?: string | undefined;
  engine: {
    name: string;
    /** Encoder of the audio: ONNX Runtime, whisper.cpp, or none. Absent if the server does not know. */
    encoder?: 'onnx' | 'whispercpp' | 'none' | undefined;
    device: 'cpu' | 'cuda' | 'none';
    deviceName: string;
  };
  /** A sentence for people if a setting could not be honoured: a fallback to the CPU, a model that cannot be loaded. */
  reason?: string | undefined;
  /** Present while the recogniser is behind. */
  degradation?: TranscriptionDegradation | undefined;
}

/** What this server does besides transcribing. */
export interface ServerFeatures {
  /** Whether meetings can be recorded. If not, no consent to recording is needed. */
  recording: boolean;
}

/** Answer of `GET /api/identity`: everything that a page needs before joining. */
export interface ServerIdentity {
  /** Whether a name is enough to join. */
  guests: boolean;
  /** Where to sign in, if at all. */
  keycloak?: { url: string; realm: string; clientId: string } | undefined;
  /** Default settings profile of rooms, e.g. `balanced`. */
  mode: string;
  model: TranscriptionStatus['model'];
  /** As in `ServerFeatures`. */
  recording: boolean;
}

/** What a room asks consent to. */
export interface ConsentWording {
  /** Changes whenever the text does. */
  version: string;
  /** Absent: the application's own wording, in the language of its user. */
  text?: string | undefined;
}

/** What newcomers may read if they join while others are in the room: the transcript so far, or only what is said from then on. */
export const LATECOMERS_READ = ['all', 'sinceJoin'] as const;
export type LatecomersRead = (typeof LATECOMERS_READ)[number];

export interface JoinResult {
  /** Id of this run of the server; changes with a restart. */
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
  /** What the participant may do; `grantsChanged` announces changes. */
  grants: Grant[];
  /** Whether the room is locked for others. */
  locked: boolean;
  /** Whether others wait until a moderator admits them. Default false. */
  waitingRoom?: boolean | undefined;
  /** What those who join later may read. In an empty room, newcomers read only what is said from then on. Default `all`. */
  latecomersRead?: LatecomersRead | undefined;
  /**
   * This participant reads only what was said from then on, in milliseconds from the start of the meeting: they came late, or the transcript
   * was deleted. Absent: the whole transcript.
   */
  transcriptFromMs?: number | undefined;
  /** Whether a moderator has paused the transcription of everyone. Default false. */
  roomOffTheRecord?: boolean | undefined;
  /** Present if the room transcribes only those who consent to this (`giveConsent`); the others have `noConsent` in `notTranscribed`. */
  consent?: ConsentWording | undefined;
  /** For moderators: who waits, the longest first. */
  waiting?: WaitingParticipant[] | undefined;
  /** For moderators: the secret that guests who come from now on need, if there is one. */
  roomSecret?: string | undefined;
  /**
   * For the guest who opened a room without other moderators, and only in this answer: joining with it makes a participant moderate for the
   * rest of the meeting.
   */
  moderatorKey?: string | undefined;
  transcription: TranscriptionStatus;
  features: ServerFeatures;
}

/**
 * Requests by name: what the client sends and what the server answers, exactly once.
 * `schema.ts` validates each `request` part under the same name.
 */
export interface Requests {
  /**
   * `settings` replace everything that this participant had set in this meeting; refused with `INVALID_SETTINGS`. `moderatorKey` makes
   * the participant a moderator (`MODERATOR_KEY_INVALID`), `roomSecret` is needed after `renewRoomSecret` (`ROOM_SECRET_REQUIRED`).
   * `offTheRecord` and `consentVersion` have the effect of `setOffTheRecord` and `giveConsent` before any audio is sent; an outdated version has none.
   */
  join: {
    request: {
      room: string;
      settings?: SpeechOverrides | undefined;
      moderatorKey?: string | undefined;
      roomSecret?: string | undefined;
      offTheRecord?: true | undefined;
      consentVersion?: string | undefined;
    };
    response: JoinResult;
  };
  leave: { request: Record<string, never>; response: Record<string, never> };
  /**
   * Sends a newer token of the same person and sign-in (else `TOKEN_MISMATCH`), without interrupting media. Its grants apply immediately.
   * @returns Unix time at which it expires
   */
  refreshToken: { request: { token: string }; response: { expiresAtMs: number } };
  /** `recv` includes what the browser can receive; from then on, consumers of all tracks are announced. */
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
  /** Returns current relays: their credentials may have expired since the transport was created. */
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
  /** Consumers start paused; this starts them when the browser's side is ready. */
  resumeConsumer: { request: { consumerId: string }; response: Record<string, never> };
  /**
   * Pages of committed segments with `seq` above `afterSeq`, oldest first. `firstSeq` is the oldest that the server still
   * has; earlier segments are not available.
   */
  resumeTranscript: {
    request: { afterSeq: number };
    response: { segments: CommittedSegment[]; firstSeq: number; lastSeq: number };
  };
  getSettings: { request: Record<string, never>; response: SettingsView };
  /**
   * Changes `live` settings: the participant's own, or, for moderators, the room's (others: `SETTINGS_FORBIDDEN`). `mode` is only allowed
   * for the room. A change is accepted or, with `INVALID_SETTINGS`, refused as a whole; `RATE_LIMITED` if changes come too fast.
   * @returns the resolved settings of that scope
   */
  updateSettings: {
    request: { scope: SettingsScope; settings: SpeechSettingsPatch; mode?: string | undefined };
    response: { mode: string; settings: SpeechSettings };
  };
  /** The current audio ledgers of everyone who sent audio in this meeting. */
  getLedger: { request: Record<string, never>; response: { ledgers: ParticipantLedger[] } };
  /**
   * Pauses a participant's audio until `liftMute`, also audio that they send later or after a reconnect (`MUTED_BY_MODERATOR`). For
   * moderators, like the next three.
   */
  muteParticipant: { request: { participantId: string }; response: Record<string, never> };
  /**
   * Removes a participant with `REMOVED`; they cannot rejoin until the meeting is over. Guests cannot rejoin with another subject from the
   * same browser, and from the same address only if a moderator admits them.
   */
  removeParticipant: { request: { participantId: string }; response: Record<string, never> };
  /** Locks the room for others; participants who lost their connection may come back. */
  setRoomLocked: { request: { locked: boolean }; response: Record<string, never> };
  /** Ends the meeting for everyone with `MEETING_ENDED`; pending speech is transcribed first. */
  endMeeting: { request: Record<string, never>; response: Record<string, never> };
  /** Turns the activities `stabilized` and `audioRecorded` on or off for this connection. Off at first. */
  subscribeDiagnostics: { request: { on: boolean }; response: Record<string, never> };
  /** Allows a participant whom a moderator muted to unmute again. They stay muted until they do. For moderators. */
  liftMute: { request: { participantId: string }; response: Record<string, never> };
  /** Whether this participant, muted by a moderator, asks to speak (`Participant.asksToSpeak`). No effect for others. */
  askToSpeak: { request: { on: boolean }; response: Record<string, never> };
  /**
   * After `join` was refused with `ADMISSION_REQUIRED`: waits to be admitted. `admitted` follows, and then `join` succeeds; or `dismissed`
   * with `ADMISSION_REFUSED`. `leave` ends the wait. Nothing of the meeting is sent meanwhile.
   */
  requestAdmission: { request: { room: string; roomSecret?: string | undefined }; response: Record<string, never> };
  /** Admits a person who waits. For moderators, like the next two. */
  admitParticipant: { request: { participantId: string }; response: Record<string, never> };
  /** Refuses a person who waits (`ADMISSION_REFUSED`). They may ask again after 30 s. */
  refuseParticipant: { request: { participantId: string }; response: Record<string, never> };
  /** Whether newcomers wait until a moderator admits them. Switched off, it admits those who wait. */
  setWaitingRoom: { request: { on: boolean }; response: Record<string, never> };
  /**
   * Makes a secret that guests need to join this meeting from now on, besides the server's; an earlier one ends. Those who are in, and
   * people who signed in, do not need it. For moderators.
   */
  renewRoomSecret: { request: Record<string, never>; response: { roomSecret: string } };
  /**
   * Deletes everything that was said so far, for everybody and for good; `transcriptDeleted` follows. Sentences that have begun are deleted, too.
   * For moderators.
   */
  deleteTranscript: { request: Record<string, never>; response: Record<string, never> };
  /**
   * Pauses the transcription of this participant, or continues it. Nothing that they say between the answer to `on` and a request to
   * continue is decoded or kept; what was being said at the moment is finished. Holds through reconnects, for the meeting. `RATE_LIMITED`
   * if it is continued too often.
   */
  setOffTheRecord: { request: { on: boolean }; response: Record<string, never> };
  /** The same for everyone in the room, and for those who join later. For moderators. */
  setRoomOffTheRecord: { request: { on: boolean }; response: Record<string, never> };
  /**
   * Consents to being transcribed, for the rest of the meeting. `version` is that of the wording which the participant has read: another
   * than the room's is refused with `CONSENT_OUTDATED`.
   */
  giveConsent: { request: { version: string }; response: Record<string, never> };
  /** Takes the consent back, with the effect of `setOffTheRecord` where the room requires consent. */
  withdrawConsent: { request: Record<string, never>; response: Record<string, never> };
  /** From now on, only those who consent are transcribed. Holds for the rest of the meeting. For moderators. */
  requireConsent: { request: Record<string, never>; response: Record<string, never> };
}

export type RequestName = keyof Requests;
export type RequestOf<N extends RequestName> = Requests[N]['request'];
export type ResponseOf<N extends RequestName> = Requests[N]['response'];

/** The one ack of a request. */
export type Ack<T> = { ok: true; data: T } | { ok: false; error: WireError };

/** Why a participant left the room. */
export type LeaveReason = 'left' | 'connectionLost' | 'replaced' | 'removed' | 'meetingEnded';

/** Why the server muted a participant. `flooding`: they sent far more data than a microphone does; if it goes on, they are removed with `FLOODING`. */
export type MuteReason = 'flooding';

/** Notifications from the server, which are not answered. */
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
  /** The room's media moved to another router: all transports, producers and consumers are gone; create them again. */
  mediaRestarted: { routerRtpCapabilities: RtpCapabilities };
  /** Droppable; the newest revision wins. */
  interimUpdated: { segment: Segment };
  /** Withdraws an interim whose words were another speaker's. */
  interimRetracted: { segmentId: string };
  /** In `seq` order; after a hole, call `resumeTranscript`. */
  segmentCommitted: { segment: CommittedSegment };
  transcriptionChanged: { transcription: TranscriptionStatus };
  /**
   * Settings changed. The room's are sent to everyone, a participant's own only to that participant. `settings` are the resolved ones
   * of the scope. Hot words that come and go with the people in the room are not announced.
   */
  settingsChanged: {
    scope: SettingsScope;
    /** With scope `participant`. */
    participantId?: string | undefined;
    /** With scope `room`: the participant who made the change. */
    changedBy?: string | undefined;
    /** With scope `room`: names of the settings in the change, `mode` for the room's mode. Values that stayed the same may be among them. */
    changed?: string[] | undefined;
    mode: string;
    settings: SpeechSettings;
  };
  trackStateChanged: { participantId: string; track: TrackName; state: TrackState };
  /** Diagnostics are droppable and only sent to subscribers. */
  trackActivity: { participantId: string; track: TrackName; activity: TrackActivity };
  /** Droppable; every few seconds while something changes. `getLedger` returns all ledgers. */
  ledgerUpdated: { participantId: string; track: TrackName; ledger: AudioLedger };
  /** The recogniser is overloaded; sent with each change of the level. */
  transcriptionDegraded: TranscriptionDegradation;
  /** The recogniser is back to normal. */
  transcriptionRecovered: Record<string, never>;
  /** The token expires soon: send `refreshToken`, or the connection ends `graceMs` after `expiresAtMs` with `TOKEN_EXPIRED`. */
  tokenExpiring: { expiresAtMs: number; graceMs: number };
  /** The participant's new grants. */
  grantsChanged: { grants: Grant[] };
  /** A moderator muted the participant, which paused these producers. Holds until `muteLifted`. */
  mutedByModerator: { producerIds: string[] };
  /** The server paused a participant's producers by itself. The participant can resume them. */
  participantMuted: { participantId: string; producerIds: string[]; reason: MuteReason };
  roomLockChanged: { locked: boolean };
  /** The participant may unmute again. */
  muteLifted: Record<string, never>;
  /** The wait is over: `join` succeeds now. */
  admitted: { room: string };
  /** Everybody who waits, the longest first. */
  waitingChanged: { waiting: WaitingParticipant[] };
  waitingRoomChanged: { on: boolean };
  roomSecretChanged: { roomSecret: string };
  /** A moderator deleted what was said before `beforeMs` (from the start of the meeting): clients forget it, too. */
  transcriptDeleted: { beforeMs: number };
  /** A moderator paused or continued the transcription of everyone. `participantUpdated` follows for each. */
  roomOffTheRecordChanged: { on: boolean; changedBy: string };
  /** From now on the room transcribes only those who consent. `participantUpdated` follows for those who have not. */
  roomConsentChanged: { consent: ConsentWording };
  /** The server's last message before it disconnects. */
  dismissed: { error: WireError };
}

export type NotificationName = keyof Notifications;

/** socket.io's typed maps, from a client's point of view: what it may emit... */
export type ClientToServerEvents = {
  [N in RequestName]: (request: RequestOf<N>, ack: (answer: Ack<ResponseOf<N>>) => void) => void;
};
/** ...and what it receives. */
export type ServerToClientEvents = { [N in NotificationName]: (notification: Notifications[N]) => void };

/** socket.io's `connect_error` carries this in `data`. */
export interface ConnectErrorData {
  code: ErrorCode;
  error: WireError;
}

import type { Publication } from './media/Publication.js';
import type { ConnectionQuality } from './media/qualityOf.js';
import type {
  ConsentWording,
  MuteReason,
  Notifications,
  ParleyError,
  Participant,
  Segment,
  TranscriptionStatus,
} from './protocol/index.js';

/**
 * `idle` -> `connecting` -> `connected` -> `joined`; `waiting` before that, while a moderator has to admit this participant; `reconnecting`
 * from a lost connection until it is back; `disconnected` is final, and `disconnectReason` says why.
 */
export type ClientState = 'idle' | 'connecting' | 'connected' | 'waiting' | 'joined' | 'reconnecting' | 'disconnected';

/**
 * Why a client is `disconnected`:
 * `left`: left the room and was closed; `closed`: closed by the application without leaving; `removed`: removed by a moderator, or by the
 * server because of too much data (`FLOODING`);
 * `meetingEnded`: a moderator ended the meeting; `replaced`: the same participant joined in another window; `signedOut`: signed out;
 * `tokenExpired`: the credentials or the session's maximum duration expired; `refused`: the server does not accept the client any more;
 * `connectionLost`: no reconnect within `reconnectTimeoutMs`.
 */
export type DisconnectReason =
  | 'left'
  | 'closed'
  | 'removed'
  | 'meetingEnded'
  | 'replaced'
  | 'signedOut'
  | 'tokenExpired'
  | 'refused'
  | 'connectionLost';

export interface ParleyClientEvents {
  /** `reason` comes with `disconnected`. */
  stateChanged: [event: { state: ClientState; reason?: DisconnectReason }];
  /** Once per lost connection. Without `willReconnect`, the client is `disconnected` right after. */
  disconnected: [event: { error: ParleyError; willReconnect: boolean }];
  /**
   * Back in the room, with the same tracks published again. Missed segments follow as `segmentUpdated`. `resumed` is false if the room
   * holds another meeting now.
   */
  reconnected: [event: { resumed: boolean }];
  /**
   * After a reconnect, the room holds another meeting: the previous one ended while this client was away, or the server was restarted.
   * The transcript starts empty.
   */
  meetingChanged: [event: { meetingId: string; previousMeetingId: string; reason: 'meetingEnded' | 'serverRestarted' }];
  /** Something failed outside of any call. */
  error: [event: { error: ParleyError }];

  participantJoined: [event: { participant: Participant }];
  participantUpdated: [event: { participant: Participant }];
  participantLeft: [event: Notifications['participantLeft']];
  /** The server detects speech of a participant; `client.participants` is already up to date. */
  speechStarted: [event: Notifications['speechStarted']];
  speechEnded: [event: Notifications['speechEnded']];
  /** Who is speaking, latest first; `client.activeSpeakers` is already up to date. The last speaker stays for a moment. */
  activeSpeakersChanged: [event: { participantIds: readonly string[] }];
  /**
   * A participant's connection level changed or is known for the first time; undefined if there is nothing to measure any more.
   * `connectionQuality` has the current numbers.
   */
  connectionQualityChanged: [event: { participantId: string; quality: ConnectionQuality | undefined }];

  /** A participant's audio has arrived. `client.audio` already plays it. */
  trackSubscribed: [event: { participantId: string; consumerId: string; track: MediaStreamTrack }];
  trackUnsubscribed: [event: { participantId: string; consumerId: string }];
  /** The browser needs a click before it plays sound: offer a button that calls `resumeAudio`. */
  audioPlaybackBlocked: [];
  /** Sound is playing again. */
  audioPlaybackResumed: [];
  /**
   * A moderator muted this participant, and with them these publications. Until `muteLifted`, `unmute` is refused with `MUTED_BY_MODERATOR`, and
   * `client.self.mutedByModerator` is true; `client.askToSpeak` asks the moderators.
   */
  mutedByModerator: [event: { publications: Publication[] }];
  /** A moderator allows this participant to unmute again. */
  muteLifted: [];
  /** The server muted a participant by itself. `publications`: this client's own among them, which `unmute` resumes. */
  participantMuted: [event: { participantId: string; reason: MuteReason; publications: Publication[] }];

  /**
   * A new version of a segment: interim, final or gap. `client.transcript` is already up to date. `live`: received as it was spoken;
   * otherwise fetched after a join or a reconnect.
   */
  segmentUpdated: [event: { segment: Segment; live: boolean }];
  /** An interim is withdrawn: its words were another speaker's, or a lost connection left it unfinished. */
  segmentRetracted: [event: { segmentId: string }];
  transcriptionChanged: [event: { transcription: TranscriptionStatus }];
  /** The recogniser is behind: interims come less often, or not at all. */
  transcriptionDegraded: [event: Notifications['transcriptionDegraded']];
  transcriptionRecovered: [event: Notifications['transcriptionRecovered']];
  /** What a speaker's track is doing: inactive, listening, waiting for a wake phrase, speaking, transcribing. */
  trackStateChanged: [event: Notifications['trackStateChanged']];
  /** Steps of a track on its way to text. The frequent ones are only sent after `subscribeDiagnostics(true)`. */
  trackActivity: [event: Notifications['trackActivity']];
  /** What became of every millisecond of a speaker's audio; every few seconds while it changes. */
  ledgerUpdated: [event: Notifications['ledgerUpdated']];

  /** The room's or this participant's settings changed; `settings` are the resolved ones. */
  settingsChanged: [event: Notifications['settingsChanged']];
  /** This participant's rights changed; `client.grants` is already up to date. */
  grantsChanged: [event: Notifications['grantsChanged']];
  /** The room was locked or unlocked; `client.locked` is already up to date. */
  roomLockChanged: [event: Notifications['roomLockChanged']];
  /** For moderators: who waits to be admitted; `client.waiting` is already up to date. */
  waitingChanged: [event: Notifications['waitingChanged']];
  /** The waiting room was turned on or off; `client.waitingRoom` is already up to date. */
  waitingRoomChanged: [event: Notifications['waitingRoomChanged']];
  /** For moderators: what guests need to join from now on; `client.roomSecret` is already up to date. */
  roomSecretChanged: [event: Notifications['roomSecretChanged']];
  /** A moderator deleted what was said before; `client.transcript` is already up to date. Delete your own copies, too. */
  transcriptDeleted: [event: Notifications['transcriptDeleted']];
  /** A moderator paused the transcription of everyone, or continued it; `client.roomOffTheRecord` is already up to date. */
  roomOffTheRecordChanged: [event: Notifications['roomOffTheRecordChanged']];
  /**
   * The room transcribes only those who consent, and this participant has not: show the wording and call `giveConsent` with its version. Emitted
   * after a join, and if a moderator begins to require consent; `client.consentNeeded` says the same at any time.
   */
  consentRequired: [event: { consent: ConsentWording }];
  /** A moderator began to require consent; `client.consent` is already up to date. */
  roomConsentChanged: [event: Notifications['roomConsentChanged']];
  /** This participant's token expires soon. If `credentials` is a function, the SDK renews it. */
  tokenExpiring: [event: Notifications['tokenExpiring']];
}

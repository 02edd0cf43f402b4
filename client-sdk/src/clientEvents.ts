import type { Publication } from './media/Publication.js';
import type { ConnectionQuality } from './media/qualityOf.js';
import type { Notifications, ParleyError, Participant, Segment, TranscriptionStatus } from './protocol/index.js';

/**
 * `idle` -> `connecting` -> `connected` -> `joined`; `reconnecting` from a loss until it is back; `disconnected` is the end of the client,
 * whose `disconnectReason` says why.
 */
export type ClientState = 'idle' | 'connecting' | 'connected' | 'joined' | 'reconnecting' | 'disconnected';

/**
 * Why a client is `disconnected`: `left` the room and closed, `closed` by the application without leaving; `removed` by a moderator, who
 * also may have ended the meeting for all (`meetingEnded`); `replaced` by the same participant in another window; `signedOut`;
 * `tokenExpired`, the credentials or the longest time of a session ran out; `refused`, the server does not take it back;
 * `connectionLost`, it did not come back within `reconnectTimeoutMs`.
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
  /** Once for each loss. Without `willReconnect` the client is `disconnected` right after. */
  disconnected: [event: { error: ParleyError; willReconnect: boolean }];
  /**
   * Back in the room, and what was published is published again; what was said meanwhile follows by `segmentUpdated`. `resumed` is
   * false when the room holds another meeting now.
   */
  reconnected: [event: { resumed: boolean }];
  /**
   * The room was found in another meeting after a reconnect: one's own had ended while one was away, or the server was restarted. The
   * transcript begins empty; what was said before was the other meeting's.
   */
  meetingChanged: [event: { meetingId: string; previousMeetingId: string; reason: 'meetingEnded' | 'serverRestarted' }];
  /** Something failed that no call of yours was waiting for. */
  error: [event: { error: ParleyError }];

  participantJoined: [event: { participant: Participant }];
  participantUpdated: [event: { participant: Participant }];
  participantLeft: [event: Notifications['participantLeft']];
  /** The server hears somebody; `client.participants` has it already. */
  speechStarted: [event: Notifications['speechStarted']];
  speechEnded: [event: Notifications['speechEnded']];
  /** Who speaks, who spoke last first; `client.activeSpeakers` has it already. The last one stays for a moment. */
  activeSpeakersChanged: [event: { participantIds: readonly string[] }];
  /**
   * The level of somebody's connection is another one, or known for the first time; undefined when there is nothing to measure any more.
   * Numbers in between: `connectionQuality`.
   */
  connectionQualityChanged: [event: { participantId: string; quality: ConnectionQuality | undefined }];

  /** Somebody's audio has arrived. `client.audio` plays it already. */
  trackSubscribed: [event: { participantId: string; consumerId: string; track: MediaStreamTrack }];
  trackUnsubscribed: [event: { participantId: string; consumerId: string }];
  /** The browser wants a click before it plays sound: offer one that calls `resumeAudio`. */
  audioPlaybackBlocked: [];
  /** The others are heard again. */
  audioPlaybackResumed: [];
  /** A moderator muted these; `unmute` goes on. */
  mutedByModerator: [event: { publications: Publication[] }];

  /**
   * A new version of a segment: interim, final or gap. `client.transcript` has it already. `live`: told when it was said; otherwise
   * fetched afterwards, after a join or a reconnect.
   */
  segmentUpdated: [event: { segment: Segment; live: boolean }];
  /** An interim whose words were another speaker's, or that a lost connection left unfinished. */
  segmentRetracted: [event: { segmentId: string }];
  transcriptionChanged: [event: { transcription: TranscriptionStatus }];
  /** The recogniser is behind: interims come less often, or not at all. */
  transcriptionDegraded: [event: Notifications['transcriptionDegraded']];
  transcriptionRecovered: [event: Notifications['transcriptionRecovered']];
  /** What a speaker's track is doing: inactive, listening, waiting for a wake phrase, recording, transcribing. */
  speakerStateChanged: [event: Notifications['speakerStateChanged']];
  /** Steps of a track on its way to text. The frequent ones come after `subscribeDiagnostics(true)` only. */
  speakerActivity: [event: Notifications['speakerActivity']];
  /** Where every millisecond of a speaker's audio has gone; every few seconds while it changes. */
  ledgerUpdated: [event: Notifications['ledgerUpdated']];

  /** The room's settings changed, or one's own; `settings` are the resolved ones. */
  settingsChanged: [event: Notifications['settingsChanged']];
  /** What one may do here from now on; `client.grants` has it already. */
  grantsChanged: [event: Notifications['grantsChanged']];
  /** Whether somebody else may come in; `client.locked` has it already. */
  roomLockChanged: [event: Notifications['roomLockChanged']];
  /** One's token runs out soon. With a function for `credentials` it is renewed by itself. */
  tokenExpiring: [event: Notifications['tokenExpiring']];
}

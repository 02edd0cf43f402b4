import {
  GRANTS,
  type Grant,
  type NameSource,
  type NotificationName,
  type Notifications,
  type ParleyError,
  type RtpCapabilities,
} from '@parley/client-sdk/protocol';

/** How a peer is reached, whatever carries it. */
export interface PeerChannel {
  /** `droppable` ones may be left out when the peer is slow. */
  notify<N extends NotificationName>(name: N, notification: Notifications[N], options?: { droppable?: boolean }): void;
  /** Tells why and closes the connection. */
  disconnect(error: ParleyError): void;
}

export interface PeerOptions {
  peerId: string;
  participantId: string;
  displayName: string;
  nameSource: NameSource;
  accountName?: string | undefined;
  /** Of the participant, from the start of the meeting on, in milliseconds. */
  joinedAtMs: number;
  /** What this peer may do here. Default: everything, for those who know nobody else. */
  grants?: ReadonlySet<Grant>;
  channel: PeerChannel;
}

/** Notifications that carry what was said, or where it went. */
const OF_TRANSCRIPT: ReadonlySet<NotificationName> = new Set([
  'interimUpdated',
  'interimRetracted',
  'segmentCommitted',
  'trackActivity',
  'ledgerUpdated',
]);

/** One live connection of a participant in a room. */
export class Peer {
  readonly peerId: string;
  readonly participantId: string;
  readonly displayName: string;
  readonly nameSource: NameSource;
  readonly accountName: string | undefined;
  readonly joinedAtMs: number;
  readonly channel: PeerChannel;
  grants: ReadonlySet<Grant>;
  /** What the browser can receive, once it has a receiving transport. */
  rtpCapabilities: RtpCapabilities | undefined;
  /** Wants to be told the frequent activities too. */
  diagnostics = false;
  /** Producers whose consumer was announced to this peer's present receiving transport. */
  readonly announced = new Set<string>();
  /** Tracks by producer id. */
  readonly producers = new Map<string, { track: 'microphone'; paused: boolean }>();

  constructor(options: PeerOptions) {
    this.peerId = options.peerId;
    this.participantId = options.participantId;
    this.displayName = options.displayName;
    this.nameSource = options.nameSource;
    this.accountName = options.accountName;
    this.joinedAtMs = options.joinedAtMs;
    this.channel = options.channel;
    this.grants = options.grants ?? new Set(GRANTS);
  }

  may(grant: Grant): boolean {
    return this.grants.has(grant);
  }

  /** Whether this peer is to be told something of a kind at all. */
  maySee(name: NotificationName): boolean {
    return !OF_TRANSCRIPT.has(name) || this.may('readTranscript');
  }
}

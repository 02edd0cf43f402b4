import {
  type ErrorCode,
  GRANTS,
  type Grant,
  type NameSource,
  type NotificationName,
  type Notifications,
  ParleyError,
  type RtpCapabilities,
} from '@parley/client-sdk/protocol';
import { EVERYTHING, type Reading } from '../meetings/Meeting.js';
import type { Origin } from './RoomAccess.js';

/** The connection to a peer, independent of the transport. */
export interface PeerChannel {
  /** `droppable` messages may be dropped when the peer is slow. */
  notify<N extends NotificationName>(name: N, notification: Notifications[N], options?: { droppable?: boolean }): void;
  /** Sends the reason and closes the connection. */
  disconnect(error: ParleyError): void;
}

export interface PeerOptions {
  peerId: string;
  participantId: string;
  displayName: string;
  /** As it is spoken: without the number that tells equal names apart. Default: `displayName`. */
  givenName?: string;
  nameSource: NameSource;
  accountName?: string | undefined;
  /** Of the participant, from the start of the meeting on, in milliseconds. */
  joinedAtMs: number;
  /** The grants of this peer. Default: all, if there is no authentication. */
  grants?: ReadonlySet<Grant>;
  channel: PeerChannel;
  /** Default: from nowhere in particular. */
  origin?: Origin | undefined;
  /** What they may read of the transcript. Default: everything. */
  reading?: Reading;
}

/** Notifications that contain what was said, or what became of the audio. */
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
  readonly givenName: string;
  readonly nameSource: NameSource;
  readonly accountName: string | undefined;
  readonly joinedAtMs: number;
  readonly channel: PeerChannel;
  readonly origin: Origin | undefined;
  readonly reading: Reading;
  grants: ReadonlySet<Grant>;
  /** RTP capabilities of the browser, once it has a receiving transport. */
  rtpCapabilities: RtpCapabilities | undefined;
  /** Whether the peer subscribed to the frequent activities. */
  diagnostics = false;
  /** Producers whose consumer was announced to this peer's current receiving transport. */
  readonly announced = new Set<string>();
  /** Tracks by producer id. */
  readonly producers = new Map<string, { track: 'microphone'; paused: boolean }>();
  /** What is being made for this peer at the moment. */
  readonly #making = new Set<string>();

  constructor(options: PeerOptions) {
    this.peerId = options.peerId;
    this.participantId = options.participantId;
    this.displayName = options.displayName;
    this.givenName = options.givenName ?? options.displayName;
    this.nameSource = options.nameSource;
    this.accountName = options.accountName;
    this.joinedAtMs = options.joinedAtMs;
    this.channel = options.channel;
    this.origin = options.origin;
    this.reading = options.reading ?? EVERYTHING;
    this.grants = options.grants ?? new Set(GRANTS);
  }

  may(grant: Grant): boolean {
    return this.grants.has(grant);
  }

  /**
   * Makes something of which this peer may have one. While it is being made it counts as made, so that a burst of requests gets no more
   * than requests that wait for each other.
   * @throws ParleyError `options.refusal` while the same is being made; whatever `make` throws
   */
  async makeOne<T>(options: { what: string; refusal: ErrorCode }, make: () => Promise<T>): Promise<T> {
    const { what, refusal } = options;
    if (this.#making.has(what)) throw new ParleyError(refusal);
    this.#making.add(what);
    try {
      return await make();
    } finally {
      this.#making.delete(what);
    }
  }

  /** Whether this peer is to be told something of a kind at all. */
  maySee(name: NotificationName): boolean {
    if (name === 'waitingChanged' || name === 'roomSecretChanged') return this.may('moderate');
    return !OF_TRANSCRIPT.has(name) || this.may('readTranscript');
  }
}

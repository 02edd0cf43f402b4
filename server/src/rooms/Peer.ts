import type { NotificationName, Notifications, ParleyError, RtpCapabilities } from '@parley/client-sdk/protocol';

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
  channel: PeerChannel;
}

/** One live connection of a participant in a room. */
export class Peer {
  readonly peerId: string;
  readonly participantId: string;
  readonly displayName: string;
  readonly channel: PeerChannel;
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
    this.channel = options.channel;
  }
}

import { type NotificationName, type Notifications, ParleyError } from '@parley/client-sdk/protocol';
import type { Peer } from './Peer.js';
import type { TellOptions } from './RoomTranscriber.js';

/** The peers in one room, and how they are notified. */
export class Roster {
  readonly #peers = new Map<string, Peer>();

  get size(): number {
    return this.#peers.size;
  }

  /** In the order in which they joined. */
  get peers(): Peer[] {
    return [...this.#peers.values()];
  }

  get(peerId: string): Peer | undefined {
    return this.#peers.get(peerId);
  }

  /** Whether a peer is still in the room. */
  holds(peer: Peer): boolean {
    return this.#peers.get(peer.peerId) === peer;
  }

  add(peer: Peer): void {
    this.#peers.set(peer.peerId, peer);
  }

  delete(peer: Peer): void {
    this.#peers.delete(peer.peerId);
  }

  /** The peer of a participant, if present. */
  find(participantId: string): Peer | undefined {
    return this.peers.find((peer) => peer.participantId === participantId);
  }

  /** @throws ParleyError `PARTICIPANT_NOT_FOUND` */
  peerOf(participantId: string): Peer {
    const peer = this.find(participantId);
    if (peer === undefined) throw new ParleyError('PARTICIPANT_NOT_FOUND');
    return peer;
  }

  /** Notifies everyone who may see it. */
  tellAll<N extends NotificationName>(name: N, notification: Notifications[N], options: TellOptions = {}): void {
    for (const peer of this.#peers.values()) {
      const isTold = options.only === undefined ? peer.maySee(name) : peer.participantId === options.only;
      if (!isTold || (options.diagnostics === true && !peer.diagnostics)) continue;
      if (options.saidAtMs !== undefined && options.saidAtMs < peer.reading.fromMs) continue;
      peer.channel.notify(name, notification, options);
    }
  }

  /** Notifies everyone except the participant it is about. */
  tellOthers<N extends NotificationName>(peer: Peer, message: { name: N; notification: Notifications[N] }): void {
    for (const other of this.#peers.values()) {
      if (other !== peer) other.channel.notify(message.name, message.notification);
    }
  }
}

import { type NotificationName, type Notifications, ParleyError } from '@parley/client-sdk/protocol';
import type { Peer } from './Peer.js';
import type { TellOptions } from './RoomTranscriber.js';

/** Who is in one room now, and how they are told what happens in it. */
export class Roster {
  readonly #peers = new Map<string, Peer>();

  get size(): number {
    return this.#peers.size;
  }

  /** In the order in which they came. */
  get peers(): Peer[] {
    return [...this.#peers.values()];
  }

  get(peerId: string): Peer | undefined {
    return this.#peers.get(peerId);
  }

  /** Whether somebody who came in is still in. */
  holds(peer: Peer): boolean {
    return this.#peers.get(peer.peerId) === peer;
  }

  add(peer: Peer): void {
    this.#peers.set(peer.peerId, peer);
  }

  delete(peer: Peer): void {
    this.#peers.delete(peer.peerId);
  }

  /** The connection of a participant, if they are in. */
  find(participantId: string): Peer | undefined {
    return this.peers.find((peer) => peer.participantId === participantId);
  }

  /** @throws ParleyError `PARTICIPANT_NOT_FOUND` */
  peerOf(participantId: string): Peer {
    const peer = this.find(participantId);
    if (peer === undefined) throw new ParleyError('PARTICIPANT_NOT_FOUND');
    return peer;
  }

  /** Tells everybody who may know. */
  tellAll<N extends NotificationName>(name: N, notification: Notifications[N], options: TellOptions = {}): void {
    for (const peer of this.#peers.values()) {
      const isTold = options.only === undefined ? peer.maySee(name) : peer.participantId === options.only;
      if (!isTold || (options.diagnostics === true && !peer.diagnostics)) continue;
      peer.channel.notify(name, notification, options);
    }
  }

  /** Tells everybody but the one whom it is about. */
  tellOthers<N extends NotificationName>(peer: Peer, message: { name: N; notification: Notifications[N] }): void {
    for (const other of this.#peers.values()) {
      if (other !== peer) other.channel.notify(message.name, message.notification);
    }
  }
}

import type { NotificationName, Notifications, ParleyError } from '@parley/client-sdk/protocol';
import type { PeerChannel } from '../rooms/Peer.js';
import { Outbox } from './Outbox.js';

export interface SocketChannelOptions {
  emit: (name: string, payload: unknown) => void;
  /** Messages that wait in the socket at the moment. */
  waiting: () => number;
  /** Closes the socket. */
  close: () => void;
  later: (delayMs: number, action: () => void) => void;
  onOverflow: () => void;
}

/** A notification must have left before its socket is closed. */
const DISCONNECT_DELAY_MS = 100;

/** The server's side of one socket: what it is told, until it is dismissed. Nothing is told and nothing is served after that. */
export class SocketChannel implements PeerChannel {
  readonly #options: SocketChannelOptions;
  readonly #outbox: Outbox;
  #dismissal: ParleyError | undefined;

  constructor(options: SocketChannelOptions) {
    this.#options = options;
    this.#outbox = new Outbox({
      waiting: options.waiting,
      send: ({ name, payload }) => options.emit(name, payload),
      onOverflow: () => {
        options.onOverflow();
        options.close();
      },
    });
  }

  /** Why the connection is about to end: from then on it may do nothing any more. */
  get dismissal(): ParleyError | undefined {
    return this.#dismissal;
  }

  notify<N extends NotificationName>(
    name: N,
    notification: Notifications[N],
    options: { droppable?: boolean } = {},
  ): void {
    if (this.#dismissal !== undefined) return;
    this.#outbox.push({ name, payload: notification, droppable: options.droppable === true });
  }

  /** Tells why and closes the socket soon. Only the first reason counts. */
  disconnect(error: ParleyError): void {
    if (this.#dismissal !== undefined) return;
    this.#dismissal = error;
    this.#options.emit('dismissed', { error: error.toWire() });
    this.#options.later(DISCONNECT_DELAY_MS, this.#options.close);
  }
}

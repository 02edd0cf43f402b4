import { type NotificationName, type Notifications, ParleyError } from '@parley/client-sdk/protocol';
import type { PeerChannel } from '../rooms/Peer.js';
import { Outbox, type SlowReason } from './Outbox.js';
import type { WatchedSocket } from './watchSocket.js';

export interface SocketChannelOptions {
  emit: (name: string, payload: object) => void;
  /** Makes the outbox track what waits in the socket. */
  watch: (outbox: Outbox) => WatchedSocket;
  /** Closes the socket. */
  close: () => void;
  later: (delayMs: number, action: () => void) => void;
  /** The client is too slow. It is notified and closed after this. */
  onSlow: (slow: SlowClient) => void;
}

/** How far behind a client was when it was given up. */
export interface SlowClient {
  reason: SlowReason;
  waitingMessages: number;
  waitingBytes: number;
  dropped: number;
}

/** Gives a notification time to be sent before its socket is closed. */
const DISCONNECT_DELAY_MS = 100;
/** How long a slow client may take to receive the reason; a client that reads nothing never does. */
const SLOW_DISCONNECT_DELAY_MS = 5_000;

/** The server's side of one socket. After it was dismissed, nothing more is sent or handled. */
export class SocketChannel implements PeerChannel {
  readonly #options: SocketChannelOptions;
  readonly #outbox: Outbox;
  readonly #watched: WatchedSocket;
  #dismissal: ParleyError | undefined;

  constructor(options: SocketChannelOptions) {
    this.#options = options;
    this.#outbox = new Outbox({
      send: ({ name, payload }) => options.emit(name, payload),
      // Deferred, because it may be called during a send.
      onSlow: (reason) => setImmediate(() => this.#giveUp(reason)),
    });
    this.#watched = options.watch(this.#outbox);
  }

  /** Why the connection is about to end. From then on its requests are refused. */
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

  /** Sends the reason and closes the socket shortly after. Only the first reason counts. */
  disconnect(error: ParleyError): void {
    if (!this.#dismiss(error)) return;
    this.#options.later(DISCONNECT_DELAY_MS, this.#options.close);
  }

  #giveUp(reason: SlowReason): void {
    if (this.#dismissal !== undefined) return;
    const { later, close, onSlow } = this.#options;
    const { waitingMessages, waitingBytes, dropped } = this.#outbox;
    onSlow({ reason, waitingMessages, waitingBytes, dropped });
    // The client resumes by `seq`. Waiting messages would be sent twice, and delay the last one.
    this.#watched.discardQueued();
    this.#dismiss(new ParleyError('SLOW_CONSUMER'));
    this.#watched.onceEmpty(() => later(DISCONNECT_DELAY_MS, close));
    later(SLOW_DISCONNECT_DELAY_MS, () => {
      close();
      this.#watched.terminate();
    });
  }

  /** @returns whether it was not dismissed before */
  #dismiss(error: ParleyError): boolean {
    if (this.#dismissal !== undefined) return false;
    this.#dismissal = error;
    this.#options.emit('dismissed', { error: error.toWire() });
    return true;
  }
}

/** The part of an engine.io WebSocket that is needed here. */
export interface RawConnection {
  on(name: 'packet', then: (packet: { type: string; data?: unknown }) => void): void;
  close(discard?: boolean): void;
}

/** First character of socket.io's CONNECT packets (protocol 5), for any namespace. */
const CONNECT = '0';

/**
 * Allows one authentication attempt per WebSocket. socket.io accepts further CONNECT packets after a refusal, and several at once. Without
 * this, one upgrade, which is all that the limits by address see, could carry any number of guesses at the join secret.
 */
export class HandshakeGuard {
  readonly #attempts = new WeakMap<object, number>();

  /** Called when the WebSocket opens. The second attempt closes it. */
  watch(connection: RawConnection): void {
    connection.on('packet', ({ type, data }) => {
      if (type !== 'message' || typeof data !== 'string' || !data.startsWith(CONNECT)) return;
      const attempts = (this.#attempts.get(connection) ?? 0) + 1;
      this.#attempts.set(connection, attempts);
      if (attempts > 1) connection.close(true);
    });
  }

  /** Whether this is the first attempt. A packet that was already read is still processed after its WebSocket was closed. */
  isFirst(connection: object): boolean {
    return this.#attempts.get(connection) === 1;
  }
}

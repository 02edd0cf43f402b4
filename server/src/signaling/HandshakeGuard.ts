/** What engine.io has of one WebSocket, as far as it is needed here. */
export interface RawConnection {
  on(name: 'packet', then: (packet: { type: string; data?: unknown }) => void): void;
  close(discard?: boolean): void;
}

/** First character of socket.io's CONNECT packets (protocol 5), for whatever namespace. */
const CONNECT = '0';

/**
 * One attempt to say who one is for each WebSocket. socket.io takes further CONNECT packets after a refusal, and several at once, so that
 * one upgrade, which is all that limits by address can see, would be as many guesses at the join secret as fit through it.
 */
export class HandshakeGuard {
  readonly #attempts = new WeakMap<object, number>();

  /** To be called when the WebSocket opens: the second attempt closes it. */
  watch(connection: RawConnection): void {
    connection.on('packet', ({ type, data }) => {
      if (type !== 'message' || typeof data !== 'string' || !data.startsWith(CONNECT)) return;
      const attempts = (this.#attempts.get(connection) ?? 0) + 1;
      this.#attempts.set(connection, attempts);
      if (attempts > 1) connection.close(true);
    });
  }

  /** Whether this is the first attempt: a packet that was read already is served although its WebSocket was closed. */
  isFirst(connection: object): boolean {
    return this.#attempts.get(connection) === 1;
  }
}

export interface OutboxOptions {
  /** Messages that wait in the socket at the moment. */
  waiting: () => number;
  send: (message: { name: string; payload: unknown }) => void;
  /** The client takes nothing in; nothing will be sent to it any more. */
  onOverflow: () => void;
}

/** A client that is so many messages behind gets no more interims: the next final says more. */
export const DROP_INTERIMS_AT = 64;
/** So far behind it is given up, and may come back and resume by `seq`: nobody else pays for its memory. */
export const GIVE_UP_AT = 1_000;

/**
 * What one client has yet to be sent, bounded. The transport keeps whatever it is given for as long as the client does not read,
 * without a bound of its own.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  #givenUp = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** @returns whether it is on its way */
  push(message: { name: string; payload: unknown; droppable: boolean }): boolean {
    if (this.#givenUp) return false;
    const waiting = this.#options.waiting();
    if (waiting >= GIVE_UP_AT) {
      this.#givenUp = true;
      this.#options.onOverflow();
      return false;
    }
    if (message.droppable && waiting >= DROP_INTERIMS_AT) return false;
    this.#options.send({ name: message.name, payload: message.payload });
    return true;
  }
}

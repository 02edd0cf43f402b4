export interface OutboxMessage {
  name: string;
  payload: object;
  /** May be left out when the client is behind: something newer will say more. */
  droppable: boolean;
}

/** `bytes`: more would wait than may wait. `stalled`: something waits, and for too long nothing at all was taken in. */
export type SlowReason = 'bytes' | 'stalled';

export interface OutboxOptions {
  /** Hands a message to the socket, which reports by `handedOver` before this returns. */
  send: (message: { name: string; payload: object }) => void;
  /** The client is given up; nothing will be sent to it any more. Called once, from within whatever call found it out. */
  onSlow: (reason: SlowReason) => void;
  /** Milliseconds on a clock that never goes back. */
  now?: () => number;
}

/** What may wait for one client. A megabyte is a million bytes here. */
export const OUTBOX_LIMITS = {
  /** From so many waiting messages or bytes on, what is droppable is dropped. */
  dropMessages: 1_000,
  dropBytes: 1_000_000,
  /** More bytes than these never wait: the client is given up first. */
  mostBytes: 5_000_000,
  /** As long as something waits, something has to be taken in within this time. */
  stalledMs: 30_000,
} as const;

/** What a waiting message takes in memory besides its text. Without it, very many very short ones would count for nothing. */
export const MESSAGE_OVERHEAD_BYTES = 256;
/** The socket's own letters around name and payload, at most. */
const ENVELOPE_BYTES = 16;

interface Load {
  messages: number;
  bytes: number;
}

/** One payload goes to everybody in a room: it is measured once. */
const payloadBytes = new WeakMap<object, number>();

/**
 * What one client has yet to be sent, bounded. The transport keeps whatever it is given for as long as the client does not read,
 * without a bound of its own, so this keeps its books: everything that the socket was handed (answers and pings, too) counts as
 * waiting until the transport has given it to the operating system.
 *
 * A client that falls behind first gets no more interims. One that falls behind too far is given up and may come back and resume
 * by `seq`: nobody else pays for its memory. Whether time has run out is asked with every message, pings included, so a stall is
 * found at most one ping interval late, and no timer runs for clients that keep up.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #now: () => number;
  /** Handed to the socket, not yet to the transport. */
  #queued: Load = { messages: 0, bytes: 0 };
  /** Handed to the transport, not yet taken by the operating system. */
  #inFlight: Load = { messages: 0, bytes: 0 };
  #dropped = 0;
  #progressAtMs = 0;
  #givenUp = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  get waitingMessages(): number {
    return this.#queued.messages + this.#inFlight.messages;
  }

  get waitingBytes(): number {
    return this.#queued.bytes + this.#inFlight.bytes;
  }

  /** Droppable messages that were left out so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @returns whether it is on its way */
  push({ name, payload, droppable }: OutboxMessage): boolean {
    this.#giveUpIfStalled();
    if (this.#givenUp) return false;
    const bytes =
      this.waitingBytes + bytesOf(payload) + Buffer.byteLength(name) + ENVELOPE_BYTES + MESSAGE_OVERHEAD_BYTES;
    if (droppable && (this.waitingMessages >= OUTBOX_LIMITS.dropMessages || bytes > OUTBOX_LIMITS.dropBytes)) {
      this.#dropped += 1;
      return false;
    }
    if (bytes > OUTBOX_LIMITS.mostBytes) {
      this.#giveUp('bytes');
      return false;
    }
    this.#options.send({ name, payload });
    return true;
  }

  /**
   * The socket was handed something, by `push` or by anybody else. Of what did not come by `push`, the size is known only now:
   * the bound may be passed by one answer, and that is the end.
   */
  handedOver(bytes: number): void {
    if (this.waitingMessages === 0) this.#progressAtMs = this.#now();
    this.#queued.messages += 1;
    this.#queued.bytes += bytes + MESSAGE_OVERHEAD_BYTES;
    if (this.waitingBytes > OUTBOX_LIMITS.mostBytes) this.#giveUp('bytes');
    else this.#giveUpIfStalled();
  }

  /** The socket gave all that it had to the transport. */
  flushed(): void {
    this.#inFlight.messages += this.#queued.messages;
    this.#inFlight.bytes += this.#queued.bytes;
    this.#queued = { messages: 0, bytes: 0 };
  }

  /** The transport gave all that it had to the operating system. */
  drained(): void {
    this.#inFlight = { messages: 0, bytes: 0 };
    this.#progressAtMs = this.#now();
  }

  #giveUpIfStalled(): void {
    if (this.waitingMessages > 0 && this.#now() - this.#progressAtMs >= OUTBOX_LIMITS.stalledMs)
      this.#giveUp('stalled');
  }

  #giveUp(reason: SlowReason): void {
    if (this.#givenUp) return;
    this.#givenUp = true;
    this.#options.onSlow(reason);
  }
}

function bytesOf(payload: object): number {
  const known = payloadBytes.get(payload);
  if (known !== undefined) return known;
  const bytes = Buffer.byteLength(JSON.stringify(payload));
  payloadBytes.set(payload, bytes);
  return bytes;
}

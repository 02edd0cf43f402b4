export interface OutboxMessage {
  name: string;
  payload: object;
  /** May be dropped when the client is behind, because newer messages follow. */
  droppable: boolean;
}

/** `bytes`: too many bytes would wait. `stalled`: messages wait, and the client has accepted nothing for too long. */
export type SlowReason = 'bytes' | 'stalled';

export interface OutboxOptions {
  /** Passes a message to the socket, which calls `handedOver` before this returns. */
  send: (message: { name: string; payload: object }) => void;
  /** The client is given up and gets no more messages. Called once, synchronously from the call that detected it. */
  onSlow: (reason: SlowReason) => void;
  /** Milliseconds of a monotonic clock. */
  now?: () => number;
}

/** Limits for messages that wait for one client. A megabyte is a million bytes here. */
export const OUTBOX_LIMITS = {
  /** From this many waiting messages or bytes on, droppable messages are dropped. */
  dropMessages: 1_000,
  dropBytes: 1_000_000,
  /** Never more bytes than this wait: the client is given up first. */
  mostBytes: 5_000_000,
  /** While messages wait, the client must accept some within this time. */
  stalledMs: 30_000,
} as const;

/** Memory of a waiting message besides its text. Otherwise a large number of very short messages would count as nothing. */
export const MESSAGE_OVERHEAD_BYTES = 256;
/** The socket's framing of name and payload, at most. */
const ENVELOPE_BYTES = 16;

interface Load {
  messages: number;
  bytes: number;
}

/** One payload goes to everyone in a room, so it is measured once. */
const payloadBytes = new WeakMap<object, number>();

/**
 * Limits the messages that wait for one client. The transport buffers without limit while the client does not read. This class therefore
 * counts everything passed to the socket (including answers and pings) as waiting until the transport has passed it to the operating
 * system.
 *
 * A client that falls behind first gets no more interims. A client too far behind is disconnected, and may reconnect and resume by `seq`,
 * so that it costs the others no memory. The time limit is checked with every message, including pings: a stall is detected at most one
 * ping interval late, without timers for clients that keep up.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #now: () => number;
  /** Passed to the socket, not yet to the transport. */
  #queued: Load = { messages: 0, bytes: 0 };
  /** Passed to the transport, not yet accepted by the operating system. */
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

  /** Droppable messages dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @returns whether it was sent */
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
   * The socket was passed a message, by `push` or otherwise. The size of those not from `push` is only known now, so a single answer may
   * exceed the limit, which ends the connection.
   */
  handedOver(bytes: number): void {
    if (this.waitingMessages === 0) this.#progressAtMs = this.#now();
    this.#queued.messages += 1;
    this.#queued.bytes += bytes + MESSAGE_OVERHEAD_BYTES;
    if (this.waitingBytes > OUTBOX_LIMITS.mostBytes) this.#giveUp('bytes');
    else this.#giveUpIfStalled();
  }

  /** The socket passed everything to the transport. */
  flushed(): void {
    this.#inFlight.messages += this.#queued.messages;
    this.#inFlight.bytes += this.#queued.bytes;
    this.#queued = { messages: 0, bytes: 0 };
  }

  /** The transport passed everything to the operating system. */
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

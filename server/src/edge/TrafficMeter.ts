import { TokenBuckets } from './TokenBuckets.js';

export interface TrafficMeterOptions {
  /** Limits for the requests of one socket. */
  messagesPerSecond: number;
  messageBurst: number;
  /** Milliseconds on a clock that never goes back. */
  now?: () => number;
}

/**
 * Packets allowed for each allowed request. A packet may carry a request, an unrequested ack, a heartbeat or nothing: reading it costs the
 * same. A client that floods with requests is refused and then disconnected by the limits for requests, before it reaches this one.
 */
const PACKETS_PER_MESSAGE = 4;
/** Requests are a few kilobytes at most. */
const BYTES_PER_MESSAGE = 16_384;

const PACKETS = 'packets';
const BYTES = 'bytes';

/** Limits what one WebSocket may send, of whatever kind. */
export class TrafficMeter {
  readonly #packets: TokenBuckets;
  readonly #bytes: TokenBuckets;

  constructor({ messagesPerSecond, messageBurst, now }: TrafficMeterOptions) {
    const bucketOf = (factor: number) =>
      new TokenBuckets({
        perSecond: messagesPerSecond * factor,
        burst: messageBurst * factor,
        ...(now === undefined ? {} : { now }),
      });
    this.#packets = bucketOf(PACKETS_PER_MESSAGE);
    this.#bytes = bucketOf(BYTES_PER_MESSAGE);
  }

  /** Counts a packet. @returns whether it is within the limits */
  takePacket(): boolean {
    return this.#packets.take(PACKETS) === 0;
  }

  /** Counts bytes. @returns whether they are within the limits */
  takeBytes(count: number): boolean {
    return this.#bytes.take(BYTES, count) === 0;
  }
}

import { TokenBuckets } from './TokenBuckets.js';

export interface TrafficMeterOptions {
  /** Requests of one socket: in the long run, and at once. */
  messagesPerSecond: number;
  messageBurst: number;
  /** Milliseconds on a clock that never goes back. */
  now?: () => number;
}

/**
 * A packet may carry a request, an answer to nothing, a sign of life, or nothing at all; reading it costs the same. So many packets are
 * allowed for each request that is: one that floods with requests is first refused, then sent away by name, and never gets this far.
 */
const PACKETS_PER_MESSAGE = 4;
/** Requests are a few kilobytes at most. */
const BYTES_PER_MESSAGE = 16_384;

const PACKETS = 'packets';
const BYTES = 'bytes';

/** What one WebSocket may send, whatever it is. */
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

  /** One more came. @returns whether that was still within the bounds */
  takePacket(): boolean {
    return this.#packets.take(PACKETS) === 0;
  }

  /** So many more came. @returns whether that was still within the bounds */
  takeBytes(count: number): boolean {
    return this.#bytes.take(BYTES, count) === 0;
  }
}

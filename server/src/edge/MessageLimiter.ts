import { LIMITS, ParleyError } from '@parley/client-sdk/protocol';
import { TokenBuckets } from './TokenBuckets.js';

export interface MessageLimiterOptions {
  /** Long-term rate. */
  perSecond: number;
  /** Size of a burst. A join in a room of 50 makes about 60 requests: transports, one track, and a consumer for each of the others. */
  burst: number;
  /** Milliseconds on a clock that never goes back. */
  now?: () => number;
}

/** All connections of one person together may send this many times as much as one of them. */
const PERSON_FACTOR = 2;
/** A client that continues after this many refusals within `PATIENCE_S` is disconnected. */
const PATIENCE = 100;
const PATIENCE_S = 10;

/** How many requests, and changes of settings among them, may come over one socket, and from one person over all of theirs. */
export class MessageLimiter {
  readonly #ofSocket: TokenBuckets;
  readonly #ofPerson: TokenBuckets;
  readonly #refused: TokenBuckets;
  readonly #changes: TokenBuckets;

  constructor({ perSecond, burst, now }: MessageLimiterOptions) {
    const clock = now === undefined ? {} : { now };
    this.#ofSocket = new TokenBuckets({ perSecond, burst, ...clock });
    this.#ofPerson = new TokenBuckets({
      perSecond: perSecond * PERSON_FACTOR,
      burst: burst * PERSON_FACTOR,
      ...clock,
    });
    this.#refused = new TokenBuckets({ perSecond: PATIENCE / PATIENCE_S, burst: PATIENCE, ...clock });
    this.#changes = new TokenBuckets({
      perSecond: (LIMITS.settingsChanges / LIMITS.settingsChangeWindowMs) * 1_000,
      burst: LIMITS.settingsChanges,
      ...clock,
    });
  }

  /** @throws ParleyError `RATE_LIMITED`, with the time until there is room again */
  take(whose: { socketId: string; person: string }): void {
    const retryAfterMs = this.#ofSocket.take(whose.socketId) || this.#ofPerson.take(whose.person);
    if (retryAfterMs > 0) throw new ParleyError('RATE_LIMITED', { retryAfterMs });
  }

  /** For changes of settings, which affect everyone in the room. @throws ParleyError `RATE_LIMITED`, as above */
  takeChangeOfSettings(socketId: string): void {
    const retryAfterMs = this.#changes.take(socketId);
    if (retryAfterMs > 0) throw new ParleyError('RATE_LIMITED', { retryAfterMs });
  }

  /** Called for every refusal. @returns whether there have been too many */
  refuse(socketId: string): boolean {
    return this.#refused.take(socketId) > 0;
  }
}

import { LIMITS, ParleyError } from '@parley/client-sdk/protocol';
import { TokenBuckets } from './TokenBuckets.js';

export interface MessageLimiterOptions {
  /** Long-term rate. */
  perSecond: number;
  /** Size of a burst. A join in a room of 50 makes about 60 requests: transports, one track, and a consumer for each of the others. */
  burst: number;
  /** Over a while, of all guests at one address. At once: as many times that as of one socket. */
  guestsPerSecond: number;
  /** Milliseconds on a clock that never goes back. */
  now?: () => number;
}

/** All connections of one person together may send this many times as much as one of them. */
const PERSON_FACTOR = 2;
/** A client that continues after this many refusals within `PATIENCE_S` is disconnected. */
const PATIENCE = 100;
const PATIENCE_S = 10;

/**
 * Limits requests, and changes of settings among them, by socket and by person. Guests can take any number of names, so they are limited by
 * address as well.
 */
export class MessageLimiter {
  readonly #ofSocket: TokenBuckets;
  readonly #ofPerson: TokenBuckets;
  readonly #ofGuests: TokenBuckets;
  readonly #refused: TokenBuckets;
  readonly #changes: TokenBuckets;

  constructor({ perSecond, burst, guestsPerSecond, now }: MessageLimiterOptions) {
    const clock = now === undefined ? {} : { now };
    this.#ofSocket = new TokenBuckets({ perSecond, burst, ...clock });
    this.#ofPerson = new TokenBuckets({
      perSecond: perSecond * PERSON_FACTOR,
      burst: burst * PERSON_FACTOR,
      ...clock,
    });
    this.#ofGuests = new TokenBuckets({
      perSecond: guestsPerSecond,
      burst: (guestsPerSecond / perSecond) * burst,
      ...clock,
    });
    this.#refused = new TokenBuckets({ perSecond: PATIENCE / PATIENCE_S, burst: PATIENCE, ...clock });
    this.#changes = new TokenBuckets({
      perSecond: (LIMITS.settingsChanges / LIMITS.settingsChangeWindowMs) * 1_000,
      burst: LIMITS.settingsChanges,
      ...clock,
    });
  }

  /**
   * @param whose.guestAt address of a guest; absent for others
   * @throws ParleyError `RATE_LIMITED`, with the time until there is room again
   */
  take(whose: { socketId: string; person: string; guestAt?: string | undefined }): void {
    const { socketId, person, guestAt } = whose;
    const retryAfterMs =
      this.#ofSocket.take(socketId) ||
      this.#ofPerson.take(person) ||
      (guestAt === undefined ? 0 : this.#ofGuests.take(guestAt));
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

import { ParleyError } from '@parley/client-sdk/protocol';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

export interface MessageLimiterOptions {
  /** Over a while. */
  perSecond: number;
  /** At once. A join in a room of 50 makes some 60 requests: transports, one track, and a consumer for each of the others. */
  burst: number;
}

/** All connections of one person together may send so many times as much as one of them. */
const PERSON_FACTOR = 2;
/** Whoever goes on after so many refusals within `PATIENCE_S` is disconnected. */
const PATIENCE = 100;
const PATIENCE_S = 10;

/** How many requests may come over one socket, and from one person over all of theirs. */
export class MessageLimiter {
  readonly #ofSocket: RateLimiterMemory;
  readonly #ofPerson: RateLimiterMemory;
  readonly #refused: RateLimiterMemory;

  constructor({ perSecond, burst }: MessageLimiterOptions) {
    // The window in which so many as come at once make the lasting rate.
    const duration = burst / perSecond;
    this.#ofSocket = new RateLimiterMemory({ points: burst, duration });
    this.#ofPerson = new RateLimiterMemory({ points: burst * PERSON_FACTOR, duration });
    this.#refused = new RateLimiterMemory({ points: PATIENCE, duration: PATIENCE_S });
  }

  /**
   * @throws ParleyError `RATE_LIMITED`, as a rejection, with the time until there is room again
   */
  async take(whose: { socketId: string; person: string }): Promise<void> {
    try {
      await this.#ofSocket.consume(whose.socketId);
      await this.#ofPerson.consume(whose.person);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      throw new ParleyError('RATE_LIMITED', { retryAfterMs: Math.max(1, Math.ceil(error.msBeforeNext)) });
    }
  }

  /** To be called for every refusal. @returns whether the socket has been patient with long enough */
  async refuse(socketId: string): Promise<boolean> {
    try {
      await this.#refused.consume(socketId);
      return false;
    } catch {
      return true;
    }
  }
}

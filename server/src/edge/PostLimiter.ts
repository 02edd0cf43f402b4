import { ParleyError } from '@parley/client-sdk/protocol';
import type { Request, RequestHandler, Response } from 'express';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

export interface PostLimiterOptions {
  perMinute: number;
  /** Whose request this is, for the count. */
  keyOf: (request: Request) => string;
  /** Of each request that was refused. */
  onRefused: () => void;
}

/** How many requests of one kind an address may make over HTTP in a minute. */
export class PostLimiter {
  readonly #options: PostLimiterOptions;
  readonly #limiter: RateLimiterMemory;

  constructor(options: PostLimiterOptions) {
    this.#options = options;
    this.#limiter = new RateLimiterMemory({ points: options.perMinute, duration: 60 });
  }

  /** Every request counts. */
  readonly all: RequestHandler = (request, response, next) => {
    void this.#take(request, response).then((taken) => taken && next());
  };

  /**
   * Only what is refused counts in the end: an identity provider that signs a thousand people out at once must be heard a thousand times.
   */
  readonly refused: RequestHandler = (request, response, next) => {
    response.once('finish', () => {
      if (response.statusCode < 400) void this.#limiter.reward(this.#options.keyOf(request));
    });
    this.all(request, response, next);
  };

  async #take(request: Request, response: Response): Promise<boolean> {
    try {
      await this.#limiter.consume(this.#options.keyOf(request));
      return true;
    } catch (error) {
      const retryAfterMs = error instanceof RateLimiterRes ? Math.max(1, Math.ceil(error.msBeforeNext)) : 60_000;
      this.#options.onRefused();
      response
        .status(429)
        .set({ 'Cache-Control': 'no-store', 'Retry-After': String(Math.ceil(retryAfterMs / 1_000)) })
        .json({ error: new ParleyError('RATE_LIMITED', { retryAfterMs }).toWire() });
      return false;
    }
  }
}

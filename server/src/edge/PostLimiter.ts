import { ParleyError } from '@parley/client-sdk/protocol';
import type { Request, RequestHandler, Response } from 'express';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

export interface PostLimiterOptions {
  perMinute: number;
  /** The key by which a request is counted. */
  keyOf: (request: Request) => string;
  /** Called for each refused request. */
  onRefused: () => void;
}

/** Limits how many requests of one kind an address may make over HTTP per minute. */
export class PostLimiter {
  readonly #options: PostLimiterOptions;
  readonly #limiter: RateLimiterMemory;

  constructor(options: PostLimiterOptions) {
    this.#options = options;
    this.#limiter = new RateLimiterMemory({ points: options.perMinute, duration: 60 });
  }

  /** Counts every request. */
  readonly all: RequestHandler = (request, response, next) => {
    void this.#take(request, response).then((taken) => taken && next());
  };

  /** Counts only refused requests: an identity provider that signs out a thousand people at once must get through. */
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

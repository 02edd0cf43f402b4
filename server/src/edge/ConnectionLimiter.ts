import { RateLimiterMemory } from 'rate-limiter-flexible';

export interface ConnectionLimiterOptions {
  connectsPerMinute: number;
  sockets: number;
}

/** How many connections may come from one address (see `limitKeyOf`): in a minute, and at the same time. */
export class ConnectionLimiter {
  readonly #options: ConnectionLimiterOptions;
  readonly #connects: RateLimiterMemory;
  readonly #open = new Map<string, number>();

  constructor(options: ConnectionLimiterOptions) {
    this.#options = options;
    this.#connects = new RateLimiterMemory({ points: options.connectsPerMinute, duration: 60 });
  }

  /** Whether one more may come. Counts as one of this minute's even if not. */
  async mayConnect(address: string): Promise<boolean> {
    if ((this.#open.get(address) ?? 0) >= this.#options.sockets) return false;
    try {
      await this.#connects.consume(address);
      return true;
    } catch {
      return false;
    }
  }

  /** @returns to be called once when it is closed */
  opened(address: string): () => void {
    this.#open.set(address, (this.#open.get(address) ?? 0) + 1);
    let counted = true;
    return () => {
      if (!counted) return;
      counted = false;
      const left = (this.#open.get(address) ?? 1) - 1;
      if (left > 0) this.#open.set(address, left);
      else this.#open.delete(address);
    };
  }
}

import { RateLimiterMemory } from 'rate-limiter-flexible';

export interface ConnectionLimiterOptions {
  /** From one address. */
  connectsPerMinute: number;
  /** From one address at the same time. */
  sockets: number;
  /** From everywhere at the same time. */
  connections: number;
}

/** A place for one connection, or why there is none. */
export type Place = { release: () => void } | { refused: string };

/** How many connections may come from one address (see `limitKeyOf`), in a minute and at the same time, and how many from everywhere. */
export class ConnectionLimiter {
  readonly #options: ConnectionLimiterOptions;
  readonly #connects: RateLimiterMemory;
  readonly #open = new Map<string, number>();
  #total = 0;

  constructor(options: ConnectionLimiterOptions) {
    this.#options = options;
    this.#connects = new RateLimiterMemory({ points: options.connectsPerMinute, duration: 60 });
  }

  /**
   * A place for one more, taken before anything is waited for, so that many at once get no more than one after the other. `release` is to be
   * called when the connection is closed, whether or not it ever opened; idempotent. A refusal by the number of places costs none of the
   * minute's.
   */
  async reserve(address: string): Promise<Place> {
    const { sockets, connections } = this.#options;
    if (this.#total >= connections) return { refused: 'the server is full' };
    if ((this.#open.get(address) ?? 0) >= sockets) return { refused: 'too many connections from this address' };
    const release = this.#take(address);
    try {
      await this.#connects.consume(address);
      return { release };
    } catch {
      release();
      return { refused: 'too many connections from this address' };
    }
  }

  #take(address: string): () => void {
    this.#open.set(address, (this.#open.get(address) ?? 0) + 1);
    this.#total += 1;
    let taken = true;
    return () => {
      if (!taken) return;
      taken = false;
      this.#total -= 1;
      const left = (this.#open.get(address) ?? 1) - 1;
      if (left > 0) this.#open.set(address, left);
      else this.#open.delete(address);
    };
  }
}

/**
 * Extends 32-bit RTP timestamps over their wraps. A step is taken the short way round, so it must be under 2^31 ticks
 * (12.4 hours at 48 kHz) in either direction.
 */
export class TimestampUnwrapper {
  #last: number | undefined;

  /** @param timestamp 32 bits @returns ticks without a wrap; the first one as it is */
  unwrap(timestamp: number): number {
    const extended = this.#last === undefined ? timestamp : this.#last + ((timestamp - this.#last) | 0);
    this.#last = extended;
    return extended;
  }

  reset(): void {
    this.#last = undefined;
  }
}

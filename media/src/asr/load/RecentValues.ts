import type { Quantiles } from '../contract/serverStats.js';
/** The last values of something, for its quantiles. */
export class RecentValues {
  readonly #values: Float64Array;
  #count = 0;

  /** @param options.capacity values that are kept; default 512 */
  constructor(options: { capacity?: number } = {}) {
    this.#values = new Float64Array(options.capacity ?? 512);
  }

  add(value: number): void {
    this.#values[this.#count % this.#values.length] = value;
    this.#count += 1;
  }

  /** All 0 if there is no value. */
  get quantiles(): Quantiles {
    const sorted = this.#values.slice(0, Math.min(this.#count, this.#values.length)).sort();
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    return { p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? 0 };
  }
}

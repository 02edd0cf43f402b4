import type { CaptionClock } from '../src/transcript/CaptionQueue.js';

/** A clock that only advances when a test says so. */
export class FakeClock implements CaptionClock {
  #nowMs = 0;
  #timers: { atMs: number; call: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  get timers(): number {
    return this.#timers.length;
  }

  after(delayMs: number, call: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  /** Advances the time, timer by timer. */
  pass(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const [next] = this.#timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.#nowMs = next.atMs;
      next.call();
    }
    this.#nowMs = untilMs;
  }
}

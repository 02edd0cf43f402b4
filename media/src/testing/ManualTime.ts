import type { CancelTimer, TimeSource } from '../process/TimeSource.js';

interface Timer {
  atMs: number;
  order: number;
  callback: () => void;
}

/** Time that stands still until it is moved. Timers fire in the order of their times, each with the time set to its own. */
export class ManualTime implements TimeSource {
  #nowMs: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(startMs = 1_000) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  /** Timers that wait. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  after(delayMs: number, callback: () => void): CancelTimer {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves the time on and fires what falls due, timers that these set included. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) this.#fire(next);
    this.#nowMs = untilMs;
  }

  #next(untilMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.atMs > untilMs) continue;
      if (next === undefined || timer.atMs < next.atMs || (timer.atMs === next.atMs && timer.order < next.order)) {
        next = timer;
      }
    }
    return next;
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer);
    this.#nowMs = timer.atMs;
    timer.callback();
  }

  /** As `advance`, and lets promises settle before and after every timer. */
  async play(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs;
    await settle();
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.#fire(next);
      await settle();
    }
    this.#nowMs = untilMs;
  }

  /** As `advance`, and lets promises settle before and after every step of `stepMs`. */
  async advanceAsync(byMs: number, stepMs = byMs): Promise<void> {
    for (let moved = 0; moved < byMs; moved += stepMs) {
      await settle();
      this.advance(Math.min(stepMs, byMs - moved));
    }
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await Promise.resolve();
}

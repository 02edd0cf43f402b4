import { type CancelTimer, CLOSE_TIMES, systemTime, type TimeSource } from '@parley/media/process';

export interface LastWordsOptions {
  time?: TimeSource;
}

interface Waiting {
  cancel: CancelTimer;
  action: () => void;
}

/**
 * Signals that a participant mutes or leaves can overtake the audio of their last word. Media therefore end a moment later, so that audio
 * in transit still arrives. Clients with this SDK stop sending immediately.
 */
export class LastWords {
  readonly #time: TimeSource;
  readonly #waiting = new Map<string, Waiting>();

  constructor(options: LastWordsOptions = {}) {
    this.#time = options.time ?? systemTime;
  }

  /** Runs an action once audio in transit has arrived. Only one per key: while it waits, further calls change nothing. */
  after(key: string, action: () => void): void {
    if (this.#waiting.has(key)) return;
    const cancel = this.#time.after(CLOSE_TIMES.inFlightMs, () => {
      this.#waiting.delete(key);
      action();
    });
    this.#waiting.set(key, { cancel, action });
  }

  /** Cancels the action. */
  cancel(key: string): void {
    this.#waiting.get(key)?.cancel();
    this.#waiting.delete(key);
  }

  /** Whether an action is pending. */
  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Resolves when everything said until now has arrived, and the actions that waited for it are done. */
  async arrived(): Promise<void> {
    await new Promise<void>((resolve) => this.#time.after(CLOSE_TIMES.inFlightMs, resolve));
    // Does not wait for actions added later.
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { cancel, action } of waiting) {
      cancel();
      action();
    }
  }

  /** Resolves when the work is done, has failed, or has taken too long. */
  async within(work: Promise<unknown>, limitMs: number): Promise<void> {
    let cancel: CancelTimer = () => {};
    const limit = new Promise<void>((resolve) => {
      cancel = this.#time.after(limitMs, resolve);
    });
    await Promise.race([work.catch(() => {}), limit]);
    cancel();
  }
}

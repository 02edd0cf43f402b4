import { type CancelTimer, CLOSE_TIMES, systemTime, type TimeSource } from '@parley/media/process';

export interface LastWordsOptions {
  time?: TimeSource;
}

interface Waiting {
  cancel: CancelTimer;
  action: () => void;
}

/**
 * Who mutes or leaves says so by another way than their voice takes, and the word before it may be the later one to arrive. So media
 * are ended a moment after they were to be: what is on its way still comes through. Clients of this SDK send nothing from
 * the call on.
 */
export class LastWords {
  readonly #time: TimeSource;
  readonly #waiting = new Map<string, Waiting>();

  constructor(options: LastWordsOptions = {}) {
    this.#time = options.time ?? systemTime;
  }

  /** Does something when what was said has arrived. One thing at a time for a key: while it waits, asking again changes nothing. */
  after(key: string, action: () => void): void {
    if (this.#waiting.has(key)) return;
    const cancel = this.#time.after(CLOSE_TIMES.inFlightMs, () => {
      this.#waiting.delete(key);
      action();
    });
    this.#waiting.set(key, { cancel, action });
  }

  /** It is not to be done after all. */
  cancel(key: string): void {
    this.#waiting.get(key)?.cancel();
    this.#waiting.delete(key);
  }

  /** Whether something is still to be done. */
  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Resolves when everything that was said by now has arrived, and what waited for that has been done. */
  async arrived(): Promise<void> {
    await new Promise<void>((resolve) => this.#time.after(CLOSE_TIMES.inFlightMs, resolve));
    // What was asked for meanwhile is not waited for again.
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

import { ProcessError, type WireError } from './processMessages.js';
import type { CancelTimer, TimeSource } from './TimeSource.js';

interface Pending {
  resolve: (value: unknown) => void;
  reject: (error: ProcessError) => void;
  cancelTimer: CancelTimer;
}

/**
 * Requests that wait for a child's answer. Each settles exactly once: by its answer, by its time-out, or all of them at once
 * by `rejectAll` when the child dies. Bounded, because a child that stops answering must not grow its parent.
 */
export class PendingRequests {
  readonly #time: TimeSource;
  readonly #capacity: number;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;

  constructor(options: { time: TimeSource; capacity?: number }) {
    this.#time = options.time;
    this.#capacity = options.capacity ?? 1_024;
  }

  /** @throws ProcessError `PROCESS_NOT_READY` when as many are waiting as may wait */
  add(options: { timeoutMs: number; label: string }): { id: number; promise: Promise<unknown> } {
    if (this.#pending.size >= this.#capacity) {
      throw new ProcessError('PROCESS_NOT_READY', `${this.#capacity} requests are waiting for an answer already`);
    }
    const id = this.#nextId++;
    const promise = new Promise<unknown>((resolve, reject) => {
      const cancelTimer = this.#time.after(options.timeoutMs, () => {
        this.#pending.delete(id);
        reject(new ProcessError('REQUEST_TIMEOUT', `no answer to ${options.label} within ${options.timeoutMs} ms`));
      });
      this.#pending.set(id, { resolve, reject, cancelTimer });
    });
    return { id, promise };
  }

  resolve(id: number, value: unknown): void {
    this.#take(id)?.resolve(value);
  }

  reject(id: number, error: WireError): void {
    this.#take(id)?.reject(
      new ProcessError('REQUEST_FAILED', error.message, error.code === undefined ? {} : { remoteCode: error.code }),
    );
  }

  rejectAll(error: ProcessError): void {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const pending of all) {
      pending.cancelTimer();
      pending.reject(error);
    }
  }

  /** Undefined for an answer that came too late or was never asked for. */
  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    this.#pending.delete(id);
    pending.cancelTimer();
    return pending;
  }
}

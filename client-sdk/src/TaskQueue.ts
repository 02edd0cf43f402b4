import { errorOf } from './protocol/index.js';

/** Runs tasks one after the other, in the order in which they came. A task that fails stops nobody behind it. */
export class TaskQueue {
  readonly #capacity: number;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** @param options.capacity tasks that may wait or run; one more is refused */
  constructor(options: { capacity: number }) {
    this.#capacity = options.capacity;
  }

  /** @throws whatever the task throws, as a rejection, or `RATE_LIMITED` when the queue is full */
  run<T>(task: () => Promise<T> | T): Promise<T> {
    if (this.#waiting >= this.#capacity) return Promise.reject(errorOf('RATE_LIMITED'));
    this.#waiting += 1;
    const done = this.#tail.then(task).finally(() => {
      this.#waiting -= 1;
    });
    this.#tail = done.catch(() => {});
    return done;
  }
}

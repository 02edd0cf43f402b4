import { errorOf } from './protocol/index.js';

/** Runs tasks one at a time, in order. A failing task does not affect the next ones. */
export class TaskQueue {
  readonly #capacity: number;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** @param options.capacity maximum number of waiting and running tasks; more are refused */
  constructor(options: { capacity: number }) {
    this.#capacity = options.capacity;
  }

  /** @throws the task's error, as a rejection, or `RATE_LIMITED` if the queue is full */
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

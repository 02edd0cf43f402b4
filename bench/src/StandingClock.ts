import type { Hypothesis, RecognitionRequest, Recognizer } from '@parley/media/asr';

const PATIENCE_MS = 10 * 60_000;

/**
 * Time that only goes on while no work is done: requests to the recogniser go through it, and answers take no time. So results do not
 * depend on the speed of the machine, and a run takes as long as the work takes.
 */
export class StandingClock implements Recognizer {
  #nowMs = 0;
  readonly #recognizer: Recognizer;
  readonly #underWay = new Set<Promise<unknown>>();
  #engineMs = 0;

  constructor(recognizer: Recognizer) {
    this.#recognizer = recognizer;
  }

  readonly now = (): number => this.#nowMs;

  /** Engine time so far. */
  get engineMs(): number {
    return this.#engineMs;
  }

  recognize(request: RecognitionRequest, options?: { signal?: AbortSignal }): Promise<Hypothesis> {
    const answer = this.#recognizer.recognize({ ...request, deadlineMs: PATIENCE_MS }, options);
    const settled = answer.then(
      ({ engineMs }) => {
        this.#engineMs += engineMs;
      },
      () => {},
    );
    this.#underWay.add(settled);
    void settled.then(() => this.#underWay.delete(settled));
    return answer;
  }

  /** Moves the time on, once all requests have been answered. */
  async advance(byMs: number): Promise<void> {
    while (this.#underWay.size > 0) {
      await Promise.all(this.#underWay);
      // An answer may lead to another request.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#nowMs += byMs;
  }
}

import type { Hypothesis, RecognitionRequest, Recognizer } from '@parley/media/asr';

const PATIENCE_MS = 10 * 60_000;

/**
 * Time that only goes on while nobody works: the recogniser is asked through it, and each answer takes no time at all. So what comes
 * out does not depend on how fast the machine is, and a recording takes as long as the work takes.
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

  /** Time that the engine has worked. */
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

  /** Moves the time on, once everything that was asked has been answered. */
  async advance(byMs: number): Promise<void> {
    while (this.#underWay.size > 0) {
      await Promise.all(this.#underWay);
      // Who was answered may ask again.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#nowMs += byMs;
  }
}

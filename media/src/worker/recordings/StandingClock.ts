import type { Recognizer } from '../../asr/contract/Recognizer.js';
import type { Hypothesis, RecognitionRequest } from '../../asr/contract/recognition.js';

/** A request waits as long as the engine needs; this only bounds an engine that hangs. */
const PATIENCE_MS = 10 * 60_000;

/**
 * A clock that stands still while there is work: it only advances once the recogniser has answered every request, so each answer seems to
 * take no time. The result does not depend on the speed of the machine, and a recording takes as long as the work on it.
 */
export class StandingClock implements Recognizer {
  #nowMs = 0;
  readonly #recognizer: Recognizer;
  readonly #underWay = new Set<Promise<unknown>>();
  #engineMs = 0;

  /** @param recognizer answers the requests; send them to this clock instead */
  constructor(recognizer: Recognizer) {
    this.#recognizer = recognizer;
  }

  readonly now = (): number => this.#nowMs;

  /** Engine time of all answers. */
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

  /** Advances the clock once every request is answered. */
  async advance(byMs: number): Promise<void> {
    while (this.#underWay.size > 0) {
      await Promise.all(this.#underWay);
      // An answer may lead to another request.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#nowMs += byMs;
  }
}

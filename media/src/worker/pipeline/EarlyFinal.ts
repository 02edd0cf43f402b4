import type { SegmentCause } from '../speech/index.js';
import type { FinalRequest, HeardFinal } from './FinalRequest.js';

/** A silence that may be the end of an utterance, in samples of its time line. */
export interface Silence {
  /** Start of the silence. */
  speechEndSample: number;
  /** Its end so far. */
  endSample: number;
}

export type EarlyFinalEvent =
  /** While the silence lasts. */
  | { type: 'answered'; silence: Silence; hypothesis: HeardFinal }
  /** The silence is over, and the answer was still awaited. */
  | { type: 'answeredLate'; silence: Silence; hypothesis: HeardFinal }
  /** Engine time of an answer that is not used. */
  | { type: 'answerDiscarded'; engineMs: number };

interface Begun {
  silence: Silence;
  controller: AbortController;
  final: FinalRequest;
  answer: Promise<HeardFinal>;
  hypothesis?: HeardFinal;
}

/** The final that is started in a silence, before it is known to be the end. At most one, and one more that came late. */
export class EarlyFinal {
  readonly #onEvent: (event: EarlyFinalEvent) => void;
  #begun: Begun | undefined;
  /** One whose silence is over, but which may have been the end of a sentence. */
  #late: Begun | undefined;

  constructor(options: { onEvent: (event: EarlyFinalEvent) => void }) {
    this.#onEvent = options.onEvent;
  }

  /** Whether there is one for a silence that still lasts. */
  get begun(): boolean {
    return this.#begun !== undefined;
  }

  /** The silence for which an answer is awaited. */
  get awaited(): Silence | undefined {
    return this.#begun?.hypothesis === undefined ? this.#begun?.silence : undefined;
  }

  begin(silence: Silence, final: FinalRequest): void {
    const controller = new AbortController();
    const begun: Begun = { silence, controller, final, answer: final.ask(controller.signal) };
    this.#begun = begun;
    begun.answer
      .then((hypothesis) => this.#onAnswer(begun, hypothesis))
      // The end of the utterance decides what a failure means.
      .catch(() => {});
  }

  /** Speech goes on, but the answer is still awaited. */
  keepWaiting(): void {
    this.#late?.controller.abort();
    this.#late = this.#begun;
    this.#begun = undefined;
  }

  /** Speech goes on: the answer is no longer needed. */
  drop(): void {
    const begun = this.#begun;
    this.#begun = undefined;
    if (begun === undefined) return;
    if (begun.hypothesis === undefined) begun.controller.abort();
    else this.#onEvent({ type: 'answerDiscarded', engineMs: begun.hypothesis.engineMs });
  }

  /** The utterance ends. @returns the early final if it is for exactly this end; everything else is dropped */
  end(end: {
    speechEndSample: number;
    cause: SegmentCause;
  }): { final: FinalRequest; answer: Promise<HeardFinal> } | undefined {
    const begun = this.#begun;
    const fits = end.cause !== 'sentence' && begun?.silence.speechEndSample === end.speechEndSample;
    if (!fits) this.drop();
    this.#late?.controller.abort();
    return fits ? begun : undefined;
  }

  /** Cancels everything. Idempotent. */
  close(): void {
    this.#late?.controller.abort();
    this.drop();
  }

  #onAnswer(begun: Begun, hypothesis: HeardFinal): void {
    if (this.#late === begun) {
      this.#late = undefined;
      this.#onEvent({ type: 'answeredLate', silence: begun.silence, hypothesis });
    } else if (this.#begun === begun) {
      begun.hypothesis = hypothesis;
      this.#onEvent({ type: 'answered', silence: begun.silence, hypothesis });
    } else {
      this.#onEvent({ type: 'answerDiscarded', engineMs: hypothesis.engineMs });
    }
  }
}

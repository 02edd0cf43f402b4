import type { SegmentCause } from '../speech/index.js';
import type { FinalRequest, HeardFinal } from './FinalRequest.js';

/** A silence that may be the end of an utterance, in samples of its time line. */
export interface Silence {
  /** Where it begins. */
  speechEndSample: number;
  /** How far it has gone. */
  endSample: number;
}

export type EarlyFinalEvent =
  /** While the silence lasts. */
  | { type: 'answered'; silence: Silence; hypothesis: HeardFinal }
  /** The silence is over, and the answer was waited for. */
  | { type: 'answeredLate'; silence: Silence; hypothesis: HeardFinal }
  /** Engine time of an answer that is of no use. */
  | { type: 'answerDiscarded'; engineMs: number };

interface Begun {
  silence: Silence;
  controller: AbortController;
  final: FinalRequest;
  answer: Promise<HeardFinal>;
  hypothesis?: HeardFinal;
}

/** The final that is begun in a silence, before it is known to be the end. At most one, and one more that came late. */
export class EarlyFinal {
  readonly #onEvent: (event: EarlyFinalEvent) => void;
  #begun: Begun | undefined;
  /** One whose silence is over, and may have been the end of a sentence all the same. */
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

  /** Speech goes on, and the answer is waited for all the same. */
  keepWaiting(): void {
    this.#late?.controller.abort();
    this.#late = this.#begun;
    this.#begun = undefined;
  }

  /** Speech goes on: it is of no use any more. */
  drop(): void {
    const begun = this.#begun;
    this.#begun = undefined;
    if (begun === undefined) return;
    if (begun.hypothesis === undefined) begun.controller.abort();
    else this.#onEvent({ type: 'answerDiscarded', engineMs: begun.hypothesis.engineMs });
  }

  /** The utterance ends. @returns what was begun, where it is the final of just this end; everything else is dropped */
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

  /** Calls everything off. Idempotent. */
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

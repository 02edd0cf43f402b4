import type { Hypothesis } from '../../asr/contract/recognition.js';
import type { TimedWord } from '../../asr/contract/text/words.js';
import type { Stabilizer, StableText } from '../speech/stabilizer/index.js';

export type InterimsEvent =
  | { type: 'answered'; hypothesis: Hypothesis; windowStartMs: number; endSample: number }
  /** Engine time of an answer that came too late to be shown. */
  | { type: 'answerDiscarded'; engineMs: number }
  /** The next one can be requested. `wanted`: the newest sample for which one was requested meanwhile. */
  | { type: 'finished'; endSample: number; wanted: number | undefined };

export interface InterimsOptions {
  ask: (options: { fromMs: number; endSample: number; signal: AbortSignal }) => Promise<Hypothesis>;
  stabilizer: Pick<Stabilizer, 'committed' | 'settleBefore'>;
  /** Longest audio of one interim, and how much of it stays when the window moves on, as a share. */
  window: () => { longestMs: number; kept: number };
  startSample: number;
  onEvent: (event: InterimsEvent) => void;
}

/** Audio after a text's last word that may contain more words. */
const UNWRITTEN_MS = 700;
/** Tolerance for the end of the same word in two texts. */
const SAME_END_MS = 300;
const SAMPLES_PER_MS = 16;

/** Requests the interims of one utterance, one at a time, each for a window of its newest audio. */
export class Interims {
  readonly #options: InterimsOptions;
  #underWay: AbortController | undefined;
  /** Newest sample that an interim was requested for while another one was in progress. */
  #wanted: number | undefined;
  /** Audio before it is not given to interims any more. */
  #windowStartMs = 0;
  #closed = false;

  constructor(options: InterimsOptions) {
    this.#options = options;
  }

  /** Requests an interim for everything up to a sample. While one is in progress, only the newest request is kept. */
  request(endSample: number): void {
    if (this.#closed) return;
    if (this.#underWay !== undefined) {
      this.#wanted = endSample;
      return;
    }
    const { ask, onEvent } = this.#options;
    const controller = new AbortController();
    this.#underWay = controller;
    const windowStartMs = this.#windowStart(endSample);
    ask({ fromMs: windowStartMs, endSample, signal: controller.signal })
      .then((hypothesis) => {
        if (this.#closed) onEvent({ type: 'answerDiscarded', engineMs: hypothesis.engineMs });
        else onEvent({ type: 'answered', hypothesis, windowStartMs, endSample });
      })
      .catch(() => {
        // An interim may be lost: the next one has more.
      })
      .finally(() => {
        this.#underWay = undefined;
        const wanted = this.#wanted;
        this.#wanted = undefined;
        onEvent({ type: 'finished', endSample, wanted });
      });
  }

  /**
   * A model may take the end of a sentence for the end of everything, and leave out what follows. Once such a text is settled, the next
   * interim gets only what follows.
   */
  skipSettled(options: { text: StableText; words: readonly TimedWord[] | undefined; audioEndMs: number }): void {
    const { text, words = [], audioEndMs } = options;
    const [last, settled] = [words.at(-1), text.committed.at(-1)];
    if (last === undefined || settled === undefined || text.tail.length > 0 || text.outlier) return;
    if (audioEndMs - last.endMs < UNWRITTEN_MS || settled.endMs < last.endMs - SAME_END_MS) return;
    this.#windowStartMs = Math.max(this.#windowStartMs, settled.endMs);
  }

  /** Cancels the request in progress. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#underWay?.abort();
  }

  /** Start of an interim: at the start of the utterance or, if that is long, at a settled word. */
  #windowStart(endSample: number): number {
    const { stabilizer, startSample, window } = this.#options;
    const { longestMs, kept } = window();
    const endMs = (endSample - startSample) / SAMPLES_PER_MS;
    if (endMs - this.#windowStartMs <= longestMs) return this.#windowStartMs;
    const keepFrom = endMs - longestMs * kept;
    const boundary = stabilizer.committed.findLast((word) => word.endMs <= keepFrom)?.endMs ?? 0;
    const leastMs = endMs - longestMs;
    // In a window that starts within a word, the model makes another word of it.
    this.#windowStartMs = boundary >= leastMs ? boundary : Math.max(stabilizer.settleBefore(leastMs), leastMs);
    return this.#windowStartMs;
  }
}

import type { Hypothesis } from '../../asr/contract/recognition.js';
import type { TimedWord } from '../../asr/contract/text/words.js';
import type { Stabilizer, StableText } from '../speech/stabilizer/index.js';

export type InterimsEvent =
  | { type: 'answered'; hypothesis: Hypothesis; windowStartMs: number; endSample: number }
  /** Engine time of an answer that came too late to be shown. */
  | { type: 'answerDiscarded'; engineMs: number }
  /** The next one can be asked for. `wanted`: the newest sample for which one was requested meanwhile. */
  | { type: 'finished'; endSample: number; wanted: number | undefined };

export interface InterimsOptions {
  ask: (options: { fromMs: number; endSample: number; signal: AbortSignal }) => Promise<Hypothesis>;
  stabilizer: Pick<Stabilizer, 'committed' | 'settleBefore'>;
  /** Longest audio of one interim, and how much of it stays when the window moves on, as a share. */
  window: () => { longestMs: number; kept: number };
  startSample: number;
  onEvent: (event: InterimsEvent) => void;
}

/** Audio behind a text's last word in which others could have been said. */
const UNWRITTEN_MS = 700;
/** The same word's end in two texts. */
const SAME_END_MS = 300;
const SAMPLES_PER_MS = 16;

/** Asks for the interims of one utterance, one at a time, each over a window of its newest audio. */
export class Interims {
  readonly #options: InterimsOptions;
  #underWay: AbortController | undefined;
  /** Newest sample that an interim was requested for while another one was under way. */
  #wanted: number | undefined;
  /** Audio before it is not given to interims any more. */
  #windowStartMs = 0;
  #closed = false;

  constructor(options: InterimsOptions) {
    this.#options = options;
  }

  /** Asks for one of everything up to a sample. While one is under way, only the newest request is kept. */
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
        // An interim may be lost: the next one says more.
      })
      .finally(() => {
        this.#underWay = undefined;
        const wanted = this.#wanted;
        this.#wanted = undefined;
        onEvent({ type: 'finished', endSample, wanted });
      });
  }

  /**
   * A model may take a sentence's end for the end of all, and write nothing of what follows it. Once such a text is settled, the next
   * interim gets what follows alone.
   */
  skipSettled(options: { text: StableText; words: readonly TimedWord[] | undefined; audioEndMs: number }): void {
    const { text, words = [], audioEndMs } = options;
    const [last, settled] = [words.at(-1), text.committed.at(-1)];
    if (last === undefined || settled === undefined || text.tail.length > 0 || text.outlier) return;
    if (audioEndMs - last.endMs < UNWRITTEN_MS || settled.endMs < last.endMs - SAME_END_MS) return;
    this.#windowStartMs = Math.max(this.#windowStartMs, settled.endMs);
  }

  /** Calls off what is under way. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#underWay?.abort();
  }

  /** Where an interim begins: at the start, or, in a long utterance, at a settled word. */
  #windowStart(endSample: number): number {
    const { stabilizer, startSample, window } = this.#options;
    const { longestMs, kept } = window();
    const endMs = (endSample - startSample) / SAMPLES_PER_MS;
    if (endMs - this.#windowStartMs <= longestMs) return this.#windowStartMs;
    const keepFrom = endMs - longestMs * kept;
    const boundary = stabilizer.committed.findLast((word) => word.endMs <= keepFrom)?.endMs ?? 0;
    const leastMs = endMs - longestMs;
    // A window that begins within a word makes another one of it.
    this.#windowStartMs = boundary >= leastMs ? boundary : Math.max(stabilizer.settleBefore(leastMs), leastMs);
    return this.#windowStartMs;
  }
}

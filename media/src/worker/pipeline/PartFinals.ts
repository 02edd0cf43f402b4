import type { TimedWord } from '../../asr/contract/text/words.js';
import { planSplit, type Segmenter } from '../speech/index.js';
import type { Stabilizer } from '../speech/stabilizer/index.js';
import { sentenceBoundaries } from '../speech/text/index.js';
import type { FinalRequest } from './FinalRequest.js';
import { fitsWords, marked, type PreparedFinal } from './seams.js';
import type { TrackSettings } from './UtteranceRequests.js';

export type PartFinalsEvent =
  /** The utterance can be cut here: its first part is final already. */
  | { type: 'partFinished'; part: PreparedFinal }
  /** Engine time of a final that did not fit. */
  | { type: 'answerDiscarded'; engineMs: number };

export interface PartFinalsOptions {
  startSample: number;
  stabilizer: Pick<Stabilizer, 'committed'>;
  segmenter: Pick<Segmenter, 'quietest' | 'canSplitAt'>;
  current: () => TrackSettings;
  final: (endSample: number) => FinalRequest;
  onEvent: (event: PartFinalsEvent) => void;
}

/** Finals that did not fit may have covered at most this many times the utterance, which limits the cost of a second of speech. */
const MOST_IN_VAIN = 2;
const SAMPLES_PER_MS = 16;

/**
 * Cuts a long utterance while speech goes on: finds a place after a settled sentence, and requests the final of everything before it. One
 * at a time.
 */
export class PartFinals {
  readonly #options: PartFinalsOptions;
  #underWay: AbortController | undefined;
  /** Cuts whose final did not fit the words, and the audio of those finals. */
  readonly #refusedCuts = new Set<number>();
  #refusedMs = 0;
  #closed = false;

  constructor(options: PartFinalsOptions) {
    this.#options = options;
  }

  /** @param options.words of the newest hypothesis, which knows best where a sentence ends */
  consider(options: { words: readonly TimedWord[]; windowStartMs: number; endSample: number }): void {
    const { windowStartMs, endSample } = options;
    const { startSample, segmenter, current } = this.#options;
    const { committed } = this.#options.stabilizer;
    const settledUntil = committed.at(-1);
    if (this.#closed || this.#underWay !== undefined || settledUntil === undefined) return;
    // Words whose audio has left the window are settled. The final must contain them, too.
    const words = [...committed.filter((word) => middleOf(word) < windowStartMs), ...options.words];
    const { settings, longestWindowMs } = current();
    const lengthMs = this.#msOf(endSample);
    const plan = planSplit({
      words,
      settled: words.filter((word) => word.endMs <= settledUntil.endMs).length,
      sentenceEnds: sentenceBoundaries(words.map(({ text }) => text)),
      lengthMs,
      sentenceSplitMs: settings.sentenceSplitMs,
      longestMs: Math.min(settings.maxSegmentMs, longestWindowMs),
      quietest: (fromMs, toMs) => this.#quietest(fromMs, toMs),
    });
    if (plan === undefined) return;
    const cutSample = startSample + Math.round(plan.cutMs * SAMPLES_PER_MS);
    if (this.#refusedCuts.has(cutSample) || this.#refusedMs > MOST_IN_VAIN * lengthMs) return;
    // The final of a part that cannot be cut off would be wasted. More speech may change that.
    if (!segmenter.canSplitAt(cutSample)) return;
    this.#try({ cutSample, expected: words.slice(0, plan.words), next: words[plan.words]?.text });
  }

  /** Cancels the request in progress. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#underWay?.abort();
  }

  /** A part is cut off only if its own text ends with the expected word: no seam may lose or double one. */
  #try(options: { cutSample: number; expected: TimedWord[]; next: string | undefined }): void {
    const { cutSample, expected, next } = options;
    const { final, onEvent } = this.#options;
    const controller = new AbortController();
    this.#underWay = controller;
    final(cutSample)
      .ask(controller.signal)
      .then((hypothesis) => {
        if (!this.#closed && fitsWords(hypothesis, expected)) {
          const part = { endSample: cutSample, ...marked(hypothesis, expected.at(-1)?.text ?? ''), next };
          onEvent({ type: 'partFinished', part });
        } else {
          this.#refusedCuts.add(cutSample);
          this.#refusedMs += this.#msOf(cutSample);
          onEvent({ type: 'answerDiscarded', engineMs: hypothesis.engineMs });
        }
      })
      // The utterance continues uncut.
      .catch(() => {})
      .finally(() => {
        this.#underWay = undefined;
      });
  }

  #quietest(fromMs: number, toMs: number): { atMs: number; relativeLevel: number } | undefined {
    const { startSample, segmenter } = this.#options;
    const fromSample = startSample + fromMs * SAMPLES_PER_MS;
    const toSample = startSample + toMs * SAMPLES_PER_MS;
    const found = segmenter.quietest({ fromSample, toSample });
    return found && { atMs: this.#msOf(found.sample), relativeLevel: found.relativeLevel };
  }

  #msOf(sample: number): number {
    return (sample - this.#options.startSample) / SAMPLES_PER_MS;
  }
}

function middleOf({ startMs, endMs }: TimedWord): number {
  return (startMs + endMs) / 2;
}

import type { SegmentCause } from '../speech/index.js';
import type { AudioLedger } from './AudioLedger.js';
import type { CaptionWriter } from './CaptionWriter.js';
import type { HeardFinal, MissingSpeech } from './FinalRequest.js';
import { gapOf, gapReasonOf } from './gapReasons.js';
import type { Utterance } from './Utterance.js';

type FinalUtterance = Pick<
  Utterance,
  'id' | 'startSample' | 'startMs' | 'endMs' | 'continues' | 'opening' | 'corrections'
>;

export interface FinalsOptions {
  captions: Pick<CaptionWriter, 'judge' | 'write' | 'gap' | 'missing' | 'retract' | 'endSentence'>;
  ledger: Pick<AudioLedger, 'release' | 'releasePart'>;
  /** One final has become text, a gap, or nothing. */
  onDelivered: () => void;
}

const SAMPLES_PER_MS = 16;

/**
 * Hands the finals of one track on in the order in which they were spoken, whichever is answered first: to the captions, and to the
 * ledger. What failed is a gap.
 */
export class Finals {
  readonly #options: FinalsOptions;
  #newest: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(options: FinalsOptions) {
    this.#options = options;
  }

  /** Finals that have not been handed on. */
  get waiting(): number {
    return this.#waiting;
  }

  push(final: { utterance: FinalUtterance; answer: Promise<HeardFinal>; cause: SegmentCause }): void {
    this.#waiting += 1;
    this.#newest = this.#newest.then(() => this.#deliver(final));
  }

  /** In its turn among the finals: an utterance was no speech. */
  pushNone(utterance: FinalUtterance): void {
    this.#newest = this.#newest.then(() => this.#options.captions.endSentence(utterance));
  }

  /** Resolves when everything that was pushed before has been handed on. */
  drain(): Promise<void> {
    return this.#newest;
  }

  async #deliver(final: {
    utterance: FinalUtterance;
    answer: Promise<HeardFinal>;
    cause: SegmentCause;
  }): Promise<void> {
    const { utterance, cause } = final;
    const { captions, ledger, onDelivered } = this.#options;
    try {
      const { missing = [], ...hypothesis } = await final.answer;
      const fate = captions.judge(utterance, hypothesis);
      const gap = gapOf(fate);
      if (fate === 'transcribed') {
        captions.write({ utterance, hypothesis, cause });
        for (const part of missing) this.#miss(utterance, part);
      } else if (gap !== undefined) captions.gap(utterance, gap);
      else captions.retract(utterance);
      ledger.release(utterance.id, fate);
    } catch (error) {
      const reason = gapReasonOf(error);
      ledger.release(utterance.id, { shed: reason });
      captions.gap(utterance, reason);
    }
    this.#waiting -= 1;
    onDelivered();
  }

  /** A stretch of an utterance that its final has no text for. */
  #miss(utterance: FinalUtterance, part: MissingSpeech): void {
    const { captions, ledger } = this.#options;
    const sampleAt = (ms: number) => utterance.startSample + Math.round(ms * SAMPLES_PER_MS);
    ledger.releasePart(utterance.id, {
      startSample: sampleAt(part.fromMs),
      endSample: sampleAt(part.toMs),
      fate: { shed: part.reason },
    });
    captions.missing(utterance, part);
  }
}

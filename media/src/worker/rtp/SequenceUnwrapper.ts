/** Largest forward step that still counts as loss (RFC 3550 A.1), in packets. */
export const MAX_DROPOUT = 3_000;
/** Largest backward step that still counts as reordering (RFC 3550 A.1), in packets. */
export const MAX_MISORDER = 100;

const MODULUS = 0x1_0000;

/**
 * `accepted`: `extended` holds the number. `suspect`: far from everything seen; not to be used, unless the next one follows it. `resync`:
 * it directly followed the suspect one, so the sender has restarted; counting starts over from this number.
 */
export type SequenceVerdict = 'accepted' | 'suspect' | 'resync';

/**
 * Extends 16-bit sequence numbers over their wraps and detects the restart of a sender.
 *
 * RFC 3550 appendix A.1 with two differences: the first packet is accepted at once (the SSRC is known from signalling, so the probation of
 * MIN_SEQUENTIAL packets would only lose the first syllable), and a suspect packet is forgotten when a good one comes, so that two very
 * late duplicates in a healthy stream do not restart it.
 */
export class SequenceUnwrapper {
  #highest: number | undefined;
  #extended = 0;
  /** Sequence number that would prove a restart. */
  #expectedAfterSuspect: number | undefined;

  /** Extended number of the last packet that was not `suspect`. May lie below earlier ones (reordering). */
  get extended(): number {
    return this.#extended;
  }

  /** @param sequenceNumber 16 bits */
  unwrap(sequenceNumber: number): SequenceVerdict {
    if (this.#highest === undefined) {
      this.#accept(sequenceNumber);
      return 'accepted';
    }
    const forward = (sequenceNumber - this.#highest) & 0xffff;
    if (forward < MAX_DROPOUT) {
      this.#accept(this.#highest + forward);
      return 'accepted';
    }
    if (forward > MODULUS - MAX_MISORDER) {
      this.#extended = this.#highest + forward - MODULUS;
      this.#expectedAfterSuspect = undefined;
      return 'accepted';
    }
    if (sequenceNumber === this.#expectedAfterSuspect) {
      this.#accept(sequenceNumber);
      return 'resync';
    }
    this.#expectedAfterSuspect = (sequenceNumber + 1) & 0xffff;
    return 'suspect';
  }

  #accept(extended: number): void {
    this.#highest = extended;
    this.#extended = extended;
    this.#expectedAfterSuspect = undefined;
  }
}

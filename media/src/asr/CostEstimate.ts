import { encoderFrames } from './jobOptions.js';
import type { RecognitionKind, WindowProfile } from './types.js';

/** Share of a new measurement in the estimate. */
const WEIGHT = 0.2;

/** How long an engine takes for one kind of request, learned from what it took: its time goes with the frames it encodes. */
export class CostEstimate {
  readonly #kind: RecognitionKind;
  readonly #profile: WindowProfile;
  #msPerFrame: number | undefined;

  constructor(options: { kind: RecognitionKind; profile: WindowProfile }) {
    this.#kind = options.kind;
    this.#profile = options.profile;
  }

  learn(measured: { samples: number; engineMs: number }): void {
    const msPerFrame = measured.engineMs / this.#frames(measured.samples);
    this.#msPerFrame =
      this.#msPerFrame === undefined ? msPerFrame : this.#msPerFrame + WEIGHT * (msPerFrame - this.#msPerFrame);
  }

  /** 0 = unknown. */
  msFor(samples: number): number {
    return (this.#msPerFrame ?? 0) * this.#frames(samples);
  }

  #frames(samples: number): number {
    return encoderFrames({ samples, kind: this.#kind, profile: this.#profile });
  }
}

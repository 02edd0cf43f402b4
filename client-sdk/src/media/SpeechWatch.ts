export interface SpeechWatchOptions {
  /** A level from here on, 0 to 1, may be speech. */
  level: number;
  /** How long it must last, in ms; pauses between words count against it. */
  forMs: number;
  /** Minimum time between two reports, in ms. */
  everyMs: number;
}

/** Detects speech by the level alone: good enough to say "you are muted". */
export class SpeechWatch {
  readonly #options: SpeechWatchOptions;
  #loudMs = 0;
  #lastAtMs: number | undefined;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: SpeechWatchOptions) {
    this.#options = options;
  }

  /** Takes the level at a moment. @returns whether to report speech */
  hear({ level, atMs }: { level: number; atMs: number }): boolean {
    const { forMs, everyMs } = this.#options;
    const sinceMs = atMs - (this.#lastAtMs ?? atMs);
    this.#lastAtMs = atMs;
    this.#loudMs = Math.max(0, this.#loudMs + (level >= this.#options.level ? sinceMs : -sinceMs));
    if (this.#loudMs < forMs) return false;
    this.#loudMs = forMs;
    if (atMs - this.#toldAtMs < everyMs) return false;
    this.#toldAtMs = atMs;
    this.#loudMs = 0;
    return true;
  }

  /** Earlier levels no longer count. The time of the last report is kept. */
  reset(): void {
    this.#loudMs = 0;
    this.#lastAtMs = undefined;
  }
}

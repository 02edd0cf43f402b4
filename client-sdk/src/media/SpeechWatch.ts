export interface SpeechWatchOptions {
  /** From this level on, 0 to 1, it may be speech. */
  level: number;
  /** For so long, in ms; pauses between words count against it. */
  forMs: number;
  /** Told at most once in so long, in ms. */
  everyMs: number;
}

/** Notices that somebody speaks, by the level alone: good enough to say "you are muted". */
export class SpeechWatch {
  readonly #options: SpeechWatchOptions;
  #loudMs = 0;
  #lastAtMs: number | undefined;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: SpeechWatchOptions) {
    this.#options = options;
  }

  /** Takes the level at a moment. @returns whether it is time to tell */
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

  /** What was heard before says nothing of what follows. When it was told last is kept. */
  reset(): void {
    this.#loudMs = 0;
    this.#lastAtMs = undefined;
  }
}

import { type CancelTimer, systemTime, type TimeSource } from '@parley/media/process';

export interface RepeatFilterOptions {
  /** How many of one kind pass within `windowMs`. */
  most: number;
  windowMs: number;
  /** How many of a kind were held back in the window that just ended. */
  onHeldBack: (held: { kind: string; count: number }) => void;
  time?: TimeSource;
}

/** Maximum number of kinds counted separately; further ones are counted together. */
const MOST_KINDS = 1_000;
const OTHERS = 'others';

/**
 * Limits log lines that strangers can cause, so that they cannot fill the disk: a few lines of each kind pass, the rest become one number.
 * Nothing goes uncounted.
 */
export class RepeatFilter {
  readonly #options: RepeatFilterOptions;
  readonly #time: TimeSource;
  readonly #counts = new Map<string, number>();
  #cancel: CancelTimer | undefined;

  constructor(options: RepeatFilterOptions) {
    this.#options = options;
    this.#time = options.time ?? systemTime;
  }

  /** Whether another line of this kind may pass. */
  passes(kind: string): boolean {
    const known = this.#counts.has(kind) || this.#counts.size < MOST_KINDS ? kind : OTHERS;
    const count = (this.#counts.get(known) ?? 0) + 1;
    this.#counts.set(known, count);
    this.#cancel ??= this.#time.after(this.#options.windowMs, () => this.flush());
    return count <= this.#options.most;
  }

  /** Ends the window now. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const counts = [...this.#counts];
    this.#counts.clear();
    for (const [kind, count] of counts) {
      if (count > this.#options.most) this.#options.onHeldBack({ kind, count: count - this.#options.most });
    }
  }
}

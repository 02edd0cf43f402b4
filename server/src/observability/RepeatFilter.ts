import { type CancelTimer, systemTime, type TimeSource } from '@parley/media/process';

export interface RepeatFilterOptions {
  /** So many of one kind are let through within `windowMs`. */
  most: number;
  windowMs: number;
  /** How many of a kind were held back in the window that is over. */
  onHeldBack: (held: { kind: string; count: number }) => void;
  time?: TimeSource;
}

/** Kinds that are told apart at the same time; further ones count as one. */
const MOST_KINDS = 1_000;
const OTHERS = 'others';

/**
 * Lines that strangers can cause must not fill the disk: of each kind so many stand for themselves, the rest as one number. Nothing goes
 * uncounted.
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

  /** Whether one more of this kind stands for itself. */
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

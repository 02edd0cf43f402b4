import type { CommittedSegment, Segment } from '../protocol/index.js';

/** A page of the committed transcript, as `resumeTranscript` answers it. */
export interface TranscriptPage {
  segments: CommittedSegment[];
  firstSeq: number;
  lastSeq: number;
}

export interface TranscriptViewOptions {
  /** Asks the server for what comes after `afterSeq`. */
  resume: (afterSeq: number) => Promise<TranscriptPage>;
}

/**
 * The transcript as a person reads it: finals, gaps and what is being said, ordered by time. Takes events in any order and any
 * number of times; a hole in the numbers of the committed segments makes it ask for what is missing.
 *
 * Fits React's `useSyncExternalStore`: `useSyncExternalStore(view.subscribe, view.getSnapshot)`.
 */
export class TranscriptView {
  readonly #resume: TranscriptViewOptions['resume'];
  readonly #subscribers = new Set<() => void>();
  readonly #segments = new Map<string, Segment>();
  #snapshot: readonly Segment[] | undefined;
  /** Numbers of committed segments above the contiguous run. */
  readonly #ahead = new Set<number>();
  /** Everything up to here is known, or cannot be had any more. */
  #contiguous = 0;
  #lastSeq = 0;
  #catchingUp: Promise<void> | undefined;
  /** Counts resets, so that answers to questions from before one are ignored. */
  #generation = 0;

  constructor(options: TranscriptViewOptions) {
    this.#resume = options.resume;
  }

  /** `seq` up to which the transcript is complete. */
  get completeUpTo(): number {
    return this.#contiguous;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#subscribers.add(listener);
    return () => this.#subscribers.delete(listener);
  };

  /** The same array until something changes. */
  readonly getSnapshot = (): readonly Segment[] => {
    this.#snapshot ??= [...this.#segments.values()].sort(byTime);
    return this.#snapshot;
  };

  /** @returns whether it changed anything: older revisions, and interims of what is committed, do not */
  applyInterim(segment: Segment): boolean {
    const standing = this.#segments.get(segment.id);
    if (standing !== undefined && (standing.status !== 'interim' || standing.revision >= segment.revision))
      return false;
    this.#segments.set(segment.id, segment);
    this.#changed();
    return true;
  }

  /** @returns whether it is new */
  applyCommitted(segment: CommittedSegment): boolean {
    const isNew = this.#take(segment);
    if (isNew) this.#changed();
    if (this.#contiguous < this.#lastSeq) void this.catchUp(this.#lastSeq);
    return isNew;
  }

  /** Takes an interim away that was no speech. */
  retract(segmentId: string): boolean {
    if (this.#segments.get(segmentId)?.status !== 'interim') return false;
    this.#segments.delete(segmentId);
    this.#changed();
    return true;
  }

  /** Asks for everything up to `lastSeq` that is missing. Resolves when it is there, or the server has no more of it. */
  catchUp(lastSeq: number): Promise<void> {
    this.#lastSeq = Math.max(this.#lastSeq, lastSeq);
    this.#catchingUp ??= this.#fillHoles().finally(() => {
      this.#catchingUp = undefined;
    });
    return this.#catchingUp;
  }

  /** Forgets interims: after a lost connection nobody will finish them, unless their finals come by `catchUp`. */
  dropInterims(): void {
    let dropped = false;
    for (const [id, segment] of this.#segments) {
      if (segment.status === 'interim') dropped = this.#segments.delete(id) || dropped;
    }
    if (dropped) this.#changed();
  }

  /** Forgets all: another meeting. */
  reset(): void {
    this.#generation += 1;
    this.#segments.clear();
    this.#ahead.clear();
    this.#contiguous = 0;
    this.#lastSeq = 0;
    this.#changed();
  }

  async #fillHoles(): Promise<void> {
    const generation = this.#generation;
    while (this.#contiguous < this.#lastSeq) {
      const before = this.#contiguous;
      let page: TranscriptPage;
      try {
        page = await this.#resume(before);
      } catch {
        // The connection is gone or going; the next join, or the next hole, asks again.
        return;
      }
      if (generation !== this.#generation) return;
      // What the server has dropped cannot be waited for.
      if (page.firstSeq > this.#contiguous + 1) this.#contiguous = page.firstSeq - 1;
      let changed = false;
      for (const segment of page.segments) changed = this.#take(segment) || changed;
      this.#advance();
      if (changed) this.#changed();
      this.#lastSeq = Math.max(this.#lastSeq, page.lastSeq);
      if (this.#contiguous === before) return;
    }
  }

  #take(segment: CommittedSegment): boolean {
    if (segment.seq <= this.#contiguous || this.#ahead.has(segment.seq)) return false;
    this.#segments.set(segment.id, segment);
    this.#ahead.add(segment.seq);
    this.#lastSeq = Math.max(this.#lastSeq, segment.seq);
    this.#advance();
    return true;
  }

  #advance(): void {
    while (this.#ahead.delete(this.#contiguous + 1)) this.#contiguous += 1;
    for (const seq of this.#ahead) if (seq <= this.#contiguous) this.#ahead.delete(seq);
  }

  #changed(): void {
    this.#snapshot = undefined;
    for (const subscriber of [...this.#subscribers]) subscriber();
  }
}

function byTime(a: Segment, b: Segment): number {
  return (
    a.startMs - b.startMs ||
    (a.seq ?? Number.MAX_SAFE_INTEGER) - (b.seq ?? Number.MAX_SAFE_INTEGER) ||
    (a.id < b.id ? -1 : 1)
  );
}

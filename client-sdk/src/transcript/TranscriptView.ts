import { Backoff } from '../Backoff.js';
import { type CommittedSegment, ParleyError, type Segment } from '../protocol/index.js';
import { TypedEmitter } from '../TypedEmitter.js';
import { SegmentBook } from './SegmentBook.js';

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

export interface TranscriptViewEvents {
  /** A new version of a segment. The view has it already. `live`: told when it was said; otherwise fetched afterwards. */
  segmentUpdated: [event: { segment: Segment; live: boolean }];
  /** An interim that nobody will finish. */
  segmentRetracted: [event: { segmentId: string }];
  /** Another meeting began: whatever was here is of the past, and the view is empty. */
  cleared: [];
  /** The snapshot is another one now. */
  changed: [];
}

/** A question that failed is asked again after so long, as long as the connection stands. */
const RETRY_DELAY_MS = { min: 1_000, max: 30_000 };

/**
 * The transcript as a person reads it: finals, gaps and what is being said, ordered by time. Takes events in any order and any
 * number of times; a hole in the numbers of the committed segments makes it ask for what is missing. Holds the whole meeting,
 * also after it was left, until another one is joined.
 *
 * Fits React's `useSyncExternalStore`.
 *
 * @example
 * const segments = useSyncExternalStore(client.transcript.subscribe, client.transcript.getSnapshot);
 */
export class TranscriptView extends TypedEmitter<TranscriptViewEvents> {
  readonly #resume: TranscriptViewOptions['resume'];
  #book = new SegmentBook();
  #snapshot: readonly Segment[] | undefined;
  #meetingId: string | undefined;
  #catchingUp: Promise<void> | undefined;
  /** Ends the wait before a question is asked again. */
  #wake: () => void = () => {};
  /** Counts meetings begun and left: answers to questions from before are ignored. */
  #generation = 0;

  /** @internal */
  constructor(options: TranscriptViewOptions) {
    super();
    this.#resume = options.resume;
  }

  /** Of which meeting this is the transcript; undefined before the first one. */
  get meetingId(): string | undefined {
    return this.#meetingId;
  }

  /** `seq` up to which the transcript is complete. */
  get completeUpTo(): number {
    return this.#book.completeUpTo;
  }

  /** Calls back whenever `getSnapshot` has something new to say. @returns a function that ends that */
  readonly subscribe = (listener: () => void): (() => void) => this.on('changed', () => listener());

  /** All segments in order: by `startMs`, then by `seq`. The same array until something changes; never changed itself. */
  readonly getSnapshot = (): readonly Segment[] => {
    this.#snapshot ??= this.#book.list();
    return this.#snapshot;
  };

  /**
   * @internal A meeting is joined. Another one than before begins empty; in the same one, interims of the lost connection are
   * taken back: nobody will finish them, unless their finals come by `catchUp`.
   */
  begin(options: { meetingId: string }): void {
    if (this.#meetingId === options.meetingId) {
      this.#retractAll();
      return;
    }
    this.#stopAsking();
    this.#meetingId = options.meetingId;
    this.#book = new SegmentBook();
    this.#changed();
    this.emit('cleared');
  }

  /** @internal The meeting was left: what was said stays to be read. */
  end(): void {
    this.#stopAsking();
    this.#retractAll();
  }

  /** @internal */
  applyInterim(segment: Segment): void {
    if (!this.#isOurs(segment)) return;
    const { changed, dropped } = this.#book.applyInterim(segment);
    if (!changed) return;
    this.#changed();
    if (dropped !== undefined) this.emit('segmentRetracted', { segmentId: dropped });
    this.emit('segmentUpdated', { segment, live: true });
  }

  /** @internal */
  applyCommitted(segment: CommittedSegment): void {
    this.#commit({ segments: [segment], live: true });
    if (!this.#book.isComplete) void this.#askForHoles();
  }

  /** @internal Takes an interim away that was no speech. */
  retract(segmentId: string): void {
    if (!this.#book.retract(segmentId)) return;
    this.#changed();
    this.emit('segmentRetracted', { segmentId });
  }

  /**
   * @internal Asks for everything up to `lastSeq` that is missing. Resolves when it is there, when the server has no more of it,
   * or when the connection is gone; the next join asks again.
   */
  catchUp(lastSeq: number): Promise<void> {
    this.#book.expect(lastSeq);
    this.#wake();
    return this.#askForHoles();
  }

  #askForHoles(): Promise<void> {
    if (this.#catchingUp === undefined) {
      const filling = this.#fillHoles().finally(() => {
        if (this.#catchingUp === filling) this.#catchingUp = undefined;
      });
      this.#catchingUp = filling;
    }
    return this.#catchingUp;
  }

  async #fillHoles(): Promise<void> {
    const generation = this.#generation;
    const backoff = new Backoff({ minMs: RETRY_DELAY_MS.min, maxMs: RETRY_DELAY_MS.max });
    while (!this.#book.isComplete) {
      const before = this.#book.completeUpTo;
      try {
        const page = await this.#resume(before);
        if (generation !== this.#generation) return;
        // What the server has dropped cannot be waited for.
        this.#book.giveUpBefore(page.firstSeq);
        this.#commit({ segments: page.segments, live: false });
        this.#book.expect(page.lastSeq);
        // A server that has less than it said is not asked for ever.
        if (this.#book.completeUpTo === before) return;
      } catch (error) {
        if (generation !== this.#generation || !isWorthAnotherTry(error)) return;
        await this.#pause(Math.max((error as ParleyError).retryAfterMs ?? 0, backoff.next()));
        if (generation !== this.#generation) return;
      }
    }
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = () => {};
        resolve();
      };
      const timer = setTimeout(done, delayMs);
      this.#wake = done;
    });
  }

  #commit({ segments, live }: { segments: readonly CommittedSegment[]; live: boolean }): void {
    const news = segments.filter((segment) => this.#isOurs(segment) && this.#book.commit(segment));
    if (news.length === 0) return;
    this.#changed();
    for (const segment of news) this.emit('segmentUpdated', { segment, live });
  }

  #retractAll(): void {
    const ids = this.#book.retractAll();
    if (ids.length > 0) this.#changed();
    for (const segmentId of ids) this.emit('segmentRetracted', { segmentId });
  }

  #stopAsking(): void {
    this.#generation += 1;
    this.#catchingUp = undefined;
    this.#wake();
  }

  /** Events of a meeting that was left may still be on their way. */
  #isOurs(segment: Segment): boolean {
    return this.#meetingId === undefined || segment.meetingId === this.#meetingId;
  }

  #changed(): void {
    this.#snapshot = undefined;
    this.emit('changed');
  }
}

/** A lost connection is not: the next join asks. */
function isWorthAnotherTry(error: unknown): boolean {
  return error instanceof ParleyError && error.retryable && error.code !== 'CONNECTION_LOST';
}

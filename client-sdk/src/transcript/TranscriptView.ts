import { Backoff } from '../Backoff.js';
import { type CommittedSegment, ParleyError, type Segment } from '../protocol/index.js';
import { TypedEmitter } from '../TypedEmitter.js';
import { SegmentBook } from './SegmentBook.js';

/** A page of the committed transcript, as returned by `resumeTranscript`. */
export interface TranscriptPage {
  segments: CommittedSegment[];
  firstSeq: number;
  lastSeq: number;
}

export interface TranscriptViewOptions {
  /** Requests the segments after `afterSeq` from the server. */
  resume: (afterSeq: number) => Promise<TranscriptPage>;
}

export interface TranscriptViewEvents {
  /** A new version of a segment; the view is already up to date. `live`: received as it was spoken; otherwise fetched later. */
  segmentUpdated: [event: { segment: Segment; live: boolean }];
  /** An interim that will not get a final. */
  segmentRetracted: [event: { segmentId: string }];
  /** Another meeting began, or the transcript was deleted: segments are gone from the view. */
  cleared: [];
  /** There is a new snapshot. */
  changed: [];
}

/** Delay before a failed request is repeated, as long as the connection lasts. */
const RETRY_DELAY_MS = { min: 1_000, max: 30_000 };

/**
 * The transcript as a person reads it: finals, gaps and interims, ordered by time. Accepts events in any order and repeated; a hole in the
 * numbers of committed segments makes it fetch the missing ones. Keeps the whole meeting, also after it was left, until another one is
 * joined.
 *
 * Works with React's `useSyncExternalStore`.
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
  /** Ends the wait before a request is repeated. */
  #wake: () => void = () => {};
  /** Counts joins and leaves, to ignore answers to older requests. */
  #generation = 0;

  /** @internal */
  constructor(options: TranscriptViewOptions) {
    super();
    this.#resume = options.resume;
  }

  /** Id of the meeting; undefined before the first one. */
  get meetingId(): string | undefined {
    return this.#meetingId;
  }

  /** `seq` up to which the transcript is complete. */
  get completeUpTo(): number {
    return this.#book.completeUpTo;
  }

  /** Calls back whenever there is a new snapshot. @returns a function that unsubscribes */
  readonly subscribe = (listener: () => void): (() => void) => this.on('changed', () => listener());

  /** All segments in order: by `startMs`, then by `seq`. The same array until something changes; never modified. */
  readonly getSnapshot = (): readonly Segment[] => {
    this.#snapshot ??= this.#book.list();
    return this.#snapshot;
  };

  /**
   * @internal A meeting was joined. If it is another meeting than before, the view starts empty. In the same meeting, the interims of the
   * lost connection are withdrawn, because their finals can only come through `catchUp`.
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

  /** @internal Everything said before `beforeMs` was deleted. */
  forget(beforeMs: number): void {
    if (!this.#book.forget(beforeMs)) return;
    this.#changed();
    this.emit('cleared');
  }

  /** @internal The meeting was left. Its transcript stays readable. */
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

  /** @internal Removes an interim that was withdrawn. */
  retract(segmentId: string): void {
    if (!this.#book.retract(segmentId)) return;
    this.#changed();
    this.emit('segmentRetracted', { segmentId });
  }

  /**
   * @internal Requests all missing segments up to `lastSeq`. Resolves when they are here, when the server does not have more, or when the
   * connection is lost; the next join requests them again.
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
        // Do not wait for what the server no longer has.
        this.#book.giveUpBefore(page.firstSeq);
        this.#commit({ segments: page.segments, live: false });
        this.#book.expect(page.lastSeq);
        // A server that has less than it announced is not asked forever.
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

  /** Events of a meeting that was left may still arrive. */
  #isOurs(segment: Segment): boolean {
    return this.#meetingId === undefined || segment.meetingId === this.#meetingId;
  }

  #changed(): void {
    this.#snapshot = undefined;
    this.emit('changed');
  }
}

/** Not after a lost connection: the next join requests the rest. */
function isWorthAnotherTry(error: unknown): boolean {
  return error instanceof ParleyError && error.retryable && error.code !== 'CONNECTION_LOST';
}

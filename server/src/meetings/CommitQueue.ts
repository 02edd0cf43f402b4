import type { CommittedSegment } from '@parley/client-sdk/protocol';
import { type CancelTimer, CLOSE_TIMES, systemTime, type TimeSource } from '@parley/media/process';
import type { Logger } from '../observability/logger.js';
import type { TranscriptStore, UncommittedSegment } from '../store/TranscriptStore.js';

export interface CommitQueueOptions {
  store: Pick<TranscriptStore, 'append'>;
  logger: Logger;
  time?: TimeSource | undefined;
  /** Segments that may wait for a store that accepts none. Default 1,000. */
  capacity?: number;
}

interface Waiting {
  segment: UncommittedSegment;
  done: (committed: CommittedSegment | undefined) => void;
  /** Shared by all callers that wait for this segment and those before it. */
  settled?: { promise: Promise<void>; resolve: () => void };
}

/** Attempts before a gap is tried instead of a segment, and the delays between them, which double up to the longest. */
const TRIES = 6;
const WAIT_MS = { first: 100, longest: 5_000 };
/**
 * Limit of abandoned appends that are still running. Above it, the store is only tried after the longest delay, and each attempt replaces
 * the oldest: a store that recovers need not answer old attempts.
 */
const MOST_UNANSWERED = 64;

/**
 * Appends the segments of one meeting to the store, one at a time and in order. A segment that the store rejects is retried for 3 s, not
 * counting time without an answer; then a gap is tried as well, so that a text that cannot be stored blocks nothing. If the store does not
 * accept that either, it is out of order: all segments wait for it, up to `capacity`, and until `flush`.
 *
 * A late answer changes nothing: the store identifies segments by id, and answers the next attempt with the stored row.
 */
export class CommitQueue {
  readonly #options: CommitQueueOptions;
  readonly #time: TimeSource;
  readonly #capacity: number;
  readonly #waiting: Waiting[] = [];
  #running = false;
  /** Set while a caller waits for everything to be over, until the queue is empty. */
  #flushing = false;
  /** The store accepted neither the last segment nor its gap. */
  #outOfOrder = false;
  /** The store did not answer the last attempt in time. */
  #silent = false;
  /** Appends that were abandoned but are still running, oldest first. */
  readonly #unanswered = new Set<symbol>();
  #cutShort: (() => void) | undefined;

  constructor(options: CommitQueueOptions) {
    this.#options = options;
    this.#time = options.time ?? systemTime;
    this.#capacity = options.capacity ?? 1_000;
  }

  /** @param done called with the stored row, which may be a gap; with undefined if the segment is lost */
  add(segment: UncommittedSegment, done: (committed: CommittedSegment | undefined) => void): void {
    if (this.#waiting.length >= this.#capacity) {
      this.#options.logger.error(
        { waiting: this.#waiting.length },
        'a segment was lost: too many are waiting for the store',
      );
      done(undefined);
      return;
    }
    this.#waiting.push({ segment, done });
    if (!this.#running) void this.#run();
  }

  /** Resolves when everything added before is stored or lost. Adds nothing to the queue. */
  settled(): Promise<void> {
    const last = this.#waiting.at(-1);
    if (last === undefined) return Promise.resolve();
    if (last.settled === undefined) {
      let resolve = () => {};
      const promise = new Promise<void>((settle) => {
        resolve = settle;
      });
      last.settled = { promise, resolve };
    }
    return last.settled.promise;
  }

  /**
   * Like `settled`, but does not wait any longer for a store that is out of order. A store that does not answer gets one more attempt.
   * Segments added later are handled normally.
   */
  flush(): Promise<void> {
    this.#flushing = this.#running;
    this.#silent = false;
    this.#cutShort?.();
    return this.settled();
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let head = this.#waiting[0]; head !== undefined; head = this.#waiting[0]) {
      const committed = await this.#commit(head.segment);
      this.#waiting.shift();
      try {
        head.done(committed);
      } catch (error) {
        this.#options.logger.error({ err: error }, 'a committed segment could not be sent to the room');
      }
      head.settled?.resolve();
    }
    this.#running = false;
    this.#flushing = false;
  }

  async #commit(segment: UncommittedSegment): Promise<CommittedSegment | undefined> {
    for (let tried = 1; ; tried += 1) {
      const last = tried >= TRIES || this.#outOfOrder || (this.#flushing && this.#silent);
      const committed = (await this.#append(segment)) ?? (last ? await this.#append(gapFor(segment)) : undefined);
      if (committed !== undefined) {
        this.#outOfOrder = false;
        return committed;
      }
      this.#outOfOrder = last;
      if (last && this.#flushing) {
        this.#options.logger.error(
          { segmentId: segment.id },
          'a segment was lost: the store accepted neither it nor a gap',
        );
        return undefined;
      }
      await this.#wait(Math.min(WAIT_MS.longest, WAIT_MS.first * 2 ** Math.min(tried - 1, 10)));
    }
  }

  async #append(segment: UncommittedSegment): Promise<CommittedSegment | undefined> {
    if (this.#flushing && this.#silent) return undefined;
    try {
      const committed = await this.#answer(segment);
      this.#silent = false;
      return committed;
    } catch (error) {
      this.#silent = error instanceof UnansweredError;
      const { id: segmentId, status } = segment;
      this.#options.logger.warn({ err: error, segmentId, status }, 'a segment could not be committed; retrying');
      return undefined;
    }
  }

  /** @throws UnansweredError, or the store's error */
  async #answer(segment: UncommittedSegment): Promise<CommittedSegment> {
    if (this.#full) await this.#probing();
    const answer = this.#options.store.append(segment);
    const question = Symbol();
    let cancel: CancelTimer = () => {};
    const limit = new Promise<never>((_, reject) => {
      cancel = this.#time.after(CLOSE_TIMES.appendMs, () => {
        this.#unanswered.add(question);
        reject(new UnansweredError());
      });
    });
    const settled = () => {
      cancel();
      this.#unanswered.delete(question);
    };
    answer.then(settled, settled);
    return Promise.race([answer, limit]);
  }

  get #full(): boolean {
    return this.#unanswered.size >= MOST_UNANSWERED;
  }

  /** Makes room for one more attempt if the store owes many answers. */
  async #probing(): Promise<void> {
    await this.#wait(WAIT_MS.longest);
    const [oldest] = this.#unanswered;
    if (this.#full && oldest !== undefined) this.#unanswered.delete(oldest);
  }

  /** Cut short by `flush` if the store is out of order or owes many answers. */
  #wait(ms: number): Promise<void> {
    const mayBeCut = this.#outOfOrder || this.#full;
    if (this.#flushing && mayBeCut) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel: CancelTimer = this.#time.after(ms, () => over());
      const over = () => {
        cancel();
        this.#cutShort = undefined;
        resolve();
      };
      this.#cutShort = mayBeCut ? over : undefined;
    });
  }
}

class UnansweredError extends Error {
  override readonly name = 'UnansweredError';

  constructor() {
    super(`the store has not answered within ${CLOSE_TIMES.appendMs} ms`);
  }
}

/** The gap that is stored instead of a segment. */
function gapFor(segment: UncommittedSegment): UncommittedSegment {
  if (segment.status === 'gap') return segment;
  const { id, meetingId, participantId, displayName, nameSource, track, startMs, endMs, revision, language } = segment;
  const who = { participantId, displayName, ...(nameSource === undefined ? {} : { nameSource }) };
  return {
    id,
    meetingId,
    ...who,
    track,
    startMs,
    endMs,
    revision,
    language,
    text: '',
    confidence: 0,
    status: 'gap',
    reason: 'notStored',
  };
}

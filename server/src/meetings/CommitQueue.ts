import type { CommittedSegment } from '@parley/client-sdk/protocol';
import { type CancelTimer, systemTime, type TimeSource } from '@parley/media/process';
import type { Logger } from '../observability/logger.js';
import type { TranscriptStore, UncommittedSegment } from '../store/TranscriptStore.js';

export interface CommitQueueOptions {
  store: Pick<TranscriptStore, 'append'>;
  logger: Logger;
  time?: TimeSource | undefined;
  /** Segments that may wait for a store that takes none. Default 1,000. */
  capacity?: number;
}

interface Waiting {
  segment: UncommittedSegment;
  done: (committed: CommittedSegment | undefined) => void;
  /** Whoever waits for it and for those before it shares this. */
  settled?: { promise: Promise<void>; resolve: () => void };
}

/** Tries before a gap is put in a segment's place, and the waits between them: they double up to the longest. */
const TRIES = 6;
const WAIT_MS = { first: 100, longest: 5_000 };
/** A store that has not answered by then has not taken the segment, as far as anybody can wait. */
const APPEND_LIMIT_MS = 5_000;
/**
 * So many appends that nobody waits for any more count as under way. While they do, the store is asked after the longest wait alone,
 * and each question takes the place of the oldest: a store that has come back need not answer what it was asked before.
 */
const MOST_UNANSWERED = 64;

/**
 * Brings the segments of one meeting into the store one after the other, in the order in which they come. One that the store does not
 * take is tried again for 3 s, not counting the time in which it does not answer; then a gap is tried in its place as well, so that
 * a text that cannot be stored holds up nobody. A store that takes not even that is out of order: everything waits for it, up to
 * `capacity`, and until `flush`.
 *
 * What the store answers late changes nothing: it knows a segment by its id, and answers the next try with the row that stands there.
 */
export class CommitQueue {
  readonly #options: CommitQueueOptions;
  readonly #time: TimeSource;
  readonly #capacity: number;
  readonly #waiting: Waiting[] = [];
  #running = false;
  /** Somebody waits for everything to be over; until the queue is empty. */
  #flushing = false;
  /** The store took neither the last segment nor its gap. */
  #outOfOrder = false;
  /** The store let the last try's time pass. */
  #silent = false;
  /** Appends that were given up and are under way still, the oldest first. */
  readonly #unanswered = new Set<symbol>();
  #cutShort: (() => void) | undefined;

  constructor(options: CommitQueueOptions) {
    this.#options = options;
    this.#time = options.time ?? systemTime;
    this.#capacity = options.capacity ?? 1_000;
  }

  /** @param done told the row that stands in the store, which may be a gap; undefined where the segment is lost */
  add(segment: UncommittedSegment, done: (committed: CommittedSegment | undefined) => void): void {
    if (this.#waiting.length >= this.#capacity) {
      this.#options.logger.error({ waiting: this.#waiting.length }, 'a segment is lost: too many wait for the store');
      done(undefined);
      return;
    }
    this.#waiting.push({ segment, done });
    if (!this.#running) void this.#run();
  }

  /** Resolves when everything that was added before is in the store, or lost. Takes no segment's place in the queue. */
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
   * As `settled`, and waits no more for a store that is out of order; for one that says nothing it waits once more. What is added
   * afterwards is waited for as before.
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
        this.#options.logger.error({ err: error }, 'a committed segment could not be told');
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
        this.#options.logger.error({ segmentId: segment.id }, 'a segment is lost: the store took nothing');
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
      this.#options.logger.warn({ err: error, segmentId, status }, 'a segment could not be committed yet');
      return undefined;
    }
  }

  /** @throws UnansweredError, or what the store rejects with */
  async #answer(segment: UncommittedSegment): Promise<CommittedSegment> {
    if (this.#full) await this.#probing();
    const answer = this.#options.store.append(segment);
    const question = Symbol();
    let cancel: CancelTimer = () => {};
    const limit = new Promise<never>((_, reject) => {
      cancel = this.#time.after(APPEND_LIMIT_MS, () => {
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

  /** Makes room for one more question to a store that owes many answers. */
  async #probing(): Promise<void> {
    await this.#wait(WAIT_MS.longest);
    const [oldest] = this.#unanswered;
    if (this.#full && oldest !== undefined) this.#unanswered.delete(oldest);
  }

  /** Cut short by `flush` where the store is out of order, or owes many answers. */
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
    super(`the store has not answered within ${APPEND_LIMIT_MS} ms`);
  }
}

/** What stands in the store where a segment cannot. */
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

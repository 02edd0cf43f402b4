import type { CommittedSegment } from '@parley/client-sdk/protocol';
import { type CancelTimer, systemTime, type TimeSource } from '@parley/media';
import type { Logger } from '../observability/logger.js';
import type { TranscriptLog, UncommittedSegment } from '../transcripts/TranscriptLog.js';

export interface CommitQueueOptions {
  transcript: Pick<TranscriptLog, 'append'>;
  logger: Logger;
  time?: TimeSource | undefined;
  /** Segments that may wait for a log that takes none. Default 1,000. */
  capacity?: number;
}

interface Waiting {
  /** Absent: somebody waits for those before it. */
  segment?: UncommittedSegment;
  done: (committed: CommittedSegment | undefined) => void;
}

/** Tries before a gap is put in a segment's place, and the waits between them: they double up to the longest. */
const TRIES = 6;
const WAIT_MS = { first: 100, longest: 5_000 };
/** A log that has not answered by then has not taken the segment, as far as anybody can wait. */
const APPEND_LIMIT_MS = 5_000;
/** So many appends may be under way that nobody waits for any more; while they are, the log is not asked. */
const MOST_UNANSWERED = 64;

/**
 * Brings segments into a meeting's transcript log one after the other, in the order in which they come. One that the log does not
 * take is tried again for 3 s, not counting the time in which it does not answer; then a gap is tried in its place as well, so that
 * a text that cannot be stored holds up nobody. A log that takes not even that is out of order: everything waits for it, up to
 * `capacity`, and until `close`.
 *
 * What the log answers late changes nothing: it knows a segment by its id, and answers the next try with the row that stands there.
 */
export class CommitQueue {
  readonly #options: CommitQueueOptions;
  readonly #time: TimeSource;
  readonly #capacity: number;
  readonly #waiting: Waiting[] = [];
  #running = false;
  #closing = false;
  /** The log took neither the last segment nor its gap. */
  #outOfOrder = false;
  /** The log let the last try's time pass. */
  #silent = false;
  /** Appends that were given up and are under way still. */
  #unanswered = 0;
  #cutShort: (() => void) | undefined;

  constructor(options: CommitQueueOptions) {
    this.#options = options;
    this.#time = options.time ?? systemTime;
    this.#capacity = options.capacity ?? 1_000;
  }

  /** @param done told the row that stands in the log, which may be a gap; undefined where the segment is lost */
  add(segment: UncommittedSegment, done: (committed: CommittedSegment | undefined) => void): void {
    if (this.#waiting.length >= this.#capacity) {
      this.#options.logger.error({ waiting: this.#waiting.length }, 'a segment is lost: too many wait for the log');
      done(undefined);
      return;
    }
    this.#enqueue({ segment, done });
  }

  /** Resolves when everything that was added before is in the log, or lost. */
  settled(): Promise<void> {
    return new Promise((resolve) => this.#enqueue({ done: () => resolve() }));
  }

  /** As `settled`, and waits no more for a log that is out of order; for one that says nothing it waits once more. */
  close(): Promise<void> {
    this.#closing = true;
    this.#silent = false;
    this.#cutShort?.();
    return this.settled();
  }

  #enqueue(waiting: Waiting): void {
    this.#waiting.push(waiting);
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let head = this.#waiting[0]; head !== undefined; head = this.#waiting[0]) {
      const committed = head.segment === undefined ? undefined : await this.#commit(head.segment);
      this.#waiting.shift();
      try {
        head.done(committed);
      } catch (error) {
        this.#options.logger.error({ err: error }, 'a committed segment could not be told');
      }
    }
    this.#running = false;
  }

  async #commit(segment: UncommittedSegment): Promise<CommittedSegment | undefined> {
    for (let tried = 1; ; tried += 1) {
      const last = tried >= TRIES || this.#outOfOrder || (this.#closing && this.#silent);
      const committed = (await this.#append(segment)) ?? (last ? await this.#append(gapFor(segment)) : undefined);
      if (committed !== undefined) {
        this.#outOfOrder = false;
        return committed;
      }
      this.#outOfOrder = last;
      if (last && this.#closing) {
        this.#options.logger.error({ segmentId: segment.id }, 'a segment is lost: the log took nothing');
        return undefined;
      }
      await this.#wait(Math.min(WAIT_MS.longest, WAIT_MS.first * 2 ** Math.min(tried - 1, 10)));
    }
  }

  async #append(segment: UncommittedSegment): Promise<CommittedSegment | undefined> {
    if (this.#closing && this.#silent) return undefined;
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

  /** @throws UnansweredError, or what the log throws */
  async #answer(segment: UncommittedSegment): Promise<CommittedSegment> {
    if (this.#unanswered >= MOST_UNANSWERED) throw new UnansweredError();
    const answer = this.#options.transcript.append(segment);
    let cancel: CancelTimer = () => {};
    let late = false;
    const limit = new Promise<never>((_, reject) => {
      cancel = this.#time.after(APPEND_LIMIT_MS, () => {
        late = true;
        this.#unanswered += 1;
        reject(new UnansweredError());
      });
    });
    const settled = () => {
      cancel();
      if (late) this.#unanswered -= 1;
    };
    answer.then(settled, settled);
    return Promise.race([answer, limit]);
  }

  /** Cut short by `close` where the log is out of order. */
  #wait(ms: number): Promise<void> {
    if (this.#closing && this.#outOfOrder) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel: CancelTimer = this.#time.after(ms, () => over());
      const over = () => {
        cancel();
        this.#cutShort = undefined;
        resolve();
      };
      this.#cutShort = this.#outOfOrder ? over : undefined;
    });
  }
}

class UnansweredError extends Error {
  override readonly name = 'UnansweredError';

  constructor() {
    super(`the log has not answered within ${APPEND_LIMIT_MS} ms`);
  }
}

/** What stands in the log where a segment cannot. */
function gapFor(segment: UncommittedSegment): UncommittedSegment {
  if (segment.status === 'gap') return segment;
  const { id, meetingId, participantId, displayName, track, startMs, endMs, revision, language } = segment;
  const speech = { id, meetingId, participantId, displayName, track, startMs, endMs, revision, language };
  return { ...speech, text: '', confidence: 0, status: 'gap', reason: 'notStored' };
}

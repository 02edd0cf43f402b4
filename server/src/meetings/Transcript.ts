import type { CommittedSegment } from '@parley/client-sdk/protocol';
import { systemTime, type TimeSource } from '@parley/media/process';
import type { Logger } from '../observability/logger.js';
import type { TranscriptPage, TranscriptQuery, TranscriptStore, UncommittedSegment } from '../store/TranscriptStore.js';
import { CommitQueue } from './CommitQueue.js';
import { withinLimit } from './withinLimit.js';

export interface TranscriptOptions {
  meetingId: string;
  store: TranscriptStore;
  logger: Logger;
  time?: TimeSource | undefined;
}

/** How long the start of a meeting waits for the store to say where the transcript ends. */
const OPEN_LIMIT_MS = 2_000;
/** How long a deletion waits for the store, at each step. Together less than a client waits for an answer. */
const CLEAR_LIMIT_MS = 4_000;

/** The transcript of one meeting: commits segments to the store in order, and reads pages from it. */
export class Transcript {
  readonly #meetingId: string;
  readonly #store: TranscriptStore;
  readonly #commits: CommitQueue;
  readonly #time: TimeSource;
  #lastSeq = 0;

  private constructor(options: TranscriptOptions) {
    this.#meetingId = options.meetingId;
    this.#store = options.store;
    this.#time = options.time ?? systemTime;
    this.#commits = new CommitQueue(options);
  }

  /** Continues where the stored transcript ends. If the store cannot say so in time, `lastSeq` is corrected by later commits and pages. */
  static async open(options: TranscriptOptions): Promise<Transcript> {
    const { logger, time = systemTime } = options;
    const transcript = new Transcript(options);
    const work = transcript.page({ afterSeq: Number.MAX_SAFE_INTEGER, limit: 1, maxBytes: 1 });
    await withinLimit({ work, limitMs: OPEN_LIMIT_MS, time }).catch((error: unknown) =>
      logger.warn({ err: error }, 'the store did not return the last seq of a transcript'),
    );
    return transcript;
  }

  /** The newest known `seq`, from commits and from pages that were read. 0 before the first segment. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /**
   * Commits a segment after all earlier ones. `CommitQueue` says what happens when the store fails.
   * @param done called with the stored row, which may be a gap, or with undefined if the segment is lost
   */
  commit(segment: UncommittedSegment, done: (committed: CommittedSegment | undefined) => void): void {
    this.#commits.add(segment, (committed) => {
      if (committed !== undefined) this.#lastSeq = Math.max(this.#lastSeq, committed.seq);
      done(committed);
    });
  }

  /** Resolves when everything passed to `commit` so far is stored or lost. */
  settled(): Promise<void> {
    return this.#commits.settled();
  }

  /** Like `settled`, but does not wait for a store that is out of order: what it does not take is lost. */
  flush(): Promise<void> {
    return this.#commits.flush();
  }

  /** Deletes what is stored, and what was passed to `commit` so far. @throws what the store rejects with, or that it did not answer in time */
  async clear(): Promise<void> {
    await withinLimit({ work: this.settled(), limitMs: CLEAR_LIMIT_MS, time: this.#time });
    await withinLimit({ work: this.#store.clear(this.#meetingId), limitMs: CLEAR_LIMIT_MS, time: this.#time });
  }

  /** @throws what the store rejects with */
  async page(query: Omit<TranscriptQuery, 'meetingId'>): Promise<TranscriptPage> {
    const page = await this.#store.page({ meetingId: this.#meetingId, ...query });
    this.#lastSeq = Math.max(this.#lastSeq, page.lastSeq);
    return page;
  }
}

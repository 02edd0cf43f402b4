import type { CommittedSegment } from '@parley/client-sdk/protocol';
import { systemTime, type TimeSource } from '@parley/media';
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

/** A store that does not say within this time where a transcript ends keeps nobody from the meeting. */
const OPEN_LIMIT_MS = 2_000;

/** The transcript of one meeting: brings segments into the store in order, and reads them from there. */
export class Transcript {
  readonly #meetingId: string;
  readonly #store: TranscriptStore;
  readonly #commits: CommitQueue;
  #lastSeq = 0;

  private constructor(options: TranscriptOptions) {
    this.#meetingId = options.meetingId;
    this.#store = options.store;
    this.#commits = new CommitQueue(options);
  }

  /** Goes on where the store's transcript of this meeting ends. Where the store cannot say it in time, that is found out later. */
  static async open(options: TranscriptOptions): Promise<Transcript> {
    const { logger, time = systemTime } = options;
    const transcript = new Transcript(options);
    const work = transcript.page({ afterSeq: Number.MAX_SAFE_INTEGER, limit: 1, maxBytes: 1 });
    await withinLimit({ work, limitMs: OPEN_LIMIT_MS, time }).catch((error: unknown) =>
      logger.warn({ err: error }, 'the store does not say where a transcript ends'),
    );
    return transcript;
  }

  /** The newest `seq` that is known here: of what was committed, and of pages that were read. 0 before the first segment. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /**
   * Commits a segment after those that came before it. See `CommitQueue` for a store that fails.
   * @param done told the row that stands in the store, which may be a gap; undefined where the segment is lost
   */
  commit(segment: UncommittedSegment, done: (committed: CommittedSegment | undefined) => void): void {
    this.#commits.add(segment, (committed) => {
      if (committed !== undefined) this.#lastSeq = Math.max(this.#lastSeq, committed.seq);
      done(committed);
    });
  }

  /** Resolves when everything that was committed before is stored, or lost. */
  settled(): Promise<void> {
    return this.#commits.settled();
  }

  /** As `settled`, but gives up what a store that is out of order does not take. */
  flush(): Promise<void> {
    return this.#commits.flush();
  }

  /** @throws what the store rejects with */
  async page(query: Omit<TranscriptQuery, 'meetingId'>): Promise<TranscriptPage> {
    const page = await this.#store.page({ meetingId: this.#meetingId, ...query });
    this.#lastSeq = Math.max(this.#lastSeq, page.lastSeq);
    return page;
  }
}

import type { CommittedSegment, Segment } from '@parley/client-sdk/protocol';

/** A final or a gap on its way into the store, which gives it its `seq`. */
export type UncommittedSegment = Omit<Segment, 'seq' | 'status'> & { status: 'final' | 'gap' };

export interface TranscriptQuery {
  meetingId: string;
  /** 0 or more: only segments above it. */
  afterSeq: number;
  /** 1 or more: segments at most. */
  limit: number;
  /** Bytes of the segments as JSON, at most; the first one comes whatever it has, so that there is always progress. */
  maxBytes: number;
}

export interface TranscriptPage {
  /** Oldest first, without a hole. */
  segments: CommittedSegment[];
  /** `seq` of the oldest segment that the store still holds; 1 unless it had to drop some, 0 where it holds none. */
  firstSeq: number;
  /** `seq` of the newest segment; 0 where there is none. */
  lastSeq: number;
}

/**
 * The committed transcripts of meetings. `conformance/transcriptStoreSuite.ts` holds every implementation to what is said here.
 *
 * Each call may take its time, and may reject: a rejected `append` can have stored its segment all the same. Who calls it tries
 * again with the same id, and tells nobody of a segment before it is stored (commit, then emit).
 */
export interface TranscriptStore {
  /**
   * Stores a segment under the next `seq` of its meeting: 1, 2, 3 ..., without a hole, in the order of the calls. A meeting needs no
   * other beginning.
   *
   * Idempotent by `meetingId` and `id`: a segment that is stored already is answered with the row that stands there, whatever that
   * says. This holds while an earlier append of the same id is under way, too.
   */
  append(segment: UncommittedSegment): Promise<CommittedSegment>;

  /**
   * Reads on from `afterSeq`. Sees every append that was answered before the call. A meeting that the store does not know has an
   * empty page: its first segment may be on its way.
   */
  page(query: TranscriptQuery): Promise<TranscriptPage>;

  /**
   * Nothing more will be appended to a meeting, and nobody takes part in it any more. A store on disk keeps what it has; one in
   * memory lets go of all of it. Does nothing where the store does not know the meeting.
   */
  end(meetingId: string): Promise<void>;
}

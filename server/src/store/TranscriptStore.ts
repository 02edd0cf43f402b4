import type { CommittedSegment, Segment } from '@parley/client-sdk/protocol';

/** A final or a gap before it is stored; the store assigns its `seq`. */
export type UncommittedSegment = Omit<Segment, 'seq' | 'status'> & { status: 'final' | 'gap' };

export interface TranscriptQuery {
  meetingId: string;
  /** 0 or more: only segments above it. */
  afterSeq: number;
  /** At most this many segments; 1 or more. */
  limit: number;
  /** Bytes of the segments as JSON, at most. The first segment is always returned, so that reading makes progress. */
  maxBytes: number;
}

export interface TranscriptPage {
  /** Oldest first, without a hole. */
  segments: CommittedSegment[];
  /** `seq` of the oldest segment that is still stored: 1 unless older ones were dropped, 0 if there are none. */
  firstSeq: number;
  /** `seq` of the newest segment; 0 if there is none. */
  lastSeq: number;
}

/**
 * The committed transcripts of meetings. Every implementation passes `conformance/transcriptStoreSuite.ts`.
 *
 * Any call may be slow or reject, and a rejected `append` may have stored its segment. The caller then tries again with the same id. It
 * announces a segment only after it is stored (commit, then emit).
 */
export interface TranscriptStore {
  /**
   * Stores a segment under the next `seq` of its meeting: 1, 2, 3 ... without a hole, in the order of the calls. The first append of a
   * meeting creates its transcript.
   *
   * Idempotent by `meetingId` and `id`: if that segment is already stored, returns the stored row, even if its content differs. This
   * also holds while an earlier append of the same id is still running.
   */
  append(segment: UncommittedSegment): Promise<CommittedSegment>;

  /**
   * Reads the segments after `afterSeq`. Includes every append that was answered before the call. Returns an empty page for an unknown
   * meeting, because its first segment may not have arrived yet.
   */
  page(query: TranscriptQuery): Promise<TranscriptPage>;

  /**
   * Deletes all segments of a meeting for good. The next one gets the `seq` after them. Does nothing for an unknown meeting. An append that
   * was answered before the call is deleted; one that is still running may not be.
   */
  clear(meetingId: string): Promise<void>;

  /**
   * The meeting is over and nothing more will be appended. A store on disk keeps the transcript; a store in memory drops it. Does
   * nothing for an unknown meeting.
   */
  end(meetingId: string): Promise<void>;
}

import type { CommittedSegment, Segment } from '@parley/client-sdk/protocol';

/** A final or a gap on its way into the log, which gives it its `seq`. */
export type UncommittedSegment = Omit<Segment, 'seq' | 'status'> & { status: 'final' | 'gap' };

/** Makes the log of a meeting that begins. */
export type CreateTranscriptLog = (meeting: { room: string; meetingId: string }) => TranscriptLog;

export interface TranscriptPage {
  segments: CommittedSegment[];
  /** `seq` of the oldest segment that the log still holds; 1 unless it had to drop some. 0 when the log is empty. */
  firstSeq: number;
  lastSeq: number;
}

/**
 * The committed transcript of one meeting. `append` settles when the segment is as safe as this log makes it; only then may it
 * be told to anybody (commit, then emit).
 */
export interface TranscriptLog {
  readonly lastSeq: number;
  /**
   * Gives the next `seq`; a segment id that is in the log already is answered with the row that stands there, whatever that is. Also
   * where an earlier append of that id is under way still: whoever waits for it gives up after some seconds and tries again.
   */
  append(segment: UncommittedSegment): Promise<CommittedSegment>;
  /** Segments with `seq` above `afterSeq`, oldest first, at most `limit`. */
  page(options: { afterSeq: number; limit: number }): Promise<TranscriptPage>;
}

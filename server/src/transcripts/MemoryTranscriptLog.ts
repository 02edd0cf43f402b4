import type { CommittedSegment } from '@parley/client-sdk/protocol';
import type { TranscriptLog, TranscriptPage, UncommittedSegment } from './TranscriptLog.js';

/**
 * A transcript log that lives as long as its meeting. Bounded: past `capacity` the oldest segments go, and `firstSeq` of a page
 * says so.
 */
export class MemoryTranscriptLog implements TranscriptLog {
  readonly #capacity: number;
  #segments: CommittedSegment[] = [];
  readonly #byId = new Map<string, CommittedSegment>();
  #lastSeq = 0;

  constructor(options: { capacity: number }) {
    this.#capacity = options.capacity;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  append(segment: UncommittedSegment): Promise<CommittedSegment> {
    const standing = this.#byId.get(segment.id);
    if (standing !== undefined) {
      return Promise.resolve(standing);
    }
    this.#lastSeq += 1;
    const committed: CommittedSegment = { ...segment, seq: this.#lastSeq };
    this.#segments.push(committed);
    this.#byId.set(committed.id, committed);
    if (this.#segments.length > this.#capacity) {
      // In lots, so that a full log does not move all its rows for each new one.
      const kept = Math.max(1, Math.floor(this.#capacity * 0.9));
      for (const dropped of this.#segments.slice(0, -kept)) {
        this.#byId.delete(dropped.id);
      }
      this.#segments = this.#segments.slice(-kept);
    }
    return Promise.resolve(committed);
  }

  page({ afterSeq, limit }: { afterSeq: number; limit: number }): Promise<TranscriptPage> {
    const firstSeq = this.#segments[0]?.seq ?? 0;
    // seq has no holes, so the place of a segment follows from it.
    const from = firstSeq === 0 ? 0 : Math.max(0, afterSeq + 1 - firstSeq);
    return Promise.resolve({
      segments: this.#segments.slice(from, from + limit),
      firstSeq,
      lastSeq: this.#lastSeq,
    });
  }
}

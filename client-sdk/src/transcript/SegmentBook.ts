import type { CommittedSegment, Segment } from '../protocol/index.js';

/** Maximum number of interims at the same time; the oldest is dropped. Far more than people can speak at once. */
export const MAX_INTERIMS = 512;

/**
 * The segments of one meeting and the rules by which events change them. No I/O. The same events lead to the same result, in any order and
 * repeated any number of times, as long as all committed segments arrive.
 */
export class SegmentBook {
  /** By id. */
  readonly #segments = new Map<string, Segment>();
  /** The same segments, in reading order. */
  #ordered: Segment[] = [];
  /** Ids of interims, the oldest first. */
  readonly #interims = new Set<string>();
  /** `seq` of committed segments beyond the first hole. */
  readonly #ahead = new Set<number>();
  #completeUpTo = 0;
  #lastSeq = 0;

  /** Everything up to this `seq` is here, or no longer available. */
  get completeUpTo(): number {
    return this.#completeUpTo;
  }

  /** The highest known `seq`. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  get isComplete(): boolean {
    return this.#completeUpTo >= this.#lastSeq;
  }

  /** A copy in reading order: by start, then by `seq`. */
  list(): readonly Segment[] {
    return this.#ordered.slice();
  }

  /**
   * Older revisions, and interims of committed segments, change nothing. @returns whether anything changed, and the id of an interim that
   * was dropped
   */
  applyInterim(segment: Segment): { changed: boolean; dropped?: string } {
    const standing = this.#segments.get(segment.id);
    if (standing !== undefined && (standing.status !== 'interim' || standing.revision >= segment.revision)) {
      return { changed: false };
    }
    const isOneTooMany = this.#interims.size >= MAX_INTERIMS && standing === undefined;
    const [oldest] = isOneTooMany ? this.#interims : [];
    if (oldest !== undefined) this.retract(oldest);
    this.#put(segment);
    this.#interims.add(segment.id);
    return oldest === undefined ? { changed: true } : { changed: true, dropped: oldest };
  }

  /** @returns whether it is new */
  commit(segment: CommittedSegment): boolean {
    const { seq } = segment;
    this.expect(seq);
    if (seq <= this.#completeUpTo || this.#ahead.has(seq)) return false;
    this.#put(segment);
    this.#interims.delete(segment.id);
    this.#ahead.add(seq);
    while (this.#ahead.delete(this.#completeUpTo + 1)) this.#completeUpTo += 1;
    return true;
  }

  /** Removes an interim. @returns whether there was one: committed segments stay */
  retract(segmentId: string): boolean {
    const segment = this.#segments.get(segmentId);
    if (segment?.status !== 'interim') return false;
    this.#segments.delete(segmentId);
    this.#interims.delete(segmentId);
    this.#ordered.splice(this.#placeOf(segment), 1);
    return true;
  }

  /** Removes all interims. @returns their ids */
  retractAll(): string[] {
    const ids = [...this.#interims];
    for (const id of ids) this.retract(id);
    return ids;
  }

  /** Removes everything said before that. @returns whether there was anything */
  forget(beforeMs: number): boolean {
    const kept = this.#ordered.filter(({ startMs }) => startMs >= beforeMs);
    if (kept.length === this.#ordered.length) return false;
    for (const { id, startMs } of this.#ordered) {
      if (startMs >= beforeMs) continue;
      this.#segments.delete(id);
      this.#interims.delete(id);
    }
    this.#ordered = kept;
    return true;
  }

  /** Committed segments exist up to `seq`. */
  expect(seq: number): void {
    this.#lastSeq = Math.max(this.#lastSeq, seq);
  }

  /** Segments before `firstSeq` are no longer available. */
  giveUpBefore(firstSeq: number): void {
    if (firstSeq <= this.#completeUpTo + 1) return;
    this.#completeUpTo = firstSeq - 1;
    for (const seq of this.#ahead) if (seq <= this.#completeUpTo) this.#ahead.delete(seq);
    while (this.#ahead.delete(this.#completeUpTo + 1)) this.#completeUpTo += 1;
  }

  #put(segment: Segment): void {
    const standing = this.#segments.get(segment.id);
    this.#segments.set(segment.id, segment);
    if (standing !== undefined) {
      const place = this.#placeOf(standing);
      // The usual case for a new version of an interim: nothing else moves.
      if (this.#fits({ segment, place })) {
        this.#ordered[place] = segment;
        return;
      }
      this.#ordered.splice(place, 1);
    }
    this.#ordered.splice(this.#placeOf(segment), 0, segment);
  }

  #fits({ segment, place }: { segment: Segment; place: number }): boolean {
    const before = this.#ordered[place - 1];
    const after = this.#ordered[place + 1];
    return (
      (before === undefined || compare(before, segment) < 0) && (after === undefined || compare(segment, after) < 0)
    );
  }

  /** The index where a segment is or belongs, by binary search. */
  #placeOf(segment: Segment): number {
    let low = 0;
    let high = this.#ordered.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#ordered[middle];
      if (other !== undefined && compare(other, segment) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function compare(a: Segment, b: Segment): number {
  const bySeq = (a.seq ?? Number.MAX_SAFE_INTEGER) - (b.seq ?? Number.MAX_SAFE_INTEGER);
  return a.startMs - b.startMs || bySeq || (a.id < b.id ? -1 : Number(a.id > b.id));
}

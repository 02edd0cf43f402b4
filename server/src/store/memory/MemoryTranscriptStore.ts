import type { CommittedSegment } from '@parley/client-sdk/protocol';
import type { TranscriptPage, TranscriptQuery, TranscriptStore, UncommittedSegment } from '../TranscriptStore.js';
import { withinBytes } from '../withinBytes.js';

export interface MemoryTranscriptStoreOptions {
  /** Segments kept for each meeting. Beyond that the oldest are dropped, which `firstSeq` of a page shows. */
  segmentsPerMeeting: number;
  /**
   * Meetings kept at the same time; choose more than there can be rooms. Beyond that the least recently appended one is dropped.
   * Default 10,000.
   */
  meetings?: number;
}

/** Transcripts that last as long as their meetings, in this process. */
export class MemoryTranscriptStore implements TranscriptStore {
  readonly #segmentsPerMeeting: number;
  readonly #mostMeetings: number;
  /** The most recently appended one is last. */
  readonly #meetings = new Map<string, Transcript>();

  constructor(options: MemoryTranscriptStoreOptions) {
    this.#segmentsPerMeeting = options.segmentsPerMeeting;
    this.#mostMeetings = options.meetings ?? 10_000;
  }

  async append(segment: UncommittedSegment): Promise<CommittedSegment> {
    const { meetingId } = segment;
    const transcript = this.#meetings.get(meetingId) ?? new Transcript(this.#segmentsPerMeeting);
    this.#meetings.delete(meetingId);
    this.#meetings.set(meetingId, transcript);
    const [oldest] = this.#meetings.keys();
    if (this.#meetings.size > this.#mostMeetings && oldest !== undefined) this.#meetings.delete(oldest);
    return transcript.append(segment);
  }

  async page(query: TranscriptQuery): Promise<TranscriptPage> {
    return this.#meetings.get(query.meetingId)?.page(query) ?? { segments: [], firstSeq: 0, lastSeq: 0 };
  }

  async clear(meetingId: string): Promise<void> {
    this.#meetings.get(meetingId)?.clear();
  }

  async end(meetingId: string): Promise<void> {
    this.#meetings.delete(meetingId);
  }
}

/** Of one meeting. */
class Transcript {
  readonly #capacity: number;
  #segments: CommittedSegment[] = [];
  readonly #byId = new Map<string, CommittedSegment>();
  #lastSeq = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  append(segment: UncommittedSegment): CommittedSegment {
    const standing = this.#byId.get(segment.id);
    if (standing !== undefined) return standing;
    this.#lastSeq += 1;
    const committed: CommittedSegment = { ...segment, seq: this.#lastSeq };
    this.#segments.push(committed);
    this.#byId.set(committed.id, committed);
    if (this.#segments.length > this.#capacity) this.#dropOldest();
    return committed;
  }

  page({ afterSeq, limit, maxBytes }: TranscriptQuery): TranscriptPage {
    const firstSeq = this.#segments[0]?.seq ?? 0;
    // seq has no holes, so the place of a segment follows from it.
    const from = firstSeq === 0 ? 0 : Math.max(0, afterSeq + 1 - firstSeq);
    const segments = withinBytes(this.#segments.slice(from, from + limit), maxBytes);
    return { segments, firstSeq, lastSeq: this.#lastSeq };
  }

  clear(): void {
    this.#segments = [];
    this.#byId.clear();
  }

  /** In batches, so that a full transcript does not move all its rows for each new one. */
  #dropOldest(): void {
    const kept = Math.max(1, Math.floor(this.#capacity * 0.9));
    for (const dropped of this.#segments.slice(0, -kept)) this.#byId.delete(dropped.id);
    this.#segments = this.#segments.slice(-kept);
  }
}

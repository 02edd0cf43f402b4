import type { CommittedSegment } from '@parley/client-sdk/protocol';
import type { TranscriptPage, TranscriptQuery, TranscriptStore, UncommittedSegment } from '../TranscriptStore.js';
import { withinBytes } from '../withinBytes.js';

/**
 * A transcript store as slow as one behind a network, without a clock: each step of a call takes some turns of the event loop, and
 * reading and writing are separate steps. Appends to one meeting wait for each other, as transactions do.
 */
export class SlowTranscriptStore implements TranscriptStore {
  /** While true, every call rejects after its usual delay. */
  down = false;
  readonly #turns: number;
  readonly #rows = new Map<string, CommittedSegment[]>();
  readonly #lastSeqs = new Map<string, number>();
  /** The last append of each meeting. */
  readonly #locks = new Map<string, Promise<unknown>>();

  /** @param options.turns of the event loop that each step takes; default 3 */
  constructor(options: { turns?: number } = {}) {
    this.#turns = options.turns ?? 3;
  }

  append(segment: UncommittedSegment): Promise<CommittedSegment> {
    const { meetingId } = segment;
    const before = this.#locks.get(meetingId) ?? Promise.resolve();
    const appended = before.then(
      () => this.#append(segment),
      () => this.#append(segment),
    );
    this.#locks.set(meetingId, appended);
    const forget = () => {
      if (this.#locks.get(meetingId) === appended) this.#locks.delete(meetingId);
    };
    appended.then(forget, forget);
    return appended;
  }

  async page({ meetingId, afterSeq, limit, maxBytes }: TranscriptQuery): Promise<TranscriptPage> {
    await this.#pass();
    const rows = this.#rowsOf(meetingId);
    const found = rows.filter(({ seq }) => seq > afterSeq).slice(0, limit);
    const page = {
      segments: withinBytes(found, maxBytes),
      firstSeq: rows.at(0)?.seq ?? 0,
      lastSeq: this.#lastSeqs.get(meetingId) ?? 0,
    };
    await this.#pass();
    return page;
  }

  async clear(meetingId: string): Promise<void> {
    await this.#pass();
    this.#rows.delete(meetingId);
    await this.#pass();
  }

  /** Keeps what it has, as a store on disk does. */
  async end(_meetingId: string): Promise<void> {
    await this.#pass();
  }

  async #append(segment: UncommittedSegment): Promise<CommittedSegment> {
    await this.#pass();
    const rows = this.#rowsOf(segment.meetingId);
    const standing = rows.find(({ id }) => id === segment.id);
    const seq = (this.#lastSeqs.get(segment.meetingId) ?? 0) + 1;
    await this.#pass();
    const committed = standing ?? { ...segment, seq };
    if (standing === undefined) {
      this.#rows.set(segment.meetingId, [...rows, committed]);
      this.#lastSeqs.set(segment.meetingId, seq);
    }
    await this.#pass();
    return committed;
  }

  /** One step. The connection may be gone at its end, even if the append was stored by then. */
  async #pass(): Promise<void> {
    for (let turn = 0; turn < this.#turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    if (this.down) throw new Error('the store is down');
  }

  #rowsOf(meetingId: string): CommittedSegment[] {
    return this.#rows.get(meetingId) ?? [];
  }
}

import type { CommittedSegment } from '@parley/client-sdk/protocol';
import type { TranscriptPage, TranscriptQuery, TranscriptStore, UncommittedSegment } from '../TranscriptStore.js';

/**
 * Wraps a store behind a connection that a test can cut. Calls that are running are carried out but their answers are lost; new calls
 * never arrive. Needs no clock: answers come in order, one per turn of the event loop.
 */
export class FaultyTranscriptStore implements TranscriptStore {
  down = false;
  readonly #store: TranscriptStore;
  #underWay = 0;

  constructor(store: TranscriptStore) {
    this.#store = store;
  }

  append(segment: UncommittedSegment): Promise<CommittedSegment> {
    return this.#carry(() => this.#store.append(segment));
  }

  page(query: TranscriptQuery): Promise<TranscriptPage> {
    return this.#carry(() => this.#store.page(query));
  }

  clear(meetingId: string): Promise<void> {
    return this.#carry(() => this.#store.clear(meetingId));
  }

  end(meetingId: string): Promise<void> {
    return this.#carry(() => this.#store.end(meetingId));
  }

  async #carry<T>(call: () => Promise<T>): Promise<T> {
    this.#assertUp();
    this.#underWay += 1;
    try {
      const turns = this.#underWay;
      const answer = await call();
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      this.#assertUp();
      return answer;
    } finally {
      this.#underWay -= 1;
    }
  }

  #assertUp(): void {
    if (this.down) throw new Error('the store cannot be reached');
  }
}

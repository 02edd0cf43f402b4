/** What became of a pushed packet. `late`: its hole had been given up; `duplicate`: it was already there. */
export type JitterBufferVerdict = 'inOrder' | 'buffered' | 'filledHole' | 'late' | 'duplicate';

export interface JitterBufferOptions<T extends object> {
  /** Longest time that a packet waits for earlier ones. */
  maxWaitMs: number;
  /** Packets between the oldest missing one and the newest; beyond that, all waiting holes are given up. Default 512. */
  capacity?: number;
  onItem(sequence: number, item: T): void;
  /** `count` packets from `firstSequence` on will not come any more; `next`, the one after them, follows at once. */
  onHole(firstSequence: number, count: number, next: T): void;
}

/**
 * Puts packets into order for a recogniser: packets in order pass at once, with no playout delay; only a hole delays what comes after it,
 * until the first tick at which that has waited for `maxWaitMs`.
 *
 * Works on extended sequence numbers; the first packet sets the start. Knows no clock: times are passed in.
 */
export class JitterBuffer<T extends object> {
  readonly #options: JitterBufferOptions<T>;
  readonly #capacity: number;
  /** The slot of a sequence number is its remainder by the capacity; those at or above `#next` wait. */
  readonly #items: (T | undefined)[];
  readonly #arrivedAtMs: Float64Array;
  /** Sequence number of the last delivered item of each slot: tells a duplicate from a late packet. */
  readonly #delivered: Float64Array;
  #next: number | undefined;
  #highest = 0;
  #waiting = 0;
  #oldestArrivalMs = Number.POSITIVE_INFINITY;
  #overflows = 0;

  constructor(options: JitterBufferOptions<T>) {
    const capacity = options.capacity ?? 512;
    if (!Number.isInteger(capacity) || capacity < 2) throw new RangeError('capacity must be a whole number from 2 up');
    if (!(options.maxWaitMs >= 0)) throw new RangeError('maxWaitMs must not be negative');
    this.#options = options;
    this.#capacity = capacity;
    this.#items = new Array<T | undefined>(capacity).fill(undefined);
    this.#arrivedAtMs = new Float64Array(capacity);
    this.#delivered = new Float64Array(capacity).fill(Number.NaN);
  }

  /** Packets that wait behind a hole. */
  get waiting(): number {
    return this.#waiting;
  }

  /** How often holes were given up because the buffer was full. */
  get overflows(): number {
    return this.#overflows;
  }

  /** Does not give up holes by time: the missing packet may be in the socket behind this one. */
  push(sequence: number, item: T, nowMs: number): JitterBufferVerdict {
    this.#next ??= sequence;
    if (sequence < this.#next) {
      return this.#delivered[this.#slot(sequence)] === sequence ? 'duplicate' : 'late';
    }
    if (sequence - this.#next >= this.#capacity) {
      this.#overflows += 1;
      this.flush();
      if (sequence - this.#next >= this.#capacity) {
        this.#options.onHole(this.#next, sequence - this.#next, item);
        this.#next = sequence;
      }
    }
    const slot = this.#slot(sequence);
    if (sequence === this.#next && this.#waiting === 0) {
      this.#highest = sequence;
      this.#deliver(sequence, slot, item);
      return 'inOrder';
    }
    if (this.#items[slot] !== undefined) return 'duplicate';

    const filledHole = this.#waiting > 0 && sequence < this.#highest;
    this.#items[slot] = item;
    this.#arrivedAtMs[slot] = nowMs;
    this.#waiting += 1;
    if (sequence > this.#highest) this.#highest = sequence;
    if (nowMs < this.#oldestArrivalMs) this.#oldestArrivalMs = nowMs;
    this.#releaseInOrder();
    return filledHole ? 'filledHole' : 'buffered';
  }

  /** Gives up the holes below every packet that has waited long enough. Call it when everything that arrived has been pushed. */
  tick(nowMs: number): void {
    const { maxWaitMs } = this.#options;
    if (this.#waiting === 0 || this.#next === undefined || nowMs - this.#oldestArrivalMs < maxWaitMs) return;
    for (let sequence = this.#highest; sequence >= this.#next; sequence -= 1) {
      const slot = this.#slot(sequence);
      if (this.#items[slot] !== undefined && nowMs - (this.#arrivedAtMs[slot] ?? 0) >= maxWaitMs) {
        this.#releaseThrough(sequence);
        break;
      }
    }
    this.#releaseInOrder();
  }

  /** Delivers all waiting packets, and gives up all holes between them. */
  flush(): void {
    if (this.#waiting > 0) this.#releaseThrough(this.#highest);
  }

  /** Forgets everything without delivering it; the next packet sets the start. */
  reset(): void {
    this.#items.fill(undefined);
    this.#delivered.fill(Number.NaN);
    this.#next = undefined;
    this.#waiting = 0;
    this.#oldestArrivalMs = Number.POSITIVE_INFINITY;
  }

  #slot(sequence: number): number {
    const slot = sequence % this.#capacity;
    return slot < 0 ? slot + this.#capacity : slot;
  }

  #deliver(sequence: number, slot: number, item: T): void {
    this.#delivered[slot] = sequence;
    this.#next = sequence + 1;
    this.#options.onItem(sequence, item);
  }

  #take(slot: number): T | undefined {
    const item = this.#items[slot];
    if (item !== undefined) {
      this.#items[slot] = undefined;
      this.#waiting -= 1;
    }
    return item;
  }

  #releaseInOrder(): void {
    while (this.#waiting > 0 && this.#next !== undefined) {
      const sequence = this.#next;
      const slot = this.#slot(sequence);
      const item = this.#take(slot);
      if (item === undefined) break;
      this.#deliver(sequence, slot, item);
    }
    this.#findOldestArrival();
  }

  /** Delivers waiting packets up to and including `last`, which is there, and gives up the holes in between. */
  #releaseThrough(last: number): void {
    let holeStart: number | undefined;
    for (let sequence = this.#next ?? last; sequence <= last; sequence += 1) {
      const slot = this.#slot(sequence);
      const item = this.#take(slot);
      if (item === undefined) {
        holeStart ??= sequence;
        continue;
      }
      if (holeStart !== undefined) this.#options.onHole(holeStart, sequence - holeStart, item);
      holeStart = undefined;
      this.#deliver(sequence, slot, item);
    }
    this.#findOldestArrival();
  }

  #findOldestArrival(): void {
    this.#oldestArrivalMs = Number.POSITIVE_INFINITY;
    if (this.#waiting === 0 || this.#next === undefined) return;
    for (let sequence = this.#next; sequence <= this.#highest; sequence += 1) {
      const slot = this.#slot(sequence);
      if (this.#items[slot] === undefined) continue;
      this.#oldestArrivalMs = Math.min(this.#oldestArrivalMs, this.#arrivedAtMs[slot] ?? 0);
    }
  }
}

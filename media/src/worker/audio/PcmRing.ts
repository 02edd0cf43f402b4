export interface PcmRingOptions {
  /** Samples kept. Default 64 s at 16 kHz: 1,024,000 (2 MB). */
  capacitySamples?: number;
}

/** The part of a requested range that a ring holds. */
export interface PcmSlice {
  /** Where `pcm` starts; later than requested if the start is gone. */
  startSample: number;
  /** A copy. */
  pcm: Int16Array;
  /** Requested, but overwritten or not yet written. */
  missingSamples: number;
}

/** Memory at the first write: 1 s. */
const FIRST_SAMPLES = 16_000;

/**
 * The last minute of one speaker, addressed by the absolute index of its 16 kHz samples. Memory grows with what is held, so that a short
 * time line costs little. If full, the oldest samples are overwritten.
 */
export class PcmRing {
  readonly #capacity: number;
  #samples = new Int16Array(0);
  #start = 0;
  #end = 0;
  #missing = 0;

  constructor(options: PcmRingOptions = {}) {
    this.#capacity = options.capacitySamples ?? 64 * 16_000;
    if (!Number.isInteger(this.#capacity) || this.#capacity < 1)
      throw new RangeError('capacitySamples must be above 0');
  }

  /** Allocated memory; at most `capacitySamples`. */
  get allocatedSamples(): number {
    return this.#samples.length;
  }

  /** First sample held. */
  get startSample(): number {
    return this.#start;
  }

  /** One past the last sample held. */
  get endSample(): number {
    return this.#end;
  }

  /** Samples that the last `read` requested and did not find. */
  get missingSamples(): number {
    return this.#missing;
  }

  /**
   * Writes samples at their position. A gap before them becomes zeros. A gap as long as the ring, or a position before everything held,
   * restarts the ring there. Overlapping samples are overwritten.
   */
  write(startSample: number, pcm: Int16Array): void {
    if (pcm.length === 0) return;
    const endSample = startSample + pcm.length;
    if (this.#start === this.#end || startSample < this.#start || startSample - this.#end >= this.#capacity) {
      this.#start = startSample;
      this.#end = startSample;
    }
    const ring = this.#memoryFor(Math.max(this.#end, endSample) - this.#start);
    if (startSample > this.#end) this.#zero(ring, this.#end, startSample);
    const kept = pcm.length > this.#capacity ? pcm.subarray(pcm.length - this.#capacity) : pcm;
    this.#copyIn(ring, endSample - kept.length, kept);
    this.#end = Math.max(this.#end, endSample);
    this.#start = Math.max(this.#start, this.#end - this.#capacity);
  }

  /**
   * A copy of what is held between two samples. It is never padded, so it is shorter than requested if something is missing;
   * `missingSamples` then says by how much.
   */
  read(startSample: number, endSample: number): Int16Array {
    const slice = this.slice(startSample, endSample);
    this.#missing = slice.missingSamples;
    return slice.pcm;
  }

  /** Like `read`, with the position of the first sample. */
  slice(startSample: number, endSample: number): PcmSlice {
    const wanted = Math.max(0, endSample - startSample);
    const from = Math.max(startSample, this.#start);
    const to = Math.min(endSample, this.#end);
    const ring = this.#samples;
    if (to <= from) {
      return { startSample, pcm: new Int16Array(0), missingSamples: wanted };
    }
    const pcm = new Int16Array(to - from);
    const at = this.#index(from);
    const head = Math.min(pcm.length, ring.length - at);
    pcm.set(ring.subarray(at, at + head));
    if (head < pcm.length) pcm.set(ring.subarray(0, pcm.length - head), head);
    return { startSample: from, pcm, missingSamples: wanted - pcm.length };
  }

  /** Forgets everything, for a time line that starts over. */
  reset(): void {
    this.#start = 0;
    this.#end = 0;
  }

  /** Doubles until this many samples fit, or the capacity is reached; its content is kept. */
  #memoryFor(samples: number): Int16Array {
    const wanted = Math.min(samples, this.#capacity);
    let size = this.#samples.length || Math.min(FIRST_SAMPLES, this.#capacity);
    while (size < wanted) size = Math.min(2 * size, this.#capacity);
    if (size === this.#samples.length) return this.#samples;
    const held = this.slice(this.#start, this.#end).pcm;
    this.#samples = new Int16Array(size);
    this.#copyIn(this.#samples, this.#start, held);
    return this.#samples;
  }

  #index(sample: number): number {
    const size = this.#samples.length;
    const index = sample % size;
    return index < 0 ? index + size : index;
  }

  #copyIn(ring: Int16Array, startSample: number, pcm: Int16Array): void {
    const at = this.#index(startSample);
    const head = Math.min(pcm.length, ring.length - at);
    ring.set(pcm.subarray(0, head), at);
    if (head < pcm.length) ring.set(pcm.subarray(head), 0);
  }

  #zero(ring: Int16Array, from: number, to: number): void {
    const at = this.#index(from);
    const head = Math.min(to - from, ring.length - at);
    ring.fill(0, at, at + head);
    ring.fill(0, 0, to - from - head);
  }
}

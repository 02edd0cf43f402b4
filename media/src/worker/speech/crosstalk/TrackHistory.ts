/** Audio is compared at 4 kHz: most of the energy of speech lies below 2 kHz. */
export const SAMPLES_PER_MS = 4;
const DECIMATION = 4;
const CAPACITY = 34_000 * SAMPLES_PER_MS;
const FRAME_SAMPLES = 512 / DECIMATION;
const FRAME_MS = FRAME_SAMPLES / SAMPLES_PER_MS;
const FRAMES = Math.ceil(CAPACITY / FRAME_SAMPLES);

/** Low-pass at 1.7 kHz before three of four samples are left out (windowed sinc). */
const TAPS = Float32Array.from({ length: 24 }, (_, index) => {
  const x = index - 11.5;
  const sinc = Math.sin((2 * Math.PI * 1_700 * x) / 16_000) / (Math.PI * x);
  return sinc * (0.54 - 0.46 * Math.cos((2 * Math.PI * index) / 23));
});

/** What a track carried in the last half minute, at 4 kHz, on the meeting's clock. */
export class TrackHistory {
  readonly #ring = new Float32Array(CAPACITY);
  /** When each frame had arrived, by its number. */
  readonly #arrivedMs = new Float64Array(FRAMES);
  /** Mean power of each frame, by its number. */
  readonly #power = new Float32Array(FRAMES);
  readonly #input = new Float32Array(512 + TAPS.length);
  #count = 0;
  #originMs = 0;

  /**
   * One frame of 512 samples at 16 kHz, the next one after the one before.
   * @param arrivedMs mean time at which its samples arrived, on the clock of `startMs`
   */
  push(pcm: Int16Array, startMs: number, arrivedMs: number): void {
    const frame = (this.#count / FRAME_SAMPLES) % FRAMES;
    this.#arrivedMs[frame] = arrivedMs;
    const carried = TAPS.length - DECIMATION;
    this.#input.copyWithin(0, pcm.length, pcm.length + carried);
    for (let index = 0; index < pcm.length; index += 1) this.#input[carried + index] = (pcm[index] ?? 0) / 32_768;
    // The clock is smooth: the newest frame says best where the line lies.
    this.#originMs = startMs - this.#count / SAMPLES_PER_MS;
    let energy = 0;
    for (let at = 0; at + DECIMATION <= pcm.length; at += DECIMATION) {
      let sum = 0;
      for (let tap = 0; tap < TAPS.length; tap += 1) sum += (TAPS[tap] as number) * (this.#input[at + tap] ?? 0);
      this.#ring[this.#count % CAPACITY] = sum;
      this.#count += 1;
      energy += sum * sum;
    }
    this.#power[frame] = energy / FRAME_SAMPLES;
  }

  /** The time line goes on elsewhere: nothing before it can be compared any more. */
  clear(): void {
    this.#ring.fill(0);
    this.#input.fill(0);
    this.#count = 0;
  }

  /** Mean of how long after their time on the line the samples of a stretch arrived; 0 where nothing is known of it. */
  lateness(startMs: number, lengthMs: number): number {
    const frames = Math.floor(this.#count / FRAME_SAMPLES);
    const from = (startMs - this.#originMs) / FRAME_MS;
    const to = Math.min(frames, from + lengthMs / FRAME_MS);
    const first = Math.max(0, frames - FRAMES, from);
    let weights = 0;
    let sum = 0;
    for (let frame = Math.floor(first); frame < to; frame += 1) {
      const weight = Math.min(frame + 1, to) - Math.max(frame, first);
      const middleMs = this.#originMs + (frame + 0.5) * FRAME_MS;
      weights += weight;
      sum += weight * ((this.#arrivedMs[frame % FRAMES] as number) - middleMs);
    }
    return weights > 0 ? sum / weights : 0;
  }

  /** RMS of the loudest frame that lies in a stretch, in part or as a whole; 0 where there is none. */
  loudest(startMs: number, lengthMs: number): number {
    const frames = Math.floor(this.#count / FRAME_SAMPLES);
    const from = Math.floor((startMs - this.#originMs) / FRAME_MS);
    const to = Math.min(frames, (startMs + lengthMs - this.#originMs) / FRAME_MS);
    let most = 0;
    for (let frame = Math.max(0, frames - FRAMES, from); frame < to; frame += 1) {
      most = Math.max(most, this.#power[frame % FRAMES] as number);
    }
    return Math.sqrt(most);
  }

  /** Where what is known of it begins. */
  get startMs(): number {
    return this.#originMs + Math.max(0, this.#count - CAPACITY) / SAMPLES_PER_MS;
  }

  get endMs(): number {
    return this.#originMs + this.#count / SAMPLES_PER_MS;
  }

  /** So many samples from a time on; what is not there is 0. */
  read(startMs: number, samples: number): Float32Array {
    const from = Math.round((startMs - this.#originMs) * SAMPLES_PER_MS);
    const out = new Float32Array(samples);
    const oldest = Math.max(0, this.#count - CAPACITY);
    for (let index = Math.max(0, oldest - from); index < samples && from + index < this.#count; index += 1) {
      out[index] = this.#ring[(from + index) % CAPACITY] as number;
    }
    return out;
  }
}

/** `frozen` and `backwards` observations change nothing; `reanchored` ones start the mapping anew. */
export type ClockObservation = 'ok' | 'frozen' | 'backwards' | 'reanchored';

export interface MediaClockOptions {
  /** Where meeting time 0 lies on the clock that arrivals are given in. Default 0. */
  meetingStartMs?: number;
  /** Ticks a second of the RTP timestamps. Default 48,000 (RFC 7587). */
  clockRate?: number;
}

/** Half of the window in which the smallest transit counts. */
const BUCKET_MS = 5_000;
/** Most by which the mapping moves back, per millisecond of arrivals: 300 ms of start-up jitter are gone after 3 s. */
const SLEW_EARLIER = 0.1;
/** Most by which it moves on: a sender that has sent too slowly for a while is back in its place within seconds. */
const SLEW_LATER = 0.1;
/** Nothing is dated further back from its arrival: a sender could put its words before those of others otherwise. */
const MAX_LATE_MS = 1_500;
/** A packet that is so much too early tells of another time base, not of jitter. */
const MAX_EARLY_MS = 10_000;

/**
 * Maps extended RTP timestamps to milliseconds of the meeting and back.
 *
 * Anchored at the first arrival. No packet is dated more than 1.5 s before it arrived. Afterwards the smallest transit of the last 5 to 10 s is taken for the true one and the
 * mapping is slewed towards it, so that the jitter of the first packet is forgotten, drift is followed, and times of later
 * timestamps are always later times. Feed it every packet that `RtpReceiver` puts out; `reset()` it at a new epoch.
 */
export class MediaClock {
  readonly #meetingStartMs: number;
  readonly #ticksPerMs: number;
  /** Meeting time of timestamp 0; undefined before the first packet. */
  #offsetMs: number | undefined;
  #lastTimestamp = 0;
  #lastArrivalMs = 0;
  #bucketEndsAtMs = 0;
  #smallest = 0;
  #smallestBefore = 0;
  #frozen = 0;
  #backwards = 0;
  #reanchors = 0;

  constructor(options: MediaClockOptions = {}) {
    this.#meetingStartMs = options.meetingStartMs ?? 0;
    this.#ticksPerMs = (options.clockRate ?? 48_000) / 1_000;
  }

  get anchored(): boolean {
    return this.#offsetMs !== undefined;
  }

  get stats(): { frozen: number; backwards: number; reanchors: number } {
    return { frozen: this.#frozen, backwards: this.#backwards, reanchors: this.#reanchors };
  }

  observe(extendedTimestamp: number, arrivedAtMs: number): ClockObservation {
    const arrivalMs = arrivedAtMs - this.#meetingStartMs;
    const transit = arrivalMs - extendedTimestamp / this.#ticksPerMs;
    const offset = this.#offsetMs;
    if (offset === undefined) {
      this.#anchor(transit, extendedTimestamp, arrivalMs);
      return 'ok';
    }
    if (extendedTimestamp <= this.#lastTimestamp) {
      if (extendedTimestamp === this.#lastTimestamp) {
        this.#frozen += 1;
        return 'frozen';
      }
      this.#backwards += 1;
      return 'backwards';
    }
    if (offset - transit > MAX_EARLY_MS) {
      this.#reanchors += 1;
      this.#anchor(transit, extendedTimestamp, arrivalMs);
      return 'reanchored';
    }

    const elapsedMs = Math.max(0, arrivalMs - this.#lastArrivalMs);
    const mediaMs = (extendedTimestamp - this.#lastTimestamp) / this.#ticksPerMs;
    this.#lastTimestamp = extendedTimestamp;
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, arrivalMs);
    this.#roll(arrivalMs, transit);
    if (transit < this.#smallest) this.#smallest = transit;

    const wanted = Math.min(this.#smallest, this.#smallestBefore) - offset;
    // Bounded by the media's own progress too: only so are later timestamps always later times.
    const change =
      wanted < 0
        ? Math.max(wanted, -SLEW_EARLIER * Math.min(elapsedMs, mediaMs))
        : Math.min(wanted, SLEW_LATER * elapsedMs);
    this.#offsetMs = Math.max(offset + change, transit - MAX_LATE_MS);
    return 'ok';
  }

  /** Milliseconds since the meeting's start; undefined before the first packet. */
  toMeetingMs(extendedTimestamp: number): number | undefined {
    return this.#offsetMs === undefined ? undefined : extendedTimestamp / this.#ticksPerMs + this.#offsetMs;
  }

  /** The other way round; not rounded. */
  toExtendedTimestamp(meetingMs: number): number | undefined {
    return this.#offsetMs === undefined ? undefined : (meetingMs - this.#offsetMs) * this.#ticksPerMs;
  }

  /** The next packet anchors it anew. */
  reset(): void {
    this.#offsetMs = undefined;
  }

  #anchor(transit: number, extendedTimestamp: number, arrivalMs: number): void {
    this.#offsetMs = transit;
    this.#lastTimestamp = extendedTimestamp;
    this.#lastArrivalMs = arrivalMs;
    this.#smallest = transit;
    this.#smallestBefore = transit;
    this.#bucketEndsAtMs = arrivalMs + BUCKET_MS;
  }

  #roll(arrivalMs: number, transit: number): void {
    if (arrivalMs < this.#bucketEndsAtMs) return;
    const both = arrivalMs >= this.#bucketEndsAtMs + BUCKET_MS;
    this.#smallestBefore = both ? transit : this.#smallest;
    this.#smallest = transit;
    this.#bucketEndsAtMs = arrivalMs + BUCKET_MS;
  }
}

/** `frozen` and `backwards` observations change nothing; `reanchored` ones start the mapping anew. */
export type ClockObservation = 'ok' | 'frozen' | 'backwards' | 'reanchored';

export interface MediaClockOptions {
  /** Where meeting time 0 lies on the clock that arrivals are given in. Default 0. */
  meetingStartMs?: number;
  /** Ticks a second of the RTP timestamps. Default 48,000 (RFC 7587). */
  clockRate?: number;
}

/** Half of the window in which the smallest transit counts. */
const BUCKET_MS = 2_000;
/** Most by which the mapping moves, per millisecond of arrivals: 300 ms of start-up jitter are gone after 3 s. */
const SLEW = 0.1;
/** Most by which it moves on while it is behind by no more than jitter: five times the drift of a bad clock (200 ppm). */
const SLEW_DRIFT = 0.001;
const JITTER_MS = 100;
/**
 * A packet is dated so much before its arrival at most: what a stalled network held back for a second, and some. A sender who paces packets
 * slowly would otherwise date what they say ever further back, before what others said.
 */
const MAX_LAG_MS = 1_200;
/** A packet that is so much too early tells of another time base, not of jitter. */
const MAX_EARLY_MS = 10_000;

/**
 * Maps extended RTP timestamps to milliseconds of the meeting and back.
 *
 * Anchored at the first arrival. Afterwards the smallest transit of the last 2 to 4 s is taken for the true one and the
 * mapping is slewed towards it, so that the jitter of the first packet is forgotten, drift is followed, and times of later
 * timestamps are always later times. Nobody can date what they say back for long: see `MAX_LAG_MS`. Feed it every packet that `RtpReceiver` puts out; `reset()` it at a new epoch.
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
    const most =
      wanted < 0 ? SLEW * Math.min(elapsedMs, mediaMs) : (wanted > JITTER_MS ? SLEW : SLEW_DRIFT) * elapsedMs;
    const slewed = offset + Math.sign(wanted) * Math.min(Math.abs(wanted), most);
    this.#offsetMs = Math.max(slewed, transit - MAX_LAG_MS);
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

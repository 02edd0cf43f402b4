/** `frozen` and `backwards` observations change nothing; `reanchored` ones restart the mapping. */
export type ClockObservation = 'ok' | 'frozen' | 'backwards' | 'reanchored';

export interface MediaClockOptions {
  /** Meeting time 0 on the clock of the arrivals. Default 0. */
  meetingStartMs?: number;
  /** RTP timestamp ticks per second. Default 48,000 (RFC 7587). */
  clockRate?: number;
}

/** Half of the window for the smallest transit. */
const BUCKET_MS = 2_000;
/** Most that the mapping moves, per millisecond of arrivals: 300 ms of start-up jitter are gone after 3 s. */
const SLEW = 0.1;
/** Most that it moves forward while it is behind by no more than jitter: five times the drift of a bad clock (200 ppm). */
const SLEW_DRIFT = 0.001;
const JITTER_MS = 100;
/**
 * A packet is dated at most this long before its arrival: somewhat more than a network stall of a second. Otherwise, a sender who paces
 * packets slowly could date their speech further and further back, before what others said.
 */
const MAX_LAG_MS = 1_200;
/** A packet that is this much too early means another time base, not jitter. */
const MAX_EARLY_MS = 10_000;

/**
 * Maps extended RTP timestamps to milliseconds of the meeting and back.
 *
 * Anchored at the first arrival. Afterwards the smallest transit of the last 2 to 4 s counts as the true one and the mapping is slewed
 * towards it, so that the jitter of the first packet is forgotten, drift is followed, and later timestamps always have later times. Speech
 * cannot be backdated for long: see `MAX_LAG_MS`. Feed it every packet that `RtpReceiver` outputs; `reset()` it at a new epoch.
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
    // Limited by the media's own progress, too, so that later timestamps always have later times.
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

  /** The reverse; not rounded. */
  toExtendedTimestamp(meetingMs: number): number | undefined {
    return this.#offsetMs === undefined ? undefined : (meetingMs - this.#offsetMs) * this.#ticksPerMs;
  }

  /** The next packet anchors it again. */
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

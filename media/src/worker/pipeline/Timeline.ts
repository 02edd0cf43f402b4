import { PcmRing } from '../audio/index.js';
import { MediaClock } from '../rtp/index.js';

export interface TimelineOptions {
  /** Counts from 0; part of segment ids. */
  index: number;
  /** On the clock of `now`. */
  meetingStartedAtMs: number;
  now: () => number;
  /** Extended RTP timestamp of sample 0, if already known. */
  firstTimestamp?: number;
}

/** 48 kHz RTP clock to 16 kHz samples. */
const RTP_TICKS_PER_SAMPLE = 3;

/**
 * One run of continuous time of a track: its newest audio, and the meeting time of each sample. A sender that starts over, or returns after
 * a stall, starts another one. Samples are 16 kHz and count from 0.
 */
export class Timeline {
  readonly index: number;
  readonly ring = new PcmRing();
  readonly #options: TimelineOptions;
  readonly #clock: MediaClock;
  #firstTimestamp: number | undefined;

  constructor(options: TimelineOptions) {
    this.index = options.index;
    this.#options = options;
    this.#clock = new MediaClock({ meetingStartMs: options.meetingStartedAtMs });
    this.#firstTimestamp = options.firstTimestamp;
  }

  /** Sets the extended RTP timestamp of sample 0. Only the first call counts. */
  startAt(extendedTimestamp: number | undefined): void {
    this.#firstTimestamp ??= extendedTimestamp;
  }

  /** A packet has arrived. */
  observe(extendedTimestamp: number, arrivedAtMs: number): void {
    this.#clock.observe(extendedTimestamp, arrivedAtMs);
  }

  /** Like `observe`, for audio that came without RTP. */
  observeSample(sample: number, arrivedAtMs: number): void {
    this.#clock.observe(sample * RTP_TICKS_PER_SAMPLE, arrivedAtMs);
  }

  /** Extended RTP timestamp of a sample. */
  timestampOf(sample: number): number {
    return (this.#firstTimestamp ?? 0) + sample * RTP_TICKS_PER_SAMPLE;
  }

  /** Milliseconds from the start of the meeting; now, before the first packet. */
  msOf(sample: number): number {
    const { now, meetingStartedAtMs } = this.#options;
    return this.#clock.toMeetingMs(this.timestampOf(sample)) ?? now() - meetingStartedAtMs;
  }
}

import { PcmRing } from '../audio/index.js';
import { MediaClock } from '../rtp/index.js';

export interface TimelineOptions {
  /** Counts from 0; part of segment ids. */
  index: number;
  /** On the clock of `now`. */
  meetingStartedAtMs: number;
  now: () => number;
  /** Extended RTP timestamp of sample 0, where it is known already. */
  firstTimestamp?: number;
}

/** 48 kHz RTP clock to 16 kHz samples. */
const RTP_TICKS_PER_SAMPLE = 3;

/**
 * One run of continuous time of a track: its newest audio, and where each sample lies in the meeting. A sender that starts over, or comes
 * back after a stall, begins another one. Samples are 16 kHz and count from 0.
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

  /** Says which extended RTP timestamp sample 0 has. Only the first one counts. */
  startAt(extendedTimestamp: number | undefined): void {
    this.#firstTimestamp ??= extendedTimestamp;
  }

  /** A packet has come. */
  observe(extendedTimestamp: number, arrivedAtMs: number): void {
    this.#clock.observe(extendedTimestamp, arrivedAtMs);
  }

  /** As `observe`, of audio that came without RTP. */
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

import type { BudgetLimit } from '../contract/messages.js';
import type { RtpPacket } from './parseRtpPacket.js';

/**
 * What one track may cost: `capacity` at once, `perSecond` in the long run. Each is above anything that a microphone sends, so that only a
 * flood exceeds it; each burst is above what arrives at once after a network, or this process, stood still.
 */
export const TRACK_BUDGET = {
  /** Opus packets last at least 2.5 ms (RFC 6716 section 2): 400 a second, and some sent again. The burst: 30 s of usual ones. */
  packets: { capacity: 1_500, perSecond: 450 },
  /** Opus goes up to 510 kbit/s; twice that, for packets that are sent again. */
  bytes: { capacity: 1_280_000, perSecond: 128_000 },
  /** A sender that stalls for a second, or starts over, starts one. */
  timelines: { capacity: 10, perSecond: 1 },
} as const;

/** How far media time may run ahead of wall time. More than the socket holds for a track while this process stands still. */
export const MAX_MEDIA_LEAD_MS = 30_000;
/** How much faster media time may pass: the clock of a bad microphone is 0.02 % fast. */
const MEDIA_TIME_FACTOR = 1.05;
/** A flood is reported this often. */
const REPORT_EVERY_MS = 1_000;

const REFILLED = ['packets', 'bytes', 'timelines'] as const;

export interface TrackBudgetOptions {
  /** A packet was dropped because of this limit. Called at most once a second. */
  onExceeded(limit: BudgetLimit): void;
}

/**
 * Limits what one track costs its media worker, measured against wall time: packets, bytes, media time (a long packet, or a jump of the
 * timestamps, costs as much as many packets) and time lines (each has its own memory). Packets beyond it are dropped, and so become a loss
 * for later steps. Within its limits it changes nothing.
 */
export class TrackBudget {
  readonly #options: TrackBudgetOptions;
  readonly #left: { [limit in (typeof REFILLED)[number]]: number };
  #refilledAtMs: number | undefined;
  /** How far media time was ahead of wall time at `#leadAtMs`. */
  #leadMs = 0;
  #leadAtMs: number | undefined;
  #reportedAtMs = Number.NEGATIVE_INFINITY;
  #dropped = 0;

  constructor(options: TrackBudgetOptions) {
    this.#options = options;
    const { packets, bytes, timelines } = TRACK_BUDGET;
    this.#left = { packets: packets.capacity, bytes: bytes.capacity, timelines: timelines.capacity };
  }

  /** Packets that were dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Call it before anything else is done with a packet. @param nowMs monotonic @returns false: drop it */
  admits(packet: RtpPacket, nowMs: number): boolean {
    this.#refill(nowMs);
    const limit = this.#exceededBy(packet, nowMs);
    if (limit === undefined) {
      this.#left.packets -= 1;
      this.#left.bytes -= packet.payload.length;
      return true;
    }
    this.#dropped += 1;
    if (nowMs - this.#reportedAtMs >= REPORT_EVERY_MS) {
      this.#reportedAtMs = nowMs;
      this.#options.onExceeded(limit);
    }
    return false;
  }

  /** A packet made the time line longer, by audio, by silence or by a jump. Time that passed before it is no lead. */
  spendMedia(mediaMs: number, nowMs: number): void {
    this.#leadMs = Math.max(0, this.#leadAt(nowMs) + mediaMs);
    this.#leadAtMs = nowMs;
  }

  /**
   * The clock made the time line longer while no packet came. The time that passed still counts for the next packet: after a long mute, a
   * moment of silence is filled first, and then its timestamp jumps over all the rest.
   */
  fillMedia(mediaMs: number): void {
    this.#leadMs += mediaMs;
  }

  /** Another time line has started. */
  spendTimeline(): void {
    this.#left.timelines -= 1;
  }

  #exceededBy(packet: RtpPacket, nowMs: number): BudgetLimit | undefined {
    if (this.#left.packets < 1) return 'packets';
    if (this.#left.bytes < packet.payload.length) return 'bytes';
    if (this.#left.timelines < 1) return 'timelines';
    return this.#leadAt(nowMs) > MAX_MEDIA_LEAD_MS ? 'mediaTime' : undefined;
  }

  #leadAt(nowMs: number): number {
    return this.#leadMs - MEDIA_TIME_FACTOR * (nowMs - (this.#leadAtMs ?? nowMs));
  }

  #refill(nowMs: number): void {
    const seconds = Math.max(0, nowMs - (this.#refilledAtMs ?? nowMs)) / 1_000;
    this.#refilledAtMs = nowMs;
    for (const name of REFILLED) {
      const { capacity, perSecond } = TRACK_BUDGET[name];
      this.#left[name] = Math.min(capacity, this.#left[name] + perSecond * seconds);
    }
  }
}

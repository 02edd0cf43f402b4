import { defaults } from './defaults.js';
import type { MediaCounts, StreamCounts } from './media/mediaCounts.js';
import { type ConnectionQuality, qualityOf } from './media/qualityOf.js';

export interface ConnectionMonitorOptions {
  /** What the browser has counted until now; undefined where there is nothing to count. Never rejects. */
  measure: () => Promise<MediaCounts | undefined>;
  /** Oneself; undefined outside of a room. */
  selfId: () => string | undefined;
  /** Whether somebody sends audio that is not muted: of others silence says nothing. */
  sends: (participantId: string) => boolean;
  /** The level of somebody is another one, known for the first time, or, without a quality, not known any more. */
  onChange: (event: { participantId: string; quality: ConnectionQuality | undefined }) => void;
  /** Default `defaults.statsIntervalMs`. */
  intervalMs?: number;
}

/** What was counted the last time, and for how long nothing has come since. */
interface Before {
  counts: StreamCounts;
  silentMs: number;
}

/** Measures at intervals how well one's own audio and the others' travels. */
export class ConnectionMonitor {
  readonly #options: ConnectionMonitorOptions & { intervalMs: number };
  readonly #qualities = new Map<string, ConnectionQuality>();
  readonly #before = new Map<string, Before>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #measuring = false;

  constructor(options: ConnectionMonitorOptions) {
    this.#options = { intervalMs: defaults.statsIntervalMs, ...options };
  }

  /** As measured last; undefined for whom nothing has been measured. */
  qualityOf(participantId: string): ConnectionQuality | undefined {
    return this.#qualities.get(participantId);
  }

  /** Idempotent. */
  start(): void {
    this.#timer ??= setInterval(() => void this.#sample(), this.#options.intervalMs);
  }

  /** The connection is lost: so is one's own audio. Measuring waits for `start`. */
  suspend(): void {
    this.#stopMeasuring();
    const selfId = this.#options.selfId();
    const known = selfId === undefined ? undefined : this.#qualities.get(selfId);
    if (selfId !== undefined && known !== undefined) this.#set(selfId, { ...known, level: 'lost' });
  }

  /** The room was left. */
  stop(): void {
    this.#stopMeasuring();
    this.#qualities.clear();
  }

  #stopMeasuring(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    // Streams begin at zero on the next connection.
    this.#before.clear();
  }

  async #sample(): Promise<void> {
    // A browser that takes long to answer is not asked twice at a time.
    if (this.#measuring) return;
    this.#measuring = true;
    const timer = this.#timer;
    const counts = await this.#options.measure();
    this.#measuring = false;
    const selfId = this.#options.selfId();
    if (counts === undefined || selfId === undefined || timer !== this.#timer) return;
    const seen = new Set<string>();
    if (counts.sent !== undefined) {
      seen.add(selfId);
      this.#judge(selfId, { counts: counts.sent, connected: counts.connected });
    }
    for (const { participantId, ...received } of counts.received) {
      seen.add(participantId);
      this.#judge(participantId, { counts: received, connected: true });
    }
    for (const participantId of this.#qualities.keys()) {
      if (!seen.has(participantId)) this.#forget(participantId);
    }
  }

  #judge(
    participantId: string,
    { counts, connected }: { counts: StreamCounts & { rttMs?: number }; connected: boolean },
  ): void {
    const { selfId, sends, intervalMs } = this.#options;
    const before = this.#before.get(participantId);
    const isSelf = participantId === selfId();
    // A stream that began anew counts from zero.
    const restarted = before !== undefined && counts.packets < before.counts.packets;
    const from = before === undefined || restarted ? { packets: 0, lost: 0 } : before.counts;
    const packets = counts.packets - from.packets;
    const lost = Math.max(0, counts.lost - from.lost);
    const isToSend = sends(participantId);
    const silentMs = packets > 0 || !isToSend ? 0 : (before?.silentMs ?? 0) + intervalMs;
    this.#before.set(participantId, { counts, silentMs });
    // Of what is sent, those lost are a part; what arrives comes on top of those lost.
    const expected = isSelf ? packets : packets + lost;
    const measured = {
      lossShare: expected <= 0 ? 0 : Math.min(1, lost / expected),
      // Of what is muted, the browser repeats what it has measured before.
      jitterMs: packets > 0 || isToSend ? counts.jitterMs : 0,
      ...(counts.rttMs === undefined ? {} : { rttMs: counts.rttMs }),
    };
    const isLost = !connected || silentMs >= defaults.lostAfterMs;
    const previous = this.#qualities.get(participantId)?.level;
    this.#set(participantId, { ...measured, level: isLost ? 'lost' : qualityOf({ measured, previous }) });
  }

  #set(participantId: string, quality: ConnectionQuality): void {
    const previous = this.#qualities.get(participantId);
    this.#qualities.set(participantId, quality);
    if (previous?.level !== quality.level) this.#options.onChange({ participantId, quality });
  }

  #forget(participantId: string): void {
    this.#before.delete(participantId);
    if (this.#qualities.delete(participantId)) this.#options.onChange({ participantId, quality: undefined });
  }
}

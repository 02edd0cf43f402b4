import { defaults } from './defaults.js';
import type { MediaCounts, StreamCounts } from './media/mediaCounts.js';
import { type ConnectionQuality, qualityOf } from './media/qualityOf.js';

export interface ConnectionMonitorOptions {
  /** The browser's counts so far; undefined if there is nothing to count. Never rejects. */
  measure: () => Promise<MediaCounts | undefined>;
  /** This participant; undefined outside a room. */
  selfId: () => string | undefined;
  /** Whether a participant sends unmuted audio. If not, silence does not mean a lost connection. */
  sends: (participantId: string) => boolean;
  /** A participant's level changed or is known for the first time; `quality` is undefined if it is no longer known. */
  onChange: (event: { participantId: string; quality: ConnectionQuality | undefined }) => void;
  /** Default `defaults.statsIntervalMs`. */
  intervalMs?: number;
}

/** The last counts, and for how long nothing has arrived since. */
interface Before {
  counts: StreamCounts;
  silentMs: number;
}

/** Regularly measures the connection quality of this participant and the others. */
export class ConnectionMonitor {
  readonly #options: ConnectionMonitorOptions & { intervalMs: number };
  readonly #qualities = new Map<string, ConnectionQuality>();
  readonly #before = new Map<string, Before>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #measuring = false;

  constructor(options: ConnectionMonitorOptions) {
    this.#options = { intervalMs: defaults.statsIntervalMs, ...options };
  }

  /** The latest measurement; undefined for participants who were not measured. */
  qualityOf(participantId: string): ConnectionQuality | undefined {
    return this.#qualities.get(participantId);
  }

  /** Idempotent. */
  start(): void {
    this.#timer ??= setInterval(() => void this.#sample(), this.#options.intervalMs);
  }

  /** The connection was lost, and with it this participant's audio. Measuring stops until `start`. */
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
    // On the next connection, streams start from zero.
    this.#before.clear();
  }

  async #sample(): Promise<void> {
    // A browser that takes long to answer is not asked again meanwhile.
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
    // A restarted stream counts from zero.
    const restarted = before !== undefined && counts.packets < before.counts.packets;
    const from = before === undefined || restarted ? { packets: 0, lost: 0 } : before.counts;
    const packets = counts.packets - from.packets;
    const lost = Math.max(0, counts.lost - from.lost);
    const isToSend = sends(participantId);
    const silentMs = packets > 0 || !isToSend ? 0 : (before?.silentMs ?? 0) + intervalMs;
    this.#before.set(participantId, { counts, silentMs });
    // Lost packets are part of those sent, but come on top of those received.
    const expected = isSelf ? packets : packets + lost;
    const measured = {
      lossShare: expected <= 0 ? 0 : Math.min(1, lost / expected),
      // While muted, the browser repeats the last jitter.
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

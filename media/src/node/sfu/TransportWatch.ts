import { type CancelTimer, systemTime, type TimeSource } from '../../process/TimeSource.js';

/** What is asked of a mediasoup transport. */
export interface WatchedTransport {
  readonly id: string;
  getStats(): Promise<readonly { bytesReceived: number }[]>;
}

export interface TransportWatchOptions {
  /** This transport has received more than any microphone sends. Called at each look while that goes on. */
  onFlood: (transportId: string) => void;
  time?: TimeSource | undefined;
}

export const WATCH_EVERY_MS = 5_000;
/**
 * Twice Opus with its highest bit rate, as in a track's budget: for headers, reports and what is sent again. Between two looks, so that what a
 * network held back for a moment does not count.
 */
export const MAX_BYTES_PER_S = 128_000;

interface Seen {
  transport: WatchedTransport;
  bytes: number | undefined;
  atMs: number;
}

/**
 * Looks every few seconds at what each transport has received. mediasoup has no limit of its own (`maxIncomingBitrate` asks a
 * sender, who need not obey), and the media workers see neither what a paused producer sends nor what is no RTP of a producer.
 */
export class TransportWatch {
  readonly #onFlood: (transportId: string) => void;
  readonly #time: TimeSource;
  readonly #seen = new Map<string, Seen>();
  #cancel: CancelTimer | undefined;
  /** Whether the transports are being asked now. */
  #looking = false;
  #closed = false;

  constructor(options: TransportWatchOptions) {
    this.#onFlood = options.onFlood;
    this.#time = options.time ?? systemTime;
  }

  add(transport: WatchedTransport): void {
    this.#seen.set(transport.id, { transport, bytes: undefined, atMs: this.#time.now() });
    this.#lookLater();
  }

  delete(transportId: string): void {
    this.#seen.delete(transportId);
    if (this.#seen.size === 0) this.#stop();
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#seen.clear();
    this.#stop();
  }

  #stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #lookLater(): void {
    if (this.#closed || this.#looking || this.#seen.size === 0) return;
    this.#cancel ??= this.#time.after(WATCH_EVERY_MS, () => void this.#lookAtAll());
  }

  async #lookAtAll(): Promise<void> {
    this.#cancel = undefined;
    this.#looking = true;
    await Promise.all([...this.#seen.values()].map((seen) => this.#look(seen)));
    this.#looking = false;
    this.#lookLater();
  }

  async #look(seen: Seen): Promise<void> {
    let bytes: number;
    try {
      bytes = (await seen.transport.getStats()).reduce((sum, { bytesReceived }) => sum + bytesReceived, 0);
    } catch {
      // It was closed, or its worker died: others act on that.
      return;
    }
    if (this.#seen.get(seen.transport.id) !== seen) return;
    const nowMs = this.#time.now();
    const received = bytes - (seen.bytes ?? 0);
    const seconds = (nowMs - seen.atMs) / 1_000;
    Object.assign(seen, { bytes, atMs: nowMs });
    if (received > seconds * MAX_BYTES_PER_S) this.#onFlood(seen.transport.id);
  }
}

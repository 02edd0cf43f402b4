import { type CancelTimer, systemTime, type TimeSource } from '../../process/TimeSource.js';

/** What a transport has received since it was made. */
export interface Received {
  bytes: number;
  /** Those of them that were no RTP of a producer: control packets, headers of encryption, and what nobody can use. */
  otherBytes: number;
  /** By producer: packets, also those that are not forwarded because it is paused. */
  packets: ReadonlyMap<string, number>;
}

export interface WatchedTransport {
  readonly id: string;
  received(): Promise<Received>;
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
/** Of all producers together: twice Opus with its shortest packets. Small packets cost the SFU as much as large ones. */
export const MAX_PACKETS_PER_S = 900;
/**
 * mediasoup does not count the packets that belong to no producer, only their bytes. The smallest has 22 bytes, so that these are at most 1,500 a
 * second. Chromium sends 700 bytes a second beside its track, and 20 for each track that it receives.
 */
export const MAX_OTHER_BYTES_PER_S = 32_000;

/** A transport that was made just before a look has sent its whole handshake, some kilobytes, in less time. */
const SHORTEST_MS = 1_000;

const NOTHING: Received = { bytes: 0, otherBytes: 0, packets: new Map() };

interface Seen {
  transport: WatchedTransport;
  received: Received;
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
    this.#seen.set(transport.id, { transport, received: NOTHING, atMs: this.#time.now() });
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
    let received: Received;
    try {
      received = await seen.transport.received();
    } catch {
      // It was closed, or its worker died: others act on that.
      return;
    }
    if (this.#seen.get(seen.transport.id) !== seen) return;
    const before = seen.received;
    const nowMs = this.#time.now();
    const seconds = Math.max(SHORTEST_MS, nowMs - seen.atMs) / 1_000;
    Object.assign(seen, { received, atMs: nowMs });
    const isFlood =
      received.bytes - before.bytes > seconds * MAX_BYTES_PER_S ||
      received.otherBytes - before.otherBytes > seconds * MAX_OTHER_BYTES_PER_S ||
      newPackets(received, before) > seconds * MAX_PACKETS_PER_S;
    if (isFlood) this.#onFlood(seen.transport.id);
  }
}

/** A producer that was closed takes its count with it. */
function newPackets(now: Received, before: Received): number {
  let packets = 0;
  for (const [producerId, count] of now.packets) packets += count - (before.packets.get(producerId) ?? 0);
  return packets;
}

import { JitterBuffer } from './JitterBuffer.js';
import type { RtpPacket } from './parseRtpPacket.js';
import { SequenceUnwrapper } from './SequenceUnwrapper.js';
import { TimestampUnwrapper } from './TimestampUnwrapper.js';

/** One packet in stream order. Timestamps count 48 kHz ticks and do not wrap. */
export interface RtpPacketOutput {
  kind: 'packet';
  extendedSequence: number;
  extendedTimestamp: number;
  payload: Uint8Array;
  /** Arrival from the network, before any wait. */
  arrivedAtMs: number;
}

/** Packets that are given up. The packet after them follows at once (unless its timestamp is unusable, see `badTimestamp`). */
export interface RtpLostOutput {
  kind: 'lost';
  count: number;
  /** Probable start of the first lost one, derived from the packets around the hole. */
  extendedTimestamp: number;
  /** Payload of the packet after the hole, for its in-band FEC. */
  nextPayload?: Uint8Array;
}

/** What follows belongs to a new stream: sequence numbers and timestamps start over. */
export interface RtpResyncOutput {
  kind: 'resync';
}

export type RtpOutput = RtpPacketOutput | RtpLostOutput | RtpResyncOutput;

export interface RtpReceiverOptions {
  /** The negotiated one; packets of others (comfort noise, RED, events) are counted and dropped. */
  payloadType: number;
  /** Longest wait for a hole to be filled. Default 150. */
  maxWaitMs?: number;
  /** Packets. Default 512. */
  capacity?: number;
  /** Called in stream order, synchronously from `push`, `tick` and `flush`. */
  onOutput(output: RtpOutput): void;
}

export interface RtpReceiverStats {
  received: number;
  duplicates: number;
  /** Arrived after they had been given up. */
  late: number;
  /** Packets given up. */
  lost: number;
  /** Packets that filled a hole in time. */
  recoveredByWait: number;
  /** Packets that arrived after ones with higher numbers. */
  reordered: number;
  /** How often the buffer was full and gave up its holes early. */
  overflow: number;
  resyncs: number;
  badPayloadType: number;
  /** Far from the stream's numbers and not confirmed by a successor. */
  suspect: number;
  /** In sequence, but with a timestamp that stood still or went back: dropped. */
  badTimestamp: number;
}

interface Arrival {
  extendedTimestamp: number;
  payload: Uint8Array;
  arrivedAtMs: number;
}

/** Ticks of a 20 ms packet, assumed until two neighbours show the real value. */
const DEFAULT_PACKET_TICKS = 960;
/** 120 ms, the longest Opus packet (RFC 6716 section 3.2). */
const MAX_PACKET_TICKS = 5_760;
/** This many packets that count upwards from an earlier timestamp make a new time base; fewer are dropped. */
const BACKWARD_PACKETS_TO_RESYNC = 3;
/** A timestamp this far ahead of the arrivals is a new time base. Must exceed any stall of the network. */
const MAX_TICKS_AHEAD = 10 * 48_000;

/**
 * One SSRC from datagrams to an ordered stream of packets and losses.
 *
 * Guarantees: no packet twice; sequence numbers and timestamps of `packet` outputs strictly rise between two `resync`s; and between two
 * packets the sequence rises by one plus the `count` of the `lost` between them, plus packets dropped for their timestamps.
 */
export class RtpReceiver {
  readonly #payloadType: number;
  readonly #onOutput: (output: RtpOutput) => void;
  readonly #sequences = new SequenceUnwrapper();
  readonly #timestamps = new TimestampUnwrapper();
  readonly #buffer: JitterBuffer<Arrival>;
  /** Held back until its successor proves a restart, so that a restart loses no packet. */
  #suspect: { packet: RtpPacket; arrivedAtMs: number } | undefined;
  #lastTimestamp: number | undefined;
  #lastArrivedAtMs = 0;
  #packetTicks = DEFAULT_PACKET_TICKS;
  #backwardRun = 0;
  #lastBackwardTimestamp = 0;
  readonly #stats: RtpReceiverStats = {
    received: 0,
    duplicates: 0,
    late: 0,
    lost: 0,
    recoveredByWait: 0,
    reordered: 0,
    overflow: 0,
    resyncs: 0,
    badPayloadType: 0,
    suspect: 0,
    badTimestamp: 0,
  };

  constructor(options: RtpReceiverOptions) {
    this.#payloadType = options.payloadType;
    this.#onOutput = options.onOutput;
    this.#buffer = new JitterBuffer<Arrival>({
      maxWaitMs: options.maxWaitMs ?? 150,
      capacity: options.capacity ?? 512,
      onItem: (sequence, arrival) => this.#emitPacket(sequence, arrival),
      onHole: (_first, count, next) => this.#emitLost(count, next),
    });
  }

  /** A copy; counts from the start of the receiver. */
  get stats(): RtpReceiverStats {
    return { ...this.#stats, overflow: this.#buffer.overflows };
  }

  /** True while packets wait behind a hole. */
  get holding(): boolean {
    return this.#buffer.waiting > 0;
  }

  /** @param nowMs arrival on a monotonic clock */
  push(packet: RtpPacket, nowMs: number): void {
    this.#stats.received += 1;
    if (packet.payloadType !== this.#payloadType) {
      this.#stats.badPayloadType += 1;
      return;
    }
    const verdict = this.#sequences.unwrap(packet.sequenceNumber);
    if (verdict === 'suspect') {
      this.#stats.suspect += 1;
      this.#suspect = { packet, arrivedAtMs: nowMs };
      return;
    }
    if (verdict === 'resync') {
      this.#buffer.flush();
      this.#buffer.reset();
      this.#timestamps.reset();
      this.#startEpoch();
      const held = this.#suspect;
      if (held !== undefined) {
        this.#stats.suspect -= 1;
        this.#pushAccepted(this.#sequences.extended - 1, held.packet, held.arrivedAtMs);
      }
    }
    this.#suspect = undefined;
    this.#pushAccepted(this.#sequences.extended, packet, nowMs);
  }

  /**
   * Gives up holes that have waited long enough. Call it about every 20 ms, after pushing everything that has arrived by then: a push gives
   * up nothing, whatever its time.
   */
  tick(nowMs: number): void {
    this.#buffer.tick(nowMs);
  }

  /** Outputs waiting packets; holes become lost. The stream may go on afterwards. `nowMs` is accepted for symmetry. */
  flush(_nowMs: number): void {
    this.#buffer.flush();
  }

  #pushAccepted(sequence: number, packet: RtpPacket, nowMs: number): void {
    const verdict = this.#buffer.push(
      sequence,
      { extendedTimestamp: this.#timestamps.unwrap(packet.timestamp), payload: packet.payload, arrivedAtMs: nowMs },
      nowMs,
    );
    switch (verdict) {
      case 'late':
        this.#stats.late += 1;
        this.#stats.reordered += 1;
        break;
      case 'duplicate':
        this.#stats.duplicates += 1;
        break;
      case 'filledHole':
        this.#stats.recoveredByWait += 1;
        this.#stats.reordered += 1;
        break;
      case 'inOrder':
      case 'buffered':
        break;
    }
  }

  #emitPacket(extendedSequence: number, arrival: Arrival): void {
    const { extendedTimestamp, payload, arrivedAtMs } = arrival;
    const last = this.#lastTimestamp;
    if (last !== undefined) {
      if (extendedTimestamp <= last) {
        if (!this.#isNewTimeBase(extendedTimestamp)) return;
        this.#startEpoch();
      } else {
        const ticks = extendedTimestamp - last;
        const elapsedTicks = Math.max(0, arrivedAtMs - this.#lastArrivedAtMs) * 48;
        if (ticks > elapsedTicks + MAX_TICKS_AHEAD) this.#startEpoch();
        else if (ticks <= MAX_PACKET_TICKS) this.#packetTicks = ticks;
      }
    }
    this.#backwardRun = 0;
    this.#lastTimestamp = extendedTimestamp;
    this.#lastArrivedAtMs = arrivedAtMs;
    this.#onOutput({ kind: 'packet', extendedSequence, extendedTimestamp, payload, arrivedAtMs });
  }

  /** Packets of a frozen clock are all dropped; a clock that runs on from an earlier point is accepted after some packets. */
  #isNewTimeBase(extendedTimestamp: number): boolean {
    const runsOn = this.#backwardRun > 0 && extendedTimestamp > this.#lastBackwardTimestamp;
    this.#backwardRun = runsOn ? this.#backwardRun + 1 : 1;
    this.#lastBackwardTimestamp = extendedTimestamp;
    if (this.#backwardRun >= BACKWARD_PACKETS_TO_RESYNC) return true;
    this.#stats.badTimestamp += 1;
    return false;
  }

  #emitLost(count: number, next: Arrival): void {
    this.#stats.lost += count;
    const after = (this.#lastTimestamp ?? next.extendedTimestamp) + this.#packetTicks;
    this.#onOutput({
      kind: 'lost',
      count,
      extendedTimestamp: Math.min(after, next.extendedTimestamp),
      nextPayload: next.payload,
    });
  }

  #startEpoch(): void {
    this.#stats.resyncs += 1;
    this.#lastTimestamp = undefined;
    this.#packetTicks = DEFAULT_PACKET_TICKS;
    this.#backwardRun = 0;
    this.#onOutput({ kind: 'resync' });
  }
}

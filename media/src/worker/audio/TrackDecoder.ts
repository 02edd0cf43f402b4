import type { RtpLostOutput, RtpOutput, RtpPacketOutput } from '../rtp/RtpReceiver.js';
import { CONCEAL_STEP_SAMPLES, MAX_DECODED_SAMPLES, type OpusDecoder } from './OpusDecoder.js';

/**
 * Origin of samples: `audio` was decoded, `concealed` replaces what was lost or did not come, `dtx` is the silence of a sender that had
 * nothing to send.
 */
export type PcmOrigin = 'audio' | 'concealed' | 'dtx';

/** 16 kHz mono. Starts where the block before it ended, except after a jump. The receiver owns the array. */
export interface PcmBlock {
  startSample: number;
  pcm: Int16Array;
  origin: PcmOrigin;
}

/** The time line skips samples: the speaker was muted or gone, and no silence is made for it. */
export interface PcmJump {
  fromSample: number;
  toSample: number;
}

/** A time line has started over at sample 0, which is this packet's first. */
export interface PcmEpoch {
  firstExtendedTimestamp: number;
  arrivedAtMs: number;
}

export interface TrackDecoderOptions {
  /** Owned from here on: `close()` closes it. */
  decoder: OpusDecoder;
  /** Called synchronously, in the order of the time line. */
  onPcm(block: PcmBlock): void;
  onJump?(jump: PcmJump): void;
  /** Not called for the first epoch. */
  onEpoch?(epoch: PcmEpoch): void;
  /**
   * How long `tick` makes silence when nothing comes, in milliseconds. Must outlast the longest silence that ends an utterance. Default
   * 6,000.
   */
  idleFillMs?: number;
}

/** Samples of the time line by origin, and those that did not get onto it. */
export interface TrackDecoderStats {
  audioSamples: number;
  concealedSamples: number;
  dtxSamples: number;
  /** Parts of `concealedSamples`. */
  fecSamples: number;
  plcSamples: number;
  /** Skipped by jumps. */
  jumpedSamples: number;
  /** Decoded, but their time had been filled already. */
  overlapSamples: number;
  /** Payloads that are not valid Opus, or that the codec refused; concealed. */
  invalidPackets: number;
  /** Packets without a payload (padding only). */
  emptyPackets: number;
  /** Time lines that started because packets came long after their time had been filled. */
  restarts: number;
}

const TICKS_PER_SAMPLE = 3;
const SAMPLES_PER_MS = 16;
/** Real concealment sounds like speech for this long; after that, zeros are more honest. */
const MAX_PLC_SAMPLES = MAX_DECODED_SAMPLES;
const USUAL_PACKET_SAMPLES = 320;
/** Longest gap that is filled sample by sample. */
const MAX_FILL_SAMPLES = 2_000 * SAMPLES_PER_MS;
/** WebRTC senders stop after a packet of at most this size: TOC alone, or TOC and an empty frame. */
const MAX_DTX_BYTES = 2;
/** In DTX the fill lags behind the wall clock by this much, for packets that are on their way. */
const DTX_FILL_LAG_MS = 60;
/** Outside DTX by this much more, for packets that wait behind a hole. */
const STALL_FILL_LAG_MS = 210;
/**
 * After this long without packets outside DTX, the network or the sender has stopped. Until then late packets are waited for, because
 * filled time cannot be used again: a radio link that stalls for half a second delivers everything in the end, and filling would cut a word
 * in two.
 */
const STALL_MS = 1_000;
/**
 * Audio that comes later than this into time already filled is not dropped but starts its own time line: a burst after a longer stall, or a
 * sender whose timestamps stood still while it paused, must not lose its words.
 */
const MAX_OVERLAP_SAMPLES = 40 * SAMPLES_PER_MS;

/**
 * Turns the ordered packets of one SSRC into ONE continuous 16 kHz time line, counted from the first packet of the epoch:
 * sample = (extended timestamp - first extended timestamp) / 3. Time comes from timestamps, never from packet counts, so
 * that loss, DTX and any packet length leave every sample where it belongs.
 */
export class TrackDecoder {
  readonly #options: TrackDecoderOptions;
  readonly #decoder: OpusDecoder;
  readonly #idleFillMs: number;
  #firstTimestamp: number | undefined;
  /** Next sample of the time line. */
  #cursor = 0;
  /** End of the newest packet's audio, and its arrival: the fixed point of the wall clock. */
  #audioEnd = 0;
  #audioAtMs = 0;
  #inDtx = false;
  #lostPackets = 0;
  #epochPending = false;
  #packetSamples = USUAL_PACKET_SAMPLES;
  /** Samples concealed in a row so far. */
  #plcRun = 0;
  #closed = false;
  readonly #stats: TrackDecoderStats = {
    audioSamples: 0,
    concealedSamples: 0,
    dtxSamples: 0,
    fecSamples: 0,
    plcSamples: 0,
    jumpedSamples: 0,
    overlapSamples: 0,
    invalidPackets: 0,
    emptyPackets: 0,
    restarts: 0,
  };

  constructor(options: TrackDecoderOptions) {
    this.#options = options;
    this.#decoder = options.decoder;
    this.#idleFillMs = options.idleFillMs ?? 6_000;
  }

  /** Extended RTP timestamp of sample 0; undefined before the first packet of the epoch. */
  get firstExtendedTimestamp(): number | undefined {
    return this.#firstTimestamp;
  }

  /** One past the last sample of the time line. */
  get endSample(): number {
    return this.#cursor;
  }

  /** A copy; counts over all epochs. */
  get stats(): TrackDecoderStats {
    return { ...this.#stats };
  }

  /** Takes the next output of `RtpReceiver`. @param nowMs same clock as the arrivals */
  handle(output: RtpOutput, _nowMs: number): void {
    if (this.#closed) return;
    switch (output.kind) {
      case 'packet':
        this.#handlePacket(output);
        break;
      case 'lost':
        this.#handleLost(output);
        break;
      case 'resync':
        this.#endEpoch();
        break;
    }
  }

  /**
   * Lets the time line follow the wall clock while nothing comes. Call it about every 20 ms, but not while `RtpReceiver.holding`: packets
   * that wait there already have a place on the line.
   */
  tick(nowMs: number): void {
    if (this.#closed || this.#firstTimestamp === undefined) return;
    const silentMs = nowMs - this.#audioAtMs;
    if (!this.#inDtx && silentMs < STALL_MS) return;
    const fillMs = Math.min(silentMs, this.#idleFillMs) - (this.#inDtx ? DTX_FILL_LAG_MS : STALL_FILL_LAG_MS);
    const target = this.#audioEnd + Math.floor(fillMs * SAMPLES_PER_MS);
    if (target <= this.#cursor) return;
    // After silence, concealment would be an echo.
    this.#plcRun = MAX_PLC_SAMPLES;
    this.#emitZeros(target, this.#inDtx ? 'dtx' : 'concealed');
  }

  /** Ends the stream for now: a loss at the end, with no packet after it, stays unfilled. `nowMs` is accepted for symmetry. */
  flush(_nowMs: number): void {
    this.#lostPackets = 0;
  }

  /** Frees the decoder; later calls do nothing. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#decoder.close();
  }

  #handleLost(output: RtpLostOutput): void {
    this.#lostPackets += output.count;
  }

  #handlePacket(output: RtpPacketOutput): void {
    const { payload, extendedTimestamp, arrivedAtMs } = output;
    if (payload.length === 0) {
      this.#stats.emptyPackets += 1;
      return;
    }
    const info = this.#decoder.packetInfo(payload);
    if (info === null) {
      this.#stats.invalidPackets += 1;
      this.#lostPackets += 1;
      return;
    }
    if (this.#firstTimestamp === undefined) this.#beginEpoch(extendedTimestamp, arrivedAtMs);
    let startSample = this.#sampleOf(extendedTimestamp);
    if (this.#cursor - startSample > MAX_OVERLAP_SAMPLES) {
      this.#stats.restarts += 1;
      this.#endEpoch();
      this.#beginEpoch(extendedTimestamp, arrivedAtMs);
      startSample = 0;
    }

    const samples = info.durationSamples48k / TICKS_PER_SAMPLE;
    const isDtx = payload.length <= MAX_DTX_BYTES;
    if (startSample > this.#cursor) this.#fillGap(startSample, isDtx ? undefined : output, samples);
    this.#lostPackets = 0;
    this.#packetSamples = samples;
    if (isDtx) {
      this.#inDtx = true;
      if (startSample + samples > this.#cursor) this.#emitZeros(startSample + samples, 'dtx');
    } else {
      this.#emitDecoded(payload, startSample, samples);
    }
    this.#audioEnd = startSample + samples;
    this.#audioAtMs = arrivedAtMs;
  }

  #emitDecoded(payload: Uint8Array, startSample: number, samples: number): void {
    let pcm: Int16Array;
    try {
      pcm = this.#decoder.decode(payload);
    } catch {
      // Valid by its headers, but refused by the codec: treated as lost, with known length.
      this.#stats.invalidPackets += 1;
      this.#conceal(startSample + samples);
      return;
    }
    this.#inDtx = false;
    this.#plcRun = 0;
    const overlap = this.#cursor - startSample;
    if (overlap > 0) {
      this.#stats.overlapSamples += Math.min(overlap, pcm.length);
      pcm = pcm.subarray(overlap);
    }
    if (pcm.length > 0) this.#emit(pcm, 'audio');
  }

  /** @param next the packet after the gap, if its FEC may be used */
  #fillGap(target: number, next: RtpPacketOutput | undefined, nextSamples: number): void {
    const gap = target - this.#cursor;
    const lostSamples = Math.min(gap, this.#lostPackets * this.#packetSamples);
    if (gap > MAX_FILL_SAMPLES) {
      this.#stats.jumpedSamples += gap;
      const fromSample = this.#cursor;
      this.#cursor = target;
      this.#options.onJump?.({ fromSample, toSample: target });
    } else if (lostSamples === 0) {
      this.#emitZeros(target, 'dtx');
    } else if (this.#inDtx) {
      // A packet lost in a pause is assumed to be the newest: the next packet may carry it once more.
      if (gap > lostSamples) this.#emitZeros(target - lostSamples, 'dtx');
      this.#concealBefore(target, next, nextSamples);
    } else {
      const lossEnd = this.#cursor + lostSamples;
      // Less than a packet left over is a rounding of lengths, not a pause that started within the loss.
      const pauseFollows = target - lossEnd > Math.max(this.#packetSamples, USUAL_PACKET_SAMPLES);
      if (pauseFollows) {
        this.#conceal(lossEnd);
        this.#emitZeros(target, 'dtx');
      } else {
        this.#concealBefore(target, next, nextSamples);
      }
    }
  }

  /** Conceals up to `target`; the end of it from the in-band FEC of the next packet. */
  #concealBefore(target: number, next: RtpPacketOutput | undefined, nextSamples: number): void {
    const gap = target - this.#cursor;
    const recoverable = Math.min(gap, nextSamples, MAX_DECODED_SAMPLES);
    const fecSamples = recoverable - (recoverable % CONCEAL_STEP_SAMPLES);
    const useFec =
      next !== undefined &&
      fecSamples > 0 &&
      this.#decoder.recoversFec &&
      this.#decoder.packetInfo(next.payload)?.hasFec === true;
    if (!useFec) {
      this.#conceal(target);
      return;
    }
    this.#conceal(target - fecSamples);
    try {
      const pcm = this.#decoder.decodeFec(next.payload, fecSamples);
      this.#stats.fecSamples += pcm.length;
      this.#emit(pcm, 'concealed');
    } catch {
      this.#conceal(target);
    }
    if (this.#cursor < target) this.#emitZeros(target, 'concealed');
  }

  /** PLC while it sounds like speech, then zeros. */
  #conceal(target: number): void {
    while (this.#cursor < target && this.#plcRun < MAX_PLC_SAMPLES) {
      const wanted = Math.min(target - this.#cursor, this.#packetSamples, MAX_PLC_SAMPLES - this.#plcRun);
      const samples = wanted - (wanted % CONCEAL_STEP_SAMPLES);
      if (samples === 0) break;
      let pcm: Int16Array;
      try {
        pcm = this.#decoder.conceal(samples);
      } catch {
        break;
      }
      if (pcm.length === 0) break;
      this.#plcRun += pcm.length;
      this.#stats.plcSamples += pcm.length;
      this.#emit(pcm, 'concealed');
    }
    if (this.#cursor < target) this.#emitZeros(target, 'concealed');
  }

  #emitZeros(target: number, origin: PcmOrigin): void {
    this.#emit(new Int16Array(target - this.#cursor), origin);
  }

  #emit(pcm: Int16Array, origin: PcmOrigin): void {
    const startSample = this.#cursor;
    this.#cursor += pcm.length;
    if (origin === 'audio') this.#stats.audioSamples += pcm.length;
    else if (origin === 'dtx') this.#stats.dtxSamples += pcm.length;
    else this.#stats.concealedSamples += pcm.length;
    this.#options.onPcm({ startSample, pcm, origin });
  }

  #sampleOf(extendedTimestamp: number): number {
    return Math.floor((extendedTimestamp - (this.#firstTimestamp ?? extendedTimestamp)) / TICKS_PER_SAMPLE);
  }

  #endEpoch(): void {
    this.#epochPending ||= this.#firstTimestamp !== undefined;
    this.#firstTimestamp = undefined;
    this.#cursor = 0;
    this.#audioEnd = 0;
    this.#lostPackets = 0;
    this.#plcRun = 0;
    this.#inDtx = false;
    this.#decoder.reset();
  }

  #beginEpoch(firstExtendedTimestamp: number, arrivedAtMs: number): void {
    this.#firstTimestamp = firstExtendedTimestamp;
    if (!this.#epochPending) return;
    this.#epochPending = false;
    this.#options.onEpoch?.({ firstExtendedTimestamp, arrivedAtMs });
  }
}

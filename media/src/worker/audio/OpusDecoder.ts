import * as native from '@parley/native';
import { OpusscriptDecoder } from './OpusscriptDecoder.js';
import { type OpusPacketInfo, opusPacketInfo } from './opusPacketInfo.js';

export type OpusImplementation = 'libopus' | 'opusscript';

/** Everything here is 16 kHz mono. */
export const DECODED_SAMPLE_RATE = 16_000;
/** 120 ms, the longest packet and the most that one call conceals. */
export const MAX_DECODED_SAMPLES = 1_920;
/** Concealed lengths are multiples of 2.5 ms. */
export const CONCEAL_STEP_SAMPLES = 40;

/**
 * One Opus stream to 16 kHz mono, 16-bit. Stereo packets are mixed down by the codec. Calls must come in stream order; the caller owns
 * every returned array.
 */
export interface OpusDecoder {
  readonly implementation: OpusImplementation;
  /** False if `decodeFec` can do no more than `conceal`. */
  readonly recoversFec: boolean;
  /** The packet's headers; null if it is invalid (RFC 6716 section 3.4) or empty. */
  packetInfo(packet: Uint8Array): OpusPacketInfo | null;
  /** @throws Error for a packet that `packetInfo` or the codec rejects */
  decode(packet: Uint8Array): Int16Array;
  /**
   * Fills a loss. Real packet loss concealment with libopus; the opusscript binding does not support it, so there the last 20 ms are
   * repeated and fade out within 60 ms.
   * @param samples a multiple of 40, at most 1,920
   */
  conceal(samples: number): Int16Array;
  /**
   * Recovers the packet before `nextPacket` from its in-band FEC, if it has one; otherwise like `conceal`.
   * @param samples duration of the lost packet: a multiple of 40, at most 1,920
   */
  decodeFec(nextPacket: Uint8Array, samples: number): Int16Array;
  /** Forgets the stream so far. */
  reset(): void;
  /** Frees the codec; calls afterwards throw. Idempotent. */
  close(): void;
}

export interface OpusDecoderOptions {
  /** Default `libopus` if the addon is there, else `opusscript`. `libopus` without the addon also falls back. */
  prefer?: OpusImplementation;
}

/** True when `createOpusDecoder` can give a libopus decoder. */
export function libopusAvailable(): boolean {
  return native.nativeAvailability().available;
}

/** A decoder of the best available implementation; `implementation` says which. */
export function createOpusDecoder(options: OpusDecoderOptions = {}): OpusDecoder {
  if (options.prefer !== 'opusscript' && libopusAvailable()) return new LibopusDecoder(native.createOpusDecoder());
  return new OpusscriptDecoder();
}

/** The addon's decoder behind the common interface. */
class LibopusDecoder implements OpusDecoder {
  readonly implementation = 'libopus';
  readonly recoversFec = true;
  readonly #decoder: native.NativeOpusDecoder;
  readonly #out = new Int16Array(MAX_DECODED_SAMPLES);
  #closed = false;

  constructor(decoder: native.NativeOpusDecoder) {
    this.#decoder = decoder;
  }

  packetInfo(packet: Uint8Array): OpusPacketInfo | null {
    // The same rules as the addon's, without the cost of calling it.
    return opusPacketInfo(packet);
  }

  decode(packet: Uint8Array): Int16Array {
    return this.#out.slice(0, this.#decoder.decode(packet, this.#out));
  }

  conceal(samples: number): Int16Array {
    return this.#out.slice(0, this.#decoder.conceal(samples, this.#out));
  }

  decodeFec(nextPacket: Uint8Array, samples: number): Int16Array {
    return this.#out.slice(0, this.#decoder.decodeFec(nextPacket, samples, this.#out));
  }

  reset(): void {
    this.#decoder.reset();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#decoder.close();
  }
}

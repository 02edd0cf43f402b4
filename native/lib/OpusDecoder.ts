import { loadAddon, type RawOpusDecoder } from './loadAddon.js';
import { NativeError, type NativeOpusDecoder, type OpusPacketInfo } from './types.js';

/** The addon's own codes, besides libopus's, which are all above -10. */
const INVALID_PACKET = -100;
const INVALID_ARGUMENT = -101;
const CLOSED = -102;

/** The content of a packet, or `null` if it is not valid by RFC 6716 section 3.4. @throws NativeError `NATIVE_ADDON_UNAVAILABLE` */
export function opusPacketInfo(packet: Uint8Array): OpusPacketInfo | null {
  return loadAddon().addon.opusPacketInfo(packet);
}

/** A libopus decoder at 16 kHz mono. @throws NativeError `NATIVE_ADDON_UNAVAILABLE` */
export function createOpusDecoder(): NativeOpusDecoder {
  return new LibopusDecoder(new (loadAddon().addon.OpusDecoder)());
}

class LibopusDecoder implements NativeOpusDecoder {
  readonly #raw: RawOpusDecoder;

  constructor(raw: RawOpusDecoder) {
    this.#raw = raw;
  }

  decode(packet: Uint8Array, out: Int16Array): number {
    return samples(this.#raw.decode(packet, out));
  }

  conceal(count: number, out: Int16Array): number {
    return samples(this.#raw.conceal(count, out));
  }

  decodeFec(nextPacket: Uint8Array, count: number, out: Int16Array): number {
    return samples(this.#raw.decodeFec(nextPacket, count, out));
  }

  reset(): void {
    this.#raw.reset();
  }

  close(): void {
    this.#raw.close();
  }
}

function samples(answer: number): number {
  if (answer >= 0) return answer;
  switch (answer) {
    case INVALID_PACKET:
      throw new NativeError('NATIVE_INVALID_ARGUMENT', 'The Opus packet breaks a rule of RFC 6716 section 3.4.');
    case INVALID_ARGUMENT:
      throw new NativeError(
        'NATIVE_INVALID_ARGUMENT',
        'Samples come in multiples of 40 up to 1,920, and the output must have room for them.',
      );
    case CLOSED:
      throw new NativeError('NATIVE_INVALID_ARGUMENT', 'The decoder was closed.');
    default:
      throw new NativeError('NATIVE_DECODE_FAILED', `libopus answered ${answer}.`);
  }
}

import OpusScript from 'opusscript';

export const PACKET_SAMPLES = 320;
export const PACKET_TICKS = 960;

/** The bit rate of browsers for a microphone. */
const BITS_PER_SECOND = 32_000;
const SET_INBAND_FEC = 4_012;
const SET_PACKET_LOSS_PERC = 4_014;

/** Opus as a browser sends it: mono, 20 ms per packet, with in-band FEC for the loss of the network. */
export class OpusEncoder {
  // One for all recordings: the package does not support many of them.
  readonly #codec = new OpusScript(16_000, 1, OpusScript.Application.VOIP);

  constructor() {
    this.#codec.setBitrate(BITS_PER_SECOND);
    this.#codec.encoderCTL(SET_INBAND_FEC, 1);
  }

  /** One packet for each 20 ms; the last one is padded with silence. */
  encode(pcm: Int16Array, options: { lossPercent: number }): Uint8Array[] {
    this.#codec.encoderCTL(SET_PACKET_LOSS_PERC, Math.round(options.lossPercent));
    const packets: Uint8Array[] = [];
    for (let from = 0; from < pcm.length; from += PACKET_SAMPLES) {
      const frame = new Int16Array(PACKET_SAMPLES);
      frame.set(pcm.subarray(from, from + PACKET_SAMPLES));
      packets.push(this.#codec.encode(Buffer.from(frame.buffer), PACKET_SAMPLES));
    }
    return packets;
  }

  close(): void {
    this.#codec.delete();
  }
}

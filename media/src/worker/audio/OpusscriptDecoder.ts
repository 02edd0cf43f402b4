import { createRequire } from 'node:module';
import type { OpusDecoder } from './OpusDecoder.js';
import { type OpusPacketInfo, opusPacketInfo } from './opusPacketInfo.js';

/** The part of opusscript's WebAssembly module that decoding needs (emscripten, embind). */
interface OpusModule {
  /** Replaced when the memory grows: never keep it. */
  readonly HEAPU8: Uint8Array;
  readonly OpusScriptHandler: {
    new (sampleRate: number, channels: number, application: number): OpusHandler;
    destroy_handler(handler: OpusHandler): void;
  };
  _malloc(bytes: number): number;
  _free(pointer: number): void;
}

interface OpusHandler {
  /** @returns samples a channel, or a negative error; writes one 16-bit unit for each *byte* of PCM, little end first */
  _decode(input: number, inputBytes: number, output: number): number;
}

const SAMPLE_RATE = 16_000;
const APPLICATION_VOIP = 2_048;
/** 48 frames of 1,275 bytes with their sizes: no valid packet is longer. */
const MAX_PACKET_BYTES = 61_440;
/** Kept small as nearly all packets are; a longer one gets more memory once. */
const USUAL_PACKET_BYTES = 4_096;
const MAX_SAMPLES = 1_920;
const BYTES_PER_OUTPUT_SAMPLE = 4;

const CONCEAL_PERIOD = 320;
const CONCEAL_FADE_SAMPLES = 960;

let sharedModule: OpusModule | undefined;

/** One module for all decoders of the process: its memory grows, and a decoder takes about 100 kB of it. */
function opusModule(): OpusModule {
  if (sharedModule === undefined) {
    const require = createRequire(import.meta.url);
    const instantiate: () => OpusModule = require('opusscript/build/opusscript_native_wasm.js');
    sharedModule = instantiate();
  }
  return sharedModule;
}

/**
 * libopus compiled to WebAssembly, from the `opusscript` package: for places where the addon is not built.
 *
 * Drives the package's module directly, because its own class (0.1.1) hands the codec twice the address it has allocated,
 * so that decoders write into each other's memory (seen: out of bounds after some 80 instances), and because its views go
 * stale when the memory grows. The binding knows neither concealment nor FEC; both are a fading repetition here.
 */
export class OpusscriptDecoder implements OpusDecoder {
  readonly implementation = 'opusscript';
  readonly recoversFec = false;
  readonly #module = opusModule();
  #handler: OpusHandler;
  #input: number;
  #inputBytes = USUAL_PACKET_BYTES;
  readonly #output: number;
  #closed = false;
  /** The last 20 ms that were decoded, and how much has been concealed since. */
  readonly #last = new Int16Array(CONCEAL_PERIOD);
  #concealed = 0;

  constructor() {
    this.#handler = new this.#module.OpusScriptHandler(SAMPLE_RATE, 1, APPLICATION_VOIP);
    this.#input = this.#module._malloc(this.#inputBytes);
    this.#output = this.#module._malloc(MAX_SAMPLES * BYTES_PER_OUTPUT_SAMPLE);
    if (this.#input === 0 || this.#output === 0) throw new Error('opusscript: out of memory');
  }

  packetInfo(packet: Uint8Array): OpusPacketInfo | null {
    return opusPacketInfo(packet);
  }

  decode(packet: Uint8Array): Int16Array {
    this.#assertOpen();
    // The codec checks as well, but writes up to 360 ms where 120 are the most that a valid packet holds.
    if (opusPacketInfo(packet) === null) throw new Error('opusscript: invalid packet');
    this.#reserveInput(packet.length);
    this.#module.HEAPU8.set(packet, this.#input);
    const samples = this.#handler._decode(this.#input, packet.length, this.#output);
    if (samples < 0) throw new Error(`opusscript: decoder error ${samples}`);

    const pcm = new Int16Array(samples);
    const heap = this.#module.HEAPU8;
    for (let sample = 0, at = this.#output; sample < samples; sample += 1, at += BYTES_PER_OUTPUT_SAMPLE) {
      pcm[sample] = (heap[at] ?? 0) | ((heap[at + 2] ?? 0) << 8);
    }
    this.#remember(pcm);
    return pcm;
  }

  conceal(samples: number): Int16Array {
    this.#assertOpen();
    const pcm = new Int16Array(samples);
    for (let sample = 0; sample < samples && this.#concealed < CONCEAL_FADE_SAMPLES; sample += 1) {
      const gain = 1 - this.#concealed / CONCEAL_FADE_SAMPLES;
      pcm[sample] = (this.#last[this.#concealed % CONCEAL_PERIOD] ?? 0) * gain;
      this.#concealed += 1;
    }
    return pcm;
  }

  decodeFec(_nextPacket: Uint8Array, samples: number): Int16Array {
    return this.conceal(samples);
  }

  reset(): void {
    this.#assertOpen();
    this.#module.OpusScriptHandler.destroy_handler(this.#handler);
    this.#handler = new this.#module.OpusScriptHandler(SAMPLE_RATE, 1, APPLICATION_VOIP);
    this.#last.fill(0);
    this.#concealed = 0;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#module.OpusScriptHandler.destroy_handler(this.#handler);
    this.#module._free(this.#input);
    this.#module._free(this.#output);
  }

  #assertOpen(): void {
    if (this.#closed) throw new Error('opusscript: the decoder is closed');
  }

  #reserveInput(bytes: number): void {
    if (bytes <= this.#inputBytes) return;
    if (bytes > MAX_PACKET_BYTES) throw new Error('opusscript: packet too long');
    const larger = this.#module._malloc(MAX_PACKET_BYTES);
    if (larger === 0) throw new Error('opusscript: out of memory');
    this.#module._free(this.#input);
    this.#input = larger;
    this.#inputBytes = MAX_PACKET_BYTES;
  }

  #remember(pcm: Int16Array): void {
    this.#concealed = 0;
    if (pcm.length >= CONCEAL_PERIOD) {
      this.#last.set(pcm.subarray(pcm.length - CONCEAL_PERIOD));
      return;
    }
    this.#last.copyWithin(0, pcm.length);
    this.#last.set(pcm, CONCEAL_PERIOD - pcm.length);
  }
}

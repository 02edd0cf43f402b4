/**
 * The contract of the addon for TypeScript. Everything asynchronous returns a promise; nothing here throws across N-API except a
 * `NativeError` for a misuse that the caller can fix.
 */

/** All codes that this package can raise. */
export type NativeErrorCode =
  | 'NATIVE_ADDON_UNAVAILABLE'
  | 'NATIVE_INVALID_ARGUMENT'
  | 'NATIVE_MODEL_UNREADABLE'
  | 'NATIVE_ENGINE_CLOSED'
  | 'NATIVE_ENGINE_BUSY'
  | 'NATIVE_DECODE_FAILED'
  | 'NATIVE_ABORTED';

export class NativeError extends Error {
  override readonly name = 'NativeError';
  readonly code: NativeErrorCode;

  constructor(code: NativeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** One libopus decoder, 16 kHz mono. Not thread-safe: one owner, calls in stream order. */
export interface NativeOpusDecoder {
  /**
   * Decodes one Opus packet.
   * @param packet the RTP payload; must be valid by RFC 6716 section 3.4 (see `opusPacketInfo`)
   * @returns number of samples written to `out` (16 kHz mono, 16-bit)
   * @throws NativeError `NATIVE_INVALID_ARGUMENT` for an invalid packet or an `out` too small (5,760 samples cover 120 ms at 48 kHz; 1,920 here)
   */
  decode(packet: Uint8Array, out: Int16Array): number;
  /** Packet loss concealment for `samples` (a multiple of 40 = 2.5 ms, at most 1,920 = 120 ms). @returns samples written */
  conceal(samples: number, out: Int16Array): number;
  /** Recovers the packet *before* `nextPacket` from its in-band FEC; falls back to concealment if it has none. @returns samples written */
  decodeFec(nextPacket: Uint8Array, samples: number, out: Int16Array): number;
  reset(): void;
  close(): void;
}

/** The result of `opus_packet_parse`; `null` if the packet is not valid by RFC 6716 section 3.4 (rules R1-R7) or empty. */
export interface OpusPacketInfo {
  /** Duration of the whole packet in samples at 48 kHz (120 to 5,760). */
  durationSamples48k: number;
  frames: number;
  stereo: boolean;
  /** True if the SILK layer has low-bitrate redundancy for the packet before. */
  hasFec: boolean;
}

export type EngineDevice = 'cpu' | 'cuda';

export interface SpeechEngineOptions {
  /** Absolute path of a ggml Whisper file that the caller has already checked (see `readModelHeader`). */
  modelPath: string;
  /** `cuda` is used if its backend library and a device are there; otherwise CPU, reported by `info.device` and `info.fallbackReason`. */
  device: 'auto' | EngineDevice;
  /** Number of `whisper_state`s, 1 to 8: this many jobs at a time. */
  lanes: number;
  /** Most CPU threads of a job, 1 to 64. */
  threadsPerLane: number;
  /** Off wherever `audioContext` is shortened (stale K/V rows leak into the result otherwise). */
  flashAttention: boolean;
  /**
   * An encoder by ONNX Runtime, for a CPU: its shared library (that of onnxruntime-node) and the graph that was written from the same
   * model. If it cannot be used, whisper.cpp's own encoder is, reported by `info.encoderFailure`.
   */
  encoder?: { libraryPath: string; graphPath: string };
}

export interface SpeechEngineInfo {
  device: EngineDevice;
  /** Readable name of the device, e.g. "AMD EPYC ..." or "NVIDIA H100 80GB HBM3". */
  deviceName: string;
  /** Why a requested device is not in use; absent if there is nothing to report. */
  fallbackReason?: string;
  multilingual: boolean;
  /** e.g. `tiny`, `base`, `unknown` (whisper.cpp's name, from the layer count). */
  modelType: string;
  loadMs: number;
  /** Version of the compiled whisper.cpp. */
  engineVersion: string;
  /** What encodes the audio. */
  encoder: 'onnx' | 'whispercpp';
  /** Version of ONNX Runtime if it encodes. */
  encoderVersion?: string;
  /** Why ONNX Runtime does not encode although it should. */
  encoderFailure?: string;
}

/** What an engine can do. Fixed once it is loaded. */
export interface EngineCapabilities {
  /** Jobs at a time; one more is refused with `NATIVE_ENGINE_BUSY`. */
  maxJobs: number;
  /** Jobs whose audio it encodes in one run if several wait; 1: each by itself. */
  maxBatch: number;
  /** Whether results have times of words. */
  words: boolean;
  /** Languages that a job may name: Whisper's codes (ISO 639-1, `haw` and `yue`), in alphabetical order. */
  languages: readonly string[];
  /** Whether interims are worth requesting. False for an engine that needs whole utterances. */
  interims: boolean;
  /** Longest audio of one job, in milliseconds. */
  longestWindowMs: number;
}

export interface TranscribeJob {
  /** 16 kHz mono. Shorter than 1 s is padded with silence; longer than 30 s is refused. */
  pcm: Int16Array | Float32Array;
  /**
   * ISO 639-1 code or `auto`, which costs one more decoder step. An unknown code, or one for which the model has no token, is refused with
   * `NATIVE_INVALID_ARGUMENT`.
   */
  language: string;
  /**
   * `auto` chooses among these codes, and the probability is relative to them; absent: among all that the model has tokens for. A code
   * without a token is refused with `NATIVE_INVALID_ARGUMENT`.
   */
  languages?: readonly string[];
  /**
   * `auto` keeps this language unless another one is at least `switchProbability` likely (above 1: always); absent: the likeliest is taken.
   */
  settled?: { language: string; switchProbability: number };
  translate: boolean;
  /** Encoder frames (50 a second); 0 = the full 1,500. */
  audioContext: number;
  /** 1 = greedy, up to 8. */
  beamSize: number;
  /** Most text tokens of the whole result, 1 to 224; the decoder makes no more than 220. */
  maxTokens: number;
  /** Preceding text; at most 224 tokens are used. Empty for none. */
  prompt: string;
  /**
   * Tokens of an earlier text for audio that starts at the same sample, at most 224: where the new text is the same, one run of the decoder
   * confirms it. Except for near ties, the text is the same without it.
   */
  draft?: readonly number[];
  temperature: number;
  /**
   * Steps in which the temperature rises up to 1 while the text looks wrong; 0 switches this off. If no text looks right, the first one is
   * the result.
   */
  temperatureIncrement: number;
  /** A text with a lower mean log-probability looks wrong, -1,000 to 0 ... */
  logProbabilityThreshold: number;
  /** ... unless the no-speech probability is at least this, 0 to 1. */
  noSpeechThreshold: number;
  /** A text without an end whose last 32 tokens have a lower entropy (nats) looks wrong, 0 to 5. */
  entropyThreshold: number;
  /**
   * Requests word times, by the decoder's attention to the audio; costs one more run of the decoder over the text with beams or a
   * temperature.
   */
  words: boolean;
  /**
   * CPU threads, 1 to `threadsPerLane`, which is also the upper limit. 0 or absent = `threadsPerLane`. All jobs together should not have
   * more threads than there are cores: threads of a job wait for each other.
   */
  threads?: number;
  /** Aborts after this time; the promise then rejects with `NATIVE_ABORTED`. 0 = none. */
  timeoutMs: number;
}

export interface NativeWord {
  text: string;
  /** Milliseconds from the start of `pcm`. */
  startMs: number;
  endMs: number;
  probability: number;
}

export interface TranscribeResult {
  /** Valid UTF-8, trimmed; may be empty. As decoded: the caller judges whether it is speech. */
  text: string;
  /** The language in which the text was decoded. */
  language: string;
  /** Of `language`; 1 if it was given. */
  languageProbability: number;
  /** A language that is likelier than `language`, which is the settled one. */
  likelier?: { language: string; probability: number };
  /** Probability of Whisper's no-speech token right after start-of-transcript; also there for an empty text. */
  noSpeechProbability: number;
  /** Mean log-probability of the text tokens; 0 for an empty text. */
  meanLogProbability: number;
  tokens: number;
  /** The text's tokens. */
  tokenIds: number[];
  /** The tokens ran out before the text ended; otherwise absent. */
  truncated?: boolean;
  /**
   * The decoder got into a repetition loop, and the text ends where that started: the audio may have more after it. Otherwise absent, also
   * if no word times were requested: loops are found by the attention.
   */
  looped?: boolean;
  /**
   * Mean log-probability of the same tokens on the same audio without the prompt: how much of the text comes from the audio and is not just
   * repeated. Absent unless the prompt contains every word of the text.
   */
  unpromptedLogProbability?: number;
  /** Absent unless requested. Monotonic, inside the audio. */
  words?: NativeWord[];
  /** Samples that were NaN, infinite or out of range, and were set to 0 or clipped. */
  sanitizedSamples: number;
  /**
   * Why whisper.cpp's own encoder replaced ONNX Runtime; only in the first answer after that. It then encodes all jobs. Absent if nothing
   * failed.
   */
  encoderFailure?: string;
  timings: { melMs: number; encodeMs: number; decodeMs: number; totalMs: number };
}

/** A model, loaded once, that runs jobs. Devices and parallelism are internal to it. */
export interface SpeechEngine {
  readonly info: SpeechEngineInfo;
  readonly capabilities: EngineCapabilities;
  /**
   * Runs one job, on a thread of the engine.
   * @param options.signal stops the job, which then rejects with `NATIVE_ABORTED`; if already aborted, the job does not start
   * @throws NativeError (as a rejection) `NATIVE_ENGINE_BUSY` if it already runs as many jobs as it can, `NATIVE_INVALID_ARGUMENT`,
   * `NATIVE_ABORTED`, `NATIVE_DECODE_FAILED`, `NATIVE_ENGINE_CLOSED`
   */
  transcribe(job: TranscribeJob, options?: { signal?: AbortSignal }): Promise<TranscribeResult>;
  /** Aborts running jobs, waits for them, frees the model. Idempotent. */
  close(): Promise<void>;
}

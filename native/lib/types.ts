/**
 * The contract of the addon, as TypeScript sees it. Everything asynchronous is answered through its promise; nothing
 * here throws across N-API except a `NativeError` for a misuse that the caller can mend.
 */

/** Closed set of codes that this package can raise. */
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
  /** Recovers the packet *before* `nextPacket` from its in-band FEC; falls back to concealment where it carries none. @returns samples written */
  decodeFec(nextPacket: Uint8Array, samples: number, out: Int16Array): number;
  reset(): void;
  close(): void;
}

/** What `opus_packet_parse` says of a packet; `null` when it is not valid by RFC 6716 section 3.4 (rules R1-R7) or empty. */
export interface OpusPacketInfo {
  /** Duration of the whole packet in samples at 48 kHz (120 to 5,760). */
  durationSamples48k: number;
  frames: number;
  stereo: boolean;
  /** True when the SILK layer holds low-bitrate redundancy for the packet before. */
  hasFec: boolean;
}

export type EngineDevice = 'cpu' | 'cuda';

export interface SpeechEngineOptions {
  /** Absolute path of a ggml Whisper file that the caller has already checked (see `readModelHeader`). */
  modelPath: string;
  /** `cuda` is used when its backend library and a device are there; otherwise CPU, told by `info.device` and `info.fallbackReason`. */
  device: 'auto' | EngineDevice;
  /** Number of `whisper_state`s, 1 to 8: so many jobs at a time. */
  lanes: number;
  /** Most CPU threads of a job, 1 to 64. */
  threadsPerLane: number;
  /** Off wherever `audioContext` is shortened (stale K/V rows leak into the result otherwise). */
  flashAttention: boolean;
  /**
   * An encoder by ONNX Runtime, for a CPU: its shared library (that of onnxruntime-node) and the graph that was written from the
   * same model. Where it cannot be used, whisper.cpp's own encoder is, told by `info.encoderFailure`.
   */
  encoder?: { libraryPath: string; graphPath: string };
}

export interface SpeechEngineInfo {
  device: EngineDevice;
  /** Human name of the device, e.g. "AMD EPYC ..." or "NVIDIA H100 80GB HBM3". */
  deviceName: string;
  /** Why a wanted device is not in use; absent when there is nothing to say. */
  fallbackReason?: string;
  multilingual: boolean;
  /** e.g. `tiny`, `base`, `unknown` (whisper's own word from the layer count). */
  modelType: string;
  loadMs: number;
  /** Version of whisper.cpp that was compiled in. */
  engineVersion: string;
  /** Who encodes the audio. */
  encoder: 'onnx' | 'whispercpp';
  /** Version of ONNX Runtime where it encodes. */
  encoderVersion?: string;
  /** Why ONNX Runtime does not encode, although it was to. */
  encoderFailure?: string;
}

/** What an engine can do, whatever it is. Fixed once it is loaded. */
export interface EngineCapabilities {
  /** Jobs at a time; one more is refused with `NATIVE_ENGINE_BUSY`. */
  maxJobs: number;
  /** Jobs whose audio it encodes in one run, where several wait; 1: each by itself. */
  maxBatch: number;
  /** Whether results have times of words. */
  words: boolean;
  /** What a job may name as its language: Whisper's codes (ISO 639-1, `haw` and `yue`), in alphabetical order. */
  languages: readonly string[];
  /** Whether the text of speech that goes on is worth asking for. One that needs whole utterances says no. */
  interims: boolean;
  /** Longest audio of one job, in milliseconds. */
  longestWindowMs: number;
}

export interface TranscribeJob {
  /** 16 kHz mono. Shorter than 1 s is padded with silence; longer than 30 s is refused. */
  pcm: Int16Array | Float32Array;
  /**
   * ISO 639-1 code or `auto`, which costs one decoder step more. An unknown code, or
   * one that the model has no token for, is refused with `NATIVE_INVALID_ARGUMENT`.
   */
  language: string;
  /**
   * `auto` finds the language among these codes, and its probability is its share of theirs; absent: among all that the model
   * has tokens for. A code that it has none for is refused with `NATIVE_INVALID_ARGUMENT`.
   */
  languages?: readonly string[];
  /**
   * `auto` keeps to this language unless another one is at least `switchProbability` likely (over 1: always); absent: the likeliest
   * is taken.
   */
  settled?: { language: string; switchProbability: number };
  translate: boolean;
  /** Encoder frames (50 a second); 0 = the full 1,500. */
  audioContext: number;
  /** 1 = greedy, up to 8. */
  beamSize: number;
  /** Most text tokens of the whole result, 1 to 224; the decoder makes no more than 220. */
  maxTokens: number;
  /** Text that came before, at most 224 tokens are used. Empty for none. */
  prompt: string;
  /**
   * Tokens of an earlier text about audio that begins at the same place, 224 at most: where the new text is the same, it is found in one
   * look. A guess, never trusted: but for near ties the text is the same without.
   */
  draft?: readonly number[];
  temperature: number;
  /**
   * Steps in which the temperature rises up to 1 while the text looks wrong; 0 switches this off. Where no text looks right, the
   * first one is the result.
   */
  temperatureIncrement: number;
  /** A text with a lower mean log-probability looks wrong, -1,000 to 0 ... */
  logProbabilityThreshold: number;
  /** ... unless the no-speech probability is at least this, 0 to 1. */
  noSpeechThreshold: number;
  /** A text without an end whose last 32 tokens have a lower entropy (nats) looks wrong, 0 to 5. */
  entropyThreshold: number;
  /** Ask for word times, by the decoder's attention to the audio; costs one more run of the decoder over the text with beams or a temperature. */
  words: boolean;
  /**
   * CPU threads, 1 to `threadsPerLane`; more count as those. 0 or absent = `threadsPerLane`. All jobs together should have no more than there are
   * cores: threads of a job wait for each other.
   */
  threads?: number;
  /** Aborts when the time is over; the promise then rejects with `NATIVE_ABORTED`. 0 = none. */
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
  /** Valid UTF-8, trimmed; may be empty. As it was decoded: whether it is no speech is for the caller to judge. */
  text: string;
  /** What the text was decoded as. */
  language: string;
  /** Of `language`; 1 where it was given. */
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
  /** The tokens were used up before the text ended; absent when it ended. */
  truncated?: boolean;
  /**
   * The decoder got into a repetition loop, and the text ends where that began: the audio may hold more behind it. Absent when it did not,
   * or when no word times were asked for: without the attention loops are not seen.
   */
  looped?: boolean;
  /**
   * Mean log-probability of the same tokens on the same audio without the prompt: how much of the text is heard and not just
   * repeated. Absent unless every word of the text stands in the prompt.
   */
  unpromptedLogProbability?: number;
  /** Absent unless asked for. Monotonic, inside the audio. */
  words?: NativeWord[];
  /** Samples that were NaN, infinite or out of range, and were set to 0 or clipped. */
  sanitizedSamples: number;
  /**
   * Why whisper.cpp's own encoder did what ONNX Runtime was to do, in the first answer since; from then on it does it for all. Absent
   * when nothing failed.
   */
  encoderFailure?: string;
  timings: { melMs: number; encodeMs: number; decodeMs: number; totalMs: number };
}

/** A model, loaded once, that does jobs. Where and how many at a time is its own business. */
export interface SpeechEngine {
  readonly info: SpeechEngineInfo;
  readonly capabilities: EngineCapabilities;
  /**
   * Runs one job, on a thread of the engine's own.
   * @param options.signal asks the job to stop; it rejects with `NATIVE_ABORTED` once it has, and does not begin where that was asked before
   * @throws NativeError (as a rejection) `NATIVE_ENGINE_BUSY` when it runs as many jobs as it can, `NATIVE_INVALID_ARGUMENT`,
   * `NATIVE_ABORTED`, `NATIVE_DECODE_FAILED`, `NATIVE_ENGINE_CLOSED`
   */
  transcribe(job: TranscribeJob, options?: { signal?: AbortSignal }): Promise<TranscribeResult>;
  /** Aborts what runs, waits for it, frees the model. Idempotent. */
  close(): Promise<void>;
}

/** Requests to the recogniser and its answers; the same on both sides of the socket to the ASR process. */

/** Why no text was kept. */
export type RejectedText = 'noSpeech' | 'noLetters' | 'annotation' | 'lowProbability' | 'repetition' | 'promptEcho';

/** Why a text was dropped, or the engine was not asked. */
export type Rejection =
  | RejectedText
  /** The audio is too quiet throughout. */
  | 'nearSilent';

export type RecognitionKind = 'interim' | 'final';

/** The language of a request. */
export interface LanguageRequest {
  /** ISO 639-1, or `auto`: detect it. */
  language: string;
  /** Codes to choose from for `auto`; empty: all that the model knows. */
  languages: readonly string[];
  /**
   * `auto` keeps this language unless another is at least `switchProbability` likely; above 1, it never switches. Absent: the likeliest is
   * taken.
   */
  settled?: { language: string; switchProbability: number };
}

/** Settings of one request: the speech settings that it needs, so that it is self-contained. */
export interface RecognitionSettings extends LanguageRequest {
  task: 'transcribe' | 'translate';
  /** 1 to 8. */
  beamSize: number;
  temperatureFallback: boolean;
  prompt: string;
  words: boolean;
  /** Gates; see the speech settings of the same names. */
  noSpeechThreshold: number;
  logProbabilityThreshold: number;
  compressionRatioThreshold: number;
  tokensPerSecond: number;
}

/** The defaults of a request: text alone, decoded greedily, Whisper's own thresholds. */
export const DEFAULT_RECOGNITION_SETTINGS: RecognitionSettings = {
  language: 'auto',
  languages: [],
  task: 'transcribe',
  beamSize: 1,
  temperatureFallback: true,
  prompt: '',
  words: false,
  noSpeechThreshold: 0.6,
  logProbabilityThreshold: -1,
  compressionRatioThreshold: 2.4,
  tokensPerSecond: 16,
};

/**
 * One self-contained request: audio, settings and deadline. The ASR process keeps no state per speaker, so any ASR process can answer any
 * request. The sender keeps the audio until it has the answer.
 */
export interface RecognitionRequest {
  kind: RecognitionKind;
  meetingId: string;
  /** One producer of one participant; the unit of fairness below the room. */
  trackId: string;
  /** 16 kHz mono, up to 30 s. */
  pcm: Int16Array;
  settings: RecognitionSettings;
  /**
   * Time left for the answer, in milliseconds from the call or the arrival. Each receiver puts it on its own clock, so that sender and
   * recogniser need not share one.
   */
  deadlineMs: number;
  /** A final started in a pause, and discarded if speech goes on. Default: no. */
  speculative?: boolean;
  /** An interim of an utterance of which nothing is shown yet: it goes before others. Default: no. */
  first?: boolean;
  /** From an earlier answer for audio that starts at the same sample: saves time if the text has not changed, and changes no text. */
  draft?: Draft;
}

/** The tokens of a text: a guess for a longer stretch of the same audio. The decoder verifies it. */
export interface Draft {
  /** Name of the model that made it: another model's tokens differ. */
  model: string;
  /** Ids, 1 to 224 of them, each from 0 to 60,000. */
  tokens: readonly number[];
}

export interface HypothesisWord {
  text: string;
  /** Milliseconds from the start of the request's audio. */
  startMs: number;
  endMs: number;
  probability: number;
}

export interface Hypothesis {
  /** Trimmed, valid UTF-8; empty if no speech was found. */
  text: string;
  /** ISO 639-1: the language in which the text was decoded. */
  language: string;
  languageProbability: number;
  /** A language that is likelier than `language`, the settled one that the request had to keep. */
  likelier?: { language: string; probability: number };
  /** 0 to 1: exponential of the mean log-probability of the tokens; 0 for an empty text. */
  confidence: number;
  /** 0 to 1. */
  noSpeechProbability: number;
  /** Why no text was kept; absent if there is one, or there was none. */
  rejected?: Rejection;
  /** The audio contains more speech than fits into one answer; the text stops before it. Otherwise absent. */
  truncated?: boolean;
  /**
   * A decoder loop was cut from the end of the text, so the audio from here on is not transcribed, in milliseconds from its start; absent
   * if there is no loop, or next to nothing after it.
   */
  loopAtMs?: number;
  words?: HypothesisWord[];
  /**
   * For the next request whose audio starts at the same sample; absent without text, or if a gate has changed it, so that the tokens no
   * longer match.
   */
  draft?: Draft;
  /** Time in the queue and in the engine. */
  queuedMs: number;
  engineMs: number;
}

export type RecognitionErrorCode =
  /** The deadline passed before or while the engine worked. */
  | 'DEADLINE_EXCEEDED'
  /** More finals were waiting than are allowed. */
  | 'OVERLOADED'
  /** The engine failed on this audio. */
  | 'RECOGNIZER_FAILED'
  /** The engine took far longer than usual for this length of audio, and was stopped before the deadline. */
  | 'ENGINE_TOO_SLOW'
  /** It cannot do this: an unknown language, a translation, interims. Settings that ask for it are refused earlier. */
  | 'NOT_SUPPORTED'
  /** There is no ASR process, or it has no engine. */
  | 'RECOGNIZER_UNAVAILABLE'
  /** A newer interim of the same speaker replaced it, or its sender cancelled it. */
  | 'SUPERSEDED'
  | 'CLOSED';

export class RecognitionError extends Error {
  override readonly name = 'RecognitionError';
  readonly code: RecognitionErrorCode;

  constructor(code: RecognitionErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

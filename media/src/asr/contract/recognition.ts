/** What the recogniser is asked and what it answers; the same on both sides of the socket to the ASR process. */

/** Why nothing of a text was kept. */
export type RejectedText = 'noSpeech' | 'noLetters' | 'annotation' | 'lowProbability' | 'repetition' | 'promptEcho';

/** Why a text was dropped, or nothing was asked of the engine. */
export type Rejection =
  | RejectedText
  /** The audio is nowhere loud enough. */
  | 'nearSilent';

export type RecognitionKind = 'interim' | 'final';

/** What a recogniser is asked for. */
export interface LanguageRequest {
  /** ISO 639-1, or `auto`: to be found. */
  language: string;
  /** Codes among which `auto` finds it; empty: all that the model knows. */
  languages: readonly string[];
  /**
   * `auto` keeps to this one unless another is at least `switchProbability` likely, and where that is more than 1 whatever is heard.
   * Absent: the likeliest is taken.
   */
  settled?: { language: string; switchProbability: number };
}

/** Settings of one request. A subset of the speech settings, so that a request stands by itself. */
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

/** What a request asks for where nobody says otherwise: text alone, decoded greedily, Whisper's own thresholds. */
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
 * One self-contained request: audio, settings and deadline. The ASR process keeps nothing of a speaker, so any ASR process
 * can answer any request, and its sender keeps the audio until the answer is there.
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
   * Time that is left for the answer, in milliseconds from the call or the arrival on. Each receiver puts it on a clock of its own,
   * so that sender and recogniser need not share one.
   */
  deadlineMs: number;
  /** A final that is begun in a pause, and thrown away where speech goes on. Default: no. */
  speculative?: boolean;
  /** An interim of an utterance of which nothing is shown yet: it goes before others. Default: no. */
  first?: boolean;
  /** Of an earlier answer, to audio that begins at the same place: saves time where the text has not changed, and changes none. */
  draft?: Draft;
}

/** The tokens of a text. A guess for whoever hears more of the same audio: it is verified, never trusted. */
export interface Draft {
  /** Name of the model that made it: the tokens of another one are others. */
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
  /** Trimmed, valid UTF-8; empty when there was no speech to be found. */
  text: string;
  /** ISO 639-1: what the text was decoded as. */
  language: string;
  languageProbability: number;
  /** A language that is likelier than `language`, which is the settled one that the request was to keep to. */
  likelier?: { language: string; probability: number };
  /** 0 to 1: exponential of the mean log-probability of the tokens; 0 for an empty text. */
  confidence: number;
  /** 0 to 1. */
  noSpeechProbability: number;
  /** Why nothing of a text was kept; absent when there is one, or none was there. */
  rejected?: Rejection;
  /** More was said in the audio than fits one answer, and the text stops before it; absent when it does not. */
  truncated?: boolean;
  /**
   * A loop of the decoder was cut from the end of the text, which says nothing of the audio from here on, in milliseconds from its
   * start; absent where there is no loop, or next to nothing behind it.
   */
  loopAtMs?: number;
  words?: HypothesisWord[];
  /**
   * For the next request whose audio begins at the same place; absent where there is no text, or a gate has changed it, so that the
   * tokens say something else.
   */
  draft?: Draft;
  /** Time in the queue and in the engine. */
  queuedMs: number;
  engineMs: number;
}

export type RecognitionErrorCode =
  /** The deadline passed before or while the engine worked. */
  | 'DEADLINE_EXCEEDED'
  /** More finals were waiting than may wait. */
  | 'OVERLOADED'
  /** The engine failed at this audio. */
  | 'RECOGNIZER_FAILED'
  /** The engine took far longer than so much audio takes, and was stopped before the deadline. */
  | 'ENGINE_TOO_SLOW'
  /** It cannot do what was asked: a language that it does not know, a translation, interims. Settings are refused for it long before. */
  | 'NOT_SUPPORTED'
  /** No ASR process is there, or it has no engine. */
  | 'RECOGNIZER_UNAVAILABLE'
  /** A newer interim of the same speaker took its place, or its sender gave it up. */
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

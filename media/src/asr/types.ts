import type { RejectedText } from '../speech/gates/judgeText.js';
import type { LanguageRequest } from '../speech/text/LanguageTracker.js';

export type { RejectedText };

/** What the recogniser is asked and what it answers; the same on both sides of the socket to the ASR process. */

export type RecognitionKind = 'interim' | 'final';

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
  roomId: string;
  /** One producer of one participant; the unit of fairness below the room. */
  speakerId: string;
  /** 16 kHz mono, up to 30 s. */
  pcm: Int16Array;
  settings: RecognitionSettings;
  /** On the machine's monotonic clock (`monotonicNowMs`), which all processes share. */
  deadlineAtMs: number;
}

export interface HypothesisWord {
  text: string;
  /** Milliseconds from the start of the request's audio. */
  startMs: number;
  endMs: number;
  probability: number;
}

/** How busy a device is: 0 = normal, 1 and 2 = interims stretched to twice and four times, 3 = no interims. */
export type LoadLevel = 0 | 1 | 2 | 3;

/** Why a device is as busy as it says: what waits, or that nothing does any more. */
export type LoadReason = 'finalsWait' | 'interimsWait' | 'recovered';

export interface Load {
  level: LoadLevel;
  reason: LoadReason;
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
  /** Why a text was dropped; absent when there is one, or none was there. */
  rejected?: RejectedText;
  words?: HypothesisWord[];
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
  /** The model does not know the language, or cannot translate. Settings are refused for it long before. */
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

/** How much of the encoder's window a request uses: all of it, at least a floor, or just the utterance. */
export type WindowPolicy = 'full' | 'floor' | 'utterance';

/** What a model is good at, and how it must be run. */
export interface ModelProfile {
  /** Name in the catalogue, or the file's base name. */
  name: string;
  /** The built-in model: knows synthetic voices only, and every view says so. */
  demo: boolean;
  windowPolicy: WindowPolicy;
  /** Longest audio of one request; the segmenter cuts before it. */
  longestWindowMs: number;
  multilingual: boolean;
  /** Codes in alphabetical order, where they are not those that `languagesOf` takes from `multilingual`. */
  languages?: readonly string[];
  /** Multilingual, but never taught to translate. */
  transcribesOnly?: boolean;
}

/** What runs now. `unavailable` has a reason for people. */
export interface RecognizerStatus {
  state: 'starting' | 'ready' | 'unavailable';
  model: ModelProfile | undefined;
  /** Answers interims, where there is a second model for them; absent where the main one does. */
  interimModel?: ModelProfile;
  engine: { name: string; device: 'cpu' | 'cuda' | 'none'; deviceName: string };
  reason?: string;
}

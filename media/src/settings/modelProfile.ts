import type { ReadingProfile } from './reading.js';

/** How much of the encoder's window a request uses: all of it, at least a minimum, or just the utterance. */
export type WindowPolicy = 'full' | 'floor' | 'utterance';

/** Shortest encoder windows, milliseconds of audio. */
export interface WindowFloors {
  interim: number;
  final: number;
  /** For finals known to be English, the language with the most training data; default: as `final`. */
  finalEnglish?: number;
}

/** For a model that was never measured on people. */
export const DEFAULT_WINDOW_FLOORS_MS: Readonly<WindowFloors> = { interim: 4_000, final: 10_000 };

/** Half a block of the encoder's frames. */
export const DEFAULT_WINDOW_MARGIN_MS = 640;

/** What decides how much of the encoder's window a request uses. */
export type WindowProfile = Pick<ModelProfile, 'windowPolicy' | 'windowFloorsMs' | 'windowMarginMs'>;

/** What a model is good at, and how it must be run. */
export interface ModelProfile {
  /** Name in the catalogue, or the file's base name. */
  name: string;
  /** The built-in model: knows synthetic voices only, and every view says so. */
  demo: boolean;
  windowPolicy: WindowPolicy;
  /** `floor`: the shortest windows, in milliseconds of audio; default: `DEFAULT_WINDOW_FLOORS_MS`. */
  windowFloorsMs?: Readonly<WindowFloors>;
  /** Minimum window beyond the audio; default: `DEFAULT_WINDOW_MARGIN_MS`. */
  windowMarginMs?: number;
  /** What differs from `DEFAULT_READING`. */
  reading?: Partial<ReadingProfile>;
  /** Longest audio of one request; the segmenter cuts before it. */
  longestWindowMs: number;
  multilingual: boolean;
  /** Codes in alphabetical order, unless they are those that `languagesOf` derives from `multilingual`. */
  languages?: readonly string[];
  /** Multilingual, but not trained to translate. */
  transcribesOnly?: boolean;
}

/**
 * What encodes the audio on a CPU: `onnx` = ONNX Runtime, several times quicker; `whispercpp` = whisper.cpp itself; `auto` = ONNX Runtime
 * if possible. Decoding is always done by whisper.cpp, and on a GPU encoding is, too.
 */
export type EngineChoice = 'auto' | 'whispercpp' | 'onnx';

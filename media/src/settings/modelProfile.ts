import type { ReadingProfile } from './reading.js';

/** How much of the encoder's window a request uses: all of it, at least a floor, or just the utterance. */
export type WindowPolicy = 'full' | 'floor' | 'utterance';

/** Shortest encoder windows, milliseconds of audio. */
export interface WindowFloors {
  interim: number;
  final: number;
  /** Finals that are known to be English, of which models have heard most; default: as `final`. */
  finalEnglish?: number;
}

/** For a model that nobody has measured on people. */
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
  /** Least window beyond the audio; default: `DEFAULT_WINDOW_MARGIN_MS`. */
  windowMarginMs?: number;
  /** What differs from `DEFAULT_READING`. */
  reading?: Partial<ReadingProfile>;
  /** Longest audio of one request; the segmenter cuts before it. */
  longestWindowMs: number;
  multilingual: boolean;
  /** Codes in alphabetical order, where they are not those that `languagesOf` takes from `multilingual`. */
  languages?: readonly string[];
  /** Multilingual, but never taught to translate. */
  transcribesOnly?: boolean;
}

/**
 * Who encodes the audio on a CPU: `onnx` = ONNX Runtime, several times quicker; `whispercpp` = whisper.cpp itself; `auto` = ONNX Runtime
 * where it can. The decoder is whisper.cpp's in each case, and on a GPU the encoder is, too.
 */
export type EngineChoice = 'auto' | 'whispercpp' | 'onnx';

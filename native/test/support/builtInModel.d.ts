import type { SpeechEngineOptions, TranscribeJob } from '../../lib/index.js';
/** Path of the unpacked built-in model; unpacked once for a size of the packed file. */
export declare function builtInModel(): string;
/** How the built-in model is meant to be used. */
export declare function builtInOptions(changes?: Partial<SpeechEngineOptions>): SpeechEngineOptions;
export declare function audioContextFor(samples: number): number;
export declare function job(pcm: Int16Array | Float32Array, changes?: Partial<TranscribeJob>): TranscribeJob;

export interface EncodedAudio {
  name: string;
  /** Delay of the encoder, in samples at 48 kHz. */
  preSkip48k: number;
  packets: Buffer[];
}
export interface Utterance extends EncodedAudio {
  language: string;
  text: string;
}
export declare function tones(): EncodedAudio[];
export declare function utterance(name: string): Utterance;
/** 16 kHz mono, without the encoder's delay. */
export declare function decodeAll(audio: EncodedAudio): Int16Array;
export declare function rms(samples: Int16Array): number;
/** Share of the energy that a sine of `hz` explains, whatever its phase: 1 for a pure tone. */
export declare function shareOfTone(samples: Int16Array, hz: number): number;
/** Normalised correlation of two signals of one length, at no shift. */
export declare function similarity(a: Int16Array, b: Int16Array): number;

/** Samples of one channel, -1 to 1. */
export interface Sound {
  /** Hz. */
  sampleRate: number;
  samples: Float32Array;
}

/** How a model's texts are read during speech. Measured for each kind of model: docs/models.md. */
export interface ReadingProfile {
  /** Pauses inside an utterance are shortened for the model: for one that ends its text at a pause. */
  shortensPauses: boolean;
  /** 0 to 1. A full stop before a silence counts only if the model is at least this sure of the word before it. */
  leastProbabilityOfEnd: number;
  /** With fewer words than this, it is uncertain whether a sentence is over ("Yes." may be "Yes, we can"). */
  fewestWordsOfSentence: number;
  /** If an interim has to leave audio out, it keeps this share of its window, so that the next ones need not leave out more. */
  interimWindowKept: number;
}

/** Unless a profile says otherwise. */
export const DEFAULT_READING: Readonly<ReadingProfile> = {
  shortensPauses: true,
  leastProbabilityOfEnd: 0.9,
  fewestWordsOfSentence: 3,
  interimWindowKept: 0.6,
};

/** How a model's texts are to be read while somebody speaks. Measured for each kind of model: docs/models.md. */
export interface ReadingProfile {
  /** Pauses inside an utterance are shortened before the model hears them: for one that ends its text at a pause. */
  shortensPauses: boolean;
  /** 0 to 1. A full stop before a silence counts only where the model is so sure of the word before it. */
  leastProbabilityOfEnd: number;
  /** So few words say little about whether a sentence is over ("Yes." may be "Yes, we can"). */
  fewestWordsOfSentence: number;
  /** When an interim has to leave audio out, it keeps this share of its window, so that the next ones need not leave out more. */
  interimWindowKept: number;
}

/** Where a profile says nothing else. */
export const DEFAULT_READING: Readonly<ReadingProfile> = {
  shortensPauses: true,
  leastProbabilityOfEnd: 0.9,
  fewestWordsOfSentence: 3,
  interimWindowKept: 0.6,
};

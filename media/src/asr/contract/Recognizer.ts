import type { RecognizerCapabilities } from './capabilities.js';
import type { Hypothesis, RecognitionRequest } from './recognition.js';

/** Whatever turns a request into text: the client of an ASR process, or a fake. */
export interface Recognizer {
  /** What it can do; absent until that is known. */
  readonly capabilities?: RecognizerCapabilities | undefined;
  /**
   * Settles always: with the hypothesis, or with a `RecognitionError`, when the time of the request is over at the latest.
   * @param options.signal gives the request up; it rejects with `SUPERSEDED`
   */
  recognize(request: RecognitionRequest, options?: { signal?: AbortSignal }): Promise<Hypothesis>;
}

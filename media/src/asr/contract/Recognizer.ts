import type { RecognizerCapabilities } from './capabilities.js';
import type { Hypothesis, RecognitionRequest } from './recognition.js';

/** Turns a request into text: the client of an ASR process, or a fake. */
export interface Recognizer {
  /** What it can do; absent until known. */
  readonly capabilities?: RecognizerCapabilities | undefined;
  /**
   * Always settles: with the hypothesis, or with a `RecognitionError`, at the latest when the request's time is over.
   * @param options.signal cancels the request, which rejects with `SUPERSEDED`
   */
  recognize(request: RecognitionRequest, options?: { signal?: AbortSignal }): Promise<Hypothesis>;
}

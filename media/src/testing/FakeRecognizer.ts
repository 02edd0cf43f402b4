import type { Recognizer } from '../asr/contract/Recognizer.js';
import {
  type Hypothesis,
  type HypothesisWord,
  RecognitionError,
  type RecognitionErrorCode,
  type RecognitionRequest,
  type Rejection,
} from '../asr/contract/recognition.js';
import { fakeTokens } from '../asr/testing/fakeTokens.js';
import { systemTime, type TimeSource } from '../process/TimeSource.js';

/** What a fake does with a request. By default it answers at once with a text that states the audio's length. */
export interface FakeScript {
  delayMs?: number;
  /** No answer until the deadline. */
  hang?: boolean;
  /** Rejects as if the process had died, or with this code. */
  crash?: boolean | RecognitionErrorCode;
  text?: string;
  /** With their times; they are the text, too. */
  words?: HypothesisWord[];
  /** The gate that rejected the text: there is no text then. */
  rejected?: Rejection;
  /** The text was cut off. */
  truncated?: boolean;
  /** A loop was cut, and the text stops there. */
  loopAtMs?: number;
  /** Name of the model that answers; default `fake`. */
  model?: string;
}

/** A recogniser without a model. `script` is called for each request. */
export class FakeRecognizer implements Recognizer {
  /** All requests, in order. */
  readonly requests: RecognitionRequest[] = [];
  readonly #script: (request: RecognitionRequest) => FakeScript;
  readonly #time: TimeSource;

  constructor(
    options: { script?: FakeScript | ((request: RecognitionRequest) => FakeScript); time?: TimeSource } = {},
  ) {
    const script = options.script ?? {};
    this.#script = typeof script === 'function' ? script : () => script;
    this.#time = options.time ?? systemTime;
  }

  recognize(request: RecognitionRequest, options: { signal?: AbortSignal } = {}): Promise<Hypothesis> {
    this.requests.push(request);
    const script = this.#script(request);
    return new Promise((resolve, reject) => {
      const fail = (code: RecognitionErrorCode) => reject(new RecognitionError(code, 'as the script of the fake says'));
      const delayMs = script.delayMs ?? 0;
      const leftMs = request.deadlineMs;
      const late = script.hang === true || delayMs > leftMs;
      const cancel = this.#time.after(late ? leftMs : delayMs, () => {
        if (late) fail('DEADLINE_EXCEEDED');
        else if (script.crash !== undefined && script.crash !== false) {
          fail(script.crash === true ? 'RECOGNIZER_FAILED' : script.crash);
        } else resolve(answerOf(script, request));
      });
      const onAbort = () => {
        cancel();
        fail('SUPERSEDED');
      };
      if (options.signal?.aborted === true) onAbort();
      else options.signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}

function answerOf(script: FakeScript, request: RecognitionRequest): Hypothesis {
  const { words, rejected, truncated, loopAtMs, delayMs = 0, model } = script;
  if (rejected !== undefined) return { ...hypothesisOf('', delayMs), rejected };
  const text = script.text ?? words?.map((word) => word.text).join(' ');
  const answer = hypothesisOf(text ?? `${request.kind} of ${request.pcm.length} samples`, delayMs);
  return {
    ...answer,
    ...(model === undefined || answer.draft === undefined ? {} : { draft: { ...answer.draft, model } }),
    ...(words === undefined ? {} : { words }),
    ...(truncated === true ? { truncated } : {}),
    ...(loopAtMs === undefined ? {} : { loopAtMs }),
  };
}

/** A hypothesis with high confidence. */
export function hypothesisOf(text: string, engineMs = 0): Hypothesis {
  const tokens = fakeTokens(text);
  return {
    text,
    language: 'en',
    languageProbability: 1,
    confidence: text === '' ? 0 : 0.9,
    noSpeechProbability: 0,
    ...(tokens.length === 0 ? {} : { draft: { model: 'fake', tokens } }),
    queuedMs: 0,
    engineMs,
  };
}

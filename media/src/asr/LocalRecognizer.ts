import { systemTime, type TimeSource } from '../process/TimeSource.js';
import type { RecognizerCapabilities } from './contract/capabilities.js';
import { fieldsOf, refusalOf, trackKey } from './contract/checkRequest.js';
import type { Recognizer } from './contract/Recognizer.js';
import {
  type Hypothesis,
  RecognitionError,
  type RecognitionErrorCode,
  type RecognitionRequest,
} from './contract/recognition.js';
import type { DispatchedJob } from './Dispatcher.js';
import { Dispatcher, type DispatcherOptions } from './Dispatcher.js';

type GiveUp = (code: RecognitionErrorCode, message: string) => void;

/** A recogniser in this process: a `Dispatcher` and its engines without a socket. For benchmarks and tests; products use an ASR process. */
export class LocalRecognizer implements Recognizer {
  readonly #dispatcher: Dispatcher;
  readonly #time: TimeSource;
  /** All unanswered requests. */
  readonly #open = new Set<GiveUp>();
  /** Each speaker's one interim. */
  readonly #interims = new Map<string, GiveUp>();
  #closed = false;

  /** Warms the engines up, and owns them. @throws as `Dispatcher.create` */
  static async create(options: DispatcherOptions): Promise<LocalRecognizer> {
    return new LocalRecognizer(await Dispatcher.create(options), options.time ?? systemTime);
  }

  private constructor(dispatcher: Dispatcher, time: TimeSource) {
    this.#dispatcher = dispatcher;
    this.#time = time;
  }

  get capabilities(): RecognizerCapabilities {
    return this.#dispatcher.capabilities;
  }

  recognize(request: RecognitionRequest, { signal }: { signal?: AbortSignal } = {}): Promise<Hypothesis> {
    const refusal = this.#closed
      ? new RecognitionError('CLOSED', 'the recogniser was closed')
      : refusalOf(request, signal);
    if (refusal !== undefined) return Promise.reject(refusal);
    const { pcm, ...fields } = request;
    const speaker = trackKey(request);
    return new Promise((resolve, reject) => {
      const release = () => {
        cancelDeadline();
        signal?.removeEventListener('abort', onAbort);
        this.#open.delete(giveUp);
        if (this.#interims.get(speaker) === giveUp) this.#interims.delete(speaker);
      };
      const fail = (code: RecognitionErrorCode, message: string) => {
        release();
        reject(new RecognitionError(code, message));
      };
      const job: DispatchedJob = {
        ...fieldsOf(fields),
        pcm,
        suspect: false,
        onStarted: () => {},
        onResult: (hypothesis) => {
          release();
          resolve(hypothesis);
        },
        onError: ({ code, message }) => fail(code, message),
      };
      const giveUp: GiveUp = (code, message) => {
        this.#dispatcher.cancel(job);
        fail(code, message);
      };
      const onAbort = () => giveUp('SUPERSEDED', 'the request was given up');
      signal?.addEventListener('abort', onAbort, { once: true });
      const cancelDeadline = this.#time.after(request.deadlineMs, () =>
        giveUp('DEADLINE_EXCEEDED', 'no answer came before the deadline'),
      );
      this.#open.add(giveUp);
      if (request.kind === 'interim') {
        this.#interims.get(speaker)?.('SUPERSEDED', 'a newer interim of the same speaker took its place');
        this.#interims.set(speaker, giveUp);
      }
      this.#dispatcher.submit(job);
    });
  }

  /** Settles everything with `CLOSED` and closes the engines. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const giveUp of [...this.#open]) giveUp('CLOSED', 'the recogniser was closed');
    await this.#dispatcher.close();
  }
}

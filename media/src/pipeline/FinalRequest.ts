import { type Hypothesis, RecognitionError, type RecognitionErrorCode, type RecognitionRequest } from '../asr/types.js';
import { joinWords } from '../speech/stabilizer/index.js';
import { quietestSample } from './quietestSample.js';

/** The audio that a request is about is not there any more, or not all of it. */
export class AudioLostError extends Error {
  override readonly name = 'AudioLostError';
  readonly code = 'AUDIO_LOST';

  constructor(missingSamples: number) {
    super(`${missingSamples} samples of the utterance are gone`);
  }
}

export interface FinalRequestOptions {
  /**
   * Makes the request; called once, with the first `ask`.
   * @throws AudioLostError
   */
  prepare: () => { request: RecognitionRequest; toOriginalMs: (ms: number) => number };
  /** Has a request answered. */
  hear: (request: RecognitionRequest, signal: AbortSignal | undefined) => Promise<Hypothesis>;
  /** Primes the engine with text of the utterance whose audio is not part of the request. */
  prompt: (before: string) => string;
  /** Engine time of an answer that others took the place of. */
  onDiscarded: (engineMs: number) => void;
}

/** Audio whose text is too long for one answer is halved so often: quarters of 30 s hold more tokens than anybody says. */
const MOST_HALVINGS = 2;
const SAMPLES_PER_MS = 16;
/** Nothing was wrong with these requests: nobody worked on them to the end. */
const UNANSWERED: ReadonlySet<RecognitionErrorCode> = new Set(['RECOGNIZER_UNAVAILABLE', 'SUPERSEDED']);

/** Whether a failed final is worth being asked for again. Another failure would come again, and cost as much again. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof RecognitionError && UNANSWERED.has(error.code);
}

/**
 * One final, however often it is asked for: samples, settings and deadline are those of the first time, wherever the ring has got
 * to since. What takes the engine too long is asked for once more with the cheapest decoding; what has too much text for one
 * answer is asked for in parts.
 */
export class FinalRequest {
  readonly #options: FinalRequestOptions;
  #prepared: ReturnType<FinalRequestOptions['prepare']> | undefined;
  /** The engine has been too slow at it once. */
  #greedy = false;

  constructor(options: FinalRequestOptions) {
    this.#options = options;
  }

  /** @throws RecognitionError or AudioLostError, as a rejection; by the deadline of the first time */
  async ask(signal?: AbortSignal): Promise<Hypothesis> {
    this.#prepared ??= this.#options.prepare();
    const { request, toOriginalMs } = this.#prepared;
    const hypothesis = await this.#hear(
      { ...request, speculative: signal !== undefined },
      { before: '', halvings: 0, signal },
    );
    return withTimes(hypothesis, toOriginalMs);
  }

  async #hear(
    request: RecognitionRequest,
    part: { before: string; halvings: number; signal: AbortSignal | undefined },
  ): Promise<Hypothesis> {
    const { before, halvings, signal } = part;
    const whole = await this.#hearOnce(request, signal);
    if (whole.truncated !== true || halvings >= MOST_HALVINGS) return whole;
    const { pcm } = request;
    const cut = quietestSample(pcm, { from: Math.floor(pcm.length / 3), to: Math.ceil((2 * pcm.length) / 3) });
    const half = (from: number, to: number, textBefore: string) =>
      this.#hear(
        {
          ...request,
          pcm: pcm.slice(from, to),
          settings: { ...request.settings, prompt: this.#options.prompt(textBefore) },
        },
        { before: textBefore, halvings: halvings + 1, signal },
      );
    try {
      const first = await half(0, cut, before);
      const second = await half(cut, pcm.length, joined(before, first.text));
      const both = joinHalves(first, second, cut);
      if (both.text === '') return whole;
      this.#options.onDiscarded(whole.engineMs);
      return both;
    } catch (error) {
      if (signal?.aborted === true) throw error;
      // The beginning is better than nothing.
      return whole;
    }
  }

  async #hearOnce(request: RecognitionRequest, signal: AbortSignal | undefined): Promise<Hypothesis> {
    const { hear } = this.#options;
    if (this.#greedy) return hear(greedily(request), signal);
    try {
      return await hear(request, signal);
    } catch (error) {
      if (!(error instanceof RecognitionError) || error.code !== 'ENGINE_TOO_SLOW') throw error;
      this.#greedy = true;
      return hear(greedily(request), signal);
    }
  }
}

/** A hypothesis whose words are at other times. */
export function withTimes(hypothesis: Hypothesis, timeOf: (ms: number) => number): Hypothesis {
  const words = hypothesis.words?.map((word) => ({
    ...word,
    startMs: timeOf(word.startMs),
    endMs: timeOf(word.endMs),
  }));
  return words === undefined ? hypothesis : { ...hypothesis, words };
}

function greedily(request: RecognitionRequest): RecognitionRequest {
  return { ...request, settings: { ...request.settings, beamSize: 1, temperatureFallback: false } };
}

function joinHalves(first: Hypothesis, second: Hypothesis, cutSample: number): Hypothesis {
  const cutMs = cutSample / SAMPLES_PER_MS;
  const times = { queuedMs: first.queuedMs + second.queuedMs, engineMs: first.engineMs + second.engineMs };
  const later = withTimes(second, (ms) => ms + cutMs);
  if (later.text === '') return { ...first, ...times };
  if (first.text === '') return { ...later, ...times };
  const longer = first.text.length >= later.text.length ? first : later;
  const share = first.text.length / (first.text.length + later.text.length);
  const { rejected: _, truncated: __, words: ___, ...rest } = longer;
  return {
    ...rest,
    ...times,
    text: joined(first.text, later.text),
    confidence: share * first.confidence + (1 - share) * later.confidence,
    noSpeechProbability: Math.min(first.noSpeechProbability, later.noSpeechProbability),
    ...(first.truncated === true || later.truncated === true ? { truncated: true } : {}),
    ...(first.words === undefined || later.words === undefined ? {} : { words: [...first.words, ...later.words] }),
  };
}

function joined(before: string, after: string): string {
  return joinWords([before, after].filter((text) => text !== '').map((text) => ({ text })));
}

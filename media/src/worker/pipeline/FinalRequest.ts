import {
  type Hypothesis,
  RecognitionError,
  type RecognitionErrorCode,
  type RecognitionRequest,
} from '../../asr/contract/recognition.js';
import { placesOf, stopsAtMs, without } from '../../asr/contract/text/keptText.js';
import { joinWords, plain as plainWord, splitWords } from '../../asr/contract/text/words.js';
import type { PipelineGapReason } from '../contract/messages.js';
import { gapReasonOf } from './gapReasons.js';
import { quietestSample } from './quietestSample.js';

/** A request as the pipeline keeps it: its time runs from the first try, however often it is sent. */
export type PreparedRequest = Omit<RecognitionRequest, 'deadlineMs'> & { deadlineAtMs: number };

/** Speech of an utterance for which its final has no text, in milliseconds from the start of the utterance. */
export interface MissingSpeech {
  fromMs: number;
  toMs: number;
  reason: PipelineGapReason;
}

/** All answers to a final together. */
export interface HeardFinal extends Hypothesis {
  /** Absent if nothing is missing. */
  missing?: MissingSpeech[];
}

interface Asking {
  signal: AbortSignal | undefined;
  /** The audio starts where that of the prepared request does. */
  fromStart: boolean;
}

export interface FinalRequestOptions {
  /**
   * Makes the request; called once, with the first `ask`.
   * @throws AudioLostError
   */
  prepare: () => { request: PreparedRequest; toOriginalMs: (ms: number) => number };
  /** Sends a request. */
  ask: (request: PreparedRequest, how: Asking) => Promise<Hypothesis>;
  /** Primes the engine with text of the utterance whose audio is not part of the request. */
  prompt: (before: string) => string;
  /** Engine time of an answer that was replaced by others. */
  onDiscarded: (engineMs: number) => void;
}

/** A part of the audio of a request, and how it came about. */
interface Part extends Asking {
  /** Text of the audio before it. */
  before: string;
  halvings: number;
  behindLoop: boolean;
}

/** Audio with too much text for one answer is halved at most twice: nobody says more in a quarter of 30 s than fits. */
const MOST_HALVINGS = 2;
const SAMPLES_PER_MS = 16;
/** Error of the engines' word times. */
const TIME_TOLERANCE_SAMPLES = 120 * SAMPLES_PER_MS;
/**
 * How far before the true end of the last word a cut may be: a word that attention draws out is assumed to end a second after its start. An
 * equal word that starts later was said again.
 */
const ECHO_MS = 1_000;
/** Nothing was wrong with these requests: they were not processed to the end. */
const UNANSWERED: ReadonlySet<RecognitionErrorCode> = new Set(['RECOGNIZER_UNAVAILABLE', 'SUPERSEDED']);

/** Whether it is worth sending a failed final again. Any other failure would come again, at the same cost. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof RecognitionError && UNANSWERED.has(error.code);
}

/**
 * One final, however often it is sent: samples, settings and deadline are those of the first time, wherever the ring is by then. If the
 * engine takes too long, it is sent once more with the cheapest decoding. If the text is too long for one answer, it is requested in
 * halves. Audio after a decoder loop is requested by itself, once.
 */
export class FinalRequest {
  readonly #options: FinalRequestOptions;
  #prepared: ReturnType<FinalRequestOptions['prepare']> | undefined;
  /** The engine has been too slow for it once. */
  #greedy = false;

  constructor(options: FinalRequestOptions) {
    this.#options = options;
  }

  /** @throws RecognitionError or AudioLostError, as a rejection; by the deadline of the first time */
  async ask(signal?: AbortSignal): Promise<HeardFinal> {
    this.#prepared ??= this.#options.prepare();
    const { request, toOriginalMs } = this.#prepared;
    const { loopAtMs: _, ...heard } = await this.#askInParts(
      { ...request, speculative: signal !== undefined },
      { before: '', halvings: 0, behindLoop: false, signal, fromStart: true },
    );
    return withTimes(heard, toOriginalMs);
  }

  async #askInParts(request: PreparedRequest, part: Part): Promise<HeardFinal> {
    const whole = await this.#askOnce(request, part);
    if (whole.truncated === true) {
      if (part.halvings < MOST_HALVINGS) return this.#askHalves(request, { ...part, whole });
      return stoppingShort(whole, { pcm: request.pcm, reason: 'recognizerFailed' });
    }
    return whole.loopAtMs === undefined ? whole : this.#askRest(request, { ...part, whole, loopAtMs: whole.loopAtMs });
  }

  async #askHalves(request: PreparedRequest, part: Part & { whole: Hypothesis }): Promise<HeardFinal> {
    const { whole, before } = part;
    const { pcm } = request;
    const cut = quietestSample(pcm, { from: Math.floor(pcm.length / 3), to: Math.ceil((2 * pcm.length) / 3) });
    const half = (from: number, to: number, textBefore: string) =>
      this.#askPart(this.#partOf(request, { pcm: pcm.slice(from, to), before: textBefore }), {
        ...part,
        before: textBefore,
        halvings: part.halvings + 1,
        fromStart: part.fromStart && from === 0,
      });
    try {
      const first = await half(0, cut, before);
      const second = await half(cut, pcm.length, joined(before, first.text));
      const both = joinParts(first, second, cut);
      if (both.text === '') return withMissing(whole, { pcm, missing: both.missing ?? [] });
      this.#options.onDiscarded(whole.engineMs);
      return both;
    } catch (error) {
      if (part.signal?.aborted === true) throw error;
      // The start is better than nothing.
      return stoppingShort(whole, { pcm, reason: gapReasonOf(error) });
    }
  }

  /** The text before it is no prompt: that is what went in circles. */
  async #askRest(request: PreparedRequest, part: Part & { whole: Hypothesis; loopAtMs: number }): Promise<HeardFinal> {
    const { whole, before } = part;
    const { pcm } = request;
    const loopAt = Math.round(part.loopAtMs * SAMPLES_PER_MS);
    const around = { from: loopAt - TIME_TOLERANCE_SAMPLES, to: loopAt + TIME_TOLERANCE_SAMPLES };
    const cut = Math.min(pcm.length, quietestSample(pcm, around));
    const stopping = (reason: PipelineGapReason) => stoppingShort(whole, { pcm, reason, atMs: cut / SAMPLES_PER_MS });
    if (part.behindLoop) return stopping('recognizerFailed');
    try {
      const rest = await this.#askPart(this.#partOf(request, { pcm: pcm.slice(cut), before }), {
        ...part,
        behindLoop: true,
        fromStart: false,
      });
      return joinParts(whole, withoutEcho(rest, whole.text), cut);
    } catch (error) {
      if (part.signal?.aborted === true) throw error;
      return stopping(gapReasonOf(error));
    }
  }

  /**
   * A part by itself. If nothing but repetition was in its text, it has speech without text: it is missing. If another gate rejected it, it
   * is no speech here, either, as in an utterance of its own. It then counts as a pause of the caption around it, and as part of that in
   * the ledger.
   */
  async #askPart(request: PreparedRequest, part: Part): Promise<HeardFinal> {
    const heard = await this.#askInParts(request, part);
    if (heard.rejected !== 'repetition') return heard;
    const toMs = request.pcm.length / SAMPLES_PER_MS;
    return { ...heard, missing: [{ fromMs: 0, toMs, reason: 'recognizerFailed' }] };
  }

  #partOf(request: PreparedRequest, part: { pcm: Int16Array; before: string }): PreparedRequest {
    const prompt = this.#options.prompt(part.before);
    return { ...request, pcm: part.pcm, settings: { ...request.settings, prompt } };
  }

  async #askOnce(request: PreparedRequest, how: Asking): Promise<Hypothesis> {
    const { ask } = this.#options;
    if (this.#greedy) return ask(greedily(request), how);
    try {
      return await ask(request, how);
    } catch (error) {
      if (!(error instanceof RecognitionError) || error.code !== 'ENGINE_TOO_SLOW') throw error;
      this.#greedy = true;
      return ask(greedily(request), how);
    }
  }
}

/** A hypothesis with its words moved in time. */
export function withTimes(hypothesis: HeardFinal, timeOf: (ms: number) => number): HeardFinal {
  const { words, missing } = hypothesis;
  const placed = words?.map((word) => ({ ...word, startMs: timeOf(word.startMs), endMs: timeOf(word.endMs) }));
  const missed = missing?.map((each) => ({ ...each, fromMs: timeOf(each.fromMs), toMs: timeOf(each.toMs) }));
  return {
    ...hypothesis,
    ...(placed === undefined ? {} : { words: placed }),
    ...(missed === undefined ? {} : { missing: missed }),
  };
}

/** A text that does not reach the end of its audio, with a gap for the rest. */
function stoppingShort(
  whole: Hypothesis,
  options: { pcm: Int16Array; reason: PipelineGapReason; atMs?: number },
): HeardFinal {
  const toMs = options.pcm.length / SAMPLES_PER_MS;
  const { atMs = stopsAtMs(whole, toMs), reason } = options;
  if (atMs === undefined) return whole;
  return { ...whole, missing: [{ fromMs: roundedToSample(atMs), toMs, reason }] };
}

/** A text whose audio was requested again in parts, without success: what is missing, except what the text already has. */
function withMissing(whole: Hypothesis, options: { pcm: Int16Array; missing: readonly MissingSpeech[] }): HeardFinal {
  const atMs = stopsAtMs(whole, options.pcm.length / SAMPLES_PER_MS);
  if (atMs === undefined) return whole;
  const stopMs = roundedToSample(atMs);
  const missing = options.missing
    .map((part) => ({ ...part, fromMs: Math.max(part.fromMs, stopMs) }))
    .filter(({ fromMs, toMs }) => fromMs < toMs);
  return missing.length === 0 ? whole : { ...whole, missing };
}

function roundedToSample(ms: number): number {
  return Math.round(ms * SAMPLES_PER_MS) / SAMPLES_PER_MS;
}

function greedily(request: PreparedRequest): PreparedRequest {
  return { ...request, settings: { ...request.settings, beamSize: 1, temperatureFallback: false } };
}

function joinParts(before: HeardFinal, behind: HeardFinal, cutSample: number): HeardFinal {
  const cutMs = cutSample / SAMPLES_PER_MS;
  // Attention may draw the last word before a loop out far into the audio after it.
  const first = withTimes(before, (ms) => Math.min(ms, cutMs));
  const later = withTimes(behind, (ms) => ms + cutMs);
  const missing = [...(first.missing ?? []), ...(later.missing ?? [])];
  const both = {
    queuedMs: first.queuedMs + later.queuedMs,
    engineMs: first.engineMs + later.engineMs,
    ...(missing.length === 0 ? {} : { missing }),
  };
  if (later.text === '') return { ...first, ...both };
  if (first.text === '') return { ...later, ...both };
  const longer = first.text.length >= later.text.length ? first : later;
  const share = first.text.length / (first.text.length + later.text.length);
  const { rejected: _, truncated: __, words: ___, ...rest } = longer;
  return {
    ...rest,
    ...both,
    text: joined(first.text, later.text),
    confidence: share * first.confidence + (1 - share) * later.confidence,
    noSpeechProbability: Math.min(first.noSpeechProbability, later.noSpeechProbability),
    ...(first.truncated === true || later.truncated === true ? { truncated: true } : {}),
    ...(first.words === undefined || later.words === undefined ? {} : { words: [...first.words, ...later.words] }),
  };
}

/**
 * The text that follows another, without words from that one's end that were recognised again at the cut. Words that were said twice stay.
 */
function withoutEcho(rest: HeardFinal, before: string): HeardFinal {
  const ended = splitWords(before).map(plainWord);
  const parts = splitWords(rest.text);
  const begun = parts.map(plainWord);
  for (let count = Math.min(ended.length, wordsNearStart(rest)); count > 0; count -= 1) {
    const end = ended.slice(-count);
    if (!end.every((word, index) => word === begun[index]) || end.every((word) => word === '')) continue;
    const places = placesOf(
      rest.text,
      parts.slice(0, count).map((text) => ({ text })),
    );
    const left = without(rest, [{ start: 0, end: places?.at(-1)?.end ?? 0 }]);
    const { words: _, ...others } = rest;
    return { ...others, text: left.text, ...(left.words === undefined ? {} : { words: [...left.words] }) };
  }
  return rest;
}

/** How many words may be echoes by their times; without times, at most one. */
function wordsNearStart({ words = [] }: HeardFinal): number {
  if (words.length === 0) return 1;
  const later = words.findIndex(({ startMs }) => startMs > ECHO_MS);
  const near = later < 0 ? words : words.slice(0, later);
  return splitWords(joinWords(near)).length;
}

function joined(before: string, after: string): string {
  return joinWords([before, after].filter((text) => text !== '').map((text) => ({ text })));
}

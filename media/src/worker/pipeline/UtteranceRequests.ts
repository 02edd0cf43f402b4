import type { Recognizer } from '../../asr/contract/Recognizer.js';
import type { Hypothesis, RecognitionKind } from '../../asr/contract/recognition.js';
import { joinWords } from '../../asr/contract/text/words.js';
import { CLOSE_TIMES } from '../../process/index.js';
import type { ReadingProfile } from '../../settings/reading.js';
import type { SpeechSettings } from '../../settings/speechSettings.js';
import { VAD_FRAME_SAMPLES } from '../speech/index.js';
import { isNearSilent } from '../speech/level/isNearSilent.js';
import type { Stabilizer } from '../speech/stabilizer/index.js';
import type { CaptionWriter } from './CaptionWriter.js';
import { compactPauses, type Pause } from './compactPauses.js';
import { Drafts } from './Drafts.js';
import { FinalRequest, type PreparedRequest, withTimes } from './FinalRequest.js';
import { AudioLostError } from './gapReasons.js';
import type { Timeline } from './Timeline.js';

/** Current settings of a track. */
export interface TrackSettings {
  settings: SpeechSettings;
  /** Longest audio of one request to the current model. */
  longestWindowMs: number;
}

/** What is needed to make requests. */
export interface RequestContext {
  meetingId: string;
  trackId: string;
  recognizer: Recognizer;
  now: () => number;
  /** Read for each request: they change during an utterance. */
  current: () => TrackSettings;
  /** Of the model for finals. */
  reading: ReadingProfile;
  captions: Pick<CaptionWriter, 'languageRequest' | 'prompt'>;
}

export type RequestEvent =
  /** Engine time of an answer. */
  | { type: 'engineAnswered'; engineMs: number }
  /** The part of it that was wasted. */
  | { type: 'answerDiscarded'; engineMs: number };

export interface UtteranceRequestsOptions extends RequestContext {
  startSample: number;
  timeline: Timeline;
  stabilizer: Pick<Stabilizer, 'committed'>;
  onEvent: (event: RequestEvent) => void;
}

/** The recogniser drops interims that are out of date; this is for one that does not answer at all. */
const INTERIM_DEADLINE_MS = 30_000;
const SAMPLES_PER_MS = 16;

/** The answer to audio that is too quiet to be sent. */
const SILENCE: Hypothesis = {
  text: '',
  language: '',
  languageProbability: 0,
  confidence: 0,
  noSpeechProbability: 1,
  rejected: 'nearSilent',
  queuedMs: 0,
  engineMs: 0,
};

/** Makes the requests of one utterance: its audio without long pauses, the current settings, and a draft if one fits. */
export class UtteranceRequests {
  readonly #options: UtteranceRequestsOptions;
  readonly #pauses: Pause[] = [];
  readonly #drafts = new Drafts();
  #queuedMs = Number.POSITIVE_INFINITY;

  constructor(options: UtteranceRequestsOptions) {
    this.#options = options;
  }

  /** How long the newest answer waited for the engine; infinite before the first one. */
  get queuedMs(): number {
    return this.#queuedMs;
  }

  /** Silence within the utterance, which later requests shorten. */
  addPause(pause: Pause): void {
    this.#pauses.push(pause);
  }

  /** Everything up to a sample. Sends nothing yet. */
  final(endSample: number): FinalRequest {
    const { startSample, captions, onEvent } = this.#options;
    return new FinalRequest({
      prepare: () => this.#prepare({ kind: 'final', fromMs: 0, endSample }),
      ask: (request, { signal, fromStart }) =>
        this.#ask(request, { signal, startSample: fromStart ? startSample : undefined }),
      prompt: (before) => captions.prompt(before),
      onDiscarded: (engineMs) => onEvent({ type: 'answerDiscarded', engineMs }),
    });
  }

  /**
   * Requests the text of a part. Words have times within the part.
   * @param options.first nothing of the utterance is shown yet
   * @throws RecognitionError or AudioLostError, as a rejection
   */
  async interim(options: {
    fromMs: number;
    endSample: number;
    first: boolean;
    signal: AbortSignal;
  }): Promise<Hypothesis> {
    const { request, startSample, toOriginalMs } = this.#prepare({ kind: 'interim', ...options });
    return withTimes(await this.#ask(request, { signal: options.signal, startSample }), toOriginalMs);
  }

  /** @param how.startSample where its audio starts; undefined: at a sample where no other request starts */
  async #ask(
    prepared: PreparedRequest,
    how: { signal: AbortSignal | undefined; startSample: number | undefined },
  ): Promise<Hypothesis> {
    const { recognizer, current, onEvent, now } = this.#options;
    const { deadlineAtMs, ...rest } = prepared;
    const request = { ...rest, deadlineMs: deadlineAtMs - now() };
    if (isNearSilent(request.pcm, current().settings.silenceLevelDb)) return SILENCE;
    const { signal, startSample } = how;
    const use = startSample === undefined ? undefined : { kind: request.kind, settings: request.settings, startSample };
    const guess = use && this.#drafts.for(use);
    const hypothesis = await recognizer.recognize(
      guess === undefined ? request : { ...request, draft: guess },
      signal === undefined ? {} : { signal },
    );
    onEvent({ type: 'engineAnswered', engineMs: hypothesis.engineMs });
    this.#queuedMs = hypothesis.queuedMs;
    if (use !== undefined) this.#drafts.keep(use, hypothesis);
    // It has no use outside this class.
    const { draft: _, ...heard } = hypothesis;
    return heard;
  }

  /** @throws AudioLostError: the rest of an utterance does not say the same as the whole */
  #prepare(options: { kind: RecognitionKind; fromMs: number; endSample: number; first?: boolean }) {
    const { kind, fromMs, endSample, first = false } = options;
    const { meetingId, trackId, now, captions, reading, stabilizer } = this.#options;
    const { settings } = this.#options.current();
    const { ring } = this.#options.timeline;
    const final = kind === 'final';
    const before = stabilizer.committed.filter((word) => word.endMs <= fromMs);
    const pauses = reading.shortensPauses ? this.#pauses : [];
    const startSample = this.#options.startSample + Math.round(fromMs * SAMPLES_PER_MS);
    // The last frame of a time line is padded with silence that the ring does not have.
    const missingSamples = Math.max(0, ring.startSample - startSample, endSample - VAD_FRAME_SAMPLES - ring.endSample);
    if (missingSamples > 0) throw new AudioLostError(missingSamples);
    const { pcm, toOriginalMs } = compactPauses({ ring, startSample, endSample, pauses });
    const request: PreparedRequest = {
      kind,
      meetingId,
      trackId,
      pcm,
      settings: {
        ...captions.languageRequest(pcm.length / SAMPLES_PER_MS),
        task: settings.task,
        beamSize: final ? settings.beamSize : settings.interimBeamSize,
        temperatureFallback: final && settings.temperatureFallback,
        prompt: captions.prompt(joinWords(before)),
        words: true,
        noSpeechThreshold: settings.noSpeechThreshold,
        logProbabilityThreshold: settings.logProbabilityThreshold,
        compressionRatioThreshold: settings.compressionRatioThreshold,
        tokensPerSecond: settings.tokensPerSecond,
      },
      deadlineAtMs: now() + (final ? CLOSE_TIMES.finalMs : INTERIM_DEADLINE_MS),
      ...(first ? { first: true } : {}),
    };
    return { request, startSample, toOriginalMs };
  }
}

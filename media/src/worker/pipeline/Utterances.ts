import type { Hypothesis } from '../../asr/contract/recognition.js';
import { type SegmentCause, Segmenter, type SegmenterEvent, VAD_FRAME_SAMPLES } from '../speech/index.js';
import type { StableText } from '../speech/stabilizer/index.js';
import type { CaptionWriter } from './CaptionWriter.js';
import type { HeardFinal } from './FinalRequest.js';
import type { PreparedFinal } from './seams.js';
import type { Timeline } from './Timeline.js';
import { Utterance, type UtteranceContext, type UtteranceEvent } from './Utterance.js';
import type { RequestEvent, TrackSettings } from './UtteranceRequests.js';

/** In stream order. Each utterance is `opened`, and finally `discarded` or `ended`. */
export type UtterancesEvent =
  /** First sign of speech, or the other side of a cut. */
  | { type: 'opened'; utterance: Utterance }
  | { type: 'speechStarted'; atMs: number }
  /** It has enough speech to become a caption. */
  | { type: 'confirmed'; utterance: Utterance }
  /** It may be over ... */
  | { type: 'paused'; utterance: Utterance; atMs: number }
  /** ... and it is not. */
  | { type: 'resumed'; utterance: Utterance; atMs: number }
  | { type: 'textChanged'; utterance: Utterance; text: StableText; hypothesis: Hypothesis }
  /** It was no speech. */
  | { type: 'discarded'; utterance: Utterance; confirmed: boolean }
  /** Its audio is complete; its final has not been requested yet. */
  | { type: 'ended'; utterance: Utterance; endSample: number; cause: SegmentCause }
  | { type: 'finalAsked'; utterance: Utterance; cause: SegmentCause; answer: Promise<HeardFinal> }
  /** Comes after its `ended`. */
  | { type: 'speechEnded'; atMs: number }
  | RequestEvent;

export interface UtterancesOptions extends TrackSettings {
  /** Prefix of segment ids. */
  idPrefix: string;
  timeline: Timeline;
  context: Omit<UtteranceContext, 'current' | 'segmenter' | 'captions'>;
  captions: Pick<CaptionWriter, 'languageRequest' | 'prompt' | 'trusted'>;
  onEvent: (event: UtterancesEvent) => void;
}

/** While a wake phrase is awaited, interims come at least this often, whatever the mode. */
const WAKE_INTERIM_MS = 400;
/** Between interims of an utterance of which nothing is shown yet: half a word more may be enough. */
const FIRST_WORDS_INTERVAL_MS = 160;

/** Cuts one track's frames into utterances, has each transcribed, and knows the open one. */
export class Utterances {
  readonly #options: UtterancesOptions;
  readonly #segmenter: Segmenter;
  readonly #context: UtteranceContext;
  #current: TrackSettings;
  #timeline: Timeline;
  #open: { utterance: Utterance; confirmed: boolean } | undefined;
  /** The utterance that the next one continues, and the word after the cut. */
  #cut: { utterance: Utterance; cause: 'forced' | 'sentence'; next: string | undefined } | undefined;
  #speaking = false;

  constructor(options: UtterancesOptions) {
    const { settings, longestWindowMs, captions } = options;
    this.#options = options;
    this.#current = { settings, longestWindowMs };
    this.#timeline = options.timeline;
    this.#segmenter = new Segmenter(segmenterSettings(this.#current));
    this.#context = { ...options.context, captions, segmenter: this.#segmenter, current: () => this.#current };
  }

  /** How far the VAD has answered: briefly behind the intake, after the sender started over. */
  get timeline(): Timeline {
    return this.#timeline;
  }

  get open(): Utterance | undefined {
    return this.#open?.utterance;
  }

  /** The open one, once it is `confirmed`. */
  get confirmed(): Utterance | undefined {
    return this.#open?.confirmed === true ? this.#open.utterance : undefined;
  }

  /** From `speechStarted` to `speechEnded`. */
  get speaking(): boolean {
    return this.#speaking;
  }

  /** Takes effect with the next frame. */
  update(current: TrackSettings): void {
    this.#current = current;
    this.#segmenter.update(segmenterSettings(current));
  }

  /** Minimum distance between interims, in milliseconds; null: there are none. */
  setInterimPace(pace: number | null): void {
    this.#segmenter.setInterimPace(pace);
  }

  /** The next frame of the time line. */
  push(frame: { startSample: number; probability: number; rms: number }): void {
    const { startSample, probability, rms } = frame;
    this.#handleAll(this.#segmenter.push({ startSample, samples: VAD_FRAME_SAMPLES, probability, rms }));
  }

  /** Ends the open utterance: the audio is over, for now. */
  flush(): void {
    this.#handleAll(this.#segmenter.flush());
  }

  /** Ends the open utterance: the time line continues at another sample. */
  jump(toSample: number): void {
    this.#handleAll(this.#segmenter.jump(toSample));
  }

  /** Ends the open utterance: what follows belongs to another time line, which starts at sample 0. */
  goOnWith(timeline: Timeline): void {
    this.flush();
    this.#timeline = timeline;
    this.jump(0);
  }

  #handleAll(events: readonly SegmenterEvent[]): void {
    for (const event of events) this.#handle(event);
  }

  #handle(event: SegmenterEvent): void {
    const utterance = this.open;
    switch (event.type) {
      case 'segmentOpened':
        this.#begin(event.startSample);
        break;
      case 'speechStarted':
        this.#speaking = true;
        this.#tell({ type: 'speechStarted', atMs: this.#timeline.msOf(event.atSample) });
        this.#confirm();
        break;
      case 'speechEnded':
        this.#speaking = false;
        this.#tell({ type: 'speechEnded', atMs: this.#timeline.msOf(event.atSample) });
        break;
      case 'interimDue':
        utterance?.requestInterim(event.endSample);
        if (utterance?.awaitsFirstWords === true) this.#segmenter.hasten(FIRST_WORDS_INTERVAL_MS);
        break;
      case 'silenceConfirmed':
        if (utterance !== undefined) this.#pause(utterance, event);
        break;
      case 'speechResumed':
        if (utterance !== undefined) this.#resume(utterance, event);
        break;
      case 'segmentClosed':
        this.#end(event);
        break;
      case 'segmentDiscarded':
        this.#discard();
    }
  }

  #begin(startSample: number): void {
    const timeline = this.#timeline;
    const cut = this.#cut;
    this.#cut = undefined;
    const utterance: Utterance = new Utterance(
      {
        id: `${this.#options.idPrefix}.${timeline.index}-${timeline.timestampOf(startSample)}`,
        startSample,
        startMs: timeline.msOf(startSample),
        timeline,
        continues: cut?.cause === 'forced',
        opening: cut?.next,
        ...(cut === undefined ? {} : { stabilizer: cut.utterance.stabilizerAfter(startSample) }),
        onEvent: (event) => this.#onUtterance(utterance, event),
      },
      this.#context,
    );
    this.#open = { utterance, confirmed: false };
    this.#tell({ type: 'opened', utterance });
    // After a cut, speech goes on.
    if (this.#speaking) this.#confirm();
  }

  #confirm(): void {
    if (this.#open === undefined || this.#open.confirmed) return;
    this.#open.confirmed = true;
    this.#tell({ type: 'confirmed', utterance: this.#open.utterance });
  }

  #pause(utterance: Utterance, silence: { speechEndSample: number; endSample: number }): void {
    this.#tell({ type: 'paused', utterance, atMs: this.#timeline.msOf(silence.endSample) });
    if (this.#current.settings.speculativeSilenceMs > 0) utterance.speculate(silence);
  }

  #resume(utterance: Utterance, { silentSince, atSample }: { silentSince: number; atSample: number }): void {
    this.#tell({ type: 'resumed', utterance, atMs: this.#timeline.msOf(atSample) });
    utterance.resume({ startSample: silentSince, endSample: atSample });
    // The final that was started replaced the interim.
    if (utterance.awaitsFirstWords) this.#segmenter.hurry();
  }

  #discard(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    open.utterance.discard();
    this.#tell({ type: 'discarded', ...open });
  }

  /** @param part the final of this utterance, if it is already there */
  #end(event: Extract<SegmenterEvent, { type: 'segmentClosed' }>, part?: PreparedFinal): void {
    const utterance = this.open;
    this.#open = undefined;
    if (utterance === undefined) return;
    const cause = part?.cause ?? event.cause;
    if (cause === 'forced' || cause === 'sentence') this.#cut = { utterance, cause, next: part?.next };
    this.#tell({ type: 'ended', utterance, endSample: event.endSample, cause });
    const answer = utterance.close({ ...event, prepared: part });
    // It is awaited in its turn; until then a failure must not count as unhandled.
    answer.catch(() => {});
    this.#tell({ type: 'finalAsked', utterance, cause, answer });
  }

  /** A part of a long utterance is final; speech goes on in the next one. */
  #split(utterance: Utterance, part: PreparedFinal): void {
    if (this.open !== utterance) return;
    const events = this.#segmenter.splitAt(part.endSample);
    for (const event of events) {
      if (event.type === 'segmentClosed') this.#end(event, part);
      else this.#handle(event);
    }
    if (events.length > 0) this.open?.showCarried(part.hypothesis);
  }

  #onUtterance(utterance: Utterance, event: UtteranceEvent): void {
    switch (event.type) {
      case 'textChanged':
        this.#tell({ ...event, utterance });
        break;
      case 'silenceRead': {
        const reading = this.#options.captions.trusted(event.reading);
        this.#segmenter.readSilence({ speechEndSample: event.speechEndSample, reading });
        break;
      }
      case 'partFinished':
        this.#split(utterance, event.part);
        break;
      default:
        this.#tell(event);
    }
  }

  #tell(event: UtterancesEvent): void {
    this.#options.onEvent(event);
  }
}

function segmenterSettings({ settings, longestWindowMs }: TrackSettings) {
  const asleep = settings.wakePhrases.length > 0 && settings.interimIntervalMs === 0;
  return {
    ...settings,
    interimIntervalMs: asleep ? WAKE_INTERIM_MS : settings.interimIntervalMs,
    maxSegmentMs: Math.min(settings.maxSegmentMs, longestWindowMs),
  };
}

import type { SpeechSettings } from './settings.js';

/** What the segmenter reads of the speech settings. `maxSegmentMs` is already the smaller of the setting's and the model's. */
export type SegmenterSettings = Pick<
  SpeechSettings,
  | 'vadThreshold'
  | 'vadNegativeThreshold'
  | 'preRollMs'
  | 'postRollMs'
  | 'minSpeechMs'
  | 'endSilenceMs'
  | 'interimIntervalMs'
  | 'maxSegmentMs'
>;

/** One VAD frame with its answer. Frames come without gaps; a gap is taken as a jump. */
export interface SegmenterFrame {
  startSample: number;
  samples: number;
  /** Speech probability, 0 to 1. */
  probability: number;
  /** Root mean square of the frame, any scale. */
  rms: number;
}

/** `forced`: cut in the middle of speech because it grew too long. `flush`: the audio ended or jumped. */
export type SegmentCause = 'silence' | 'forced' | 'flush';

/**
 * In samples of the speaker's time line. Each `segmentOpened` is followed by exactly one `segmentClosed` or
 * `segmentDiscarded`, each `speechStarted` by exactly one `speechEnded`; `interimDue` only comes in between both.
 */
export type SegmenterEvent =
  /** First sign of speech (or the cut of a forced end): from here on the audio is needed. Includes the pre-roll. */
  | { type: 'segmentOpened'; startSample: number }
  /** `minSpeechMs` of speech have been heard; `atSample` is where they began. */
  | { type: 'speechStarted'; atSample: number }
  | { type: 'interimDue'; startSample: number; endSample: number }
  /** `speechEndSample` is the end of the words, `endSample` that with its post-roll. */
  | { type: 'segmentClosed'; startSample: number; endSample: number; speechEndSample: number; cause: SegmentCause }
  /** It was too short to be speech. */
  | { type: 'segmentDiscarded'; startSample: number }
  /** Comes after the `segmentClosed` that it belongs to. */
  | { type: 'speechEnded'; atSample: number };

const SAMPLES_PER_MS = 16;
/** No segment is longer, whatever the settings say: rings hold 64 s, and the engine takes 30 s. */
const LONGEST_SEGMENT_MS = 30_000;

interface OpenSegment {
  startSample: number;
  /** `minSpeechMs` have been heard, or it goes on from a forced cut. */
  confirmed: boolean;
  speechStart: number;
  speechSamples: number;
  /** Where the present run of silence began. */
  silenceStart: number | undefined;
  nextInterimAt: number;
  frames: HeardFrame[];
}

interface HeardFrame {
  startSample: number;
  samples: number;
  rms: number;
  speech: boolean;
}

/**
 * Makes utterances of VAD answers. Pure and synchronous: same frames, same events; knows neither audio nor clock.
 *
 * Segments never overlap and come in order. A forced cut loses and doubles nothing: the next segment begins at the very
 * sample where the one before ended.
 */
export class Segmenter {
  #settings: SegmenterSettings;
  #open: OpenSegment | undefined;
  /** No segment may begin before it: end of the last segment, or start of the time line. */
  #floor: number | undefined;
  /** One past the last frame. */
  #end = 0;
  #events: SegmenterEvent[] = [];

  constructor(settings: SegmenterSettings) {
    this.#settings = settings;
  }

  /** True from the first sign of speech until its segment is closed or discarded. */
  get open(): boolean {
    return this.#open !== undefined;
  }

  /** Start of the open segment: audio from here on is still needed. */
  get openSince(): number | undefined {
    return this.#open?.startSample;
  }

  /** Takes effect with the next frame, also within an utterance. */
  update(settings: SegmenterSettings): void {
    this.#settings = settings;
  }

  push(frame: SegmenterFrame): SegmenterEvent[] {
    if (this.#floor === undefined) this.#floor = frame.startSample;
    else if (frame.startSample !== this.#end) this.#jump(frame.startSample);
    this.#end = frame.startSample + frame.samples;
    const open = this.#open;
    if (open === undefined) {
      if (frame.probability >= this.#settings.vadThreshold) this.#openSegment(frame);
    } else {
      this.#continueSegment(open, frame);
    }
    return this.#take();
  }

  /** Closes what is open, as at the end of the audio. Frames may go on afterwards. */
  flush(): SegmenterEvent[] {
    this.#closeAll();
    return this.#take();
  }

  /** The time line goes on at another sample (or starts over): closes what is open; no pre-roll reaches across. */
  jump(toSample: number): SegmenterEvent[] {
    this.#jump(toSample);
    return this.#take();
  }

  #take(): SegmenterEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  #jump(toSample: number): void {
    this.#closeAll();
    this.#floor = toSample;
    this.#end = toSample;
  }

  #openSegment(frame: SegmenterFrame): void {
    // A pre-roll may not eat up a short segment.
    const preRoll = Math.min(toSamples(this.#settings.preRollMs), this.#longestSamples() / 2);
    const startSample = Math.max(this.#floor ?? 0, frame.startSample - preRoll);
    const open: OpenSegment = {
      startSample,
      confirmed: false,
      speechStart: frame.startSample,
      speechSamples: 0,
      silenceStart: undefined,
      nextInterimAt: frame.startSample + this.#firstInterimSamples(),
      frames: [],
    };
    this.#open = open;
    this.#events.push({ type: 'segmentOpened', startSample });
    this.#continueSegment(open, frame);
  }

  #continueSegment(open: OpenSegment, frame: SegmenterFrame): void {
    const settings = this.#settings;
    // Between the thresholds a frame goes with what was before it.
    if (frame.probability >= settings.vadThreshold) open.silenceStart = undefined;
    else if (frame.probability < settings.vadNegativeThreshold) open.silenceStart ??= frame.startSample;
    const speech = open.silenceStart === undefined;
    open.frames.push({ startSample: frame.startSample, samples: frame.samples, rms: frame.rms, speech });
    if (speech) open.speechSamples += frame.samples;

    if (!open.confirmed && open.speechSamples >= this.#minSpeechSamples()) {
      open.confirmed = true;
      this.#events.push({ type: 'speechStarted', atSample: open.speechStart });
    }
    if (open.silenceStart !== undefined && this.#end - open.silenceStart >= toSamples(settings.endSilenceMs)) {
      this.#close(open, 'silence');
      return;
    }
    if (this.#end - open.startSample >= this.#longestSamples()) {
      this.#forceEnd(open);
      return;
    }
    this.#askForInterim(open, speech);
  }

  #askForInterim(open: OpenSegment, speech: boolean): void {
    const interval = toSamples(this.#settings.interimIntervalMs);
    // In a silence nothing new is said; the final is near.
    if (interval === 0 || !open.confirmed || !speech || this.#end < open.nextInterimAt) return;
    open.nextInterimAt = this.#end + interval;
    this.#events.push({ type: 'interimDue', startSample: open.startSample, endSample: this.#end });
  }

  /** The first interim is early: about one interval after the start of speech, but not before speech is confirmed. */
  #firstInterimSamples(): number {
    const interval = toSamples(this.#settings.interimIntervalMs);
    const minSpeech = this.#minSpeechSamples();
    return Math.max(minSpeech, Math.min(interval, minSpeech + interval / 2));
  }

  /** A segment must be able to prove itself before it is cut. */
  #minSpeechSamples(): number {
    return Math.min(toSamples(this.#settings.minSpeechMs), this.#longestSamples() / 4);
  }

  #longestSamples(): number {
    return toSamples(Math.min(this.#settings.maxSegmentMs, LONGEST_SEGMENT_MS));
  }

  #closeAll(): void {
    if (this.#open !== undefined) this.#close(this.#open, 'flush');
  }

  #close(open: OpenSegment, cause: 'silence' | 'flush'): void {
    this.#open = undefined;
    if (!open.confirmed) {
      this.#events.push({ type: 'segmentDiscarded', startSample: open.startSample });
      return;
    }
    const silenceStart = open.silenceStart ?? this.#end;
    const speechEndSample = Math.max(silenceStart, open.startSample);
    if (open.speechSamples === 0) {
      // What a forced cut left over was silence only.
      this.#events.push({ type: 'segmentDiscarded', startSample: open.startSample });
    } else {
      const endSample = Math.min(this.#end, speechEndSample + toSamples(this.#settings.postRollMs));
      this.#floor = endSample;
      this.#events.push({ type: 'segmentClosed', startSample: open.startSample, endSample, speechEndSample, cause });
    }
    this.#events.push({ type: 'speechEnded', atSample: silenceStart });
  }

  #forceEnd(open: OpenSegment): void {
    if (!open.confirmed || open.speechSamples === 0) {
      // Single noises that never add up to speech, or a long silence after a cut.
      this.#close(open, 'silence');
      return;
    }
    const cut = this.#quietestSample(open);
    const silentBefore = open.silenceStart !== undefined && open.silenceStart < cut;
    this.#floor = cut;
    this.#events.push({
      type: 'segmentClosed',
      startSample: open.startSample,
      endSample: cut,
      speechEndSample: silentBefore ? (open.silenceStart ?? cut) : cut,
      cause: 'forced',
    });
    this.#events.push({ type: 'segmentOpened', startSample: cut });

    const frames = open.frames.filter((frame) => frame.startSample + frame.samples > cut);
    let speechSamples = 0;
    for (const frame of frames) {
      if (frame.speech) speechSamples += frame.startSample + frame.samples - Math.max(cut, frame.startSample);
    }
    this.#open = {
      startSample: cut,
      confirmed: true,
      speechStart: cut,
      speechSamples,
      silenceStart: open.silenceStart,
      nextInterimAt: Math.max(this.#end, cut + this.#firstInterimSamples()),
      frames,
    };
  }

  /** Middle of the quietest frame (mean over it and its neighbours) in the last third of the segment. */
  #quietestSample(open: OpenSegment): number {
    const { frames } = open;
    const earliest = open.startSample + ((this.#end - open.startSample) * 2) / 3;
    let best = this.#end;
    let bestRms = Number.POSITIVE_INFINITY;
    for (let index = 0; index < frames.length; index += 1) {
      const frame = frames[index];
      if (frame === undefined || frame.startSample < earliest) continue;
      const before = frames[index - 1] ?? frame;
      const after = frames[index + 1] ?? frame;
      const smoothed = before.rms + frame.rms + after.rms;
      if (smoothed < bestRms) {
        bestRms = smoothed;
        best = frame.startSample + (frame.samples >> 1);
      }
    }
    return best;
  }
}

function toSamples(ms: number): number {
  return Math.round(ms * SAMPLES_PER_MS);
}

import type { SpeechSettings } from '../../settings/speechSettings.js';

/** The speech settings that the segmenter uses. `maxSegmentMs` is already the smaller of the setting's and the model's. */
export type SegmenterSettings = Pick<
  SpeechSettings,
  | 'vadThreshold'
  | 'vadNegativeThreshold'
  | 'preRollMs'
  | 'postRollMs'
  | 'minSpeechMs'
  | 'endpointing'
  | 'endSilenceMs'
  | 'endSilenceSentenceMs'
  | 'endSilenceUnfinishedMs'
  | 'speculativeSilenceMs'
  | 'interimIntervalMs'
  | 'firstInterimMs'
  | 'maxSegmentMs'
>;

/** One VAD frame with its answer. Frames come without gaps; a gap counts as a jump. */
export interface SegmenterFrame {
  startSample: number;
  samples: number;
  /** Speech probability, 0 to 1. */
  probability: number;
  /** Root mean square of the frame, any scale. */
  rms: number;
}

/**
 * `forced`: cut in the middle of speech because it grew too long. `sentence`: split off by `splitAt`, speech goes on. `flush`: the audio
 * ended or jumped.
 */
export type SegmentCause = 'silence' | 'forced' | 'sentence' | 'flush';

/** How the words before a silence read; decides how long an adaptive endpoint waits. */
export type SilenceReading = 'sentence' | 'unfinished' | 'unknown';

/**
 * In samples of the speaker's time line. Each `segmentOpened` is followed by exactly one `segmentClosed` or `segmentDiscarded`, each
 * `speechStarted` by exactly one `speechEnded`; `interimDue` only comes between the two. Each `silenceConfirmed` is followed by
 * `speechResumed` or by the segment's end.
 */
export type SegmenterEvent =
  /** First sign of speech (or the cut of a forced end): from here on the audio is needed. Includes the pre-roll. */
  | { type: 'segmentOpened'; startSample: number }
  /** There was `minSpeechMs` of speech; `atSample` is its start. */
  | { type: 'speechStarted'; atSample: number }
  | { type: 'interimDue'; startSample: number; endSample: number }
  /** `speculativeSilenceMs` (or 100 ms) of silence within an utterance: it may be over. `speechEndSample` is the start of the silence. */
  | { type: 'silenceConfirmed'; startSample: number; speechEndSample: number; endSample: number }
  | { type: 'speechResumed'; silentSince: number; atSample: number }
  /** `speechEndSample` is the end of the words, `endSample` the same with the post-roll. */
  | { type: 'segmentClosed'; startSample: number; endSample: number; speechEndSample: number; cause: SegmentCause }
  /** It was too short to be speech. */
  | { type: 'segmentDiscarded'; startSample: number }
  /** Comes after its `segmentClosed`. */
  | { type: 'speechEnded'; atSample: number };

const SAMPLES_PER_MS = 16;
/** No segment is longer, whatever the settings say: rings hold 64 s, and the engine takes 30 s. */
const LONGEST_SEGMENT_MS = 30_000;

/** Shorter speech in a reported silence is a breath or a click. */
const RESUMPTION_SAMPLES = 4 * 512;

/** Silence that is reported unless the settings say otherwise. */
const USUAL_SILENCE_MS = 100;

/** An interim of an utterance's first words costs at most this share of a normal one. */
const SHARE_OF_SHORT_INTERIM = 0.5;

interface OpenSegment {
  startSample: number;
  /** There was `minSpeechMs` of speech, or it continues after a forced cut. */
  confirmed: boolean;
  speechStart: number;
  speechSamples: number;
  /** Start of the current silence. */
  silenceStart: number | undefined;
  /** `silenceConfirmed` was emitted for that silence. */
  silenceTold: boolean;
  /** Maybe the end of that silence, or a breath in it. */
  resumption: { startSample: number; samples: number } | undefined;
  /** How the words before that silence read. */
  reading: SilenceReading;
  nextInterimAt: number;
  /** Nothing is shown of it, as far as known: its next interim does not wait for the pace. */
  hurries: boolean;
  /** Nothing is shown of it: its next interim is a short one, so the pace lets it come sooner. */
  hastens: boolean;
  frames: HeardFrame[];
}

interface HeardFrame {
  startSample: number;
  samples: number;
  rms: number;
  speech: boolean;
}

/**
 * Turns VAD answers into utterances. Pure and synchronous: same frames, same events; knows neither audio nor clock.
 *
 * Segments never overlap and come in order. A forced cut neither loses nor doubles anything: the next segment starts at the very sample
 * where the one before ended.
 */
export class Segmenter {
  #settings: SegmenterSettings;
  #open: OpenSegment | undefined;
  /** No segment may start before it: end of the last segment, or start of the time line. */
  #floor: number | undefined;
  /** One past the last frame. */
  #end = 0;
  #interimPace: number | null = 0;
  /** Where the audio of the newest interim ended. */
  #lastInterimAt = Number.NEGATIVE_INFINITY;
  #events: SegmenterEvent[] = [];

  constructor(settings: SegmenterSettings) {
    this.#settings = settings;
  }

  /** From the first sign of speech until its segment is closed or discarded. */
  get open(): boolean {
    return this.#open !== undefined;
  }

  /** Start of the open segment: audio from here on is still needed. */
  get openSince(): number | undefined {
    return this.#open?.startSample;
  }

  /** Takes effect with the next frame, even within an utterance. */
  update(settings: SegmenterSettings): void {
    this.#settings = settings;
  }

  /**
   * Minimum distance between interims, milliseconds, even across segments, but not for the first one of a segment; null = no interims at
   * all. Takes effect at once.
   */
  setInterimPace(pace: number | null): void {
    this.#interimPace = pace;
  }

  /** Nothing is shown of the open segment: its next interim is due with the next frame of speech, whatever the pace. */
  hurry(): void {
    if (this.#open === undefined) return;
    this.#open.nextInterimAt = Math.min(this.#open.nextInterimAt, this.#end);
    this.#open.hurries = true;
  }

  /** Nothing is shown of the open segment yet: its next interim need not wait for the usual interval. */
  hasten(withinMs: number): void {
    if (this.#open === undefined) return;
    this.#open.nextInterimAt = Math.min(this.#open.nextInterimAt, this.#end + toSamples(withinMs));
    this.#open.hastens = true;
  }

  /**
   * How the words before the silence that starts at `speechEndSample` read; does not affect any other silence. Takes effect with the next
   * frame.
   */
  readSilence(options: { speechEndSample: number; reading: SilenceReading }): void {
    const open = this.#open;
    if (open?.silenceStart === options.speechEndSample) open.reading = options.reading;
  }

  /**
   * Ends the open segment at a sample between two words; speech goes on in the next one. @returns nothing if the sample is not inside the
   * open segment, or would leave a part without speech
   */
  splitAt(sample: number): SegmenterEvent[] {
    const open = this.#open;
    if (open === undefined || !this.canSplitAt(sample)) return [];
    this.#cut(open, { sample, cause: 'sentence' });
    return this.#take();
  }

  /** Whether `splitAt` would split here; once true, it stays true as long as the segment is open. */
  canSplitAt(sample: number): boolean {
    const open = this.#open;
    if (open === undefined || !open.confirmed) return false;
    const heardAfter = open.frames.some((frame) => frame.speech && frame.startSample >= sample);
    const heardBefore = open.frames.some((frame) => frame.speech && frame.startSample + frame.samples <= sample);
    return heardBefore && heardAfter;
  }

  /**
   * The quietest sample between two samples of the open segment (mean over a frame and its neighbours), with its level relative to the
   * speech of the segment (0 = silence, 1 = as loud as speech).
   */
  quietest(options: { fromSample: number; toSample: number }): { sample: number; relativeLevel: number } | undefined {
    const open = this.#open;
    if (open === undefined) return undefined;
    const found = quietestFrame(open.frames, options);
    if (found === undefined) return undefined;
    const speech = open.frames.filter((frame) => frame.speech);
    const mean = speech.reduce((sum, frame) => sum + frame.rms, 0) / Math.max(1, speech.length);
    return { sample: found.sample, relativeLevel: mean === 0 ? 0 : found.rms / mean };
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

  /** Closes the open segment, as at the end of the audio. Frames may follow. */
  flush(): SegmenterEvent[] {
    this.#closeAll();
    return this.#take();
  }

  /** The time line continues at another sample (or starts over): closes the open segment; no pre-roll reaches across. */
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
    this.#lastInterimAt = Number.NEGATIVE_INFINITY;
    this.#floor = toSample;
    this.#end = toSample;
  }

  #openSegment(frame: SegmenterFrame): void {
    // A pre-roll must not use up a short segment.
    const preRoll = Math.min(toSamples(this.#settings.preRollMs), this.#longestSamples() / 2);
    const startSample = Math.max(this.#floor ?? 0, frame.startSample - preRoll);
    const open: OpenSegment = {
      startSample,
      confirmed: false,
      speechStart: frame.startSample,
      speechSamples: 0,
      silenceStart: undefined,
      silenceTold: false,
      resumption: undefined,
      reading: 'unknown',
      nextInterimAt: frame.startSample + this.#firstInterimSamples(),
      hurries: true,
      hastens: false,
      frames: [],
    };
    this.#open = open;
    this.#events.push({ type: 'segmentOpened', startSample });
    this.#continueSegment(open, frame);
  }

  #continueSegment(open: OpenSegment, frame: SegmenterFrame): void {
    const settings = this.#settings;
    // Between the thresholds, a frame counts like the one before it.
    const speechLike = frame.probability >= settings.vadThreshold || open.resumption !== undefined;
    if (speechLike && frame.probability >= settings.vadNegativeThreshold) this.#hearSpeech(open, frame);
    else if (frame.probability < settings.vadNegativeThreshold) {
      open.silenceStart ??= frame.startSample;
      open.resumption = undefined;
    }
    const speech = open.silenceStart === undefined;
    open.frames.push({ startSample: frame.startSample, samples: frame.samples, rms: frame.rms, speech });
    if (speech) open.speechSamples += frame.samples;

    if (!open.confirmed && open.speechSamples >= this.#minSpeechSamples()) {
      open.confirmed = true;
      this.#events.push({ type: 'speechStarted', atSample: open.speechStart });
    }
    if (this.#hasEnded(open)) {
      this.#close(open, 'silence');
      return;
    }
    if (this.#end - open.startSample >= this.#longestSamples()) {
      this.#forceEnd(open);
      return;
    }
    this.#tellSilence(open);
    this.#askForInterim(open, speech);
  }

  /** While someone may have started again, it has not ended. */
  #hasEnded({ silenceStart, resumption, ...open }: OpenSegment): boolean {
    if (silenceStart === undefined || resumption !== undefined) return false;
    return this.#end - silenceStart >= toSamples(this.#endSilenceMs(open));
  }

  /** A reported silence ends only with speech that lasts. */
  #hearSpeech(open: OpenSegment, frame: SegmenterFrame): void {
    if (open.silenceStart === undefined || !open.silenceTold) {
      this.#endSilence(open, frame.startSample);
      return;
    }
    open.resumption ??= { startSample: frame.startSample, samples: 0 };
    open.resumption.samples += frame.samples;
    if (open.resumption.samples >= RESUMPTION_SAMPLES) this.#resume(open, open.resumption.startSample);
  }

  #resume(open: OpenSegment, startSample: number): void {
    for (const heard of open.frames) {
      if (heard.startSample < startSample) continue;
      heard.speech = true;
      open.speechSamples += heard.samples;
    }
    this.#endSilence(open, startSample);
  }

  #endSilence(open: OpenSegment, atSample: number): void {
    const silentSince = open.silenceStart;
    open.silenceStart = undefined;
    open.resumption = undefined;
    open.reading = 'unknown';
    if (!open.silenceTold || silentSince === undefined) return;
    open.silenceTold = false;
    this.#events.push({ type: 'speechResumed', silentSince, atSample });
  }

  #tellSilence(open: OpenSegment): void {
    const speculativeSilenceMs = this.#settings.speculativeSilenceMs || USUAL_SILENCE_MS;
    if (open.silenceTold || !open.confirmed || open.silenceStart === undefined) return;
    if (open.speechSamples === 0 || this.#end - open.silenceStart < toSamples(speculativeSilenceMs)) return;
    open.silenceTold = true;
    this.#events.push({
      type: 'silenceConfirmed',
      startSample: open.startSample,
      speechEndSample: open.silenceStart,
      endSample: this.#end,
    });
  }

  /** Fixed, or by how the words before it read. */
  #endSilenceMs(open: Pick<OpenSegment, 'reading'>): number {
    const { endpointing, endSilenceMs, endSilenceSentenceMs, endSilenceUnfinishedMs } = this.#settings;
    if (endpointing === 'fixed' || open.reading === 'unknown') return endSilenceMs;
    return open.reading === 'sentence' ? endSilenceSentenceMs : endSilenceUnfinishedMs;
  }

  #askForInterim(open: OpenSegment, speech: boolean): void {
    const { interimIntervalMs } = this.#settings;
    if (interimIntervalMs === 0 || this.#interimPace === null) return;
    // A silence has nothing new, and the final is near.
    if (!open.confirmed || !speech || this.#end < open.nextInterimAt) return;
    const paceMs = this.#interimPace * (open.hastens ? SHARE_OF_SHORT_INTERIM : 1);
    if (!open.hurries && this.#end < this.#lastInterimAt + toSamples(paceMs)) return;
    open.hurries = false;
    open.hastens = false;
    open.nextInterimAt = this.#end + toSamples(interimIntervalMs);
    this.#lastInterimAt = this.#end;
    this.#events.push({ type: 'interimDue', startSample: open.startSample, endSample: this.#end });
  }

  /** The first interim is early, but not before speech is confirmed. */
  #firstInterimSamples(): number {
    return Math.max(this.#minSpeechSamples(), toSamples(this.#settings.firstInterimMs));
  }

  /** There must be time to confirm a segment before it is cut. */
  #minSpeechSamples(): number {
    return Math.min(toSamples(this.#settings.minSpeechMs), this.#longestSamples() / 4);
  }

  #longestSamples(): number {
    return toSamples(Math.min(this.#settings.maxSegmentMs, LONGEST_SEGMENT_MS));
  }

  #closeAll(): void {
    const open = this.#open;
    if (open === undefined) return;
    // Whether that was a breath will never be known: it may have been a word.
    if (open.resumption !== undefined) this.#resume(open, open.resumption.startSample);
    this.#close(open, 'flush');
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
      // After a forced cut, only silence was left.
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
    this.#cut(open, { sample: this.#forcedCut(open), cause: 'forced' });
  }

  /** Ends `open` at a sample and continues with what comes after it. */
  #cut(open: OpenSegment, { sample: cut, cause }: { sample: number; cause: 'forced' | 'sentence' }): void {
    const silentBefore = open.silenceStart !== undefined && open.silenceStart < cut;
    this.#floor = cut;
    this.#events.push({
      type: 'segmentClosed',
      startSample: open.startSample,
      endSample: cut,
      speechEndSample: silentBefore ? (open.silenceStart ?? cut) : cut,
      cause,
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
      // A silence before the cut is reported again: its earlier requests belong to the previous segment.
      silenceTold: false,
      resumption: undefined,
      reading: 'unknown',
      nextInterimAt: Math.max(this.#end, cut + this.#firstInterimSamples()),
      hurries: open.hurries,
      hastens: false,
      frames,
    };
  }

  /** The middle of the quietest frame in the last third of the segment. */
  #forcedCut(open: OpenSegment): number {
    const fromSample = open.startSample + ((this.#end - open.startSample) * 2) / 3;
    return quietestFrame(open.frames, { fromSample, toSample: this.#end })?.sample ?? this.#end;
  }
}

/** The middle of the quietest frame, by the mean over it and its neighbours. */
function quietestFrame(
  frames: readonly HeardFrame[],
  options: { fromSample: number; toSample: number },
): { sample: number; rms: number } | undefined {
  let best: { sample: number; rms: number } | undefined;
  for (let index = 0; index < frames.length; index += 1) {
    const frame = frames[index];
    if (frame === undefined || frame.startSample < options.fromSample) continue;
    const sample = frame.startSample + (frame.samples >> 1);
    if (sample > options.toSample) break;
    const before = frames[index - 1] ?? frame;
    const after = frames[index + 1] ?? frame;
    const smoothed = (before.rms + frame.rms + after.rms) / 3;
    if (best === undefined || smoothed < best.rms) best = { sample, rms: smoothed };
  }
  return best;
}

function toSamples(ms: number): number {
  return Math.round(ms * SAMPLES_PER_MS);
}

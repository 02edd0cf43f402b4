import type { Recognizer } from '../asr/Recognizer.js';
import { type Hypothesis, RecognitionError, type RecognitionErrorCode } from '../asr/types.js';
import { createOpusDecoder, type OpusDecoder, type PcmBlock, PcmRing, rms, TrackDecoder } from '../audio/index.js';
import { type Clock, monotonicNowMs } from '../process/clock.js';
import { MediaClock, type RtpOutput, type RtpPacket, RtpReceiver } from '../rtp/index.js';
import {
  Segmenter,
  type SegmenterEvent,
  type SpeechSettings,
  VAD_FRAME_SAMPLES,
  type VoiceActivityModel,
  type VoiceActivityStream,
} from '../speech/index.js';
import type { PipelineEvent, PipelineGapReason, PipelineSegment, SpeakerDescription } from './messages.js';

type WithoutIds<T> = T extends unknown ? Omit<T, 'roomId' | 'speakerId'> : never;
export type SpeakerEvent = WithoutIds<PipelineEvent>;

export interface SpeakerPipelineOptions {
  roomId: string;
  speaker: SpeakerDescription;
  /** On the machine's monotonic clock. */
  meetingStartedAtMs: number;
  settings: SpeechSettings;
  longestWindowMs: number;
  voiceActivity: VoiceActivityModel;
  recognizer: Recognizer;
  onEvent: (event: SpeakerEvent) => void;
  now?: Clock;
}

/** One run of continuous time: a sender that starts over, or comes back after a stall, begins another. */
interface Timeline {
  /** Counts from 0; part of segment ids. */
  index: number;
  clock: MediaClock;
  ring: PcmRing;
  /** Extended RTP timestamp of sample 0. */
  firstTimestamp: number | undefined;
}

interface OpenSegment extends PipelineSegment {
  startSample: number;
  timeline: Timeline;
  /** Enough of it has been heard to be speech; the others have been told of it. */
  announced: boolean;
}

/** What waits for its place among the frames that the VAD has yet to answer. */
type Queued =
  | { type: 'frame'; startSample: number; rms: number }
  /** Digital silence while nobody speaks: not worth a run of the model. */
  | { type: 'silence'; startSample: number }
  | { type: 'jump'; toSample: number }
  | { type: 'timeline'; timeline: Timeline }
  | { type: 'flush'; done: () => void };

/** An interim that is not there by then has been overtaken. */
const INTERIM_DEADLINE_MS = 2_000;
/** A final may wait this long, e.g. while the ASR process restarts, before it becomes a gap. */
const FINAL_DEADLINE_MS = 60_000;
/** 48 kHz RTP clock to 16 kHz samples. */
const RTP_TICKS_PER_SAMPLE = 3;
const SAMPLES_PER_MS = 16;

const GAP_REASONS: Record<RecognitionErrorCode, PipelineGapReason> = {
  DEADLINE_EXCEEDED: 'deadlineExceeded',
  OVERLOADED: 'overloaded',
  RECOGNIZER_FAILED: 'recognizerFailed',
  RECOGNIZER_UNAVAILABLE: 'recognizerUnavailable',
  SUPERSEDED: 'recognizerFailed',
  CLOSED: 'recognizerUnavailable',
};

/**
 * One producer's way from RTP to text: receiver, decoder, ring, VAD, segmenter, recogniser, in this order and all of it in
 * stream order. Finals leave in the order in which they were spoken, whichever the recogniser answers first.
 */
export class SpeakerPipeline {
  readonly #options: SpeakerPipelineOptions;
  readonly #now: Clock;
  readonly #decoder: OpusDecoder;
  readonly #receiver: RtpReceiver;
  readonly #track: TrackDecoder;
  /** Where packets go, and where the VAD's answers have got to: another one for a moment after the sender started over. */
  #receiving: Timeline;
  #segmenting: Timeline;
  readonly #vad: VoiceActivityStream;
  readonly #segmenter: Segmenter;
  readonly #frame = new Int16Array(VAD_FRAME_SAMPLES);
  #frameStart = 0;
  #frameFilled = 0;
  #queued: Queued[] = [];
  #settings: SpeechSettings;
  #speaking = false;
  #segment: OpenSegment | undefined;
  #interimWaiting = false;
  #muted: boolean;
  #deliveries: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: SpeakerPipelineOptions) {
    this.#options = options;
    this.#now = options.now ?? monotonicNowMs;
    this.#settings = options.settings;
    this.#muted = options.speaker.muted;
    this.#receiving = this.#newTimeline(0);
    this.#segmenting = this.#receiving;
    this.#decoder = createOpusDecoder();
    this.#track = new TrackDecoder({
      decoder: this.#decoder,
      onPcm: (block) => this.#onPcm(block),
      onJump: ({ toSample }) => this.#onJump(toSample),
      onEpoch: ({ firstExtendedTimestamp }) => this.#onEpoch(firstExtendedTimestamp),
    });
    this.#receiver = new RtpReceiver({
      payloadType: options.speaker.payloadType,
      onOutput: (output) => this.#onOutput(output),
    });
    this.#vad = options.voiceActivity.open({
      onProbability: (probability) => this.#onProbability(probability),
      // Its frames are answered all the same, with the probability before them; the model counts the failure.
      onError: () => {},
    });
    this.#segmenter = new Segmenter(this.#segmenterSettings());
  }

  push(packet: RtpPacket): void {
    if (this.#closed) return;
    this.#receiver.push(packet, this.#now());
  }

  /** To be called every 20 ms or so: releases overdue packets and lets silence pass while nothing arrives. */
  tick(): void {
    if (this.#closed || this.#muted) return;
    const nowMs = this.#now();
    this.#receiver.tick(nowMs);
    // While packets wait behind a hole, the clock must not fill the time that they will.
    if (!this.#receiver.holding) this.#track.tick(nowMs);
  }

  /** Takes new settings over from the next utterance on. */
  update(options: { settings: SpeechSettings; longestWindowMs: number }): void {
    this.#settings = options.settings;
    this.#options.longestWindowMs = options.longestWindowMs;
    this.#segmenter.update(this.#segmenterSettings());
  }

  /** Muting ends the open utterance at once. */
  setMuted(muted: boolean): void {
    if (muted && !this.#muted) void this.#flush();
    this.#muted = muted;
  }

  /** Resolves when everything that was received is text, a gap, or known not to be speech. */
  async drain(): Promise<void> {
    await this.#flush();
    await this.#deliveries;
  }

  /** Drains, then frees the decoder and the VAD's state. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    await this.drain();
    this.#closed = true;
    this.#vad.close();
    this.#decoder.close();
  }

  #segmenterSettings() {
    const { settings, longestWindowMs } = { settings: this.#settings, longestWindowMs: this.#options.longestWindowMs };
    return { ...settings, maxSegmentMs: Math.min(settings.maxSegmentMs, longestWindowMs) };
  }

  #newTimeline(index: number, firstTimestamp?: number): Timeline {
    const clock = new MediaClock({ meetingStartMs: this.#options.meetingStartedAtMs });
    return { index, clock, ring: new PcmRing(), firstTimestamp };
  }

  #onOutput(output: RtpOutput): void {
    // First the decoder: this packet may begin a time line, which has a clock of its own.
    this.#track.handle(output, this.#now());
    if (output.kind === 'packet') this.#receiving.clock.observe(output.extendedTimestamp, output.arrivedAtMs);
  }

  #onPcm(block: PcmBlock): void {
    this.#receiving.firstTimestamp ??= this.#track.firstExtendedTimestamp;
    this.#receiving.ring.write(block.startSample, block.pcm);
    if (this.#frameFilled === 0) this.#frameStart = block.startSample;
    for (let offset = 0; offset < block.pcm.length; ) {
      const taken = Math.min(VAD_FRAME_SAMPLES - this.#frameFilled, block.pcm.length - offset);
      this.#frame.set(block.pcm.subarray(offset, offset + taken), this.#frameFilled);
      this.#frameFilled += taken;
      offset += taken;
      if (this.#frameFilled === VAD_FRAME_SAMPLES) this.#pushFrame();
    }
  }

  #pushFrame(): void {
    const startSample = this.#frameStart;
    const level = rms(this.#frame);
    this.#frameStart += VAD_FRAME_SAMPLES;
    this.#frameFilled = 0;
    if (level === 0 && !this.#speaking && this.#queued.length === 0) {
      this.#enqueue({ type: 'silence', startSample });
    } else {
      this.#enqueue({ type: 'frame', startSample, rms: level });
      this.#vad.push(this.#frame.slice());
    }
  }

  #onJump(toSample: number): void {
    this.#padFrame();
    this.#frameStart = toSample;
    this.#enqueue({ type: 'jump', toSample });
  }

  /** The sender began a new time line: what was open ends, and samples count from 0 again. */
  #onEpoch(firstTimestamp: number): void {
    this.#padFrame();
    this.#frameStart = 0;
    this.#receiving = this.#newTimeline(this.#receiving.index + 1, firstTimestamp);
    this.#enqueue({ type: 'flush', done: () => {} });
    this.#enqueue({ type: 'timeline', timeline: this.#receiving });
  }

  /** Rounds what was begun of a frame up with silence. */
  #padFrame(): void {
    if (this.#frameFilled > 0) {
      this.#frame.fill(0, this.#frameFilled);
      this.#pushFrame();
    }
  }

  #flush(): Promise<void> {
    const nowMs = this.#now();
    this.#receiver.flush(nowMs);
    this.#track.flush(nowMs);
    this.#padFrame();
    return new Promise((resolve) => this.#enqueue({ type: 'flush', done: resolve }));
  }

  #enqueue(item: Queued): void {
    // Now and not when its turn comes: what is pushed from here on has no past.
    if (item.type === 'jump' || item.type === 'flush') this.#vad.reset();
    this.#queued.push(item);
    this.#runQueue();
  }

  #onProbability(probability: number): void {
    const head = this.#queued.shift();
    if (head?.type === 'frame') {
      const { startSample, rms: level } = head;
      this.#segmentFrame({ startSample, probability, rms: level });
    }
    this.#runQueue();
  }

  /** Whatever stands at the head and needs no answer of the VAD. */
  #runQueue(): void {
    for (let head = this.#queued[0]; head !== undefined && head.type !== 'frame'; head = this.#queued[0]) {
      this.#queued.shift();
      switch (head.type) {
        case 'silence':
          this.#segmentFrame({ startSample: head.startSample, probability: 0, rms: 0 });
          break;
        case 'jump':
          this.#handle(this.#segmenter.jump(head.toSample));
          break;
        case 'timeline':
          this.#segmenting = head.timeline;
          this.#handle(this.#segmenter.jump(0));
          break;
        case 'flush':
          this.#handle(this.#segmenter.flush());
          head.done();
      }
    }
  }

  #segmentFrame(frame: { startSample: number; probability: number; rms: number }): void {
    this.#handle(this.#segmenter.push({ ...frame, samples: VAD_FRAME_SAMPLES }));
  }

  #handle(events: SegmenterEvent[]): void {
    for (const event of events) {
      switch (event.type) {
        case 'segmentOpened':
          this.#open(event.startSample);
          // After a forced cut speech goes on.
          if (this.#speaking) this.#announce();
          break;
        case 'speechStarted':
          this.#speaking = true;
          this.#options.onEvent({ type: 'speechStarted', atMs: this.#toMs(event.atSample) });
          this.#announce();
          break;
        case 'speechEnded':
          this.#speaking = false;
          this.#options.onEvent({ type: 'speechEnded', atMs: this.#toMs(event.atSample) });
          break;
        case 'interimDue':
          this.#interim(event.endSample);
          break;
        case 'segmentClosed':
          this.#final(event.endSample);
          break;
        case 'segmentDiscarded':
          this.#discard();
      }
    }
  }

  #open(startSample: number): void {
    const { participantId, track, epoch } = this.#options.speaker;
    const timeline = this.#segmenting;
    const startMs = this.#toMs(startSample);
    this.#segment = {
      id: `${participantId}-${track}-${epoch}.${timeline.index}-${(timeline.firstTimestamp ?? 0) + startSample * RTP_TICKS_PER_SAMPLE}`,
      startMs,
      endMs: startMs,
      revision: 0,
      startSample,
      timeline,
      announced: false,
    };
    this.#interimWaiting = false;
  }

  #announce(): void {
    const segment = this.#segment;
    if (segment === undefined || segment.announced) return;
    segment.announced = true;
    this.#options.onEvent({ type: 'opened', segment: bare(segment) });
  }

  #discard(): void {
    const segment = this.#segment;
    this.#segment = undefined;
    if (segment?.announced === true) this.#options.onEvent({ type: 'retracted', segmentId: segment.id });
  }

  #interim(endSample: number): void {
    const segment = this.#segment;
    if (segment === undefined || this.#interimWaiting) return;
    this.#interimWaiting = true;
    this.#recognize({ kind: 'interim', segment, endSample })
      .then((hypothesis) => {
        // Overtaken by its final, or nothing to show.
        if (this.#segment !== segment || hypothesis.text === '') return;
        segment.revision += 1;
        segment.endMs = segment.startMs + (endSample - segment.startSample) / SAMPLES_PER_MS;
        this.#options.onEvent({ type: 'interim', segment: bare(segment), hypothesis });
      })
      .catch(() => {
        // An interim may be lost: the next one says more.
      })
      .finally(() => {
        if (this.#segment === segment) this.#interimWaiting = false;
      });
  }

  #final(endSample: number): void {
    const segment = this.#segment;
    if (segment === undefined) return;
    this.#segment = undefined;
    const answer = this.#recognize({ kind: 'final', segment, endSample });
    // Awaited in its turn; until then a failure must not count as unhandled.
    answer.catch(() => {});
    this.#deliveries = this.#deliveries.then(async () => {
      segment.revision += 1;
      segment.endMs = segment.startMs + (endSample - segment.startSample) / SAMPLES_PER_MS;
      try {
        const hypothesis = await answer;
        if (hypothesis.text === '') {
          this.#options.onEvent({ type: 'retracted', segmentId: segment.id });
        } else {
          this.#options.onEvent({ type: 'final', segment: bare(segment), hypothesis });
        }
      } catch (error) {
        const reason = error instanceof RecognitionError ? GAP_REASONS[error.code] : 'recognizerFailed';
        this.#options.onEvent({ type: 'gap', segment: bare(segment), reason });
      }
    });
  }

  async #recognize(options: {
    kind: 'interim' | 'final';
    segment: OpenSegment;
    endSample: number;
  }): Promise<Hypothesis> {
    const { kind, segment, endSample } = options;
    const { language, beamSize, prompt, words } = this.#settings;
    const final = kind === 'final';
    return this.#options.recognizer.recognize({
      kind,
      roomId: this.#options.roomId,
      speakerId: this.#options.speaker.speakerId,
      pcm: segment.timeline.ring.read(segment.startSample, endSample),
      settings: { language, prompt, beamSize: final ? beamSize : 1, words: final && words },
      deadlineAtMs: this.#now() + (final ? FINAL_DEADLINE_MS : INTERIM_DEADLINE_MS),
    });
  }

  #toMs(sample: number): number {
    const { clock, firstTimestamp } = this.#segmenting;
    // Anchored by the packet that the sample came in; a time line without one has no samples.
    return (
      clock.toMeetingMs((firstTimestamp ?? 0) + sample * RTP_TICKS_PER_SAMPLE) ??
      this.#now() - this.#options.meetingStartedAtMs
    );
  }
}

function bare({ id, startMs, endMs, revision }: OpenSegment): PipelineSegment {
  return { id, startMs, endMs, revision };
}

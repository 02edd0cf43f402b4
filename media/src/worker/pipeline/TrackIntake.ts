import {
  createOpusDecoder,
  type OpusDecoder,
  type PcmBlock,
  type PcmOrigin,
  rms,
  TrackDecoder,
} from '../audio/index.js';
import type { BudgetLimit } from '../contract/messages.js';
import { type RtpOutput, type RtpPacket, RtpReceiver, TrackBudget } from '../rtp/index.js';
import { VAD_FRAME_SAMPLES, type VoiceActivityModel, type VoiceActivityStream } from '../speech/index.js';
import { Timeline } from './Timeline.js';

/** Some of the track's audio. Frames, jumps and time lines come in stream order; audio runs ahead of them. */
export type IntakeEvent =
  /** Decoded or filled, before the VAD has answered. */
  | { type: 'audioReceived'; timeline: Timeline; startSample: number; samples: number; origin: PcmOrigin }
  /** One frame of `VAD_FRAME_SAMPLES`, with the VAD's answer. `arrivedAtMs`: mean arrival time of its samples, on the machine's clock. */
  | { type: 'frameJudged'; startSample: number; probability: number; rms: number; arrivedAtMs: number }
  /** The time line skips everything before this sample. */
  | { type: 'jumped'; toSample: number }
  /** What follows belongs to another time line, which starts at sample 0. */
  | { type: 'timelineStarted'; timeline: Timeline }
  /** Packets beyond the track's budget are dropped. At most once a second. */
  | { type: 'budgetExceeded'; limit: BudgetLimit };

export type IntakeFrame = Extract<IntakeEvent, { type: 'frameJudged' }>;

export interface TrackIntakeOptions {
  payloadType: number;
  /** On the machine's monotonic clock. */
  meetingStartedAtMs: number;
  voiceActivity: Pick<VoiceActivityModel, 'open'>;
  now: () => number;
  onEvent: (event: IntakeEvent) => void;
}

const SAMPLES_PER_MS = 16;

/** Items behind frames that the VAD has not answered yet. */
type Queued =
  | { type: 'frame'; startSample: number; rms: number; arrivedAtMs: number }
  /** Digital silence while nobody speaks: not worth a run of the model. */
  | { type: 'silence'; startSample: number; arrivedAtMs: number }
  | { type: 'jump'; toSample: number }
  | { type: 'timeline'; timeline: Timeline }
  | { type: 'flush'; done: () => void };

/** One producer's path from RTP to frames with a speech probability: receiver, decoder, ring and VAD, all in stream order. */
export class TrackIntake {
  readonly #options: TrackIntakeOptions;
  readonly #decoder: OpusDecoder;
  readonly #budget: TrackBudget;
  #receiver: RtpReceiver;
  readonly #track: TrackDecoder;
  readonly #vad: VoiceActivityStream;
  #receiving: Timeline;
  readonly #frame = new Int16Array(VAD_FRAME_SAMPLES);
  #frameStart = 0;
  #frameFilled = 0;
  /** Sum of the arrival times of the samples in the frame. */
  #frameArrivals = 0;
  /** Of the packet that is being decoded; undefined: now. */
  #arrivedAtMs: number | undefined;
  /** Of the packets so far, the latest arrival. */
  #latestArrivalMs = Number.NEGATIVE_INFINITY;
  #queued: Queued[] = [];
  #injected = 0;
  #speaking = false;
  #closed = false;

  constructor(options: TrackIntakeOptions) {
    this.#options = options;
    this.#receiving = this.#newTimeline({ index: 0 });
    this.#decoder = createOpusDecoder();
    this.#track = new TrackDecoder({
      decoder: this.#decoder,
      onPcm: (block) => this.#onPcm(block),
      onJump: ({ fromSample, toSample }) => this.#onJump({ fromSample, toSample }),
      onEpoch: ({ firstExtendedTimestamp }) => this.#onEpoch(firstExtendedTimestamp),
    });
    this.#budget = new TrackBudget({ onExceeded: (limit) => options.onEvent({ type: 'budgetExceeded', limit }) });
    this.#receiver = this.#newReceiver();
    this.#vad = options.voiceActivity.open({
      onProbability: (probability) => this.#onProbability(probability),
      // Its frames are answered anyway, with the previous probability; the model counts the failure.
      onError: () => {},
    });
  }

  /** The first time line. */
  get timeline(): Timeline {
    return this.#receiving;
  }

  /** While someone speaks, even frames of digital silence are worth a run of the model. */
  set speaking(speaking: boolean) {
    this.#speaking = speaking;
  }

  push(packet: RtpPacket): void {
    const nowMs = this.#options.now();
    if (!this.#closed && this.#budget.admits(packet, nowMs)) this.#receiver.push(packet, nowMs);
  }

  /** The next samples of a track that comes as PCM, as if from RTP, jitter buffer and decoder. */
  pushPcm(pcm: Int16Array): void {
    if (this.#closed) return;
    const startSample = this.#injected;
    this.#injected += pcm.length;
    this.#receiving.startAt(0);
    this.#receiving.observeSample(startSample, this.#options.now());
    this.#onPcm({ startSample, pcm, origin: 'audio' });
  }

  /**
   * Call it about every 20 ms: releases overdue packets and lets silence pass while nothing arrives.
   * @param nowMs a time up to which everything that arrived has been pushed; default: now
   */
  tick(nowMs = this.#options.now()): void {
    this.release(nowMs);
    if (this.#closed) return;
    // While packets wait behind a hole, the clock must not fill the time that they will.
    if (!this.#receiver.holding) this.#track.tick(nowMs);
  }

  /** Like `tick`, for a track whose time stands still meanwhile: nothing is filled. */
  release(nowMs = this.#options.now()): void {
    if (!this.#closed) this.#receiver.tick(nowMs);
  }

  /** Releases everything that was received. Resolves when the VAD has answered the last frame. */
  flush(): Promise<void> {
    const nowMs = this.#options.now();
    this.#receiver.flush(nowMs);
    this.#track.flush(nowMs);
    this.#padFrame();
    return new Promise((resolve) => this.#enqueue({ type: 'flush', done: resolve }));
  }

  /** What comes next begins a time line of its own, whatever its numbers are. To be called after `flush`. */
  startOver(): void {
    this.#receiver = this.#newReceiver();
    this.#track.handle({ kind: 'resync' }, this.#options.now());
  }

  /** Frees the decoder and the VAD's state. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#vad.close();
    this.#decoder.close();
  }

  #newReceiver(): RtpReceiver {
    return new RtpReceiver({
      payloadType: this.#options.payloadType,
      onOutput: (output) => this.#onOutput(output),
    });
  }

  #newTimeline(begin: { index: number; firstTimestamp?: number }): Timeline {
    const { meetingStartedAtMs, now } = this.#options;
    return new Timeline({ ...begin, meetingStartedAtMs, now });
  }

  #onOutput(output: RtpOutput): void {
    // First the decoder: this packet may begin a time line, which has a clock of its own.
    if (output.kind === 'packet') {
      // What waited for what comes before it has arrived no sooner than that: who sends silence ahead, between copies of what others
      // say, would otherwise seem to be earlier on the whole than those.
      this.#latestArrivalMs = Math.max(this.#latestArrivalMs, output.arrivedAtMs);
      this.#arrivedAtMs = this.#latestArrivalMs;
    }
    this.#track.handle(output, this.#options.now());
    this.#arrivedAtMs = undefined;
    if (output.kind === 'packet') this.#receiving.observe(output.extendedTimestamp, output.arrivedAtMs);
  }

  #onPcm({ startSample, pcm, origin }: PcmBlock): void {
    this.#receiving.startAt(this.#track.firstExtendedTimestamp);
    this.#receiving.ring.write(startSample, pcm);
    this.#reportAudio({ startSample, samples: pcm.length, origin });
    if (this.#frameFilled === 0) this.#frameStart = startSample;
    const arrivedAtMs = this.#arrivedAtMs ?? this.#options.now();
    for (let offset = 0; offset < pcm.length; ) {
      const taken = Math.min(VAD_FRAME_SAMPLES - this.#frameFilled, pcm.length - offset);
      this.#frame.set(pcm.subarray(offset, offset + taken), this.#frameFilled);
      this.#frameFilled += taken;
      this.#frameArrivals += taken * arrivedAtMs;
      offset += taken;
      if (this.#frameFilled === VAD_FRAME_SAMPLES) this.#pushFrame();
    }
  }

  #reportAudio(span: { startSample: number; samples: number; origin: PcmOrigin }): void {
    const mediaMs = span.samples / SAMPLES_PER_MS;
    if (this.#arrivedAtMs === undefined) this.#budget.fillMedia(mediaMs);
    else this.#budget.spendMedia(mediaMs, this.#options.now());
    this.#options.onEvent({ type: 'audioReceived', timeline: this.#receiving, ...span });
  }

  #pushFrame(): void {
    const startSample = this.#frameStart;
    const level = rms(this.#frame);
    const arrivedAtMs = this.#frameArrivals / this.#frameFilled;
    this.#frameStart += VAD_FRAME_SAMPLES;
    this.#frameFilled = 0;
    this.#frameArrivals = 0;
    if (level === 0 && !this.#speaking && this.#queued.length === 0) {
      this.#enqueue({ type: 'silence', startSample, arrivedAtMs });
    } else {
      this.#enqueue({ type: 'frame', startSample, rms: level, arrivedAtMs });
      this.#vad.push(this.#frame.slice());
    }
  }

  #onJump({ fromSample, toSample }: { fromSample: number; toSample: number }): void {
    this.#padFrame();
    this.#frameStart = toSample;
    this.#reportAudio({ startSample: fromSample, samples: toSample - fromSample, origin: 'concealed' });
    this.#enqueue({ type: 'jump', toSample });
  }

  /** The sender started a new time line: samples count from 0 again. */
  #onEpoch(firstTimestamp: number): void {
    this.#padFrame();
    this.#frameStart = 0;
    this.#budget.spendTimeline();
    this.#receiving = this.#newTimeline({ index: this.#receiving.index + 1, firstTimestamp });
    this.#enqueue({ type: 'timeline', timeline: this.#receiving });
  }

  /** Pads a started frame with silence. */
  #padFrame(): void {
    if (this.#frameFilled > 0) {
      this.#frame.fill(0, this.#frameFilled);
      this.#pushFrame();
    }
  }

  #enqueue(item: Queued): void {
    // Now, not in its turn: what is pushed from here on has no past.
    if (item.type === 'jump' || item.type === 'timeline' || item.type === 'flush') this.#vad.reset();
    this.#queued.push(item);
    this.#runQueue();
  }

  #onProbability(probability: number): void {
    const head = this.#queued.shift();
    if (head?.type === 'frame') {
      const { type: _, ...frame } = head;
      this.#options.onEvent({ type: 'frameJudged', ...frame, probability });
    }
    this.#runQueue();
  }

  /** Takes everything from the head that does not wait for the VAD. */
  #runQueue(): void {
    for (let head = this.#queued[0]; head !== undefined && head.type !== 'frame'; head = this.#queued[0]) {
      this.#queued.shift();
      switch (head.type) {
        case 'silence':
          this.#options.onEvent({ ...head, type: 'frameJudged', probability: 0, rms: 0 });
          break;
        case 'jump':
          this.#options.onEvent({ type: 'jumped', toSample: head.toSample });
          break;
        case 'timeline':
          this.#options.onEvent({ type: 'timelineStarted', timeline: head.timeline });
          break;
        case 'flush':
          head.done();
      }
    }
  }
}

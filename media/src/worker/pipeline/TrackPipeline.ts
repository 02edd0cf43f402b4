import type { InterimPace } from '../../asr/contract/load.js';
import type { Recognizer } from '../../asr/contract/Recognizer.js';
import type { Hypothesis } from '../../asr/contract/recognition.js';
import { type Clock, monotonicNowMs } from '../../process/clock.js';
import { DEFAULT_READING, type ReadingProfile } from '../../settings/reading.js';
import type { SpeechSettings } from '../../settings/speechSettings.js';
import { dbfs } from '../audio/index.js';
import type {
  AudioLedgerTotals,
  TrackActivity,
  TrackDescription,
  TrackEvent,
  TrackState,
} from '../contract/messages.js';
import type { RtpPacket } from '../rtp/index.js';
import type { CrosstalkGuard } from '../speech/crosstalk/index.js';
import {
  MicrophoneCheck,
  type SegmentCause,
  Segmenter,
  type SegmenterEvent,
  VAD_FRAME_SAMPLES,
  type VoiceActivityModel,
} from '../speech/index.js';
import type { StableText } from '../speech/stabilizer/index.js';
import type { WakeWordDetector } from '../speech/wake/index.js';
import type { AudioLedger } from './AudioLedger.js';
import { CaptionWriter } from './CaptionWriter.js';
import type { HeardFinal, MissingSpeech } from './FinalRequest.js';
import { gapOf, gapReasonOf } from './gapReasons.js';
import type { PreparedFinal } from './seams.js';
import { TrackBooks } from './TrackBooks.js';
import { type IntakeFrame, type Timeline, TrackIntake } from './TrackIntake.js';
import { Utterance, type UtteranceContext } from './Utterance.js';
import { WakeListener } from './WakeListener.js';

export interface TrackPipelineOptions {
  meetingId: string;
  track: TrackDescription;
  /** On the machine's monotonic clock. */
  meetingStartedAtMs: number;
  settings: SpeechSettings;
  longestWindowMs: number;
  /** Of the model that makes finals; default: `DEFAULT_READING`. */
  reading?: Partial<ReadingProfile> | undefined;
  voiceActivity: Pick<VoiceActivityModel, 'open'>;
  recognizer: Recognizer;
  /** Knows the other tracks of the room. Without it every track is taken for its own speaker's. */
  crosstalk?: CrosstalkGuard;
  /** Hears wake words by their sound, beside the phrases that are found in the text. */
  wakeWords?: WakeWordDetector;
  onEvent: (event: TrackEvent) => void;
  now?: Clock;
}

export interface TrackPipelineStats {
  /** Engine time of interims that were overtaken and of finals that were begun in a pause, as far as they were answered. */
  discardedEngineMs: number;
  /** Engine time of all answers. */
  engineMs: number;
}

/** 48 kHz RTP clock to 16 kHz samples. */
const RTP_TICKS_PER_SAMPLE = 3;
const SAMPLES_PER_MS = 16;
/** No utterance begins further back than this: the longest pre-roll, and some. */
const LOOK_BACK_SAMPLES = 2_500 * SAMPLES_PER_MS;
/** While a wake phrase is awaited, interims come at least this often, whatever the mode. */
const WAKE_INTERIM_MS = 400;
/** Between interims of an utterance of which nothing is shown yet: half a word more may be enough. */
const FIRST_WORDS_INTERVAL_MS = 160;
/** Half a second. */
const JUDGED_EVERY_FRAMES = 16;

/**
 * One producer's way from RTP to text: intake, crosstalk, segmenter, recogniser, gates, in this order and all of it in stream
 * order. Finals leave in the order in which they were spoken, whichever the recogniser answers first, and every sample ends in
 * exactly one class of the ledger.
 */
export class TrackPipeline {
  readonly #options: TrackPipelineOptions;
  readonly #now: Clock;
  readonly #intake: TrackIntake;
  readonly #segmenter: Segmenter;
  readonly #books: TrackBooks;
  readonly #ledger: AudioLedger;
  readonly #wake: WakeListener;
  readonly #captions: CaptionWriter;
  readonly #context: UtteranceContext;
  readonly #closeCrosstalk: () => void;
  readonly #microphone = new MicrophoneCheck();
  /** Where the VAD's answers have got to: behind the intake for a moment after the sender started over. */
  #timeline: Timeline;
  #settings: SpeechSettings;
  #speaking = false;
  #utterance: Utterance | undefined;
  /** A final that was made before its utterance was cut; taken up by the cut. */
  #prepared: PreparedFinal | undefined;
  /** The utterance that the next one goes on from. */
  #lastCut: { utterance: Utterance; cause: 'forced' | 'sentence'; next: string | undefined } | undefined;
  #muted: boolean;
  #heard = false;
  #state: TrackState = 'inactive';
  #deliveries: Promise<void> = Promise.resolve();
  #undelivered = 0;
  #diagnostics = false;
  #stats: TrackPipelineStats = { discardedEngineMs: 0, engineMs: 0 };
  #closed = false;

  constructor(options: TrackPipelineOptions) {
    this.#options = options;
    this.#now = options.now ?? monotonicNowMs;
    this.#settings = options.track.settings ?? options.settings;
    this.#muted = options.track.muted;
    this.#books = new TrackBooks({
      muted: options.track.muted,
      now: this.#now,
      onTotals: (ledger) => options.onEvent({ type: 'ledgerUpdated', ledger }),
    });
    this.#ledger = this.#books.ledger;
    this.#wake = new WakeListener({
      settings: this.#settings,
      detector: options.wakeWords,
      now: () => this.#nowInMeeting(),
      utterance: () => this.#utterance,
      onEvents: (events) => {
        for (const event of events) this.#tellActivity(event);
        this.#changeState();
      },
    });
    this.#captions = new CaptionWriter({
      settings: this.#settings,
      wake: this.#wake,
      isWithheld: (utterance) => this.#isWithheld(utterance),
      onEvent: options.onEvent,
    });
    this.#intake = new TrackIntake({
      payloadType: options.track.payloadType,
      meetingStartedAtMs: options.meetingStartedAtMs,
      voiceActivity: options.voiceActivity,
      now: () => this.#now(),
      onAudio: (span) => this.#onAudio(span),
      onSkipped: ({ timeline, fromSample, toSample }) =>
        this.#onAudio({ timeline, startSample: fromSample, samples: toSample - fromSample, origin: 'concealed' }),
      onFrame: (frame) => this.#onFrame(frame),
      onJump: (toSample) => this.#onJump(toSample),
      onTimeline: (timeline) => this.#onTimeline(timeline),
      onBudgetExceeded: (limit) => options.onEvent({ type: 'budgetExceeded', limit }),
    });
    this.#timeline = this.#intake.timeline;
    this.#context = this.#utteranceContext();
    this.#segmenter = new Segmenter(this.#segmenterSettings());
    this.#closeCrosstalk = options.crosstalk?.open(options.track.trackId) ?? (() => {});
  }

  get settings(): SpeechSettings {
    return this.#settings;
  }

  get ledger(): AudioLedgerTotals {
    return this.#books.totals;
  }

  get stats(): TrackPipelineStats {
    return { ...this.#stats };
  }

  push(packet: RtpPacket): void {
    this.#intake.push(packet);
  }

  /** The next samples of a track that comes as 16 kHz PCM, without gaps. */
  pushPcm(pcm: Int16Array): void {
    this.#intake.pushPcm(pcm);
  }

  /**
   * To be called every 20 ms or so: releases overdue packets and lets silence pass while nothing arrives.
   * @param nowMs a time up to which everything that came has been pushed; default: now
   */
  tick(nowMs?: number): void {
    if (this.#closed) return;
    if (this.#muted) this.#intake.release(nowMs);
    else this.#intake.tick(nowMs);
    this.#books.tick();
  }

  /** Takes new settings over, from the next frame on. */
  update(options: { settings: SpeechSettings; longestWindowMs: number }): void {
    this.#settings = options.settings;
    this.#options.longestWindowMs = options.longestWindowMs;
    this.#segmenter.update(this.#segmenterSettings());
    this.#captions.update(options.settings);
    this.#wake.update(options.settings);
    this.#changeState();
  }

  /** How far apart interims are at least, whatever the settings say: what the recogniser can give. */
  setInterimPace(pace: InterimPace): void {
    this.#segmenter.setInterimPace(pace);
  }

  /** Whether somebody listens to the frequent activities. */
  setDiagnostics(on: boolean): void {
    this.#diagnostics = on;
  }

  /** Muting ends the open utterance at once. */
  setMuted(muted: boolean): void {
    if (muted && !this.#muted) void this.#flush().then(() => this.#changeState());
    this.#muted = muted;
    this.#books.muted = muted;
    this.#changeState();
  }

  /** Resolves when everything that was received is text, a gap, or known not to be speech. */
  async drain(): Promise<void> {
    await this.#flush();
    await this.#deliveries;
  }

  /** Drains, then frees the decoder and the VAD's state. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    const endMs = this.#now();
    await this.drain();
    if (this.#closed) return;
    this.#closed = true;
    this.#intake.close();
    this.#wake.close();
    this.#closeCrosstalk();
    this.#books.finish(endMs);
    this.#changeState();
  }

  #utteranceContext(): UtteranceContext {
    const { meetingId, track } = this.#options;
    return {
      meetingId,
      trackId: track.trackId,
      recognizer: this.#options.recognizer,
      now: this.#now,
      settings: () => this.#settings,
      longestWindowMs: () => this.#options.longestWindowMs,
      reading: { ...DEFAULT_READING, ...this.#options.reading },
      language: (audioMs) => this.#captions.languageRequest(audioMs),
      prompt: (before) => this.#captions.prompt(before),
      quietest: (options) => this.#segmenter.quietest(options),
      canSplitAt: (sample) => this.#segmenter.canSplitAt(sample),
      onText: (utterance, text, hypothesis) => this.#show({ utterance, text, hypothesis }),
      onReading: ({ speechEndSample, reading }) =>
        this.#segmenter.readSilence({ speechEndSample, reading: this.#captions.trusted(reading) }),
      onSplit: (utterance, prepared) => this.#split(utterance, prepared),
      onAnswered: (engineMs) => {
        this.#stats.engineMs += engineMs;
      },
      onDiscarded: (engineMs) => {
        this.#stats.discardedEngineMs += engineMs;
      },
    };
  }

  #segmenterSettings() {
    const settings = this.#settings;
    const asleep = settings.wakePhrases.length > 0 && settings.interimIntervalMs === 0;
    return {
      ...settings,
      interimIntervalMs: asleep ? WAKE_INTERIM_MS : settings.interimIntervalMs,
      maxSegmentMs: Math.min(settings.maxSegmentMs, this.#options.longestWindowMs),
    };
  }

  #flush(): Promise<void> {
    return this.#closed ? Promise.resolve() : this.#intake.flush().then(() => this.#handle(this.#segmenter.flush()));
  }

  #onAudio(span: {
    timeline: Timeline;
    startSample: number;
    samples: number;
    origin: 'audio' | 'concealed' | 'dtx';
  }): void {
    this.#heard = true;
    this.#books.append(span);
    if (this.#state !== 'inactive') return;
    this.#wake.tick(this.#nowInMeeting());
    this.#changeState();
  }

  #onFrame(frame: IntakeFrame): void {
    const { startSample } = frame;
    const probability = this.#isCrosstalk(frame) ? 0 : frame.probability;
    this.#wake.push(() => this.#timeline.ring.read(startSample, startSample + VAD_FRAME_SAMPLES));
    this.#handle(this.#segmenter.push({ startSample, samples: VAD_FRAME_SAMPLES, probability, rms: frame.rms }));
    if (!this.#segmenter.open) this.#ledger.pass(startSample - LOOK_BACK_SAMPLES, this.#timeline.index);
    this.#wake.tick(this.#toMs(startSample + VAD_FRAME_SAMPLES));
    this.#books.tick();
    if (this.#speaking && probability >= this.#settings.vadThreshold) this.#checkMicrophone(startSample);
    this.#diagnose(frame);
    this.#changeState();
  }

  /** Whether a frame carries somebody else's voice. */
  #isCrosstalk({ startSample, probability }: IntakeFrame): boolean {
    const { crosstalk, track } = this.#options;
    if (crosstalk === undefined || !this.#settings.crosstalkGuard) return false;
    const endSample = startSample + VAD_FRAME_SAMPLES;
    const startMs = this.#toMs(startSample);
    const pcm = this.#timeline.ring.read(startSample, endSample);
    crosstalk.push({ trackId: track.trackId, startMs, pcm, probability });
    // A little at a time: to judge the whole of a long utterance at its end would hold up everybody's audio.
    const utterance = this.#utterance;
    if (utterance !== undefined && (startSample / VAD_FRAME_SAMPLES) % JUDGED_EVERY_FRAMES < 1) {
      crosstalk.judge(track.trackId, utterance.startMs, startMs);
    }
    if (!crosstalk.frameIsCrosstalk(track.trackId, startMs)) return false;
    this.#ledger.markCrosstalk({ line: this.#timeline.index, startSample, endSample });
    return true;
  }

  #onJump(toSample: number): void {
    this.#wake.reset();
    this.#handle(this.#segmenter.jump(toSample));
    this.#options.crosstalk?.jump(this.#options.track.trackId);
  }

  #onTimeline(timeline: Timeline): void {
    this.#handle(this.#segmenter.flush());
    this.#timeline = timeline;
    this.#handle(this.#segmenter.jump(0));
    this.#options.crosstalk?.jump(this.#options.track.trackId);
  }

  #handle(events: SegmenterEvent[]): void {
    for (const event of events) {
      switch (event.type) {
        case 'segmentOpened':
          this.#open(event.startSample);
          break;
        case 'speechStarted':
          this.#setSpeaking(true);
          this.#options.onEvent({ type: 'speechStarted', atMs: this.#toMs(event.atSample) });
          this.#wake.speechStarted(this.#toMs(event.atSample));
          this.#announce();
          break;
        case 'speechEnded':
          this.#setSpeaking(false);
          this.#options.onEvent({ type: 'speechEnded', atMs: this.#toMs(event.atSample) });
          this.#wake.speechEnded(this.#toMs(event.atSample));
          break;
        case 'interimDue':
          this.#utterance?.requestInterim(event.endSample);
          if (this.#utterance?.awaitsFirstWords === true) this.#segmenter.hasten(FIRST_WORDS_INTERVAL_MS);
          break;
        case 'silenceConfirmed':
          this.#tellOfUtterance('turnDetectionStarted', event.endSample);
          if (this.#settings.speculativeSilenceMs > 0) this.#utterance?.speculate(event);
          break;
        case 'speechResumed':
          this.#tellOfUtterance('turnDetectionStopped', event.atSample);
          this.#utterance?.resume({ startSample: event.silentSince, endSample: event.atSample });
          // The final that was begun took the place of the interim.
          if (this.#utterance?.awaitsFirstWords === true) this.#segmenter.hurry();
          break;
        case 'segmentClosed':
          this.#close(event);
          break;
        case 'segmentDiscarded':
          this.#discard();
      }
    }
  }

  #open(startSample: number): void {
    const { participantId, name, epoch } = this.#options.track;
    const timeline = this.#timeline;
    const timestamp = (timeline.firstTimestamp ?? 0) + startSample * RTP_TICKS_PER_SAMPLE;
    const cut = this.#lastCut;
    this.#lastCut = undefined;
    this.#ledger.open(startSample, timeline.index);
    this.#utterance = new Utterance(
      {
        id: `${participantId}-${name}-${epoch}.${timeline.index}-${timestamp}`,
        startSample,
        startMs: this.#toMs(startSample),
        timeline,
        continues: cut?.cause === 'forced',
        opening: cut?.next,
        ...(cut === undefined ? {} : { stabilizer: cut.utterance.stabilizerAfter(startSample) }),
      },
      this.#context,
    );
    // After a cut speech goes on.
    if (this.#speaking) this.#announce();
  }

  #announce(): void {
    const utterance = this.#utterance;
    if (utterance === undefined || utterance.announced) return;
    utterance.announced = true;
    this.#wake.opened(utterance.id);
    this.#options.onEvent({ type: 'utteranceOpened', segment: utterance.segment });
    this.#tellActivity({ type: 'utteranceStarted', segmentId: utterance.id, atMs: utterance.startMs });
    this.#changeState();
  }

  #discard(): void {
    const utterance = this.#utterance;
    this.#utterance = undefined;
    this.#ledger.discard();
    if (utterance === undefined) return;
    utterance.discard();
    this.#deliveries = this.#deliveries.then(() => this.#captions.endSentence(utterance));
    if (utterance.announced) {
      this.#options.onEvent({ type: 'interimRetracted', segmentId: utterance.id });
      this.#tellActivity({
        type: 'utteranceEnded',
        segmentId: utterance.id,
        atMs: this.#nowInMeeting(),
        cause: 'silence',
      });
    }
    this.#changeState();
  }

  /** A part of a long utterance is final; speech goes on in the next one. */
  #split(utterance: Utterance, prepared: PreparedFinal): void {
    if (this.#utterance !== utterance) return;
    this.#prepared = prepared;
    const events = this.#segmenter.splitAt(prepared.endSample);
    this.#handle(events);
    this.#prepared = undefined;
    if (events.length > 0) this.#utterance?.showCarried(prepared.hypothesis);
  }

  #close(event: Extract<SegmenterEvent, { type: 'segmentClosed' }>): void {
    const utterance = this.#utterance;
    if (utterance === undefined) return;
    this.#utterance = undefined;
    const { endSample } = event;
    const cause = this.#prepared?.cause ?? event.cause;
    if (cause === 'forced' || cause === 'sentence') this.#lastCut = { utterance, cause, next: this.#prepared?.next };
    utterance.endMs = utterance.startMs + (endSample - utterance.startSample) / SAMPLES_PER_MS;
    this.#ledger.hold({ id: utterance.id, line: utterance.timeline.index, endSample });
    const atMs = utterance.endMs;
    const segmentId = utterance.id;
    if (cause === 'silence') this.#tellActivity({ type: 'turnDetectionStopped', segmentId, atMs, outcome: 'ended' });
    this.#tellActivity({ type: 'utteranceEnded', segmentId, atMs, cause });
    this.#tellActivity({ type: 'transcriptionStarted', segmentId, atMs });

    const prepared = this.#prepared;
    const answer = utterance.close({ ...event, ...(prepared === undefined ? {} : { prepared }) });
    // Awaited in its turn; until then a failure must not count as unhandled.
    answer.catch(() => {});
    this.#undelivered += 1;
    this.#deliveries = this.#deliveries.then(() => this.#deliver({ utterance, answer, cause }));
  }

  async #deliver(options: { utterance: Utterance; answer: Promise<HeardFinal>; cause: SegmentCause }): Promise<void> {
    const { utterance, cause } = options;
    utterance.revision += 1;
    try {
      const { missing = [], ...hypothesis } = await options.answer;
      const fate = this.#captions.judge(utterance, hypothesis);
      const gap = gapOf(fate);
      if (fate === 'transcribed') {
        this.#captions.write({ utterance, hypothesis, cause });
        for (const part of missing) this.#tellMissing(utterance, part);
      } else if (gap !== undefined) this.#captions.gap(utterance.segment, gap);
      else this.#captions.retract(utterance);
      this.#ledger.release(utterance.id, fate);
    } catch (error) {
      const reason = gapReasonOf(error);
      this.#ledger.release(utterance.id, { shed: reason });
      this.#captions.gap(utterance.segment, reason);
    }
    this.#undelivered -= 1;
    this.#changeState();
  }

  /** A stretch of an utterance that its final says nothing of. */
  #tellMissing(utterance: Utterance, { fromMs, toMs, reason }: MissingSpeech): void {
    const { id, startMs, startSample } = utterance;
    const sampleAt = (ms: number) => startSample + Math.round(ms * SAMPLES_PER_MS);
    const fate = { shed: reason };
    this.#ledger.releasePart(id, { startSample: sampleAt(fromMs), endSample: sampleAt(toMs), fate });
    // A final may have heard more of the silence at the end than belongs to the utterance.
    const endMs = Math.min(utterance.endMs, startMs + toMs);
    const gapId = `${id}.missing-${Math.round(fromMs)}`;
    this.#captions.gap({ id: gapId, startMs: startMs + fromMs, endMs, revision: 1 }, reason);
  }

  #show({ utterance, text, hypothesis }: { utterance: Utterance; text: StableText; hypothesis: Hypothesis }): void {
    const shown = this.#captions.show({ utterance, text, hypothesis });
    if (shown === undefined || !this.#diagnostics) return;
    this.#tellActivity({
      type: 'stabilized',
      segmentId: utterance.id,
      revision: utterance.revision,
      committedWords: text.newlyCommitted.length,
      ...shown,
      commitLatencyMs: text.commitLatencyMs,
    });
  }

  /** Somebody else's voice, captioned there. */
  #isWithheld(utterance: Utterance): boolean {
    const { crosstalk, track } = this.#options;
    if (crosstalk === undefined || !this.#settings.crosstalkGuard) return false;
    return crosstalk.judge(track.trackId, utterance.startMs, utterance.endMs).crosstalk;
  }

  #setSpeaking(speaking: boolean): void {
    this.#speaking = speaking;
    this.#intake.speaking = speaking;
  }

  #tellOfUtterance(type: 'turnDetectionStarted' | 'turnDetectionStopped', atSample: number): void {
    const segmentId = this.#utterance?.id;
    if (segmentId === undefined) return;
    const atMs = this.#toMs(atSample);
    this.#tellActivity(
      type === 'turnDetectionStarted' ? { type, segmentId, atMs } : { type, segmentId, atMs, outcome: 'resumed' },
    );
  }

  #tellActivity(activity: TrackActivity): void {
    this.#options.onEvent({ type: 'trackActivity', activity });
  }

  /** Of confirmed speech alone, and of one's own. */
  #checkMicrophone(startSample: number): void {
    const endSample = startSample + VAD_FRAME_SAMPLES;
    const reading = this.#microphone.push(this.#timeline.ring.read(startSample, endSample));
    if (reading !== undefined)
      this.#tellActivity({ type: 'microphoneChecked', ...reading, atMs: this.#toMs(endSample) });
  }

  #diagnose({ startSample, rms }: IntakeFrame): void {
    const utterance = this.#utterance;
    if (!this.#diagnostics || utterance?.announced !== true) return;
    const startMs = this.#toMs(startSample);
    const endMs = startMs + VAD_FRAME_SAMPLES / SAMPLES_PER_MS;
    this.#tellActivity({ type: 'audioRecorded', segmentId: utterance.id, startMs, endMs, levelDb: dbfs(rms) });
  }

  #changeState(): void {
    const state = this.#currentState();
    if (state === this.#state) return;
    const atMs = this.#nowInMeeting();
    const before = this.#state;
    this.#state = state;
    this.#options.onEvent({ type: 'trackStateChanged', state });
    if (before === 'listening') this.#tellActivity({ type: 'listeningStopped', atMs });
    if (state === 'listening') this.#tellActivity({ type: 'listeningStarted', atMs });
  }

  #currentState(): TrackState {
    if (this.#closed || !this.#heard) return 'inactive';
    if (this.#utterance?.announced === true) return this.#wake.awake ? 'speaking' : 'wakeword';
    if (this.#undelivered > 0) return 'transcribing';
    if (this.#muted) return 'inactive';
    return this.#wake.awake ? 'listening' : 'wakeword';
  }

  #nowInMeeting(): number {
    return this.#now() - this.#options.meetingStartedAtMs;
  }

  #toMs(sample: number): number {
    const { clock, firstTimestamp } = this.#timeline;
    // Anchored by the packet that the sample came in; a time line without one has no samples.
    return clock.toMeetingMs((firstTimestamp ?? 0) + sample * RTP_TICKS_PER_SAMPLE) ?? this.#nowInMeeting();
  }
}

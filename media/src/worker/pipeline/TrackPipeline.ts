import type { InterimPace } from '../../asr/contract/load.js';
import type { Recognizer } from '../../asr/contract/Recognizer.js';
import { type Clock, monotonicNowMs } from '../../process/clock.js';
import { DEFAULT_READING, type ReadingProfile } from '../../settings/reading.js';
import type { SpeechSettings } from '../../settings/speechSettings.js';
import type { AudioLedgerTotals, TrackDescription, TrackEvent, TrackState } from '../contract/messages.js';
import type { RtpPacket } from '../rtp/index.js';
import type { CrosstalkGuard } from '../speech/crosstalk/index.js';
import { VAD_FRAME_SAMPLES, type VoiceActivityModel } from '../speech/index.js';
import type { WakeEvent, WakeWordDetector } from '../speech/wake/index.js';
import { CaptionWriter } from './CaptionWriter.js';
import { Finals } from './Finals.js';
import { TrackActivities } from './TrackActivities.js';
import { TrackBooks } from './TrackBooks.js';
import { TrackCrosstalk } from './TrackCrosstalk.js';
import { type IntakeEvent, type IntakeFrame, TrackIntake } from './TrackIntake.js';
import { TrackStatus } from './TrackStatus.js';
import type { Utterance } from './Utterance.js';
import type { TrackSettings } from './UtteranceRequests.js';
import { Utterances, type UtterancesEvent } from './Utterances.js';
import { WakeListener } from './WakeListener.js';

export interface TrackPipelineOptions extends TrackSettings {
  meetingId: string;
  /** Its own settings, if any, replace `settings`. */
  track: TrackDescription;
  /** On the machine's monotonic clock. */
  meetingStartedAtMs: number;
  /** Of the model for finals; default: `DEFAULT_READING`. */
  reading?: Partial<ReadingProfile> | undefined;
  voiceActivity: Pick<VoiceActivityModel, 'open'>;
  recognizer: Recognizer;
  /** Knows the other tracks of the room. Without it, all speech on a track counts as its own speaker's. */
  crosstalk?: CrosstalkGuard;
  /** Detects wake words by their sound, besides the phrases that are found in the text. */
  wakeWords?: WakeWordDetector;
  onEvent: (event: TrackEvent) => void;
  now?: Clock;
}

export interface TrackPipelineStats {
  /** Engine time of superseded interims and of discarded finals that were started in a pause, if they were answered. */
  discardedEngineMs: number;
  /** Engine time of all answers. */
  engineMs: number;
}

const SAMPLES_PER_MS = 16;
/** No utterance starts further back than this: the longest pre-roll, with a margin. */
const LOOK_BACK_SAMPLES = 2_500 * SAMPLES_PER_MS;

/**
 * One producer's path from RTP to text, all of it in stream order: the intake makes frames, the crosstalk guard removes other voices,
 * utterances are cut and transcribed, finals are put in order, captions are written. Every sample ends in exactly one class of the ledger.
 * Each part reports to this class by events and knows none of the others' state.
 */
export class TrackPipeline {
  readonly #options: TrackPipelineOptions;
  readonly #now: Clock;
  readonly #intake: TrackIntake;
  readonly #crosstalk: TrackCrosstalk;
  readonly #utterances: Utterances;
  readonly #finals: Finals;
  readonly #captions: CaptionWriter;
  readonly #wake: WakeListener;
  readonly #books: TrackBooks;
  readonly #status: TrackStatus;
  readonly #activities: TrackActivities;
  #settings: SpeechSettings;
  #muted: boolean;
  /** Otherwise nothing that comes is decoded or kept. */
  #transcribed: boolean;
  /** Whether any audio has come. */
  #begun = false;
  #stats: TrackPipelineStats = { discardedEngineMs: 0, engineMs: 0 };
  #closed = false;

  constructor(options: TrackPipelineOptions) {
    const { meetingId, track, meetingStartedAtMs, longestWindowMs, recognizer, voiceActivity, wakeWords } = options;
    const { trackId, payloadType, muted } = track;
    const settings = track.settings ?? options.settings;
    const now = options.now ?? monotonicNowMs;
    const onEvent = (event: TrackEvent) => this.#emit(event);
    this.#options = options;
    this.#now = now;
    this.#settings = settings;
    this.#muted = muted;
    this.#transcribed = track.notTranscribed === undefined;
    this.#activities = new TrackActivities({
      onActivity: (activity) => options.onEvent({ type: 'trackActivity', activity }),
    });
    this.#books = new TrackBooks({
      muted,
      now,
      onTotals: (ledger) => this.#emit({ type: 'ledgerUpdated', ledger }),
    });
    this.#status = new TrackStatus({ now: () => this.#nowInMeeting(), onEvent });
    this.#wake = new WakeListener({
      settings,
      detector: wakeWords,
      now: () => this.#nowInMeeting(),
      utterance: () => this.#utterances.open,
      onEvents: (events) => this.#onWake(events),
    });
    this.#crosstalk = new TrackCrosstalk({ trackId, guard: options.crosstalk, settings });
    this.#captions = new CaptionWriter({ settings, wake: this.#wake, crosstalk: this.#crosstalk, onEvent });
    this.#finals = new Finals({
      captions: this.#captions,
      ledger: this.#books.ledger,
      onDelivered: () => this.#changeState(),
    });
    this.#intake = new TrackIntake({
      payloadType,
      meetingStartedAtMs,
      voiceActivity,
      now,
      onEvent: (event) => this.#onIntake(event),
    });
    this.#utterances = new Utterances({
      settings,
      longestWindowMs,
      idPrefix: `${track.participantId}-${track.name}-${track.epoch}`,
      timeline: this.#intake.timeline,
      context: { meetingId, trackId, recognizer, now, reading: { ...DEFAULT_READING, ...options.reading } },
      captions: this.#captions,
      onEvent: (event) => this.#onUtterances(event),
    });
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
    if (this.#transcribed) this.#intake.push(packet);
  }

  /** The next samples of a track that comes as 16 kHz PCM, without gaps. */
  pushPcm(pcm: Int16Array): void {
    if (this.#transcribed) this.#intake.pushPcm(pcm);
  }

  /**
   * Call it about every 20 ms: releases overdue packets and lets silence pass while nothing arrives.
   * @param nowMs a time up to which everything that arrived has been pushed; default: now
   */
  tick(nowMs?: number): void {
    if (this.#closed) return;
    if (this.#muted || !this.#transcribed) this.#intake.release(nowMs);
    else this.#intake.tick(nowMs);
    this.#books.tick();
  }

  /** Applies new settings from the next frame on. */
  update(current: TrackSettings): void {
    const { settings } = current;
    this.#settings = settings;
    this.#utterances.update(current);
    this.#crosstalk.update(settings);
    this.#captions.update(settings);
    this.#wake.update(settings);
    this.#changeState();
  }

  /** Minimum distance between interims, whatever the settings say: what the recogniser can sustain. */
  setInterimPace(pace: InterimPace): void {
    this.#utterances.setInterimPace(pace);
  }

  /** Whether the frequent activities are wanted. */
  setDiagnostics(on: boolean): void {
    this.#activities.setDiagnostics(on);
  }

  /** Muting ends the open utterance at once. */
  setMuted(muted: boolean): void {
    if (muted && !this.#muted) void this.#flush().then(() => this.#changeState());
    this.#muted = muted;
    this.#books.muted = muted;
    this.#changeState();
  }

  /**
   * Whether the track is transcribed. If not, the open utterance ends at once, and what comes from now on is neither decoded nor kept; it is
   * in no ledger here. What comes after it begins a time line of its own.
   */
  setTranscribed(transcribed: boolean): void {
    if (this.#closed || transcribed === this.#transcribed) return;
    this.#transcribed = transcribed;
    if (!transcribed) {
      void this.#flush().then(() => this.#changeState());
      this.#intake.startOver();
      this.#books.leaveOut();
    }
    this.#changeState();
  }

  /** Resolves when everything that was received is text, a gap, or known not to be speech. */
  async drain(): Promise<void> {
    await this.#flush();
    await this.#finals.drain();
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
    this.#crosstalk.close();
    this.#books.finish(endMs);
    this.#changeState();
  }

  #flush(): Promise<void> {
    return this.#closed ? Promise.resolve() : this.#intake.flush().then(() => this.#utterances.flush());
  }

  #onIntake(event: IntakeEvent): void {
    switch (event.type) {
      case 'audioReceived':
        this.#onAudio(event);
        break;
      case 'frameJudged':
        this.#onFrame(event);
        break;
      case 'jumped':
        this.#wake.reset();
        this.#utterances.jump(event.toSample);
        this.#crosstalk.jump();
        break;
      case 'timelineStarted':
        this.#utterances.goOnWith(event.timeline);
        this.#crosstalk.jump();
        break;
      case 'budgetExceeded':
        this.#emit(event);
    }
  }

  #onAudio(span: Extract<IntakeEvent, { type: 'audioReceived' }>): void {
    this.#begun = true;
    this.#books.append(span);
    if (this.#status.state !== 'inactive') return;
    this.#wake.tick(this.#nowInMeeting());
    this.#changeState();
  }

  #onFrame(frame: IntakeFrame): void {
    const { startSample, rms } = frame;
    const { timeline } = this.#utterances;
    const endSample = startSample + VAD_FRAME_SAMPLES;
    const pcm = () => timeline.ring.read(startSample, endSample);
    const probability = this.#isCrosstalk(frame, pcm) ? 0 : frame.probability;
    this.#wake.push(pcm);
    this.#utterances.push({ startSample, probability, rms });
    if (this.#utterances.open === undefined) this.#books.ledger.pass(startSample - LOOK_BACK_SAMPLES, timeline.index);
    this.#wake.tick(timeline.msOf(endSample));
    this.#books.tick();
    this.#reportFrame({ startSample, rms, isSpeech: probability >= this.#settings.vadThreshold, pcm });
    this.#changeState();
  }

  #isCrosstalk({ startSample, probability, arrivedAtMs }: IntakeFrame, pcm: () => Int16Array): boolean {
    const { timeline, open: utterance } = this.#utterances;
    const startMs = timeline.msOf(startSample);
    const arrivedMs = arrivedAtMs - this.#options.meetingStartedAtMs;
    if (!this.#crosstalk.isIn({ startSample, startMs, arrivedMs, probability, pcm, utterance })) return false;
    const endSample = startSample + VAD_FRAME_SAMPLES;
    this.#books.ledger.markCrosstalk({ line: timeline.index, startSample, endSample });
    return true;
  }

  #onUtterances(event: UtterancesEvent): void {
    const { ledger } = this.#books;
    switch (event.type) {
      case 'opened':
        ledger.open(event.utterance.startSample, event.utterance.timeline.index);
        break;
      case 'speechStarted':
        this.#intake.speaking = true;
        this.#emit(event);
        this.#wake.speechStarted(event.atMs);
        break;
      case 'speechEnded':
        this.#intake.speaking = false;
        this.#emit(event);
        this.#wake.speechEnded(event.atMs);
        break;
      case 'confirmed':
        this.#onConfirmed(event.utterance);
        break;
      case 'paused':
        this.#activities.paused(event.utterance, event.atMs);
        break;
      case 'resumed':
        this.#activities.resumed(event.utterance, event.atMs);
        break;
      case 'textChanged':
        this.#captions.show(event);
        break;
      case 'discarded':
        this.#onDiscarded(event);
        break;
      case 'ended':
        this.#onEnded(event);
        break;
      case 'finalAsked':
        this.#finals.push(event);
        break;
      case 'engineAnswered':
        this.#stats.engineMs += event.engineMs;
        break;
      case 'answerDiscarded':
        this.#stats.discardedEngineMs += event.engineMs;
    }
  }

  #onConfirmed(utterance: Utterance): void {
    this.#captions.open(utterance);
    this.#activities.started(utterance);
    this.#changeState();
  }

  #onDiscarded({ utterance, confirmed }: { utterance: Utterance; confirmed: boolean }): void {
    this.#books.ledger.discard();
    this.#finals.pushNone(utterance);
    if (confirmed) {
      this.#captions.withdraw(utterance);
      this.#activities.discarded(utterance, this.#nowInMeeting());
    }
    this.#changeState();
  }

  #onEnded({ utterance, endSample, cause }: Extract<UtterancesEvent, { type: 'ended' }>): void {
    this.#books.ledger.hold({ id: utterance.id, line: utterance.timeline.index, endSample });
    this.#activities.ended(utterance, { atMs: utterance.msAt(endSample), cause });
  }

  #onWake(events: readonly WakeEvent[]): void {
    for (const event of events) this.#activities.report(event);
    this.#changeState();
  }

  #reportFrame(frame: { startSample: number; rms: number; isSpeech: boolean; pcm: () => Int16Array }): void {
    const { timeline, speaking, confirmed } = this.#utterances;
    if (speaking && frame.isSpeech) this.#activities.spoken({ timeline, ...frame }, frame.pcm());
    if (confirmed !== undefined) this.#activities.recorded(confirmed, { timeline, ...frame });
  }

  #emit(event: TrackEvent): void {
    if (event.type === 'trackActivity') this.#activities.report(event.activity);
    else this.#options.onEvent(event);
  }

  #changeState(): void {
    this.#status.change(this.#currentState());
  }

  #currentState(): TrackState {
    if (this.#closed || !this.#begun) return 'inactive';
    if (this.#utterances.confirmed !== undefined) return this.#wake.awake ? 'speaking' : 'wakeword';
    if (this.#finals.waiting > 0) return 'transcribing';
    if (this.#muted || !this.#transcribed) return 'inactive';
    return this.#wake.awake ? 'listening' : 'wakeword';
  }

  #nowInMeeting(): number {
    return this.#now() - this.#options.meetingStartedAtMs;
  }
}

import type { Recognizer } from '../asr/Recognizer.js';
import { type Hypothesis, RecognitionError, type RecognitionErrorCode } from '../asr/types.js';
import { dbfs } from '../audio/index.js';
import { type Clock, monotonicNowMs } from '../process/clock.js';
import type { RtpPacket } from '../rtp/index.js';
import type { CrosstalkGuard } from '../speech/crosstalk/index.js';
import {
  Segmenter,
  type SegmenterEvent,
  type SpeechSettings,
  VAD_FRAME_SAMPLES,
  type VoiceActivityModel,
} from '../speech/index.js';
import type { StableText, TimedWord } from '../speech/stabilizer/index.js';
import { buildPrompt, finishText, HotWordList, LanguageTracker } from '../speech/text/index.js';
import { WakeGate, type WakeWordDetector, type WakeWordStream } from '../speech/wake/index.js';
import { type AudioFate, AudioLedger } from './AudioLedger.js';
import type {
  AudioLedgerTotals,
  PipelineEvent,
  PipelineGapReason,
  SpeakerActivity,
  SpeakerDescription,
  SpeakerState,
} from './messages.js';
import { type IntakeFrame, type Timeline, TrackIntake } from './TrackIntake.js';
import { type PreparedFinal, Utterance, type UtteranceContext } from './Utterance.js';

type WithoutIds<T> = T extends unknown ? Omit<T, 'roomId' | 'speakerId'> : never;
export type SpeakerEvent = WithoutIds<PipelineEvent>;

export interface SpeakerPipelineOptions {
  roomId: string;
  speaker: SpeakerDescription;
  /** On the machine's monotonic clock. */
  meetingStartedAtMs: number;
  settings: SpeechSettings;
  longestWindowMs: number;
  voiceActivity: Pick<VoiceActivityModel, 'open'>;
  recognizer: Recognizer;
  /** Knows the other tracks of the room. Without it every track is taken for its own speaker's. */
  crosstalk?: CrosstalkGuard;
  /** Hears wake words by their sound, beside the phrases that are found in the text. */
  wakeWords?: WakeWordDetector;
  onEvent: (event: SpeakerEvent) => void;
  now?: Clock;
}

export interface SpeakerPipelineStats {
  /** Engine time of interims that were overtaken and of finals that were begun in a pause, as far as they were answered. */
  discardedEngineMs: number;
  /** Engine time of all answers. */
  engineMs: number;
}

/** 48 kHz RTP clock to 16 kHz samples. */
const RTP_TICKS_PER_SAMPLE = 3;
const SAMPLES_PER_MS = 16;
/** The books are told every so many frames (about 5 s) while they change. */
const LEDGER_FRAMES = 156;
/** No utterance begins further back than this: the longest pre-roll, and some. */
const LOOK_BACK_SAMPLES = 2_500 * SAMPLES_PER_MS;
/** While a wake phrase is awaited, interims come at least this often, whatever the mode. */
const WAKE_INTERIM_MS = 400;

const GAP_REASONS: Record<RecognitionErrorCode, PipelineGapReason> = {
  DEADLINE_EXCEEDED: 'deadlineExceeded',
  OVERLOADED: 'overloaded',
  RECOGNIZER_FAILED: 'recognizerFailed',
  RECOGNIZER_UNAVAILABLE: 'recognizerUnavailable',
  SUPERSEDED: 'recognizerFailed',
  CLOSED: 'recognizerUnavailable',
};

/**
 * One producer's way from RTP to text: intake, crosstalk, segmenter, recogniser, gates, in this order and all of it in stream
 * order. Finals leave in the order in which they were spoken, whichever the recogniser answers first, and every sample ends in
 * exactly one class of the ledger.
 */
export class SpeakerPipeline {
  readonly #options: SpeakerPipelineOptions;
  readonly #now: Clock;
  readonly #intake: TrackIntake;
  readonly #segmenter: Segmenter;
  readonly #ledger = new AudioLedger();
  readonly #language: LanguageTracker;
  readonly #wake: WakeGate;
  #wakeWords: WakeWordStream | undefined;
  readonly #context: UtteranceContext;
  /** Where the VAD's answers have got to: behind the intake for a moment after the sender started over. */
  #timeline: Timeline;
  #settings: SpeechSettings;
  #speaking = false;
  #utterance: Utterance | undefined;
  /** A final that was made before its utterance was cut; taken up by the cut. */
  #prepared: PreparedFinal | undefined;
  /** The utterance that the next one goes on from. */
  #lastCut: { utterance: Utterance; cause: 'forced' | 'sentence' } | undefined;
  #muted: boolean;
  /** Muted, or not yet heard of since: what is missing was never said. */
  #absent: boolean;
  #heard = false;
  #state: SpeakerState = 'inactive';
  #deliveries: Promise<void> = Promise.resolve();
  #undelivered = 0;
  #diagnostics = false;
  #framesSinceLedger = 0;
  #toldLedger = '';
  /** The newest final was cut within a sentence. */
  #sentenceOpen = false;
  readonly #hotWords = new HotWordList();
  /** Finals in a row without the end of a sentence: some models and languages write none. */
  #unpunctuated = 0;
  #stats: SpeakerPipelineStats = { discardedEngineMs: 0, engineMs: 0 };
  #closed = false;

  constructor(options: SpeakerPipelineOptions) {
    this.#options = options;
    this.#now = options.now ?? monotonicNowMs;
    this.#settings = options.speaker.settings ?? options.settings;
    this.#muted = options.speaker.muted;
    this.#absent = options.speaker.muted;
    this.#hotWords.replace(this.#settings.hotWords);
    this.#language = new LanguageTracker(this.#settings);
    this.#wake = new WakeGate(this.#settings);
    this.#intake = new TrackIntake({
      payloadType: options.speaker.payloadType,
      meetingStartedAtMs: options.meetingStartedAtMs,
      voiceActivity: options.voiceActivity,
      now: () => this.#now(),
      onAudio: (span) => this.#onAudio(span),
      onSkipped: ({ timeline, fromSample, toSample }) =>
        this.#onAudio({ timeline, startSample: fromSample, samples: toSample - fromSample, origin: 'concealed' }),
      onFrame: (frame) => this.#onFrame(frame),
      onJump: (toSample) => this.#onJump(toSample),
      onTimeline: (timeline) => this.#onTimeline(timeline),
    });
    this.#timeline = this.#intake.timeline;
    this.#context = this.#utteranceContext();
    this.#segmenter = new Segmenter(this.#segmenterSettings());
    options.crosstalk?.open(options.speaker.speakerId);
    this.#listenForWakeWords();
  }

  get settings(): SpeechSettings {
    return this.#settings;
  }

  get ledger(): AudioLedgerTotals {
    return this.#ledger.totals;
  }

  get stats(): SpeakerPipelineStats {
    return { ...this.#stats };
  }

  push(packet: RtpPacket): void {
    this.#intake.push(packet);
  }

  /** The next samples of a track that comes as 16 kHz PCM, without gaps. */
  pushPcm(pcm: Int16Array): void {
    this.#intake.pushPcm(pcm);
  }

  /** To be called every 20 ms or so: releases overdue packets and lets silence pass while nothing arrives. */
  tick(): void {
    if (!this.#closed && !this.#muted) this.#intake.tick();
  }

  /** Takes new settings over, from the next frame on. */
  update(options: { settings: SpeechSettings; longestWindowMs: number }): void {
    this.#settings = options.settings;
    this.#options.longestWindowMs = options.longestWindowMs;
    this.#segmenter.update(this.#segmenterSettings());
    this.#hotWords.replace(options.settings.hotWords);
    this.#language.update(options.settings);
    this.#tellWake(this.#wake.update(options.settings, this.#nowInMeeting()));
    this.#listenForWakeWords();
    this.#changeState();
  }

  /** Stretches interims while the recogniser is busy: 1 = as set, 0 = none. */
  setInterimFactor(factor: number): void {
    this.#segmenter.setInterimFactor(factor);
  }

  /** Whether somebody listens to the frequent activities. */
  setDiagnostics(on: boolean): void {
    this.#diagnostics = on;
  }

  /** Muting ends the open utterance at once. */
  setMuted(muted: boolean): void {
    if (muted && !this.#muted) void this.#flush().then(() => this.#changeState());
    this.#muted = muted;
    if (muted) this.#absent = true;
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
    await this.drain();
    if (this.#closed) return;
    this.#closed = true;
    this.#intake.close();
    this.#wakeWords?.close();
    this.#options.crosstalk?.close(this.#options.speaker.speakerId);
    this.#ledger.finish();
    this.#tellLedger();
    this.#changeState();
  }

  #utteranceContext(): UtteranceContext {
    const { roomId, speaker } = this.#options;
    return {
      roomId,
      speakerId: speaker.speakerId,
      recognizer: this.#options.recognizer,
      now: this.#now,
      settings: () => this.#settings,
      longestWindowMs: () => this.#options.longestWindowMs,
      language: () => this.#language.requestLanguage(),
      prompt: (before) =>
        buildPrompt({ prompt: this.#settings.prompt, hotWords: this.#hotWords.ordered, previousText: before }),
      quietest: (options) => this.#segmenter.quietest(options),
      onText: (utterance, text, hypothesis) => this.#show({ utterance, text, hypothesis }),
      onReading: ({ speechEndSample, reading }) => {
        // Where no sentence ever ends in a full stop, its absence says nothing.
        const trusted = reading === 'unfinished' && this.#unpunctuated >= 3 ? 'unknown' : reading;
        this.#segmenter.readSilence({ speechEndSample, reading: trusted });
      },
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
    if (span.origin === 'audio' && !this.#muted) this.#absent = false;
    const origin = this.#absent && span.origin !== 'audio' ? 'muted' : span.origin;
    const { timeline, startSample, samples } = span;
    this.#ledger.append({ line: timeline.index, startSample, samples, origin });
    if (this.#state !== 'inactive') return;
    this.#tellWake(this.#wake.tick(this.#nowInMeeting()));
    this.#changeState();
  }

  #onFrame(frame: IntakeFrame): void {
    const { startSample } = frame;
    const probability = this.#isCrosstalk(frame) ? 0 : frame.probability;
    this.#wakeWords?.push(this.#timeline.ring.read(startSample, startSample + VAD_FRAME_SAMPLES));
    this.#handle(this.#segmenter.push({ startSample, samples: VAD_FRAME_SAMPLES, probability, rms: frame.rms }));
    if (!this.#segmenter.open) this.#ledger.pass(startSample - LOOK_BACK_SAMPLES, this.#timeline.index);
    this.#tellWake(this.#wake.tick(this.#toMs(startSample + VAD_FRAME_SAMPLES)));
    this.#framesSinceLedger += 1;
    if (this.#framesSinceLedger >= LEDGER_FRAMES) this.#tellLedger();
    this.#diagnose(frame);
    this.#changeState();
  }

  /** Whether a frame carries somebody else's voice. */
  #isCrosstalk({ startSample, probability }: IntakeFrame): boolean {
    const { crosstalk, speaker } = this.#options;
    if (crosstalk === undefined || !this.#settings.crosstalkGuard) return false;
    const endSample = startSample + VAD_FRAME_SAMPLES;
    const startMs = this.#toMs(startSample);
    const pcm = this.#timeline.ring.read(startSample, endSample);
    crosstalk.push({ trackId: speaker.speakerId, startMs, pcm, probability });
    if (!crosstalk.frameIsCrosstalk(speaker.speakerId, startMs)) return false;
    this.#ledger.markCrosstalk({ line: this.#timeline.index, startSample, endSample });
    return true;
  }

  /** Only where a wake phrase is awaited: listening costs. */
  #listenForWakeWords(): void {
    const { wakePhrases, wakeSensitivity } = this.#settings;
    if (wakePhrases.length === 0) {
      this.#wakeWords?.close();
      this.#wakeWords = undefined;
      return;
    }
    this.#wakeWords ??= this.#options.wakeWords?.open({
      sensitivity: wakeSensitivity,
      onDetection: ({ phrase, score }) => {
        const atMs = this.#nowInMeeting();
        const utterance = this.#utterance;
        const shownFrom = utterance && { segmentId: utterance.id, fromMs: Math.max(0, atMs - utterance.startMs) };
        this.#tellWake(this.#wake.detected({ phrase, score, atMs, shownFrom }));
      },
    });
  }

  #onJump(toSample: number): void {
    this.#wakeWords?.reset();
    this.#handle(this.#segmenter.jump(toSample));
    this.#options.crosstalk?.jump(this.#options.speaker.speakerId);
  }

  #onTimeline(timeline: Timeline): void {
    this.#handle(this.#segmenter.flush());
    this.#timeline = timeline;
    this.#handle(this.#segmenter.jump(0));
    this.#options.crosstalk?.jump(this.#options.speaker.speakerId);
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
          this.#tellWake(this.#wake.speechStarted(this.#toMs(event.atSample)));
          this.#announce();
          break;
        case 'speechEnded':
          this.#setSpeaking(false);
          this.#options.onEvent({ type: 'speechEnded', atMs: this.#toMs(event.atSample) });
          this.#tellWake(this.#wake.speechEnded(this.#toMs(event.atSample)));
          break;
        case 'interimDue':
          this.#utterance?.requestInterim(event.endSample);
          break;
        case 'silenceConfirmed':
          this.#tellOfUtterance('turnDetectionStarted', event.endSample);
          if (this.#settings.speculativeSilenceMs > 0) this.#utterance?.speculate(event);
          break;
        case 'speechResumed':
          this.#tellOfUtterance('turnDetectionStopped', event.atSample);
          this.#utterance?.dropSpeculation();
          this.#utterance?.addPause({ startSample: event.silentSince, endSample: event.atSample });
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
    const { participantId, track, epoch } = this.#options.speaker;
    const timeline = this.#timeline;
    const timestamp = (timeline.firstTimestamp ?? 0) + startSample * RTP_TICKS_PER_SAMPLE;
    const cut = this.#lastCut;
    this.#lastCut = undefined;
    this.#ledger.open(startSample, timeline.index);
    this.#utterance = new Utterance(
      {
        id: `${participantId}-${track}-${epoch}.${timeline.index}-${timestamp}`,
        startSample,
        startMs: this.#toMs(startSample),
        timeline,
        continues: cut?.cause === 'forced',
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
    this.#options.onEvent({ type: 'opened', segment: utterance.segment });
    this.#tellActivity({ type: 'recordingStarted', segmentId: utterance.id, atMs: utterance.startMs });
    this.#changeState();
  }

  #discard(): void {
    const utterance = this.#utterance;
    this.#utterance = undefined;
    this.#ledger.discard();
    if (utterance === undefined) return;
    utterance.discard();
    this.#deliveries = this.#deliveries.then(() => this.#endSentence(utterance));
    if (utterance.announced) {
      this.#options.onEvent({ type: 'retracted', segmentId: utterance.id });
      this.#tellActivity({
        type: 'recordingStopped',
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
    if (cause === 'forced' || cause === 'sentence') this.#lastCut = { utterance, cause };
    utterance.endMs = utterance.startMs + (endSample - utterance.startSample) / SAMPLES_PER_MS;
    this.#ledger.hold({ id: utterance.id, line: utterance.timeline.index, endSample });
    const atMs = utterance.endMs;
    const segmentId = utterance.id;
    if (cause === 'silence') this.#tellActivity({ type: 'turnDetectionStopped', segmentId, atMs, outcome: 'ended' });
    this.#tellActivity({ type: 'recordingStopped', segmentId, atMs, cause });
    this.#tellActivity({ type: 'transcriptionStarted', segmentId, atMs });

    const prepared = this.#prepared;
    const answer = utterance.close({ ...event, ...(prepared === undefined ? {} : { prepared }) });
    // Awaited in its turn; until then a failure must not count as unhandled.
    answer.catch(() => {});
    this.#undelivered += 1;
    this.#deliveries = this.#deliveries.then(() => this.#deliver({ utterance, answer, cause }));
  }

  async #deliver(options: {
    utterance: Utterance;
    answer: Promise<Hypothesis>;
    cause: 'silence' | 'forced' | 'sentence' | 'flush';
  }): Promise<void> {
    const { utterance, cause } = options;
    utterance.revision += 1;
    try {
      const hypothesis = await options.answer;
      const fate = this.#judge(utterance, hypothesis);
      if (fate !== 'transcribed') {
        this.#ledger.release(utterance.id, fate);
        this.#endSentence(utterance);
        this.#options.onEvent({ type: 'retracted', segmentId: utterance.id });
      } else {
        this.#ledger.release(utterance.id, fate);
        this.#deliverText({ utterance, hypothesis, cause });
      }
    } catch (error) {
      const reason = error instanceof RecognitionError ? GAP_REASONS[error.code] : 'recognizerFailed';
      this.#ledger.release(utterance.id, { shed: reason });
      this.#options.onEvent({ type: 'gap', segment: utterance.segment, reason });
    }
    this.#undelivered -= 1;
    this.#changeState();
  }

  /** A sentence that was cut, and that nothing was said to go on with, is over. */
  #endSentence(utterance: Utterance): void {
    if (utterance.continues) this.#sentenceOpen = false;
  }

  /** What becomes of an utterance's audio, by its final. */
  #judge(utterance: Utterance, hypothesis: Hypothesis): AudioFate {
    if (hypothesis.text === '') return 'nonSpeech';
    if (this.#isWithheld(utterance)) return 'crosstalk';
    this.#hear(utterance, hypothesis.words ?? []);
    const from = this.#wake.textFrom(utterance.id);
    if (from === undefined || textAfter(hypothesis, from) === '') return { shed: 'asleep' };
    return 'transcribed';
  }

  #deliverText(options: { utterance: Utterance; hypothesis: Hypothesis; cause: string }): void {
    const { utterance, cause } = options;
    const hypothesis = this.#awake(utterance, options.hypothesis);
    const { settled } = this.#language.observe({
      language: hypothesis.language,
      probability: hypothesis.languageProbability,
      speechMs: utterance.endMs - utterance.startMs,
      kind: 'final',
    });
    if (settled !== undefined) {
      this.#tellActivity({ type: 'languageDetected', ...settled, atMs: utterance.endMs });
    }
    const { startUppercase, endPeriod, words } = this.#settings;
    const text = finishText(hypothesis.text, {
      startsSentence: !(utterance.continues || this.#sentenceOpen),
      endedInSilence: cause === 'silence' || cause === 'flush',
      startUppercase,
      endPeriod,
      language: hypothesis.language,
    });
    this.#unpunctuated = /[.?!。？！؟।]\W*$/u.test(hypothesis.text) ? 0 : this.#unpunctuated + 1;
    this.#sentenceOpen = cause === 'forced';
    this.#hotWords.countUses(text);
    const committedCorrections = utterance.corrections(hypothesis);
    const { words: timed, ...rest } = hypothesis;
    this.#options.onEvent({
      type: 'final',
      segment: utterance.segment,
      hypothesis: { ...rest, text, ...(words && timed !== undefined ? { words: timed } : {}) },
      committedCorrections,
    });
    this.#tellWake(this.#wake.finalDone(utterance.endMs));
  }

  /** Shows what an interim has heard, unless it is not to be seen. */
  #show(options: { utterance: Utterance; text: StableText; hypothesis: Hypothesis }): void {
    const { utterance, text, hypothesis } = options;
    this.#language.observe({
      language: hypothesis.language,
      probability: hypothesis.languageProbability,
      speechMs: utterance.endMs - utterance.startMs,
      kind: 'interim',
    });
    this.#hear(utterance, [...text.committed, ...text.tail]);
    // Interims for the ear only: for the wake phrase, or for the reading of a silence.
    const from = this.#wake.textFrom(utterance.id);
    if (from === undefined || this.#settings.interimIntervalMs === 0 || this.#isWithheld(utterance)) return;
    const shown = from === 0 ? text : afterWakePhrase(text, from);
    if (shown.text === '' || utterance.lastShown === `${shown.stableLength}:${shown.text}`) return;
    utterance.lastShown = `${shown.stableLength}:${shown.text}`;
    utterance.revision += 1;
    const { words: _, ...rest } = hypothesis;
    this.#options.onEvent({
      type: 'interim',
      segment: utterance.segment,
      hypothesis: { ...rest, text: shown.text },
      stableLength: shown.stableLength,
    });
    if (!this.#diagnostics) return;
    this.#tellActivity({
      type: 'stabilized',
      segmentId: utterance.id,
      revision: utterance.revision,
      committedWords: text.newlyCommitted.length,
      stableLength: shown.stableLength,
      textLength: shown.text.length,
      commitLatencyMs: text.commitLatencyMs,
    });
  }

  /** Somebody else's voice, captioned there. */
  #isWithheld(utterance: Utterance): boolean {
    const { crosstalk, speaker } = this.#options;
    if (crosstalk === undefined || !this.#settings.crosstalkGuard) return false;
    return crosstalk.judge(speaker.speakerId, utterance.startMs, utterance.endMs).crosstalk;
  }

  /** Listens for the wake phrase. */
  #hear(utterance: Utterance, words: readonly TimedWord[]): void {
    if (words.length === 0 || this.#settings.wakePhrases.length === 0) return;
    this.#tellWake(this.#wake.heard({ words, segmentId: utterance.id, atMs: utterance.endMs }));
  }

  /** A hypothesis without the wake phrase and what was said before it. */
  #awake(utterance: Utterance, hypothesis: Hypothesis): Hypothesis {
    const from = this.#wake.textFrom(utterance.id) ?? 0;
    if (from === 0 || hypothesis.words === undefined) return hypothesis;
    const words = hypothesis.words.filter((word) => word.startMs >= from);
    return { ...hypothesis, text: textAfter(hypothesis, from), words };
  }

  #setSpeaking(speaking: boolean): void {
    this.#speaking = speaking;
    this.#intake.speaking = speaking;
  }

  #tellWake(events: readonly SpeakerActivity[]): void {
    for (const event of events) this.#tellActivity(event);
    if (events.length > 0) this.#changeState();
  }

  #tellOfUtterance(type: 'turnDetectionStarted' | 'turnDetectionStopped', atSample: number): void {
    const segmentId = this.#utterance?.id;
    if (segmentId === undefined) return;
    const atMs = this.#toMs(atSample);
    this.#tellActivity(
      type === 'turnDetectionStarted' ? { type, segmentId, atMs } : { type, segmentId, atMs, outcome: 'resumed' },
    );
  }

  #tellActivity(activity: SpeakerActivity): void {
    this.#options.onEvent({ type: 'activity', activity });
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
    this.#options.onEvent({ type: 'stateChanged', state });
    if (before === 'listening') this.#tellActivity({ type: 'listeningStopped', atMs });
    if (state === 'listening') this.#tellActivity({ type: 'listeningStarted', atMs });
  }

  #currentState(): SpeakerState {
    if (this.#closed || !this.#heard) return 'inactive';
    if (this.#utterance?.announced === true) return this.#wake.awake ? 'recording' : 'wakeword';
    if (this.#undelivered > 0) return 'transcribing';
    if (this.#muted) return 'inactive';
    return this.#wake.awake ? 'listening' : 'wakeword';
  }

  #tellLedger(): void {
    this.#framesSinceLedger = 0;
    const ledger = this.#ledger.totals;
    const text = JSON.stringify(ledger);
    if (text === this.#toldLedger) return;
    this.#toldLedger = text;
    this.#options.onEvent({ type: 'ledger', ledger });
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

/** The words of a hypothesis from a time on. */
function textAfter(hypothesis: Hypothesis, fromMs: number): string {
  if (fromMs === 0 || hypothesis.words === undefined) return hypothesis.text;
  return hypothesis.words
    .filter((word) => word.startMs >= fromMs)
    .map(({ text }) => text)
    .join(' ');
}

function afterWakePhrase(text: StableText, fromMs: number): StableText {
  const join = (words: readonly { text: string; startMs: number }[]) =>
    words
      .filter((word) => word.startMs >= fromMs)
      .map((word) => word.text)
      .join(' ');
  const committed = join(text.committed);
  const whole = [committed, join(text.tail)].filter((part) => part !== '').join(' ');
  return { ...text, text: whole, stableLength: committed.length };
}

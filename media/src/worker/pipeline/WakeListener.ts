import type { TimedWord } from '../../asr/contract/text/words.js';
import type { SpeechSettings } from '../../settings/speechSettings.js';
import { type WakeEvent, WakeGate, type WakeWordDetector, type WakeWordStream } from '../speech/wake/index.js';

export interface WakeListenerOptions {
  settings: SpeechSettings;
  /** Detects wake words by their sound, besides the phrases that are found in the text. */
  detector?: WakeWordDetector | undefined;
  /** Milliseconds of the meeting. */
  now: () => number;
  /** The open utterance, if there is one. */
  utterance: () => { id: string; startMs: number } | undefined;
  /** All events of one cause together; at least one. */
  onEvents: (events: readonly WakeEvent[]) => void;
}

/** Finds the wake phrases of one speaker, in their text and by their sound, and knows what may be shown. */
export class WakeListener {
  readonly #options: WakeListenerOptions;
  readonly #gate: WakeGate;
  #settings: SpeechSettings;
  #stream: { sensitivity: number; stream: WakeWordStream } | undefined;

  constructor(options: WakeListenerOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#gate = new WakeGate(options.settings, { soundPhrases: options.detector?.phrases ?? [] });
    this.#openStream();
  }

  get awake(): boolean {
    return this.#gate.awake;
  }

  /** Time from which an utterance's text may be shown, in milliseconds from its start; undefined: none of it. */
  textFrom(segmentId: string): number | undefined {
    return this.#gate.textFrom(segmentId);
  }

  update(settings: SpeechSettings): void {
    this.#settings = settings;
    this.#report(this.#gate.update(settings, this.#options.now()));
    this.#openStream();
  }

  /** The next samples of the track. */
  push(pcm: () => Int16Array): void {
    this.#stream?.stream.push(pcm());
  }

  /** The track continues elsewhere. */
  reset(): void {
    this.#stream?.stream.reset();
  }

  tick(atMs: number): void {
    this.#report(this.#gate.tick(atMs));
  }

  opened(segmentId: string): void {
    this.#gate.opened(segmentId);
  }

  speechStarted(atMs: number): void {
    this.#report(this.#gate.speechStarted(atMs));
  }

  speechEnded(atMs: number): void {
    this.#report(this.#gate.speechEnded(atMs));
  }

  /** Words of an interim or a final. */
  heard(options: { words: readonly TimedWord[]; segmentId: string; atMs: number }): void {
    if (options.words.length > 0) this.#report(this.#gate.heard(options));
  }

  finalDone(atMs: number): void {
    this.#report(this.#gate.finalDone(atMs));
  }

  /** Idempotent. */
  close(): void {
    this.#stream?.stream.close();
    this.#stream = undefined;
  }

  /** Only if a detector could wake this speaker: each stream costs CPU time. */
  #openStream(): void {
    const { wakeSensitivity: sensitivity } = this.#settings;
    const { detector } = this.#options;
    const wanted = this.#gate.needsSound;
    if (wanted && this.#stream?.sensitivity === sensitivity) return;
    this.close();
    if (!wanted || detector === undefined) return;
    const stream = detector.open({ sensitivity, onDetection: (detection) => this.#onDetection(detection) });
    this.#stream = { sensitivity, stream };
  }

  #onDetection({ phrase, score }: { phrase: string; score: number }): void {
    const atMs = this.#options.now();
    const utterance = this.#options.utterance();
    const shownFrom = utterance && { segmentId: utterance.id, fromMs: Math.max(0, atMs - utterance.startMs) };
    this.#report(this.#gate.detected({ phrase, score, atMs, shownFrom }));
  }

  #report(events: readonly WakeEvent[]): void {
    if (events.length > 0) this.#options.onEvents(events);
  }
}

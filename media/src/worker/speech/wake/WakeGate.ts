import type { TimedWord } from '../../../asr/contract/text/words.js';
import type { SpeechSettings } from '../../../settings/speechSettings.js';
import { WakePhraseMatcher } from './WakePhraseMatcher.js';

export type WakeSettings = Pick<
  SpeechSettings,
  'wakePhrases' | 'wakeGate' | 'wakeSensitivity' | 'wakeActivationDelayMs' | 'wakeTimeoutMs' | 'wakeFollowUpMs'
>;

export type WakeEvent =
  | { type: 'wakeListeningStarted'; atMs: number }
  | { type: 'wakeListeningStopped'; atMs: number }
  | { type: 'wakePhraseDetected'; phrase: string; score: number; atMs: number }
  | { type: 'wakePhraseTimedOut'; atMs: number };

/** Number of utterances remembered. */
const REMEMBERED = 64;

/**
 * Whether one speaker's words are written: asleep until a wake phrase is detected, awake for what is said with it or right after it, then
 * asleep again. Knows no clock: every call brings its time. Without phrases it is always awake and emits nothing.
 *
 * Speakers are woken by their own phrases. Those without phrases, if gated, are woken by any phrase of a sound detector.
 */
export class WakeGate {
  #settings: WakeSettings;
  #matcher: WakePhraseMatcher;
  readonly #soundPhrases: readonly string[];
  #awake = true;
  /** Asleep again from then on, unless someone speaks. */
  #untilMs: number | undefined;
  /** Awake by a phrase, with nothing said after it yet. */
  #expecting = false;
  #speaking = false;
  #begun = false;
  /** Time from which the text of an utterance may be shown. */
  readonly #shownFrom = new Map<string, number>();
  /** Utterances whose phrase has been reported. */
  readonly #detected = new Set<string>();

  /** @param options.soundPhrases phrases of the sound detector, if there is one */
  constructor(settings: WakeSettings, options: { soundPhrases?: readonly string[] } = {}) {
    this.#settings = settings;
    this.#matcher = matcherOf(settings);
    this.#soundPhrases = options.soundPhrases ?? [];
  }

  /** Whether a sound detector could wake this speaker. */
  get needsSound(): boolean {
    return this.#enabled && this.#soundPhrases.some((phrase) => this.#ownPhrase(phrase) !== undefined);
  }

  get awake(): boolean {
    return this.#awake || !this.#gates;
  }

  /** Takes effect at once: with the first phrase it falls asleep, without any it wakes up. */
  update(settings: WakeSettings, nowMs: number): WakeEvent[] {
    const had = this.#enabled;
    this.#settings = settings;
    this.#matcher = matcherOf(settings);
    if (had === this.#enabled || !this.#begun) return [];
    if (this.#enabled) return this.#sleep(nowMs);
    const wasAsleep = !this.#awake;
    this.#awake = true;
    this.#untilMs = undefined;
    return wasAsleep ? [{ type: 'wakeListeningStopped', atMs: nowMs }] : [];
  }

  /** Call it with every frame. */
  tick(nowMs: number): WakeEvent[] {
    if (!this.#begun) return this.#begin(nowMs);
    if (!this.#enabled || !this.#awake || this.#speaking) return [];
    if (this.#untilMs === undefined || nowMs < this.#untilMs) return [];
    const timedOut: WakeEvent[] = this.#expecting ? [{ type: 'wakePhraseTimedOut', atMs: nowMs }] : [];
    return [...timedOut, ...this.#sleep(nowMs)];
  }

  /** An utterance has started; while awake, all of it may be shown. */
  opened(segmentId: string): void {
    if (this.awake) this.#show(segmentId, 0);
  }

  speechStarted(_atMs: number): WakeEvent[] {
    this.#speaking = true;
    return [];
  }

  speechEnded(atMs: number): WakeEvent[] {
    this.#speaking = false;
    if (this.#expecting) this.#untilMs = atMs + this.#settings.wakeTimeoutMs;
    return [];
  }

  /** Words of an interim or a final. A phrase is detected once per utterance; newer words show better where it ends. */
  heard(options: { words: readonly TimedWord[]; segmentId: string; atMs: number }): WakeEvent[] {
    const { words, segmentId, atMs } = options;
    if (!this.#enabled) return [];
    const known = this.#detected.has(segmentId);
    if (!known && this.#gates && this.#awake) return [];
    const match = this.#matcher.find(words);
    if (match === undefined) return [];
    if (this.#gates) this.#show(segmentId, match.endMs);
    if (known) return [];
    this.#detected.add(segmentId);
    bound(this.#detected);
    return this.#wakeUp({ phrase: match.phrase, score: match.score, atMs });
  }

  /** A sound detector has detected a phrase; the text of the open utterance from `shownFrom` on may be shown. */
  detected(options: {
    phrase: string;
    score: number;
    atMs: number;
    shownFrom?: { segmentId: string; fromMs: number } | undefined;
  }): WakeEvent[] {
    const { score, atMs, shownFrom } = options;
    const phrase = this.#enabled ? this.#ownPhrase(options.phrase) : undefined;
    if (phrase === undefined) return [];
    if (shownFrom !== undefined && !this.#shownFrom.has(shownFrom.segmentId)) {
      this.#show(shownFrom.segmentId, shownFrom.fromMs);
    }
    return this.#wakeUp({ phrase, score, atMs });
  }

  /** A final with text has been emitted. */
  finalDone(atMs: number): WakeEvent[] {
    if (!this.#enabled || !this.#awake) return [];
    // Still awake since the start of the track.
    if (!this.#expecting && this.#untilMs !== undefined && atMs < this.#untilMs) return [];
    this.#expecting = false;
    const { wakeFollowUpMs } = this.#settings;
    if (wakeFollowUpMs === 0) return this.#speaking ? this.#sleepAfter(atMs) : this.#sleep(atMs);
    this.#untilMs = atMs + wakeFollowUpMs;
    return [];
  }

  /** Time from which an utterance's text may be shown, in milliseconds from its start; undefined: none of it. */
  textFrom(segmentId: string): number | undefined {
    if (!this.#gates) return 0;
    return this.#shownFrom.get(segmentId);
  }

  get #enabled(): boolean {
    const { wakePhrases, wakeGate } = this.#settings;
    return wakePhrases.length > 0 || (wakeGate && this.#soundPhrases.length > 0);
  }

  /** Which of the speaker's phrases a detector's phrase matches: their own wording of it, any if they have none, or none. */
  #ownPhrase(detectors: string): string | undefined {
    if (this.#settings.wakePhrases.length === 0) return detectors;
    const words = detectors.split(/\s+/u).map((text) => ({ text, startMs: 0, endMs: 0 }));
    return this.#matcher.find(words)?.phrase;
  }

  get #gates(): boolean {
    return this.#enabled && this.#settings.wakeGate;
  }

  #begin(nowMs: number): WakeEvent[] {
    this.#begun = true;
    if (!this.#enabled) return [];
    const { wakeActivationDelayMs } = this.#settings;
    if (wakeActivationDelayMs === 0) return this.#sleep(nowMs);
    this.#untilMs = nowMs + wakeActivationDelayMs;
    return [];
  }

  #wakeUp({ phrase, score, atMs }: { phrase: string; score: number; atMs: number }): WakeEvent[] {
    const events: WakeEvent[] = [{ type: 'wakePhraseDetected', phrase, score, atMs }];
    if (!this.#awake) events.push({ type: 'wakeListeningStopped', atMs });
    this.#awake = true;
    this.#expecting = true;
    this.#untilMs = atMs + this.#settings.wakeTimeoutMs;
    return events;
  }

  /** The speaker has gone on: what they say now still belongs to it. */
  #sleepAfter(atMs: number): WakeEvent[] {
    this.#untilMs = atMs;
    return [];
  }

  #sleep(atMs: number): WakeEvent[] {
    this.#awake = false;
    this.#expecting = false;
    this.#untilMs = undefined;
    return [{ type: 'wakeListeningStarted', atMs }];
  }

  #show(segmentId: string, fromMs: number): void {
    this.#shownFrom.set(segmentId, fromMs);
    bound(this.#shownFrom);
  }
}

function matcherOf({ wakePhrases, wakeSensitivity }: WakeSettings): WakePhraseMatcher {
  return new WakePhraseMatcher({ phrases: wakePhrases, sensitivity: wakeSensitivity });
}

/** Forgets the oldest. */
function bound(items: { size: number; keys(): Iterator<string>; delete(key: string): boolean }): void {
  if (items.size <= REMEMBERED) return;
  const oldest = items.keys().next().value;
  if (oldest !== undefined) items.delete(oldest);
}
